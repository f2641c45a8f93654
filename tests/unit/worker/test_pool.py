"""Real threads: who looks for work, who keeps the leases, what a black hole holds up, how it all ends."""

import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gateway.adapters.store.memory import MemoryStore
from gateway.flow.world import World
from gateway.model.authorization import State
from gateway.model.changes import Work
from gateway.model.errors import GatewayError
from gateway.model.exchange import Outcome
from gateway.payers import health
from gateway.payers.profile import PayerProfile
from gateway.ports import DUE, Hold, Query
from gateway.worker import Pool, drain
from tests.unit.worker.orders import LEASE, Answering, TwoClocks, add_orders
from tests.worlds import NOW, HeardLog, build_world

SHORT = timedelta(seconds=0.3)
PATIENCE = 20.0
ALL = Query(limit=1000)


class Gated(Answering):
    """Answers payer `sandbox` only when the gate is open; others at once."""

    def __init__(self, clock: TwoClocks) -> None:
        super().__init__(clock)
        self.gate, self.arrived = threading.Event(), threading.Semaphore(0)
        self._turn = threading.Lock()

    def submit(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        if payer.id == "sandbox":
            self.arrived.release()
            assert self.gate.wait(PATIENCE)
        with self._turn:
            return super().submit(payer, body, hold)


class Watched(MemoryStore):
    """Knows who claimed, how often leases were renewed, and can hold claims up, or fail a few."""

    def __init__(self) -> None:
        super().__init__()
        self.claims, self.renewals = threading.Semaphore(0), threading.Semaphore(0)
        self.owners: set[str] = set()
        self.failures = 0
        self.claiming = threading.Event()
        self.claiming.set()

    def claim(
        self,
        owner: str,
        now: datetime,
        lease: timedelta,
        *,
        only: Collection[str] | None = None,
        closed: Collection[str] = (),
    ) -> Work | None:
        self.owners.add(owner)
        self.claims.release()
        assert self.claiming.wait(PATIENCE)
        if self.failures:
            self.failures -= 1
            raise GatewayError("The database does not answer.")
        return super().claim(owner, now, lease, only=only, closed=closed)

    def renew(self, work: Sequence[Work], until: datetime) -> tuple[bool, ...]:
        kept = super().renew(work, until)
        self.renewals.release()
        return kept


class Bench:
    def __init__(self) -> None:
        self.store, self.clock = Watched(), TwoClocks()
        self.payer = Gated(self.clock)
        self.world: World = replace(build_world(store=self.store), clock=self.clock, payer_client=self.payer)

    def lines(self) -> list[str]:
        assert isinstance(self.world.log, HeardLog)
        return [line for line, _ in self.world.log.lines]

    def until(self, decided: Collection[str]) -> None:
        """Wait until these are decided."""
        moved = threading.Event()
        forget = self.world.waiters.listen(moved.set)
        ends = time.monotonic() + PATIENCE
        while any(self.store.authorization(one).state is not State.DECIDED for one in decided):
            assert moved.wait(ends - time.monotonic())
            moved.clear()
        forget()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.payer.gate.set()


@contextmanager
def pool(bench: Bench, *, threads: int, lease: timedelta = LEASE) -> Iterator[Pool]:
    made = Pool(bench.world, threads=threads, lease=lease)
    made.start()
    try:
        yield made
    finally:
        made.stop(within=PATIENCE)


def test_what_is_due_is_done_by_many_threads(bench: Bench) -> None:
    bench.payer.gate.set()
    identities = [*add_orders(bench.world, 12), *add_orders(bench.world, 12, payer="sandbox-201")]
    with pool(bench, threads=4):
        bench.until(identities)
    assert len(bench.payer.arrivals) == 24


def test_one_thread_looks_for_work_while_the_others_wait_for_their_turn(bench: Bench) -> None:
    with pool(bench, threads=6):
        for _ in range(4):
            assert bench.store.claims.acquire(timeout=PATIENCE)
    assert len(bench.store.owners) == 1


def test_who_announces_work_wakes_the_idle(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.worker.crew.LONGEST_PAUSE", 3600.0)
    bench.payer.gate.set()
    with pool(bench, threads=2):
        assert bench.store.claims.acquire(timeout=PATIENCE)
        identities = add_orders(bench.world, 1)
        bench.world.waiters.announce([DUE])
        bench.until(identities)


def test_a_black_hole_holds_up_nobody_else(bench: Bench) -> None:
    add_orders(bench.world, 10)
    with pool(bench, threads=4):
        for _ in range(2):
            assert bench.payer.arrived.acquire(timeout=PATIENCE)
        bench.until(add_orders(bench.world, 10, payer="sandbox-201"))
        assert not bench.payer.arrived.acquire(blocking=False), "at most half the threads"
        bench.payer.gate.set()


def test_the_heartbeat_keeps_a_step_that_takes_longer_than_its_lease(bench: Bench) -> None:
    (identity,) = add_orders(bench.world, 1)
    with pool(bench, threads=2, lease=SHORT):
        assert bench.payer.arrived.acquire(timeout=PATIENCE)
        for _ in range(5):
            bench.clock.advance(SHORT / 3)
            assert bench.store.renewals.acquire(timeout=PATIENCE)
        assert bench.store.claim("other", bench.clock.now(), SHORT) is None
        bench.payer.gate.set()
        bench.until([identity])


def test_a_store_that_fails_for_a_while_ends_no_thread(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.worker.pool._AFTER_FAULT_SECONDS", 0.0)
    bench.payer.gate.set()
    bench.store.failures = 3
    identities = add_orders(bench.world, 1)
    with pool(bench, threads=2):
        bench.until(identities)
    assert bench.lines().count("claim.failed") == 3


def test_stopping_finishes_the_step_in_hand_and_begins_no_other(bench: Bench) -> None:
    first, second = add_orders(bench.world, 2)
    made = Pool(bench.world, threads=1, lease=LEASE)
    made.start()
    assert bench.payer.arrived.acquire(timeout=PATIENCE)
    stopping = threading.Thread(target=made.stop, kwargs={"within": PATIENCE})
    stopping.start()
    bench.payer.gate.set()
    stopping.join(PATIENCE)
    begun, left = sorted((first, second), key=lambda one: bench.store.authorization(one).state is State.READY)
    assert bench.store.authorization(begun).state is State.DECIDED
    work = bench.store.work(left)
    assert work
    assert (work.owner, work.tries) == ("", 0)


def test_a_step_claimed_while_the_pool_was_stopped_is_given_back(bench: Bench) -> None:
    (identity,) = add_orders(bench.world, 1)
    bench.store.claiming.clear()
    made = Pool(bench.world, threads=1, lease=LEASE)
    made.start()
    assert bench.store.claims.acquire(timeout=PATIENCE)
    made.stop(within=0.0)
    bench.store.claiming.set()
    made.stop(within=PATIENCE)
    work = bench.store.work(identity)
    assert work
    assert (work.owner, work.tries) == ("", 0)
    assert bench.payer.arrivals == []


def test_a_step_that_does_not_end_is_left_to_its_lease_and_told(bench: Bench) -> None:
    (identity,) = add_orders(bench.world, 1)
    made = Pool(bench.world, threads=1, lease=LEASE)
    made.start()
    assert bench.payer.arrived.acquire(timeout=PATIENCE)
    made.stop(within=0.0)
    assert "work.unfinished" in bench.lines()
    work = bench.store.work(identity)
    assert work
    assert work.owner


def test_a_pool_without_threads_starts_nothing(bench: Bench) -> None:
    before = threading.active_count()
    with pool(bench, threads=0):
        assert threading.active_count() == before


def test_the_cli_does_what_is_its_own_and_does_not_wait_for_a_paused_payer(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    glances: list[float] = []
    monkeypatch.setattr("gateway.worker.pool.time.sleep", glances.append)
    monkeypatch.setattr("gateway.worker.pool._PATIENCE_SECONDS", 2.0)
    bench.payer.gate.set()
    mine, other = add_orders(bench.world, 2)
    drain(bench.world, [mine], lease=LEASE)
    assert [bench.store.authorization(one).state for one in (mine, other)] == [State.DECIDED, State.READY]
    bench.store.change_payer("sandbox", lambda state: health.paused(state, "person:kim", "", NOW))
    drain(bench.world, [other], lease=LEASE)
    assert bench.store.authorization(other).state is State.READY
    assert len(glances) <= 1
