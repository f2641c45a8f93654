"""Ten minutes in which a payer is down, on a virtual clock: how often it is called, and what becomes of the orders.

G-R7: at most 1.1 attempts per order, probes at most one a second, no herd when the payer is back.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.flow.world import World
from gateway.model.authorization import State
from gateway.model.clocks import Duration
from gateway.model.exchange import NotSent, Outcome, Reply, Verdict
from gateway.payers.profile import PayerProfile, Payers, ReplyRule
from gateway.ports import Hold, Query
from gateway.worker import Crew
from tests.unit.worker.orders import LEASE, Answering, TwoClocks, add_orders
from tests.worlds import NOW, build_world

OUTAGE = timedelta(minutes=10)
TICK = timedelta(seconds=0.5)
ORDERS = 320
BUSY = ReplyRule(503, Verdict.NOT_ACCEPTED, None, "companion guide 4.2")
Failure = Callable[[], Outcome]


class Down(Answering):
    """Fails as `failure` says while the outage lasts; then, and for a share of the requests, answers."""

    def __init__(self, clock: TwoClocks, failure: Failure, *, every: int = 1) -> None:
        super().__init__(clock)
        self._failure, self._every = failure, every

    def answer(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        if self.clock.now() < NOW + OUTAGE and len(self.arrivals) % self._every == 0:
            return self._failure()
        return super().answer(payer, body, hold)


def status(code: int, retry_after: str = "") -> Reply:
    return Reply(status=code, media_type="", body=b"", received_at=NOW, retry_after=retry_after)


def world_with(failure: Failure, *, every: int = 1) -> tuple[World, Down]:
    clock = TwoClocks()
    base = build_world()
    profile = base.payers["sandbox"]
    profiles = Payers({"sandbox": replace(profile, replies={503: BUSY}, retry=replace(profile.retry, most=HALF_HOUR))})
    payer = Down(clock, failure, every=every)
    return replace(base, clock=clock, payer_client=payer, payers=profiles), payer


HALF_HOUR = Duration.parse("PT30M")


def live_through(world: World, *, replicas: int, orders: int = ORDERS) -> None:
    """Orders arrive evenly during the outage; the replicas work until all are decided, a few hours at most."""
    clock = world.clock
    assert isinstance(clock, TwoClocks)
    crews = [Crew(world, threads=4, lease=LEASE, monotonic=clock.seconds) for _ in range(replicas)]
    arrived, beat_at = 0, clock.now()
    while clock.now() < NOW + timedelta(hours=3):
        due = min(int((clock.now() - NOW) / OUTAGE * orders) + 1, orders)
        add_orders(world, due - arrived)
        arrived = due
        for number, crew in enumerate(crews):
            while taken := crew.take(f"replica-{number}"):
                crew.do(taken)
        if clock.now() >= beat_at:
            for crew in crews:
                crew.beat()
            beat_at = clock.now() + LEASE / 3
        if arrived == orders and not world.store.authorizations(Query(states=(State.READY,), limit=1)):
            return
        clock.advance(TICK)
    raise AssertionError("the orders are not done in three hours")


@pytest.mark.parametrize(("failure", "replicas"), [
    (lambda: NotSent("the connection was refused"), 1),
    (lambda: NotSent("the connection was refused"), 3),
    (lambda: status(503, "30"), 1),
    (lambda: status(429, "20"), 3),
    (lambda: status(429), 1),
], ids=["refused", "refused, 3 replicas", "503 with Retry-After", "429 with one", "429"])  # fmt: skip
def test_while_a_payer_is_down_ten_minutes_it_is_called_at_most_1_1_times_per_order(
    failure: Failure, replicas: int
) -> None:
    world, payer = world_with(failure)
    live_through(world, replicas=replicas)
    records = world.store.authorizations(Query(limit=ORDERS + 1))
    assert Counter(record.state for record in records) == {State.DECIDED: ORDERS}
    assert len(payer.arrivals) <= 1.1 * ORDERS, len(payer.arrivals)
    assert max(record.attempts for record in records) <= 8
    during = Counter(int(at - NOW.timestamp()) for at in payer.arrivals if at < (NOW + OUTAGE).timestamp())
    later = [number for second, number in during.items() if second > 10]
    assert max(later, default=0) <= replicas
    after = Counter(int(at - NOW.timestamp()) for at in payer.arrivals if at >= (NOW + OUTAGE).timestamp())
    assert max(after.values()) <= replicas * (world.payers["sandbox"].limits.per_second * 1.1)


def test_a_payer_that_refuses_every_other_request_gets_no_storm_of_repetitions() -> None:
    world, payer = world_with(lambda: status(503), every=2)
    live_through(world, replicas=2)
    during = sum(at < (NOW + OUTAGE).timestamp() for at in payer.arrivals)
    assert during <= 1.1 * ORDERS + 10, during
    records = world.store.authorizations(Query(limit=ORDERS + 1))
    assert Counter(record.state for record in records) == {State.DECIDED: ORDERS}


def test_one_order_alone_is_repeated_although_nobody_earns_a_budget_for_it() -> None:
    world, payer = world_with(lambda: NotSent("the connection was refused"))
    live_through(world, replicas=1, orders=1)
    (record,) = world.store.authorizations(Query())
    assert record.state is State.DECIDED
    assert 3 <= record.attempts <= 12
    assert len(payer.arrivals) == record.attempts
