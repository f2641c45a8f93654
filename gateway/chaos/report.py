"""A run's outcome as figures to keep and as lines to read, with the command that repeats what failed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from gateway.chaos.ledgers import Moved
from gateway.chaos.nemesis import Suffering
from gateway.chaos.payer_side import fault_classes
from gateway.chaos.run import Options, Outcome
from gateway.chaos.verdict import Finding, Row, table

RESUME_SECONDS = 2.0
TAKEOVER_SECONDS = 5.0
_HEADINGS = (
    "class",
    "orders",
    "authorizations",
    "lost",
    "doubled",
    "unrecorded",
    "other",
    "in doubt",
    "person",
    "attempts",
)


def figures(outcome: Outcome) -> dict[str, Any]:
    """Everything worth keeping of a run, as JSON values."""
    options = asdict(outcome.options)
    return {
        "options": options,
        "good": outcome.good,
        "settled": outcome.settled,
        "seconds": round(outcome.seconds, 1),
        "rows": [asdict(row) for row in table(outcome.findings)],
        "failures": [_failure(outcome.options, one) for one in outcome.findings if one.problems],
        "kills": sum(one.signal == "KILL" for one in outcome.suffered),
        "stops": sum(one.signal == "STOP" for one in outcome.suffered),
        "troubles": outcome.troubles,
        "strays": outcome.strays,
        "points": _points(outcome.suffered),
        "resume_seconds": resumed(outcome.suffered, outcome.moves, outcome.promised_at),
        "takeover_seconds": taken_over(outcome.suffered, outcome.moves),
    }


def lines(kept: Mapping[str, Any]) -> Iterator[str]:
    """The figures of one run, for a terminal."""
    yield from table_lines([row_of(row) for row in kept["rows"]])
    options = kept["options"]
    yield (
        f"payer model {options['payer_model']}, {options['database'].partition(':')[0]}, seed {options['seed']}, "
        f"PAS {options['version']}{'' if options['trace'] else ', no trace echoed'}: {kept['seconds']:.0f} s"
    )
    if kept["kills"] or kept["stops"] or kept["troubles"]:
        yield (
            f"{kept['kills']} kills, {kept['stops']} freezes, {kept['troubles']} troubles of the database; at "
            + ", ".join(f"{point} {count}" for point, count in kept["points"].items())
        )
    if kept["resume_seconds"] is not None:
        yield f"work went on at most {kept['resume_seconds']:.1f} s after a start (bar {RESUME_SECONDS:.0f} s)"
    if kept["takeover_seconds"] is not None:
        bar = options["lease"] + TAKEOVER_SECONDS
        yield f"interrupted work was taken up at most {kept['takeover_seconds']:.1f} s after a death (bar {bar:.0f})"
    if kept["strays"]:
        yield f"{kept['strays']} connections to where a payer redirected us"
    if not kept["settled"]:
        yield f"NOT SETTLED within {options['limit']:.0f} s"
    for failure in kept["failures"][:20]:
        yield f"FAILED order {failure['number']} ({failure['fault']}): {', '.join(failure['problems'])}"
        yield f"  repeat: {failure['repeat']}"
    yield "good: the three ledgers agree on every order" if kept["good"] else "NOT GOOD"


def table_lines(rows: Sequence[Row]) -> Iterator[str]:
    """A table of fixed columns."""
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(_HEADINGS))]
    for row in cells:
        yield "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )


def row_of(kept: Mapping[str, Any]) -> Row:
    """A row of the table from kept figures."""
    return Row(**{**kept, "attempts": float(kept["attempts"])})


def added(rows: Sequence[Row]) -> Row:
    """Rows of several runs as one."""
    orders = sum(row.orders for row in rows)
    whole = {
        name: sum(getattr(row, name) for row in rows)
        for name in Row.__slots__
        if name not in ("name", "attempts", "orders")
    }
    attempts = sum(row.attempts * row.orders for row in rows) / orders if orders else 0.0
    return Row(name=rows[0].name, orders=orders, attempts=attempts, **whole)


def resumed(suffered: Sequence[Suffering], moves: Sequence[Moved], waiting_until: float) -> float | None:
    """The longest from the start of a process after a death until anything was done again, in seconds.

    Only deaths count after which orders were still waiting at the door; None without one.
    """
    gaps = []
    for one in suffered:
        next_death = min((other.at for other in suffered if other.at > one.again_at), default=math.inf)
        first = min((move.at for move in moves if move.at >= one.again_at), default=math.inf)
        if one.signal == "KILL" and first < min(next_death, waiting_until):
            gaps.append(first - one.again_at)
    return max(gaps, default=None)


def taken_over(suffered: Sequence[Suffering], moves: Sequence[Moved]) -> float | None:
    """The longest from the last death until a record that was being sent before it moved on; None when none was."""
    deaths = sorted(one.at for one in suffered if one.signal == "KILL")
    begun: dict[str, float] = {}
    gaps = []
    for move in moves:
        since = begun.pop(move.authorization, math.inf)
        if last := max((death for death in deaths if since < death < move.at), default=None):
            gaps.append(move.at - last)
        if move.after == "submitting":
            begun[move.authorization] = move.at
    return max(gaps, default=None)


def _cells(row: Row) -> tuple[str, ...]:
    whole = (row.orders, row.authorizations, row.lost, row.doubled, row.unrecorded, row.other, row.in_doubt)
    return (row.name, *map(str, whole), str(row.with_person), f"{row.attempts:.2f}")


def _points(suffered: Sequence[Suffering]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in suffered:
        counts[one.point] = counts.get(one.point, 0) + 1
    return dict(sorted(counts.items()))


def _failure(options: Options, finding: Finding) -> dict[str, Any]:
    return {
        "number": finding.order.number,
        "fault": finding.order.fault,
        "problems": [str(problem) for problem in finding.problems],
        "repeat": command(options, finding.order.number),
    }


def command(options: Options, only: int = 0) -> str:
    """What repeats a run, or one order of it with the same faults."""
    faults = "all" if options.faults == fault_classes("all") else ",".join(options.faults)
    words = ["pa chaos run", f"--orders {options.orders}", f"--faults {faults}"]
    words += [f"--payer-model {options.payer_model}", f"--database {options.database}", f"--seed {options.seed}"]
    words += [f"--version {options.version}", *([] if options.trace else ["--no-trace"])]
    words += [f"--kills {options.kills}"] * bool(options.kills) + [f"--stops {options.stops}"] * bool(options.stops)
    words += ["--restarts"] * options.restarts + ["--disk"] * options.disk + ["--warm"] * options.warm
    return " ".join([*words, *([f"--only {only}"] if only else [])])
