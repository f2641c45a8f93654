"""Deadlines: pure arithmetic over instants that the caller passes in; every rule is configuration.

CMS-0057-F gives 72 hours (expedited) or 7 calendar days (standard) from payer receipt; payers and states differ,
so the lengths come from the payer profile. Pending does not stop the clock.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.model.authorization import Urgency

_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?", re.ASCII
)

_SECONDS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_LONGEST = 36_525 * 86_400


@dataclass(frozen=True, slots=True)
class Duration:
    """An ISO 8601 duration of days and clock time; days are calendar days in the payer's zone, hours are hours."""

    days: int = 0
    clock: timedelta = timedelta()

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Read e.g. `P7D`, `PT72H`, `PT15S`.

        Raises:
            ValueError: not a duration of days, hours, minutes and seconds, empty, or above 100 years.
        """
        match = _DURATION.fullmatch(text)
        parts = {name: int(value) for name, value in match.groupdict().items() if value} if match else {}
        if not parts:
            raise ValueError("write a duration such as P7D, PT72H or PT15S")
        if sum(value * _SECONDS[name] for name, value in parts.items()) > _LONGEST:
            raise ValueError("write a duration of at most 100 years")
        return cls(parts.pop("days", 0), timedelta(**parts))

    @property
    def seconds(self) -> float:
        return timedelta(days=self.days).total_seconds() + self.clock.total_seconds()

    def __str__(self) -> str:
        whole = int(self.clock.total_seconds())
        hours, minutes, seconds = whole // 3600, whole % 3600 // 60, whole % 60
        time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
        text = f"P{f'{self.days}D' if self.days else ''}{'T' + time if time else ''}"
        return text if text != "P" else "PT0S"


@dataclass(frozen=True, slots=True)
class Clocks:
    """How long a payer may take."""

    standard: Duration
    expedited: Duration
    respond: Duration
    zone: str = "UTC"


def due(clocks: Clocks, urgency: Urgency, received_at: datetime) -> tuple[datetime, str]:
    """When the payer's decision is due, in UTC, and by which clock, for a request the payer got at `received_at`.

    Calendar days keep the local time of day in the payer's zone; hours run through nights and weekends.
    """
    length = clocks.expedited if urgency is Urgency.EXPEDITED else clocks.standard
    local = received_at.astimezone(ZoneInfo(clocks.zone)) + timedelta(days=length.days)
    return local.astimezone(UTC) + length.clock, f"{urgency} {length} from payer receipt"
