"""Which of two dates or dateTimes comes later, as far as that is certain (R4 datatypes.html#dateTime)."""

import re
from calendar import monthrange
from datetime import date
from decimal import Decimal

_MOMENT = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d(?:\.\d+)?)(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_DAY = 86400
_TICK = Decimal("1e-9")
# No place on earth is further from UTC.
_FURTHEST = 14 * 3600
Span = tuple[Decimal, Decimal, bool]


def is_after(left: str, right: str) -> bool | None:
    """Whether all of `left` comes after all of `right`; None when one of them is no date, or none that exists.

    A year, month or day lasts from its first to its last instant. Two values that both say no zone are read in the
    same one; where only one says its zone, the other may be up to 14 hours away from it.
    """
    if len(left) == len(right) == 10:  # two days: most of all
        return left > right
    one, other = _span(left), _span(right)
    if one is None or other is None:
        return None
    doubt = 0 if one[2] is other[2] else _FURTHEST
    return one[0] - doubt > other[1]


def _span(text: str) -> Span | None:
    """First and last instant in seconds, counted from a day long ago, and whether the zone is said."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(found[name]) if found[name] else 0 for name in ("year", "month", "day"))
    try:
        first = date(year, month or 1, day or 1).toordinal() * _DAY
        last_month = month or 12
        last = date(year, last_month, day or monthrange(year, last_month)[1]).toordinal() * _DAY + _DAY
    except ValueError:
        return None
    if found["hour"] is None:
        return Decimal(first), last - _TICK, False
    clock = int(found["hour"]) * 3600 + int(found["minute"]) * 60 + Decimal(found["second"])
    moment = first + clock - _offset(found["zone"])
    return moment, moment, found["zone"] is not None


def _offset(zone: str | None) -> int:
    """Seconds east of UTC; none where no zone is said."""
    if zone is None or zone == "Z":
        return 0
    seconds = int(zone[1:3]) * 3600 + int(zone[4:]) * 60
    return -seconds if zone[0] == "-" else seconds
