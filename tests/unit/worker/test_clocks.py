"""Nothing is claimed by a clock that cannot be relied on, whichever of the three it is: set, apart, or asleep."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gateway.adapters.clock import SystemClock
from gateway.adapters.store.memory import MemoryStore
from gateway.flow.world import World
from gateway.model.authorization import State
from gateway.model.clocks import Duration
from gateway.model.exchange import Lost, NotSent, Outcome
from gateway.payers.profile import PayerProfile, Payers
from gateway.ports import Hold
from gateway.worker import Crew, drain
from tests.unit.worker.orders import LEASE, Answering, TwoClocks, add_orders
from tests.worlds import HeardLog, build_world


class ThreeClocks(TwoClocks):
    """This machine's clock, which a test sets; time passes on all three; `ahead` is the database's."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def steady(self) -> float:
        return self.passed

    def wait(self, seconds: float) -> None:
        self.passed += seconds
        self.advance(timedelta(seconds=seconds))

    def set_by(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))


class Elsewhere(MemoryStore):
    """A store on another machine: its clock is so far ahead of ours, and asking takes so long."""

    clock: ThreeClocks
    ahead, takes = 0.0, 0.0

    def now(self) -> datetime:
        self.clock.wait(self.takes / 2)
        present = self.clock.present + timedelta(seconds=self.ahead)
        self.clock.wait(self.takes / 2)
        return present


class Bench:
    """One crew over a store elsewhere, with plenty to do."""

    def __init__(self, *, payer: type[Answering] = Answering, orders: int = 9) -> None:
        self.clock, self.store = ThreeClocks(), Elsewhere()
        self.store.clock = self.clock
        self.payer = payer(self.clock)
        self.world: World = replace(build_world(store=self.store), clock=self.clock, payer_client=self.payer)
        self.crew = self.another()
        self.identities = add_orders(self.world, orders)
        self.clock.wait(1)

    def another(self) -> Crew:
        return Crew(self.world, threads=1, lease=LEASE, monotonic=self.clock.steady)

    def do(self, crew: Crew | None = None) -> bool:
        crew = crew or self.crew
        taken = crew.take("worker")
        if taken:
            crew.do(taken)
        return taken is not None

    def lines(self) -> list[str]:
        assert isinstance(self.world.log, HeardLog)
        return [line for line, _ in self.world.log.lines if line.startswith("clock.")]


@pytest.mark.parametrize("seconds", [2.5, 30, 3600, 86_400 * 365, -2.5, -3600])
def test_after_our_clock_was_set_nothing_is_claimed_for_as_long_as_a_payer_may_take_up_an_old_request(
    seconds: float,
) -> None:
    bench = Bench()
    assert bench.do()
    bench.clock.set_by(seconds)
    bench.clock.wait(0.2)
    for _ in range(58):  # the sandbox: quiet PT5S, lag PT1S
        assert not bench.do()
        bench.clock.wait(0.1)
    bench.clock.wait(max(0.3, -seconds))  # until the orders are due again
    bench.crew.beat()
    assert bench.do()
    assert bench.lines() == ["clock.stepped", "clock.trusted"]


def test_a_small_correction_of_our_clock_stops_nothing_and_many_of_them_over_the_day_do_not_add_up() -> None:
    bench = Bench()
    for _ in range(9):
        bench.clock.set_by(1.5)
        bench.clock.wait(7)
        bench.crew.beat()
        assert bench.do()
    assert bench.lines() == []


def test_a_step_in_several_parts_between_two_heartbeats_is_a_step() -> None:
    bench = Bench()
    bench.clock.set_by(1.5)
    assert bench.do()
    bench.clock.set_by(1.5)
    assert not bench.do()


def test_no_payer_makes_us_rest_for_more_than_a_quarter_of_an_hour() -> None:
    bench = Bench()
    slow = {
        name: replace(payer, lost_reply=replace(payer.lost_reply, quiet=Duration.parse("PT8H")))
        for name, payer in bench.world.payers.items()
    }
    bench.world = replace(bench.world, payers=Payers(slow))
    bench.crew = bench.another()
    bench.clock.set_by(60)
    bench.crew.beat()
    bench.clock.wait(899)
    assert not bench.do()
    bench.clock.wait(1)
    assert bench.do()


@pytest.mark.parametrize("ahead", [25, -25, 2.1])
def test_while_the_databases_clock_is_not_ours_nothing_is_claimed(ahead: float) -> None:
    bench = Bench()
    bench.store.ahead = ahead
    for _ in range(5):
        assert not bench.do()
        bench.clock.wait(7)
        bench.crew.beat()
    assert bench.lines() == ["clock.apart"]
    bench.store.ahead = 0.0
    assert bench.do()
    assert bench.lines() == ["clock.apart", "clock.trusted"]


def test_a_lease_is_given_and_renewed_by_the_databases_clock() -> None:
    bench = Bench(orders=1)
    bench.store.ahead = 1.9
    taken = bench.crew.take("worker")
    assert taken
    assert taken.work.lease_until == bench.store.now() + LEASE
    bench.clock.wait(7)
    bench.crew.beat()
    work = bench.store.work(bench.identities[0])
    assert work
    assert work.lease_until == bench.store.now() + LEASE


def test_a_database_that_answers_slowly_is_not_apart() -> None:
    bench = Bench()
    bench.store.takes = 8.0
    assert bench.do()
    bench.crew.beat()
    assert bench.do()
    assert bench.lines() == []


def test_a_replica_whose_clock_is_ahead_takes_nothing_from_a_living_worker() -> None:
    bench = Bench(orders=1)
    taken = bench.crew.take("living")
    assert taken
    theirs = ThreeClocks()
    theirs.present = bench.clock.present + timedelta(seconds=25)
    world = replace(bench.world, clock=theirs)
    other = Crew(world, threads=1, lease=LEASE, monotonic=theirs.steady)
    assert other.take("ahead") is None
    bench.crew.do(taken)
    assert bench.world.store.authorization(bench.identities[0]).state is State.DECIDED


class Losing(Answering):
    """Every reply is lost."""

    def answer(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        return Lost("the connection broke")


def test_a_clock_that_is_put_forward_does_not_end_the_quiet_period() -> None:
    bench = Bench(payer=Losing, orders=1)
    assert bench.do()
    bench.clock.set_by(3600)
    bench.clock.wait(1)
    assert not bench.do()
    assert bench.payer.asked == []
    assert bench.world.store.authorization(bench.identities[0]).state is State.IN_DOUBT


def test_a_command_does_not_wait_for_clocks_that_are_apart() -> None:
    bench = Bench(orders=1)
    bench.store.ahead = 25
    drain(bench.world, bench.identities, lease=LEASE)
    assert bench.payer.arrivals == []


class Asleep(Answering):
    """The machine sleeps for an hour before the first byte of the first request."""

    bench: Bench
    left: Sequence[float] = ()

    def answer(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        if self.left:
            return super().answer(payer, body, hold)
        self.bench.clock.set_by(3600)  # all that is seen of it: a steady clock of this machine slept too
        self.left = [hold.left()]
        return NotSent("the step is no longer this worker's", ours=True)


def test_who_wakes_up_has_no_hold_whatever_the_steady_clock_says() -> None:
    bench = Bench(payer=Asleep, orders=1)
    assert isinstance(bench.payer, Asleep)
    bench.payer.bench = bench
    bench.do()
    assert bench.payer.left == [0.0]


def test_the_steady_clock_goes_on_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.CLOCK_BOOTTIME", 7, raising=False)
    monkeypatch.setattr("time.clock_gettime", {7: 12.5}.__getitem__)
    assert SystemClock().steady() == 12.5


def test_where_no_clock_does_the_monotonic_one_has_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("time.CLOCK_BOOTTIME", raising=False)
    monkeypatch.setattr("time.monotonic", lambda: 3.5)
    assert SystemClock().steady() == 3.5


def test_a_clock_that_was_set_ends_a_hold_until_the_next_heartbeat_finds_it_still_ours() -> None:
    bench = Bench(orders=1)
    taken = bench.crew.take("worker")
    assert taken
    bench.clock.set_by(30)
    assert taken.lease.left() == 0
    bench.crew.beat()
    assert taken.lease.left() == pytest.approx(18)
