"""What becomes of a step that fails: it rests, it is set aside with its cause, or it is another's by now."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.store.faults import StoreFault
from gateway.adapters.store.memory import MemoryStore
from gateway.flow import submit
from gateway.flow.world import World
from gateway.model.authorization import State
from gateway.model.changes import Cause, ChangeSet, Work
from gateway.model.errors import ConfigFault, Conflict, GatewayError, IllegalTransition
from gateway.model.exchange import Outcome
from gateway.payers.profile import PayerProfile
from gateway.ports import Hold, WorkQuery
from gateway.worker import Crew
from gateway.worker.crew import MOST_CLAIMS, MOST_FAILURES
from tests.unit.worker.orders import LEASE, Answering, TwoClocks, add_orders
from tests.worlds import HeardLog, build_world


class Bench:
    """A world with one order, a virtual clock and one crew."""

    def __init__(self, *, payer: type[Answering] = Answering, store: MemoryStore | None = None) -> None:
        self.clock = TwoClocks()
        self.payer = payer(self.clock)
        self.world: World = replace(build_world(store=store), clock=self.clock, payer_client=self.payer)
        self.crew = Crew(self.world, threads=1, lease=LEASE, monotonic=self.clock.seconds)
        (self.identity,) = add_orders(self.world, 1)

    def work(self) -> Work:
        found = self.world.store.work(self.identity)
        assert found
        return found

    def wait(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def do(self) -> bool:
        taken = self.crew.take("worker")
        if taken:
            self.crew.do(taken)
        return taken is not None

    def lines(self) -> list[tuple[str, dict[str, object]]]:
        assert isinstance(self.world.log, HeardLog)
        return self.world.log.lines


class Breaking(Answering):
    """A payer client with a defect."""

    fault: Callable[[], Exception] = staticmethod(lambda: ZeroDivisionError("Jane Doe"))

    def answer(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        raise self.fault()


def test_a_step_is_done_and_leaves_nothing_behind() -> None:
    bench = Bench()
    assert bench.do()
    assert bench.world.store.authorization(bench.identity).state is State.DECIDED
    assert not bench.do()
    assert bench.crew.leases.held() == ()


@pytest.mark.parametrize("fault", [ZeroDivisionError("Jane Doe"), IllegalTransition("decided", "SubmitStarted", ())])
def test_a_step_that_fails_by_a_defect_rests_longer_each_time_and_is_then_set_aside(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    bench, rests = Bench(), []

    def broken(*_: object) -> None:
        raise fault

    monkeypatch.setattr("gateway.worker.crew._STEPS", {"submit": broken})
    for _ in range(MOST_FAILURES):
        assert bench.do()
        rests.append((bench.work().due_at - bench.clock.now()).total_seconds())
        assert not bench.do(), "no hot loop"
        bench.wait(301)
    assert all(2**n / 2 <= rest <= 2**n for n, rest in enumerate(rests[:-1], start=1))
    work = bench.work()
    assert (work.cause, work.set_aside_at is not None) == (Cause.DEFECT, True)
    assert type(fault).__name__ in work.reason
    assert "Jane" not in f"{work.reason} {bench.lines()}"
    assert not bench.do()


def test_a_defect_after_sending_is_no_reason_to_send_again() -> None:
    bench = Bench(payer=Breaking)
    bench.do()
    bench.wait(10)
    bench.do()
    assert bench.world.store.authorization(bench.identity).state is State.IN_DOUBT
    assert len(bench.payer.arrivals) == 1


def test_a_step_that_kills_its_workers_is_set_aside() -> None:
    bench = Bench()
    for _ in range(MOST_CLAIMS):
        assert bench.crew.take("doomed")  # and the process dies: nothing is given back
        bench = reborn(bench)
        bench.wait(21)
    assert bench.do()
    assert bench.work().cause is Cause.DEFECT
    assert f"begun {MOST_CLAIMS} times" in bench.work().reason
    assert bench.payer.arrivals == []


def reborn(bench: Bench) -> Bench:
    """The next process over the same store."""
    bench.crew = Crew(bench.world, threads=1, lease=LEASE, monotonic=bench.clock.seconds)
    return bench


def test_a_step_nobody_knows_is_set_aside_and_stops_nothing_else() -> None:
    bench = Bench()
    bench.world.store.commit(ChangeSet(work=(replace(bench.work(), step="teleport"),)))
    add_orders(bench.world, 1)
    while bench.do():
        pass
    assert bench.work().cause is Cause.CORRUPT
    assert (
        "work.set_aside",
        {"authorization": bench.identity, "step": "teleport", "cause": "corrupt"},
    ) in bench.lines()
    assert len(bench.payer.arrivals) == 1
    assert len(bench.world.store.works(WorkQuery())) == 1


def test_what_is_wrong_with_a_file_is_set_aside_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()

    def misconfigured(*_: object) -> None:
        raise ConfigFault("Payer sandbox speaks PAS 9, which is not installed.", fix="Set speaks.pas.")

    monkeypatch.setattr("gateway.worker.crew._STEPS", {"submit": misconfigured})
    bench.do()
    assert (bench.work().cause, bench.work().reason) == (
        Cause.CONFIGURATION,
        "Payer sandbox speaks PAS 9, which is not installed.",
    )


class Failing(MemoryStore):
    """A store that cannot write while `fault` is set."""

    fault: GatewayError | None = None

    def commit(self, change: ChangeSet) -> None:
        if self.fault:
            raise self.fault
        super().commit(change)


def test_a_store_that_cannot_write_is_no_fault_of_the_step() -> None:
    store = Failing()
    bench = Bench(store=store)
    store.fault = StoreFault("The database is read-only.")
    for _ in range(MOST_FAILURES + 2):
        bench.do()
        bench.wait(21)
    assert bench.work().cause is None
    store.fault = None
    bench.do()
    assert bench.world.store.authorization(bench.identity).state is State.DECIDED
    assert len(bench.payer.arrivals) == 1


class Stopping(Answering):
    """A payer whose answer comes when the process was stopped for a minute and another worker has taken over."""

    def answer(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        self.clock.advance(timedelta(minutes=1))
        assert hold.left() == 0
        other = Crew(self.other, threads=1, lease=LEASE, monotonic=self.seconds)
        taken = other.take("other")
        assert taken
        other.do(taken)
        return super().answer(payer, body, hold)

    other: World
    seconds: Callable[[], float]


def test_a_zombie_overwrites_nothing_and_its_late_answer_is_kept() -> None:
    bench = Bench(payer=Stopping)
    assert isinstance(bench.payer, Stopping)
    bench.payer.other, bench.payer.seconds = bench.world, bench.clock.seconds
    bench.do()
    record = bench.world.store.authorization(bench.identity)
    names = [type(logged.event).__name__ for logged in bench.world.store.events(authorization=bench.identity)]
    assert names[-2:] == ["ReplyLost", "Decided"], "the one who took over doubts, and the late answer ends the doubt"
    assert record.state is State.DECIDED
    assert len(bench.payer.arrivals) == 1


def test_a_conflict_leaves_the_step_to_whoever_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()

    def overtaken(world: World, work: Work, hold: Hold) -> None:
        bench.wait(21)
        assert world.store.claim("other", bench.clock.now(), LEASE)
        raise Conflict

    monkeypatch.setattr("gateway.worker.crew._STEPS", {"submit": overtaken})
    bench.do()
    assert (bench.work().owner, bench.work().cause) == ("other", None)


def test_a_step_put_back_is_due_as_before_and_was_not_tried() -> None:
    bench = Bench()
    before = bench.work()
    taken = bench.crew.take("worker")
    assert taken
    bench.crew.put_back(taken)
    after = bench.work()
    assert (after.tries, after.owner, after.due_at) == (0, "", before.due_at)
    bench.wait(1)
    assert bench.do()


class Slow(MemoryStore):
    """A store whose claims take five seconds."""

    clock: TwoClocks

    def claim(self, *what: Any, **how: Any) -> Work | None:
        claimed = super().claim(*what, **how)
        self.clock.advance(timedelta(seconds=5))
        return claimed


def test_the_time_a_claim_took_is_no_time_of_the_lease() -> None:
    store = Slow()
    bench = Bench(store=store)
    store.clock = bench.clock
    taken = bench.crew.take("worker")
    assert taken
    assert taken.lease.left() == pytest.approx(13)


def test_a_fenced_off_worker_sends_nothing() -> None:
    bench = Bench()
    taken = bench.crew.take("slow")
    assert taken
    bench.wait(21)
    other = Crew(bench.world, threads=1, lease=LEASE, monotonic=bench.clock.seconds)
    newer = other.take("other")
    assert newer
    bench.crew.do(taken)
    assert bench.payer.arrivals == []
    with pytest.raises(Conflict):
        submit.run(bench.world, taken.work, taken.lease)
    other.do(newer)
    assert len(bench.payer.arrivals) == 1
