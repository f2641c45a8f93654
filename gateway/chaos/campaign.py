"""A campaign: many runs over payer models, databases and seeds, each result kept as it comes, so that it can go on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.chaos.report import added, figures, table_lines
from gateway.chaos.run import Options, Outcome
from gateway.chaos.verdict import Row
from gateway.fhir import json


@dataclass(frozen=True, slots=True)
class Slice:
    """One run of a campaign and the name its result is kept under."""

    name: str
    options: Options


def slices(
    orders: int, per_slice: int, models: Sequence[int], databases: Sequence[str], faults: tuple[str, ...], seed: int
) -> Iterator[Slice]:
    """Split so many orders evenly over models and databases, at most `per_slice` in one run, each with its own seed."""
    combinations = [(model, database) for model in models for database in databases]
    share = -(-orders // len(combinations))
    for start in range(0, share, per_slice):
        for model, database in combinations:
            options = Options(
                orders=min(per_slice, share - start),
                faults=faults,
                payer_model=model,
                database=database,
                seed=seed + start // per_slice,
            )
            yield Slice(f"model {model}, {database}, seed {options.seed}, {options.orders} orders", options)


def go_on(
    every: Sequence[Slice], file: Path, run: Callable[[Options], Outcome], say: Callable[[str], None]
) -> Mapping[str, Any]:
    """Do the slices that have no good result in `file` yet; the file is written after each."""
    results: dict[str, Any] = json.loads(file.read_bytes()) if file.exists() else {}
    for number, one in enumerate(every, start=1):
        kept = results.get(one.name)
        if kept and kept["good"] and kept["options"]["faults"] == list(one.options.faults):
            continue
        say(f"{number} of {len(every)}: {one.name}")
        results[one.name] = figures(run(one.options))
        draft = file.with_suffix(".draft")
        draft.write_bytes(json.pretty(results))
        draft.replace(file)
    return {one.name: results[one.name] for one in every}


def total_lines(results: Mapping[str, Any]) -> Iterator[str]:
    """One table over all results, by fault class; then by payer model and database; then what failed."""
    rows: dict[str, list[Row]] = {}
    groups: dict[str, list[Row]] = {}
    for kept in results.values():
        for row in kept["rows"]:
            rows.setdefault(row["name"], []).append(_row(row))
        options = kept["options"]
        name = f"model {options['payer_model']}, {options['database'].partition(':')[0]}"
        groups.setdefault(name, []).append(_row({**kept["rows"][-1], "name": name}))
    classes = sorted((name for name in rows if name != "all"), key=lambda name: (len(name), name))
    yield from table_lines([added(rows[name]) for name in (*classes, "all")])
    yield ""
    yield from table_lines([added(group) for group in groups.values()])
    for name, kept in results.items():
        if not kept["good"]:
            yield f"NOT GOOD: {name}"
            yield from (f"  repeat: {failure['repeat']}" for failure in kept["failures"][:5])


def _row(kept: Mapping[str, Any]) -> Row:
    return Row(**{**kept, "attempts": float(kept["attempts"])})
