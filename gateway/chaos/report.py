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
LEGEND = (
    "authorizations: in the payer's book. lost: promised or answered, and not there. doubled: there more than once.",
    "unrecorded: there, and not in our record. other: any other difference. in doubt, person: left so at the end;",
    "these overlap each other and authorizations. attempts: sent for one order. What each class is: `pa chaos faults`.",
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
        "kills": sum(one.signal == "KILL" and one.wanted for one in outcome.suffered),
        "stops": sum(one.signal == "STOP" for one in outcome.suffered),
        "ends_of_itself": sum(not one.wanted for one in outcome.suffered),
        "troubles": outcome.troubles,
        "strays": outcome.strays,
        "points": _points(outcome.suffered),
        "resume_seconds": resumed(outcome.suffered, outcome.moves, outcome.promised_at),
        "takeover_seconds": taken_over(outcome.suffered, outcome.moves),
        "complaints": outcome.complaints,
    }


def lines(kept: Mapping[str, Any]) -> Iterator[str]:
    """The figures of one run, for a terminal."""
    yield from table_lines([row_of(row) for row in kept["rows"]])
    yield from LEGEND
    options = kept["options"]
    yield (
        f"payer model {options['payer_model']}, {options['database'].partition(':')[0]}, seed {options['seed']}, "
        f"PAS {options['version']}{'' if options['trace'] else ', no trace echoed'}: {kept['seconds']:.0f} s"
    )
    yield from _suffering(kept)
    if kept["resume_seconds"] is not None:
        yield f"work went on at most {kept['resume_seconds']:.1f} s after a start (bar {RESUME_SECONDS:.0f} s)"
    if kept["takeover_seconds"] is not None:
        bar = options["lease"] + TAKEOVER_SECONDS
        yield f"interrupted work was taken up at most {kept['takeover_seconds']:.1f} s after a death (bar {bar:.0f} s)"
    if kept["strays"]:
        yield f"{kept['strays']} connections to where a payer redirected us"
    if not kept["settled"]:
        yield f"NOT SETTLED within {options['limit']:.0f} s"
    for failure in kept["failures"][:20]:
        yield f"FAILED order {failure['number']} ({failure['fault']}): {', '.join(failure['problems'])}"
        yield f"  repeat: {failure['repeat']}"
    yield from kept["complaints"]
    yield _last_line(kept)


def missed(kept: Mapping[str, Any]) -> list[str]:
    """The bars on time that a run missed, in words; they need a machine that has nothing else to do."""
    bars = (
        ("resume_seconds", "resumed", RESUME_SECONDS),
        ("takeover_seconds", "took over", kept["options"]["lease"] + TAKEOVER_SECONDS),
    )
    return [
        f"{words} within {kept[name]:.1f} s, the bar is {bar:.0f} s"
        for name, words, bar in bars
        if kept[name] is not None and kept[name] > bar
    ]


def _last_line(kept: Mapping[str, Any]) -> str:
    late = "".join(f"; missed: {one}" for one in missed(kept))
    if kept["good"]:
        return f"good: the three ledgers agree on every order{late}"
    options = kept["options"]
    reasons = [f"{len(kept['failures'])} orders failed"] * bool(kept["failures"])
    reasons += ["not settled in time"] * (not kept["settled"])
    reasons += [f"{kept['strays']} stray connections"] * bool(kept["strays"])
    short = kept["kills"] + kept["stops"] < options["kills"] + options["stops"]
    reasons += [f"only {kept['kills']} kills and {kept['stops']} freezes came about"] * short
    return f"NOT GOOD: {', '.join(reasons)}{late}"


def _suffering(kept: Mapping[str, Any]) -> Iterator[str]:
    options = kept["options"]
    counts = [
        (kept["kills"], f"of {options['kills']} kills"),
        (kept["stops"], f"of {options['stops']} freezes"),
        (kept["troubles"], "troubles of the database"),
    ]
    if said := ", ".join(f"{count} {word}" for count, word in counts if count):
        points = ", ".join(f"{point} {count}" for point, count in kept["points"].items())
        yield said + (f"; at {points}" if points else "")
    if kept["ends_of_itself"]:
        yield f"{kept['ends_of_itself']} times a process ended though nobody killed it; it was started again"


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
        if one.wanted:
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
