"""A campaign: many runs over payer models, databases and seeds, each result kept as it comes, so that it can go on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gateway.chaos.report import LEGEND, added, figures, missed, row_of, table_lines
from gateway.chaos.run import POSTGRESQL, SQLITE, Options, Outcome
from gateway.chaos.verdict import Row
from gateway.fhir import json

_KILLS_PER_RUN, _ORDERS_PER_KILL = 100, 4
_STOPS_PER_RUN, _ORDERS_PER_STOP = 10, 10
_SHORT_LEASE = 5
_DARK_ORDERS = 310
_OLDER = "2.0.1"
_LIMIT_SECONDS = 1200.0


@dataclass(frozen=True, slots=True)
class Slice:
    """One run of a campaign, the name its result is kept under, and the group it is added up in."""

    name: str
    group: str
    options: Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """How much a campaign does.

    Attributes:
        orders: over the payer models 1 to 3 and both databases; at most `per_run` in one run.
        kills, stops: deaths and freezes in all, over both databases.
        others: also the payer that cannot be asked, the one that echoes no trace, the older PAS, and sick databases.
    """

    orders: int = 21_600
    per_run: int = 900
    models: tuple[int, ...] = (1, 2, 3)
    databases: tuple[str, ...] = (SQLITE, POSTGRESQL)
    faults: tuple[str, ...]
    seed: int = 1
    kills: int = 1000
    stops: int = 100
    others: bool = True


def slices(scope: Scope) -> tuple[Slice, ...]:
    """The runs of a campaign, each with its own seed."""
    rows = [*_main(scope), *_deaths(scope), *(_others(scope) if scope.others else ())]
    return tuple(Slice(f"{number:03} {group}", group, options) for number, (group, options) in enumerate(rows, start=1))


Named = tuple[str, Options]


def _main(scope: Scope) -> Iterator[Named]:
    combinations = [(model, database) for model in scope.models for database in scope.databases]
    share = -(-scope.orders // len(combinations))
    for start in range(0, share, scope.per_run):
        for model, database in combinations:
            orders = min(scope.per_run, share - start)
            seed = scope.seed + start // scope.per_run
            yield f"model {model}, {database}", _options(scope, orders, database, seed, payer_model=model)


def _deaths(scope: Scope) -> Iterator[Named]:
    for number, count in enumerate(_parts(scope.kills, _KILLS_PER_RUN)):
        options = _mortal(scope, number, count * _ORDERS_PER_KILL)
        yield f"kill -9, {options.database}", replace(options, kills=count)
    for number, count in enumerate(_parts(scope.stops, _STOPS_PER_RUN)):
        options = _mortal(scope, number, count * _ORDERS_PER_STOP)
        yield f"SIGSTOP past the lease, {options.database}", replace(options, stops=count)


def _parts(whole: int, most: int) -> Iterator[int]:
    for start in range(0, whole, most):
        yield min(most, whole - start)


def _mortal(scope: Scope, number: int, orders: int) -> Options:
    """Databases and payer models in turn."""
    database = scope.databases[number % len(scope.databases)]
    model = scope.models[number // len(scope.databases) % len(scope.models)]
    options = _options(scope, orders, database, scope.seed + number, payer_model=model)
    return replace(options, warm=True, lease=_SHORT_LEASE)


def _others(scope: Scope) -> Iterator[Named]:
    for database in scope.databases:
        plain = _options(scope, _DARK_ORDERS, database, scope.seed)
        yield f"model 4, {database}", replace(plain, payer_model=4)
        yield f"no trace echoed, {database}", replace(plain, trace=False)
        yield f"PAS {_OLDER}, {database}", replace(plain, version=_OLDER)
        sick = replace(plain, disk=True) if database == SQLITE else replace(plain, restarts=True)
        yield f"{'disk full, busy, EIO' if sick.disk else 'restarted and killed'}, {database}", sick


def _options(scope: Scope, orders: int, database: str, seed: int, *, payer_model: int = 2) -> Options:
    return Options(
        orders=orders,
        faults=scope.faults,
        payer_model=payer_model,
        database=database,
        seed=seed,
        limit=_LIMIT_SECONDS,
    )


def go_on(
    every: Sequence[Slice], file: Path, run: Callable[[Options], Outcome], say: Callable[[str], None]
) -> Mapping[str, Any]:
    """Do the slices that have no good result in `file` yet; the file is written after each."""
    results: dict[str, Any] = json.loads(file.read_bytes()) if file.exists() else {}
    for number, one in enumerate(every, start=1):
        if _is_done(results.get(one.name), one.options):
            continue
        say(f"{number} of {len(every)}: {one.name}, {one.options.orders} orders, seed {one.options.seed}")
        results[one.name] = {**figures(run(one.options)), "group": one.group}
        draft = file.with_suffix(".draft")
        draft.write_bytes(json.pretty(results))
        draft.replace(file)
    return {one.name: results[one.name] for one in every}


def _is_done(kept: Any, options: Options) -> bool:
    """Whether a good result of just this run is there."""
    same = kept and all(
        kept["options"][name] == (list(value) if isinstance(value, tuple) else value)
        for name in Options.__slots__
        if (value := getattr(options, name)) is not None
    )
    return bool(same and kept["good"])


def total_lines(results: Mapping[str, Any]) -> Iterator[str]:
    """One table over all results, by fault class; then by what was done; then deaths and freezes; then what failed."""
    classes: dict[str, list[Row]] = {}
    groups: dict[str, list[Row]] = {}
    for kept in results.values():
        for row in map(row_of, kept["rows"]):
            classes.setdefault(row.name, []).append(row)
        groups.setdefault(kept["group"], []).append(replace(row_of(kept["rows"][-1]), name=kept["group"]))
    names = sorted((name for name in classes if name != "all"), key=lambda name: (len(name), name))
    yield from table_lines([added(classes[name]) for name in (*names, "all")])
    yield ""
    yield from table_lines([added(rows) for rows in groups.values()])
    yield from LEGEND
    yield ""
    yield from _suffering(results)
    for name, kept in results.items():
        yield from (f"missed in {name}: {one}" for one in missed(kept))
        if not kept["good"]:
            yield f"NOT GOOD: {name}" + ("" if kept["settled"] else ", not settled")
            yield from (f"  repeat: {failure['repeat']}" for failure in kept["failures"][:5])


def _suffering(results: Mapping[str, Any]) -> Iterator[str]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for kept in results.values():
        if kept["kills"] or kept["stops"] or kept["troubles"]:
            groups.setdefault(kept["group"], []).append(kept)
    for name, rows in groups.items():
        counts = ", ".join(
            f"{sum(row[key] for row in rows)} {word}"
            for key, word in (("kills", "kills"), ("stops", "freezes"), ("troubles", "troubles of the database"))
            if sum(row[key] for row in rows)
        )
        points = {point for row in rows for point in row["points"]}
        yield f"{name}: {counts}" + (f" at {len(points)} points" if points else "")
        for key, words in (("resume_seconds", "work went on"), ("takeover_seconds", "interrupted work was taken up")):
            if longest := max((float(row[key]) for row in rows if row[key] is not None), default=0.0):
                yield f"  {words} within {longest:.1f} s"
