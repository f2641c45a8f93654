"""What every Clock and every Ids promises."""

import re
from datetime import UTC, datetime, timedelta

from gateway.adapters.clock import RandomIds, SystemClock


def test_the_clock_tells_an_aware_utc_instant_of_now() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


def test_ids_are_fresh_version_4_uuids_in_lower_case() -> None:
    made = {RandomIds().new() for _ in range(1000)}
    assert len(made) == 1000
    form = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert all(form.fullmatch(identity) for identity in made)
