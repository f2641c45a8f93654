"""SQLite: what many threads write goes to disk together, and still each is told the truth about its own."""

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from gateway.adapters.store import open_store, tables
from gateway.adapters.store.faults import StoreFault
from gateway.adapters.store.sql import SqlStore
from gateway.model.changes import ChangeSet
from gateway.model.errors import Conflict, NotFound
from tests.contract.lives import START, Life, opened, order, work

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def store(sqlite_url: str) -> Iterator[SqlStore]:
    opened_store = open_store(sqlite_url)
    yield opened_store
    opened_store.close()


def together(store: SqlStore, jobs: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """What came of each job, all of them in one transaction: they queue up while the first one waits to commit."""
    results: dict[str, Any] = {}

    def run(name: str, job: Callable[[], Any]) -> None:
        try:
            results[name] = job()
        except Exception as fault:  # noqa: BLE001 - it is what the test looks at
            results[name] = fault

    writer: Any = store._dialect.writer
    is_held, may_go = Event(), Event()

    def hold(_: object) -> None:
        is_held.set()
        may_go.wait()

    leader = Thread(target=run, args=("leader", lambda: writer.run(hold)))
    leader.start()
    is_held.wait()
    threads = []
    for count, (name, job) in enumerate(jobs.items(), start=1):
        threads.append(Thread(target=run, args=(name, job)))
        threads[-1].start()
        while len(writer._waiting) < count:
            Event().wait(0.001)
    may_go.set()
    for thread in (leader, *threads):
        thread.join()
    del results["leader"]
    return results


def counted(store: SqlStore, what: str) -> list[int]:
    seen: list[int] = []
    event.listen(store.engine, what, lambda *_: seen.append(1))
    return seen


def commit_of(store: SqlStore, name: str) -> Callable[[], None]:
    return lambda: store.commit(Life(name, f"order-{name}").open().change(order=order(f"order-{name}")))


def test_what_waits_is_committed_together(store: SqlStore) -> None:
    commits = counted(store, "commit")
    results = together(store, {f"one-{n}": commit_of(store, f"one-{n}") for n in range(20)})
    assert set(results.values()) == {None}
    assert len(commits) == 2, "the first, and all that came while it was written"
    assert len(store.events()) == 20


def test_one_that_is_refused_spoils_no_other_and_leaves_nothing(store: SqlStore) -> None:
    life = opened(store, "one", due=[START])
    rival = Life("one", life.order_id, record=life.record, now=life.now)

    def broken() -> None:
        store._dialect.writer.run(lambda _: [].pop())

    results = together(
        store,
        {
            "first": commit_of(store, "first"),
            "moves": lambda: store.commit(life.built().change()),
            "stale": lambda: store.commit(rival.built().change(order=order("stale"))),
            "taken": lambda: store.commit(ChangeSet(order=order("order-one"))),
            "nowhere": lambda: store.commit(ChangeSet(work=(work("nobody"),))),
            "broken": broken,
            "last": commit_of(store, "last"),
        },
    )
    kinds = {name: type(result) for name, result in results.items()}
    assert kinds == {
        "first": type(None),
        "moves": type(None),
        "stale": Conflict,
        "taken": Conflict,
        "nowhere": NotFound,
        "broken": IndexError,
        "last": type(None),
    }
    assert store.authorization("one").version == 2
    assert {record.id for record in store.authorizations(_all())} == {"one", "first", "last"}
    with pytest.raises(NotFound):
        store.order("stale")


def test_claims_in_one_transaction_see_each_other(store: SqlStore) -> None:
    from datetime import timedelta

    for n in range(3):
        opened(store, f"one-{n}", due=[START])
    lease = timedelta(seconds=60)
    results = together(store, {f"w{n}": lambda n=n: store.claim(f"w{n}", START, lease) for n in range(4)})
    got = [step.authorization if step else "" for step in results.values()]
    assert sorted(got) == ["", "one-0", "one-1", "one-2"]


def test_when_the_commit_fails_everybody_is_told_and_nothing_is_there(store: SqlStore) -> None:
    opened(store, "one")
    failures = [OperationalError("COMMIT", None, sqlite3.OperationalError("disk I/O error"))]

    def fail(_: object) -> None:
        if len(store._dialect.writer._waiting) == 0 and failures:  # type: ignore[attr-defined]
            raise failures.pop()

    jobs: dict[str, Callable[[], Any]] = {f"one-{n}": commit_of(store, f"one-{n}") for n in range(5)}
    # Refused within the group, on the strength of what was then not written.
    jobs["again"] = commit_of(store, "one-0")
    event.listen(store.engine, "commit", fail)
    results = together(store, jobs)
    assert {type(result) for result in results.values()} == {StoreFault}
    assert len(store.events()) == 1
    for n in range(5):
        commit_of(store, f"one-{n}")()
    assert len(store.events()) == 6


def test_nobody_is_answered_before_the_commit(store: SqlStore) -> None:
    answered: list[str] = []

    def look(_: object) -> None:
        assert not answered

    def job(name: str) -> Callable[[], None]:
        def run() -> None:
            commit_of(store, name)()
            answered.append(name)

        return run

    event.listen(store.engine, "commit", look)
    results = together(store, {name: job(name) for name in ("a", "b", "c")})
    assert set(results.values()) == {None}
    assert sorted(answered) == ["a", "b", "c"]


class Stopped(BaseException):
    """As a signal would end a thread."""


def test_a_thread_that_is_stopped_while_it_leads_strands_nobody(store: SqlStore) -> None:
    def stop() -> None:
        def work_of(_: object) -> None:
            raise Stopped

        with pytest.raises(Stopped):
            store._dialect.writer.run(work_of)

    results = together(store, {"stopped": stop, "beside": commit_of(store, "beside")})
    assert [type(result) for result in results.values()] == [type(None), StoreFault]
    commit_of(store, "beside")()
    assert [record.id for record in store.authorizations(_all())] == ["beside"]


FILLING = """
import resource, sys
from gateway.adapters.store import open_store
from gateway.adapters.store.faults import StoreFault
from gateway.model.changes import ChangeSet
from tests.contract.lives import order
from threading import Thread, Lock
store = open_store(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
said, lock = [], Lock()
def fill(n):
    for m in range(50):
        try:
            store.commit(ChangeSet(order=order(f"{n}-{m}", body=b"x" * 20000)))
            answer = "stored"
        except StoreFault:
            answer = "failed"
        with lock:
            said.append((answer, f"{n}-{m}"))
threads = [Thread(target=fill, args=(n,)) for n in range(6)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.commit(ChangeSet(order=order("after")))
for answer, name in said:
    print(answer, name)
"""


def test_a_disk_that_is_full_loses_nothing_it_promised_and_promises_nothing_it_lost(sqlite_url: str) -> None:
    line = [sys.executable, "-c", FILLING, sqlite_url, str(1_500_000)]
    done = subprocess.run(line, cwd=REPOSITORY, env={**os.environ}, capture_output=True, text=True, check=True)
    said = dict(reversed(row.split()) for row in done.stdout.splitlines())
    assert set(said.values()) == {"stored", "failed"}, "some went well, then the disk was full"
    store = open_store(sqlite_url)
    with store.engine.connect() as connection:
        there = set(connection.execute(tables.order.select().with_only_columns(tables.order.c.id)).scalars())
    store.close()
    assert there == {name for name, answer in said.items() if answer == "stored"} | {"after"}
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def _all() -> Any:
    from gateway.ports import Query

    return Query()


def test_a_file_another_program_keeps_locked_is_a_fault_for_all_who_wait_and_then_goes_on(
    store: SqlStore, tmp_path: Path
) -> None:
    event.listen(store.engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout = 20"))
    store.engine.dispose()
    stranger = sqlite3.connect(tmp_path / "gateway.db", isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    for n in range(2):
        with pytest.raises(StoreFault):
            commit_of(store, f"one-{n}")()
    assert store.events() == (), "reading goes on"
    stranger.execute("ROLLBACK")
    stranger.close()
    commit_of(store, "one-0")()
    assert len(store.events()) == 1
