"""Several who share a store: each step is done by one, and whoever reads the events misses none."""

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import event, func, select

from gateway.adapters.store import tables
from gateway.adapters.store.sql import SqlStore
from gateway.model import events as e
from gateway.model.changes import ChangeSet
from gateway.model.errors import Conflict
from gateway.ports import WorkQuery
from tests.contract.lives import START, Life, exchange, opened, order, work

REPOSITORY = Path(__file__).parents[2]
STEPS = 500
LEASE = timedelta(seconds=60)


def filled(store: SqlStore, steps: int) -> None:
    """One order that became as many records, each with a step that is due."""
    lives = [Life(f"one-{n:03}", "order").open() for n in range(steps)]
    changes = [life.change() for life in lives]
    store.commit(
        ChangeSet(
            order=order("order"),
            records=tuple(change.records[0] for change in changes),
            events=tuple(change.events[0] for change in changes),
            work=tuple(work(life.id) for life in lives),
        )
    )


def do_all(store: SqlStore, owner: str) -> None:
    """Claim, leave a trace that could be left twice, finish; as a worker does."""
    while found := store.claim(owner, START, LEASE):
        leg = exchange(f"{found.authorization}-{owner}-{found.fence}", found.authorization)
        store.commit(ChangeSet(exchanges=(leg,), finished=found))


def traces(store: SqlStore) -> Counter[int]:
    """How many records have how many traces."""
    of = tables.exchange.c
    with store.engine.connect() as connection:
        counts = select(func.count()).select_from(tables.exchange).group_by(of.authorization)
        return Counter(connection.execute(counts).scalars())


@pytest.mark.parametrize("replicas", [2, 4])
def test_replicas_share_the_steps_and_each_is_done_once(opening: Callable[[], SqlStore], replicas: int) -> None:
    first = opening()
    filled(first, STEPS)
    threads = [Thread(target=do_all, args=(opening(), f"worker-{n}")) for n in range(replicas)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert traces(first) == {1: STEPS}
    assert first.works(WorkQuery()) == ()


WORKER = """
import sys
from tests.contract.test_replicas import do_all
from gateway.adapters.store import open_store
store = open_store(sys.argv[1])
do_all(store, sys.argv[2])
store.close()
"""


def test_processes_share_the_steps_and_each_is_done_once(opening: Callable[[], SqlStore], url: str) -> None:
    store = opening()
    filled(store, STEPS // 4)
    arguments = [[sys.executable, "-c", WORKER, url, f"process-{n}"] for n in range(3)]
    workers = [subprocess.Popen(line, cwd=REPOSITORY) for line in arguments]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    assert traces(store) == {1: STEPS // 4}


def test_a_record_two_replicas_move_at_once_is_moved_by_one(opening: Callable[[], SqlStore]) -> None:
    stores = [opening() for _ in range(4)]
    life = opened(stores[0], "one")
    won: list[int] = []

    def move(n: int) -> None:
        rival = Life("one", life.order_id, record=life.record, now=life.now)
        try:
            stores[n].commit(rival.happen(e.HandedOff, where=f"place-{n}").change())
            won.append(n)
        except Conflict:
            pass

    threads = [Thread(target=move, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert stores[1].authorization("one").handoff == f"place-{won[0]}"
    assert len(stores[2].events()) == 2


def test_whoever_reads_the_events_by_position_misses_none_however_commits_overlap(
    opening: Callable[[], SqlStore],
) -> None:
    """A position given before its transaction ends would be overtaken by one given later and committed sooner."""
    writers, each = 4, 25
    reader, is_over, seen = opening(), Event(), list[int]()
    pause = random.Random(4)  # noqa: S311

    def write(n: int) -> None:
        store = opening_of[n]
        event.listen(store.engine, "commit", lambda _: time.sleep(pause.random() * 0.004))
        for m in range(each):
            opened(store, f"{n}-{m}")

    def read() -> None:
        while True:
            was_over = is_over.is_set()
            found = reader.events(after=seen[-1] if seen else 0, limit=1000)
            seen.extend(one.position for one in found)
            if was_over and not found:
                return

    opening_of = [opening() for _ in range(writers)]
    threads = [Thread(target=write, args=(n,)) for n in range(writers)]
    follower = Thread(target=read)
    for thread in (follower, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    is_over.set()
    follower.join()
    assert seen == [one.position for one in reader.events(limit=1000)]
    assert len(seen) == writers * each
