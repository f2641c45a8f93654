"""Does one chaos run for a test, and shows its table when the ledgers differ."""

from pathlib import Path
from typing import Any

from gateway.chaos.payer_side import fault_classes
from gateway.chaos.report import figures, lines
from gateway.chaos.run import Options, run

ALL = fault_classes("all")


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
