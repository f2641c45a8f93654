"""What the processes of a run complained of in their logs, for a run that did not go well.

The gateway writes a JSON object a line; whatever else stands there, such as a traceback, came from Python itself.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.fhir import json

_MOST_KINDS, _TAIL_LINES = 5, 4
_TOLD = ("step", "cause", "code", "fault", "status")


def complaints(folder: Path) -> tuple[str, ...]:
    """Of each log in `folder`: its errors by kind with their number, the end of what is no log line, its last line."""
    return tuple(f"{log.name}: {said}" for log in sorted(folder.glob("*.log")) for said in _of(log))


def _of(log: Path) -> Iterator[str]:
    kinds: Counter[str] = Counter()
    plain: list[str] = []
    last = ""
    for text in log.read_text(errors="replace").splitlines():
        row = _row(text)
        if row is None:
            plain.append(text)
            continue
        last = f"last line {row['line']} at {row['at']}"
        if row["level"] == "error":
            kinds[" ".join([row["line"], *(f"{name}={row[name]}" for name in _TOLD if name in row)])] += 1
    yield from (f"{count} x {kind}" for kind, count in kinds.most_common(_MOST_KINDS))
    yield from plain[-_TAIL_LINES:]
    if last:
        yield last


def _row(text: str) -> dict[str, Any] | None:
    """A line of the gateway's log; None when it is something else, or was cut off by a kill."""
    try:
        row = json.loads(text.encode())
    except json.JsonFault:
        return None
    return row if isinstance(row, dict) and row.keys() >= {"line", "at", "level"} else None
