"""Dates and times of partial precision: reading, comparing, adding durations (FHIRPath N1, sections 4.1 and 6)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from gateway.fhir.path.fault import Trouble
from gateway.fhir.path.quantity import Quantity

_DAY = r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?)?"
_CLOCK = r"(?P<hour>[0-9]{2})(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}(?:\.[0-9]{1,18})?))?)?"
_DATE = re.compile(rf"{_DAY}(?P<mark>T(?:{_CLOCK}(?P<zone>Z|[+-][0-9]{{2}}:[0-9]{{2}})?)?)?", re.ASCII)
_TIME = re.compile(rf"T?{_CLOCK}", re.ASCII)
_LONGEST = 64
_HIGHEST = (9999, 12, 31, 23, 59)
Parts = tuple[int | Decimal, ...]


@dataclass(frozen=True, slots=True)
class Temporal:
    """A Date, DateTime or Time (`kind`) as far as it is known.

    Attributes:
        parts: year, month, day, hour, minute, seconds; of a Time only the last three. What is not known is absent.
        zone: offset from UTC in minutes, None when not stated.
        text: as written.
    """

    kind: str
    parts: Parts
    zone: int | None
    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Temporal) and alike(self, other)

    def __hash__(self) -> int:
        timed = self.zone is not None and len(self.parts) > 3
        return hash((self.kind == "Time", _utc(self) if timed else self.parts))

    def __str__(self) -> str:
        return self.text


def temporal(text: str, kind: str = "") -> Temporal | None:
    """Read a date, dateTime or (kind `Time`) time; None if it is none or does not exist.

    With kind `Date` or `DateTime` the value is of that kind, otherwise a `T` in the text decides.
    """
    return _temporal(text, kind) if len(text) <= _LONGEST else None


@lru_cache(maxsize=4096)
def _temporal(text: str, kind: str) -> Temporal | None:
    match = (_TIME if kind == "Time" else _DATE).fullmatch(text)
    if match is None:
        return None
    found = match.groupdict()
    parts: list[int | Decimal] = []
    for name in ("year", "month", "day", "hour", "minute", "second"):
        if found.get(name) is not None:
            parts.append(Decimal(found[name]) if name == "second" else int(found[name]))
    if not _exists(tuple(parts), clock=kind == "Time"):
        return None
    if kind == "Time":
        return Temporal("Time", tuple(parts), None, text.removeprefix("T"))
    timed = bool(found["mark"])
    if kind == "Date" and timed:
        return None
    zone = _zone(found["zone"])
    return Temporal("DateTime" if timed or kind == "DateTime" else "Date", tuple(parts), zone, text.removesuffix("T"))


def _days(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _zone(text: str | None) -> int | None:
    if text is None or text == "Z":
        return None if text is None else 0
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return -minutes if text[0] == "-" else minutes


def _exists(parts: Parts, *, clock: bool) -> bool:
    if not clock:
        year, month, day = (*(int(part) for part in parts[:3]), 1, 1)[:3]
        if not (1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= _days(year, month)):
            return False
    hour, minute, second = (*parts[0 if clock else 3 :], 0, 0, 0)[:3]
    return hour < 24 and minute < 60 and second < 61


def compare(left: Temporal, right: Temporal) -> int | None:
    """-1, 0 or 1; None when the precision both have does not tell, or only one states its zone."""
    if (left.kind == "Time") is not (right.kind == "Time"):
        raise Trouble("a time cannot be compared with a date")
    one, other = left.parts, right.parts
    if len(one) > 3 and len(other) > 3 and left.kind != "Time":
        if (left.zone is None) is not (right.zone is None):
            return None
        if left.zone != right.zone:
            one, other = _utc(left), _utc(right)
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            return -1 if mine < theirs else 1
    return 0 if len(one) == len(other) else None


def _utc(value: Temporal) -> Parts:
    numbers = [int(part) for part in value.parts[:5]] + [0] * (5 - len(value.parts))
    try:
        moved = datetime(*numbers[:5]) - timedelta(minutes=value.zone or 0)  # type: ignore[arg-type]  # noqa: DTZ001
    except OverflowError:
        return value.parts
    whole = (moved.year, moved.month, moved.day, moved.hour, moved.minute, *value.parts[5:])
    return whole[: max(len(value.parts), 5 if moved.minute else 4)]


def alike(left: Temporal, right: Temporal) -> bool:
    """Equivalence: the same kind of value to the same precision."""
    return (left.kind == "Time") is (right.kind == "Time") and compare(left, right) == 0


def shift(value: Temporal, amount: Quantity, sign: int) -> Temporal | None:
    """A date or time plus (or minus) a duration; None beyond the calendar.

    As in the official suite, decimals of the amount are ignored, and UCUM years and months are no calendar duration.

    Raises:
        Trouble: the quantity is no duration that can be added.
    """
    unit = amount.calendar_unit()
    if unit is None:
        raise Trouble("only a calendar duration can be added to a date or time")
    if abs(amount.value) >= Decimal(10) ** 15:
        return None
    count = sign * int(amount.value)
    if value.kind == "Time":
        return _shift_time(value, unit, count)
    try:
        return _written(value, _shift_date(value.parts, unit, count))
    except (OverflowError, ValueError):
        return None


_SECONDS = {
    "week": Decimal(604800),
    "day": Decimal(86400),
    "hour": Decimal(3600),
    "minute": Decimal(60),
    "second": Decimal(1),
    "millisecond": Decimal("0.001"),
}
_NEEDS = {"year": 1, "month": 2, "week": 3, "day": 3, "hour": 4, "minute": 5, "second": 6, "millisecond": 6}
_LENGTH = {1: Decimal(31536000), 2: Decimal(2592000), 3: Decimal(86400), 4: Decimal(3600), 5: Decimal(60)}


def _shift_date(parts: Parts, unit: str, count: int) -> Parts:
    if unit in ("year", "month") or len(parts) < 3:
        months = count * 12 if unit == "year" else count if unit == "month" else _months(parts, unit, count)
        if len(parts) == 1:
            months = int(Decimal(months) / 12) * 12
        total = int(parts[0]) * 12 + (int(parts[1]) if len(parts) > 1 else 1) - 1 + months
        year, month = divmod(total, 12)
        if not 1 <= year <= 9999:
            raise OverflowError
        last = _days(year, month + 1)
        moved: Parts = (year, month + 1, min(int(parts[2]), last) if len(parts) > 2 else 1)
        return (*moved, *parts[3:])[: len(parts)]
    amount = _SECONDS[unit] * count
    if len(parts) < _NEEDS[unit]:
        step = _LENGTH[len(parts)]
        amount = Decimal(int(amount / step)) * step
    seconds = Decimal(parts[5]) if len(parts) > 5 else Decimal(0)
    minutes, rest = divmod(seconds + amount, 60)
    if rest < 0:
        minutes, rest = minutes - 1, rest + 60
    numbers = [int(part) for part in parts[:5]] + [0] * (5 - len(parts))
    when = datetime(*numbers[:5]) + timedelta(minutes=int(minutes))  # type: ignore[arg-type]  # noqa: DTZ001
    return (when.year, when.month, when.day, when.hour, when.minute, rest)[: len(parts)]


def _months(parts: Parts, unit: str, count: int) -> int:
    days = _SECONDS[unit] * count / 86400
    return int(days / 365) * 12 if len(parts) == 1 else int(days / 30)


def _shift_time(value: Temporal, unit: str, count: int) -> Temporal:
    if unit not in ("hour", "minute", "second", "millisecond"):
        raise Trouble("only hours, minutes and seconds can be added to a time")
    hour, minute, second = (*(Decimal(part) for part in value.parts), Decimal(0), Decimal(0))[:3]
    step = {1: Decimal(3600), 2: Decimal(60)}.get(len(value.parts), Decimal("0.001"))
    amount = Decimal(int(_SECONDS[unit] * count / step)) * step
    total = (hour * 3600 + minute * 60 + second + amount) % 86400
    if total < 0:
        total += 86400
    parts = (int(total // 3600), int(total // 60 % 60), total % 60)[: len(value.parts)]
    return _written(value, parts)


def _written(like: Temporal, parts: Parts) -> Temporal:
    return Temporal(like.kind, parts, like.zone, spell(like.kind, parts, like.zone))


def spell(kind: str, parts: Parts, zone: int | None) -> str:
    """The text of a date or time."""
    words = [f"{part:0{4 if not at and kind != 'Time' else 2}d}" for at, part in enumerate(parts) if _whole(part)]
    if parts and isinstance(parts[-1], Decimal):
        seconds = f"{parts[-1]:f}"
        words.append(seconds if len(seconds.partition(".")[0]) == 2 else f"0{seconds}")
    if kind == "Time":
        return ":".join(words)
    text = "-".join(words[:3]) + ("T" + ":".join(words[3:]) if len(words) > 3 else "")
    if zone is None:
        return text
    return text + ("Z" if zone == 0 else f"{'-' if zone < 0 else '+'}{abs(zone) // 60:02d}:{abs(zone) % 60:02d}")


def _whole(part: int | Decimal) -> bool:
    return not isinstance(part, Decimal)


def boundary(value: Temporal, digits: int | None, *, high: bool) -> Temporal | None:
    """The first or last moment a partial value can mean, to a number of digits (4, 6, 8 … 17; a Time 2 … 9)."""
    clock = value.kind == "Time"
    steps = (2, 4, 6, 9) if clock else (4, 6, 8, 10, 12, 14, 17)
    digits = digits if digits is not None else 8 if value.kind == "Date" else steps[-1]
    if digits not in steps or (value.kind == "Date" and digits > 8):
        return None
    count = min(steps.index(digits) + 1, 3 if clock else 6)
    parts = list(value.parts)
    while len(parts) < (3 if clock else 6):
        at = len(parts) + (3 if clock else 0)
        parts.append(_edge(at, parts, high=high))
    if digits == steps[-1]:
        parts[-1] = _milliseconds(Decimal(parts[-1]), high=high)
    zone = value.zone if value.zone is not None or clock or count < 4 else (-720 if high else 840)
    kept = tuple(parts[:count])
    return Temporal(value.kind, kept, zone if count > 3 else None, spell(value.kind, kept, zone if count > 3 else None))


def _edge(at: int, parts: list[int | Decimal], *, high: bool) -> int | Decimal:
    if at == 5:
        return Decimal("59" if high else "00")
    if not high:
        return 1 if at in (1, 2) else 0
    return _days(int(parts[0]), int(parts[1])) if at == 2 else _HIGHEST[at]


def _milliseconds(seconds: Decimal, *, high: bool) -> Decimal:
    if -int(seconds.as_tuple().exponent) >= 3:
        return seconds.quantize(Decimal("0.001"))
    places = -int(seconds.as_tuple().exponent)
    filled = seconds + (Decimal(1).scaleb(-places) - Decimal("0.001") if high else 0)
    return filled.quantize(Decimal("0.001"))


def precision(value: Temporal) -> int:
    """How many digits of the value are known."""
    first = 2 if value.kind == "Time" else 4
    count = first + 2 * (len(value.parts) - 1)
    if value.parts and isinstance(value.parts[-1], Decimal) and int(value.parts[-1].as_tuple().exponent):
        count += 3
    return count
