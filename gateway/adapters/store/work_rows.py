"""A work row as `Work`; what cannot be read is named, not guessed and never quoted."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, String, type_coerce

from gateway.adapters.store import tables
from gateway.model.changes import Cause, Work

_NUMBERS = ("fence", "tries")
_INSTANTS = ("due_at", "lease_until", "set_aside_at")
_UNREAD = datetime(1970, 1, 1, tzinfo=UTC)

# As stored: the types of the tables would refuse a whole page for one damaged row.
COLUMNS = [
    type_coerce(column, String).label(column.name) if column.name in _INSTANTS else column for column in tables.work.c
]


class Unreadable(Exception):
    """A row with a value that no gateway wrote; its text names the columns. What could be read of it is beside."""

    def __init__(self, columns: list[str], row: dict[str, Any]) -> None:
        super().__init__(f"The step cannot be read: {', '.join(columns)} hold what no gateway writes.")
        self.step: str = row["step"] or ""
        self.lane: str = row["lane"] or ""
        self.due_at: datetime | None = row["due_at"]
        self.tries: int = row["tries"] or 0
        self.fence: int | None = row["fence"]


def work_of(row: RowMapping) -> Work:
    """Raises Unreadable."""
    values: dict[str, Any] = {**row}
    bad: list[str] = []
    for name, read in _READERS.items():
        try:
            values[name] = read(values[name])
        except (ValueError, TypeError, OverflowError):
            values[name] = None
            bad.append(name)
    if values["due_at"] is None and "due_at" not in bad:
        bad.append("due_at")
    if bad:
        raise Unreadable(bad, values)
    return Work(**values)


def listed(row: RowMapping) -> Work:
    """The row for a list: a damaged one is shown as corrupt, due in 1970 when its own time cannot be read."""
    try:
        return work_of(row)
    except Unreadable as fault:
        return Work(
            authorization=row["authorization"],
            key=row["key"],
            step=fault.step,
            lane=fault.lane,
            due_at=fault.due_at or _UNREAD,
            tries=fault.tries,
            fence=fault.fence or 0,
            cause=Cause.CORRUPT,
            reason=str(fault),
        )


def _instant(value: Any) -> datetime | None:
    if value is None:
        return None
    read = datetime.fromisoformat(value)
    if read.tzinfo is None:
        raise ValueError("no time zone")
    return read


def _number(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError("no number")
    return value


def _cause(value: Any) -> Cause | None:
    return None if value is None else Cause(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_NUMBERS, _number),
    **dict.fromkeys(_INSTANTS, _instant),
    **dict.fromkeys(("step", "owner", "lane", "reason"), _text),
    "cause": _cause,
}
