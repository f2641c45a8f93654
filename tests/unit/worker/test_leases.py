"""For how long a claimed step is surely ours, on a clock that a test moves."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.adapters.store.memory import MemoryStore
from gateway.flow.world import World
from gateway.model.changes import Work
from gateway.model.errors import GatewayError
from gateway.worker.clocks import Clocks
from gateway.worker.leases import Lease, Leases
from tests.unit.worker.orders import LEASE, TwoClocks, add_orders
from tests.worlds import build_world


class Bench:
    """A world with one claimed step, and the leases of its worker."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.world: World = build_world(store=store)
        self.clock = TwoClocks()
        self.clocks = Clocks(replace(self.world, clock=self.clock))
        self.leases = Leases(self.world.store, self.clocks, LEASE)
        add_orders(self.world, 1)
        self.lease = self.claim()

    def claim(self) -> Lease:
        asked = self.clocks.moment()
        work = self.world.store.claim("mine", self.clock.now(), LEASE)
        assert work
        return self.leases.open(work, asked)

    def taken_over(self) -> Work | None:
        return self.world.store.claim("other", self.clock.now(), LEASE)

    def wait(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))


def test_a_tenth_of_the_lease_is_not_relied_on_as_clocks_of_machines_differ() -> None:
    bench = Bench()
    assert bench.lease.left() == pytest.approx(18)
    bench.wait(17.9)
    assert bench.lease.left() == pytest.approx(0.1)
    bench.wait(0.2)
    assert bench.lease.left() == 0
    assert bench.taken_over() is None, "the others wait until the whole lease is over"


def test_the_time_that_the_claim_itself_took_counts() -> None:
    bench = Bench()
    asked = bench.clocks.moment()
    bench.wait(5)
    assert bench.leases.open(bench.lease.work, asked).left() == pytest.approx(13)


def test_a_heartbeat_keeps_it_for_as_long_as_it_comes() -> None:
    bench = Bench()
    for _ in range(10):
        bench.wait(6.7)
        bench.leases.renew()
        assert bench.taken_over() is None
    assert bench.lease.left() == pytest.approx(18)


def test_one_that_was_taken_over_ends_at_the_next_heartbeat_however_much_seemed_left() -> None:
    bench = Bench()
    bench.wait(20)
    assert bench.taken_over()
    bench.lease.extend(bench.clocks.moment())
    assert bench.lease.left() > 0
    bench.leases.renew()
    assert bench.lease.left() == 0


def test_a_step_that_was_stopped_past_its_lease_and_not_taken_over_is_ours_again_after_a_heartbeat() -> None:
    bench = Bench()
    bench.wait(60)
    assert bench.lease.left() == 0
    bench.leases.renew()
    assert bench.lease.left() == pytest.approx(18)


class Unreachable(MemoryStore):
    """A store that renews nothing."""

    def renew(self, *_: object) -> tuple[bool, ...]:
        raise GatewayError("The database does not answer.")


def test_while_the_store_cannot_be_reached_the_lease_runs_out() -> None:
    bench = Bench(Unreachable())
    bench.wait(10)
    with pytest.raises(GatewayError):
        bench.leases.renew()
    assert bench.lease.left() == pytest.approx(8)


def test_a_closed_lease_is_renewed_no_more() -> None:
    bench = Bench(Unreachable())
    bench.leases.close(bench.lease)
    bench.leases.renew()
    assert bench.leases.held() == ()
