"""Does one chaos run for a test, and shows its table and what the processes complained of when the ledgers differ."""

from pathlib import Path
from typing import Any

from gateway.chaos.crash_points import crash_points
from gateway.chaos.payer_side import fault_classes
from gateway.chaos.report import figures, lines
from gateway.chaos.run import Options, run

ALL = fault_classes("all")
KILLS = 50
LEASE = 5
LOOSELY_IN_TIME = 3 * (LEASE + 5)  # `pa chaos` tells when the bar itself is missed; that needs an idle machine


def good_run(folder: Path, **wanted: Any) -> dict[str, Any]:
    """The figures of a run that went well; all ledgers and logs stay in `folder` when it did not."""
    progress: list[str] = []
    outcome = run(Options(**{"faults": ALL, "limit": 240.0, **wanted}), folder, progress.append)
    kept = figures(outcome)
    assert outcome.good, "\n".join([*progress[-3:], *lines(kept), f"ledgers and logs: {folder}"])
    return kept


def total(kept: dict[str, Any]) -> dict[str, Any]:
    """The last row of the table: all classes."""
    row: dict[str, Any] = kept["rows"][-1]
    return row


def die_often(folder: Path, database: str) -> None:
    """Half of a hundred kills, at all eighteen points: the ledgers agree, and others take over."""
    kept = good_run(folder, orders=4 * KILLS, database=database, kills=KILLS, warm=True, lease=LEASE, seed=7)
    assert kept["kills"] == KILLS
    assert set(kept["points"]) == {point.name for point in crash_points()}
    assert kept["takeover_seconds"] <= LOOSELY_IN_TIME


def freeze(folder: Path, database: str, times: int) -> None:
    """Processes that sleep beyond their lease and wake: the ledgers agree."""
    kept = good_run(folder, orders=10 * times, database=database, stops=times, warm=True, lease=LEASE, seed=11)
    assert kept["stops"] == times
