"""Deadlines: calendar days on the payer's wall clock, hours as they run, across clock changes and month ends."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.model.authorization import Urgency
from gateway.model.clocks import Clocks, Duration, due

NEW_YORK = "America/New_York"


def clocks(standard: str = "P7D", expedited: str = "PT72H", zone: str = NEW_YORK) -> Clocks:
    return Clocks(Duration.parse(standard), Duration.parse(expedited), Duration.parse("PT15S"), zone)


def due_local(
    received: str, *, urgency: Urgency = Urgency.STANDARD, zone: str = NEW_YORK, standard: str = "P7D"
) -> str:
    """The deadline as a wall clock in the payer's zone shows it."""
    at = datetime.fromisoformat(received).replace(tzinfo=ZoneInfo(zone))
    when, _ = due(clocks(standard, zone=zone), urgency, at.astimezone(UTC))
    assert when.tzinfo is UTC
    return when.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("received", "deadline"),
    [
        ("2026-11-20T15:00", "2026-11-27T15:00-05:00"),
        ("2026-03-05T15:00", "2026-03-12T15:00-04:00"),  # the clock goes forward on 8 March
        ("2026-10-29T15:00", "2026-11-05T15:00-05:00"),  # and back on 1 November
        ("2026-03-01T02:30", "2026-03-08T03:30-04:00"),  # 02:30 does not exist that day
        ("2026-10-25T01:30", "2026-11-01T01:30-04:00"),  # 01:30 comes twice; the first counts
        ("2026-01-29T09:00", "2026-02-05T09:00-05:00"),
        ("2028-02-25T09:00", "2028-03-03T09:00-05:00"),  # a leap year
        ("2026-12-28T23:59", "2027-01-04T23:59-05:00"),
    ],
)
def test_calendar_days_keep_the_time_of_day_of_the_payers_clock(received: str, deadline: str) -> None:
    assert due_local(received) == deadline


@pytest.mark.parametrize(
    ("received", "deadline"),
    [
        ("2026-11-20T15:00", "2026-11-23T15:00-05:00"),
        ("2026-03-06T15:00", "2026-03-09T16:00-04:00"),  # 72 hours, not three days
        ("2026-10-30T15:00", "2026-11-02T14:00-05:00"),
        ("2026-02-27T10:00", "2026-03-02T10:00-05:00"),
    ],
)
def test_hours_run_on_whatever_the_clock_on_the_wall_does(received: str, deadline: str) -> None:
    assert due_local(received, urgency=Urgency.EXPEDITED) == deadline


def test_days_are_counted_in_the_payers_zone_not_in_utc() -> None:
    received = datetime(2026, 3, 5, 4, 30, tzinfo=UTC)  # still 4 March in New York
    there, _ = due(clocks(), Urgency.STANDARD, received)
    assert there == datetime(2026, 3, 12, 3, 30, tzinfo=UTC)
    here, _ = due(clocks(zone="UTC"), Urgency.STANDARD, received)
    assert here == received + timedelta(days=7)


def test_days_and_hours_add_up_in_that_order() -> None:
    assert due_local("2026-03-07T15:00", standard="P1DT2H") == "2026-03-08T17:00-04:00"


def test_the_basis_says_which_clock() -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    assert due(clocks(), Urgency.STANDARD, at)[1] == "standard P7D from payer receipt"
    assert due(clocks(), Urgency.EXPEDITED, at)[1] == "expedited PT72H from payer receipt"


@pytest.mark.parametrize(
    ("text", "days", "clock"),
    [
        ("P7D", 7, timedelta()),
        ("PT72H", 0, timedelta(hours=72)),
        ("PT15S", 0, timedelta(seconds=15)),
        ("PT90M", 0, timedelta(minutes=90)),
        ("P1DT2H3M4S", 1, timedelta(hours=2, minutes=3, seconds=4)),
        ("PT0S", 0, timedelta()),
        ("P36525D", 36525, timedelta()),
    ],
)
def test_a_duration_is_read(text: str, days: int, clock: timedelta) -> None:
    assert Duration.parse(text) == Duration(days, clock)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "7D",
        "P7",
        "PT1.5H",
        "P-1D",
        "-P1D",
        "P1W",
        "P1M",
        "P1Y",
        "p7d",
        " P7D",
        "P7D\n",
        "PT1S1M",
        "P٣D",
        "P36526D",
        "P99999999999D",
        "PT99999999999999999999H",
        "PT" + "9" * 5000 + "S",
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write a duration|integer string"):
        Duration.parse(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("P7D", "P7D"),
        ("PT72H", "PT72H"),
        ("PT90M", "PT1H30M"),
        ("PT86400S", "PT24H"),
        ("P1DT2H3M4S", "P1DT2H3M4S"),
        ("PT0S", "PT0S"),
        ("P0D", "PT0S"),
    ],
)
def test_a_written_duration_reads_back_as_itself(text: str, written: str) -> None:
    duration = Duration.parse(text)
    assert str(duration) == written
    assert Duration.parse(written) == duration


def test_seconds_count_a_day_as_24_hours() -> None:
    assert Duration.parse("P1DT1M").seconds == 86_460
