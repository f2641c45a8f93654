"""A store that has grown: a million small records, a hundred thousand steps that wait (`make bench-scale`).

Claims must take no longer for it, also with one lane closed that holds most of what waits; nor may memory grow. Rows
are put in directly, as the store would write them; everything that is measured goes through the store.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, insert

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gateway.adapters.store import open_store, tables
from gateway.adapters.store.sql import SqlStore
from gateway.adapters.store.writing import make_ready
from gateway.model.authorization import State
from gateway.model.changes import ChangeSet
from gateway.ports import Query, WorkQuery
from tests.contract.lives import START, Life, order, work
from tests.postgres import cluster

RECORDS = 1_000_000
WAITING = 100_000
FEW = 1_000
_CHUNK = 5_000
_CLAIMS = 1_000
_LEASE = timedelta(seconds=60)
_NOW = START + timedelta(days=400)
_LANES = ("acorn", *(f"payer-{n}" for n in range(20)))
_MOST_TIMES = 2.0
_MOST_BYTES = 300e6

Call = Callable[[], object]
Rows = Mapping[Any, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Figure:
    """Times of one kind of call, in seconds, sorted."""

    name: str
    times: tuple[float, ...]

    def at(self, share: float) -> float:
        return self.times[min(int(len(self.times) * share), len(self.times) - 1)]


def lane_of(number: int) -> str:
    """Nine of ten steps wait for one payer."""
    return _LANES[0] if number % 10 else _LANES[1 + (number // 10) % (len(_LANES) - 1)]


def chunk(first: int, many: int, waiting: int) -> Rows:
    """The rows of so many records, made from one real one; the first `waiting` of all have a step that is due."""
    life = Life("ID", "ORDER").open()
    ready = make_ready(life.change(order=order("ORDER"), work=(work("ID"),)))
    record, events, stored = ready.records[0], ready.events, ready.change.order
    assert stored
    rows: dict[Any, list[dict[str, Any]]] = {
        table: [] for table in (tables.order, tables.authorization, tables.event, tables.work)
    }
    for number in range(first, first + many):
        identity, order_id = f"{number:08}-0000-4000-8000-000000000000", f"order-{number:08}"
        lane, due = lane_of(number), START + timedelta(seconds=number)
        rows[tables.order].append({field: getattr(stored, field) for field in _ORDER} | {"id": order_id})
        rows[tables.authorization].append(
            record
            | {"id": identity, "order_id": order_id, "payer": lane, "patient": f"Patient/{number}", "due_at": due}
            | {"record": record["record"].replace('"ID"', f'"{identity}"').replace('"ORDER"', f'"{order_id}"')}
        )
        rows[tables.event].extend(event | {"authorization": identity} for event in events)
        rows[tables.work].append(_step(identity, lane, due) if number < waiting else _done(identity))
    return rows


_ORDER = [column.name for column in tables.order.c]
_BLANK = {"key": "", "owner": "", "fence": 0, "tries": 0, "reason": "", "lease_until": None, "cause": None}


def _step(identity: str, lane: str, due: Any) -> dict[str, Any]:
    own = {"authorization": identity, "step": "submit", "lane": lane, "due_at": due, "set_aside_at": None}
    return _BLANK | own


def _done(identity: str) -> dict[str, Any]:
    return _BLANK | {"authorization": identity, "step": "", "lane": "", "due_at": None, "set_aside_at": None}


def fill(engine: Engine, first: int, many: int, waiting: int) -> None:
    for start in range(first, first + many, _CHUNK):
        rows = chunk(start, min(_CHUNK, first + many - start), waiting)
        with engine.execution_options(writes=True).begin() as connection:
            for table, values in rows.items():
                connection.execute(insert(table), values)


def timed(name: str, calls: Iterable[Call]) -> Figure:
    return Figure(name, tuple(sorted(_time(call) for call in calls)))


def in_turn(name: str, small: Iterable[Call], large: Iterable[Call]) -> tuple[Figure, Figure]:
    """The same calls on a small and on a large store by turns: whatever else the machine does is done to both."""
    pairs = [(_time(one), _time(other)) for one, other in zip(small, large, strict=True)]
    first, second = (Figure(name, tuple(sorted(times))) for times in zip(*pairs, strict=True))
    return first, second


def _time(call: Call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def claims(store: SqlStore, closed: tuple[str, ...] = ()) -> Iterator[Call]:
    """Claim, then free the step again outside of the measured time, so that as much waits for every one."""
    taken: list[Any] = []

    def claim() -> None:
        found = store.claim("bench", _NOW, _LEASE, closed=closed)
        assert found
        taken.append(found)

    for _ in range(_CLAIMS):
        yield claim
        store.give_back(taken.pop())


def vain_claims(store: SqlStore) -> Iterator[Call]:
    def claim() -> None:
        assert store.claim("bench", _NOW, _LEASE, closed=(*_LANES, "")) is None

    return iter([claim] * _CLAIMS)


def others(store: SqlStore) -> list[Figure]:
    identity, last = f"{7:08}-0000-4000-8000-000000000000", store.events(limit=1)[0].position
    reads: dict[str, Call] = {
        "read one record": lambda: store.authorization(identity),
        "first page of all records": lambda: store.authorizations(Query()),
        "first page of one payer's": lambda: store.authorizations(Query(payer="acorn", states=(State.RECEIVED,))),
        "a hundred events from the middle": lambda: store.events(after=last + RECORDS // 2),
        "first page of what waits": lambda: store.works(WorkQuery(set_aside=False)),
        "first page of what is set aside": lambda: store.works(WorkQuery(set_aside=True)),
    }
    return [timed(name, [read] * 50) for name, read in reads.items()] + [
        timed("commit of a new order", _new_orders(store))
    ]


def _new_orders(store: SqlStore) -> Iterator[Call]:
    for number in range(200):
        life = Life(f"new-{number}", f"order-new-{number}").open()
        change: ChangeSet = life.change(order=order(life.order_id), work=(work(life.id, _NOW),))
        yield lambda change=change: store.commit(change)


def compared(small: SqlStore, large: SqlStore) -> list[tuple[Figure, Figure]]:
    most = ("acorn",)
    return [
        in_turn("claim", claims(small), claims(large)),
        in_turn("claim, the lane with nine of ten closed", claims(small, most), claims(large, most)),
        in_turn("claim that finds nothing, all lanes closed", vain_claims(small), vain_claims(large)),
    ]


def run(small_url: str, large_url: str) -> bool:
    """Measure one kind of database, small and grown; whether the bars are met."""
    small, large = open_store(small_url), open_store(large_url)
    fill(small.engine, 0, FEW, FEW)
    start = time.perf_counter()
    fill(large.engine, 0, RECORDS, WAITING)
    filled = time.perf_counter() - start
    pairs = compared(small, large)
    met = [one.at(0.99) * _MOST_TIMES >= other.at(0.99) for one, other in pairs]
    show(large.engine.dialect.name, pairs, met, others(large))
    small.close()
    large.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
    print(f"filled in {filled:.0f} s; most memory {peak / 1e6:.0f} MB (bar {_MOST_BYTES / 1e6:.0f})", flush=True)  # noqa: T201
    return all(met) and peak < _MOST_BYTES


def show(kind: str, pairs: list[tuple[Figure, Figure]], met: list[bool], grown: list[Figure]) -> None:
    title = f"{kind}: {RECORDS:,} records, {WAITING:,} waiting, against {FEW:,} of each; ms"
    table = Table(title=title, box=box.SIMPLE_HEAD)
    for name in ("what", "p50 small", "p99 small", "p50", "p99", "bar: p99 at most 2x"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for (small, large), is_met in zip(pairs, met, strict=True):
        verdict = f"{large.at(0.99) / small.at(0.99):.2f}x {'met' if is_met else 'MISSED'}"
        figures = [f"{figure.at(share) * 1000:.2f}" for figure in (small, large) for share in (0.5, 0.99)]
        table.add_row(small.name, *figures, verdict)
    for figure in grown:
        table.add_row(figure.name, "", "", f"{figure.at(0.5) * 1000:.2f}", f"{figure.at(0.99) * 1000:.2f}", "")
    Console(width=120).print(table)


@contextmanager
def databases() -> Iterator[list[tuple[str, str]]]:
    """For each kind, the URLs of two databases."""
    with tempfile.TemporaryDirectory() as folder, cluster() as server:
        files = [f"sqlite:///{Path(folder) / name}" for name in ("small.db", "large.db")]
        yield [(files[0], files[1]), (server.url(server.database()), server.url(server.database()))]


def main() -> int:
    with databases() as urls:
        met = [run(*pair) for pair in urls]
        return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
