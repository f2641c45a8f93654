"""Processes that die at the crash points, or freeze beyond their lease: the ledgers agree all the same."""

from pathlib import Path

import pytest

from gateway.chaos.crash_points import crash_points
from tests.faults.runs import good_run
from tests.postgres import need_postgres

KILLS = 50
LEASE = 5
LOOSELY_IN_TIME = 3 * (LEASE + 5)  # `pa chaos` tells when the bar itself is missed; that needs an idle machine


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_hundred_deaths_change_nothing_in_what_the_ledgers_say(database: str, tmp_path: Path) -> None:
    if database == "postgresql":
        need_postgres()
    kept = good_run(tmp_path, orders=4 * KILLS, database=database, kills=KILLS, warm=True, lease=LEASE, seed=7)
    assert kept["kills"] == KILLS
    assert set(kept["points"]) == {point.name for point in crash_points()}
    assert kept["takeover_seconds"] <= LOOSELY_IN_TIME


@pytest.mark.parametrize(("database", "stops"), [("sqlite", 2), ("postgresql", 3)])
def test_a_zombie_neither_sends_nor_overwrites(database: str, stops: int, tmp_path: Path) -> None:
    if database == "postgresql":
        need_postgres()
    kept = good_run(tmp_path, orders=10 * stops, database=database, stops=stops, warm=True, lease=LEASE, seed=11)
    assert kept["stops"] == stops
