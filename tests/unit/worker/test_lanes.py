"""What a process takes from a lane: bulkhead, rate, circuit, pause; and what it tells the other replicas."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.adapters.store.memory import MemoryStore
from gateway.flow import review
from gateway.flow.change import INQUIRE
from gateway.flow.world import World
from gateway.model.authorization import State
from gateway.model.changes import ChangeSet, Work
from gateway.model.errors import GatewayError
from gateway.model.exchange import NotSent, Outcome, Reply
from gateway.model.payer_state import PayerState
from gateway.payers import health
from gateway.payers.profile import Payers
from gateway.ports import Hold, Query, WorkQuery
from gateway.worker import Crew, Taken
from gateway.worker.lanes import LaneRules, Rate, reserve, rules_of, share
from tests.unit.worker.orders import LEASE, Answering, TwoClocks, add_orders
from tests.worlds import NOW, HeardLog, build_world

ALL = Query(limit=1000)
REFUSED = NotSent("the connection was refused")


class Counting(MemoryStore):
    """Counts writes of a payer's state, and can refuse them."""

    def __init__(self) -> None:
        super().__init__()
        self.writes, self.refuses = 0, False

    def change_payer(self, lane: str, change: Callable[[PayerState], PayerState]) -> PayerState:
        if self.refuses:
            raise GatewayError("The database is read-only.")
        self.writes += 1
        return super().change_payer(lane, change)


class Scripted(Answering):
    """Answers by script first."""

    def answer(self, *request: object) -> Outcome:
        return self.script.pop(0) if self.script else super().answer(*request)  # type: ignore[arg-type]


class Bench:
    """A world with a virtual clock, a scripted payer, and crews of several replicas."""

    def __init__(self, *script: Outcome, threads: int = 8, replicas: int = 1) -> None:
        self.clock, self.store = TwoClocks(), Counting()
        self.payer = Scripted(self.clock)
        self.payer.script = list(script)
        self.world: World = replace(build_world(store=self.store), clock=self.clock, payer_client=self.payer)
        self.crews = [
            Crew(self.world, threads=threads, lease=LEASE, monotonic=self.clock.seconds) for _ in range(replicas)
        ]
        self.crew = self.crews[0]

    def take(self, replica: int = 0) -> Taken | None:
        return self.crews[replica].take(f"replica-{replica}")

    def take_all(self, replica: int = 0, *, most: int = 100) -> list[Taken]:
        """Steps taken and not begun, letting time pass for the rate."""
        found = []
        for _ in range(most):
            if taken := self.take(replica):
                found.append(taken)
            self.wait(0.2)
        return found

    def do_all(self, replica: int = 0) -> int:
        done = 0
        while taken := self.take(replica):
            self.crews[replica].do(taken)
            done += 1
        return done

    def wait(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def state(self, lane: str = "sandbox") -> PayerState:
        return next((one for one in self.store.payer_states() if one.lane == lane), PayerState(lane=lane))


# Bulkhead and rate


@pytest.mark.parametrize(("threads", "wanted", "given", "kept"), [
    (1, 4, 1, 0), (2, 4, 1, 0), (4, 4, 2, 0), (8, 4, 4, 1), (8, 2, 2, 1), (8, 32, 4, 1), (16, 32, 8, 2),
])  # fmt: skip
def test_a_lane_gets_what_its_profile_says_and_at_most_half_the_threads(
    threads: int, wanted: int, given: int, kept: int
) -> None:
    rules = replace(rules_of("client:clinic", Payers({})), concurrent=wanted)
    assert (share(rules, threads), reserve(threads)) == (given, kept)


def test_a_payer_has_the_limits_of_its_profile_and_a_webhook_those_of_webhooks() -> None:
    payers = build_world().payers
    limits = payers["sandbox"].limits
    assert rules_of("sandbox", payers) == LaneRules(limits.concurrent, limits.per_second, payers["sandbox"].circuit, 10)
    assert rules_of("client:clinic", payers).concurrent == 4


def test_a_rate_lets_a_tenth_of_a_second_through_at_once_and_then_one_at_a_time() -> None:
    clock = TwoClocks()
    rate = Rate(20, clock.seconds)
    for _ in range(2):
        assert rate.wait() == 0
        rate.take()
    assert rate.wait() == pytest.approx(0.05)
    clock.advance(timedelta(seconds=0.05))
    assert rate.wait() == pytest.approx(0, abs=1e-6)
    clock.advance(timedelta(hours=1))
    rate.take()
    rate.take()
    assert rate.wait() > 0, "what was not used is not saved up"


def test_one_black_hole_leaves_half_the_threads_to_the_others() -> None:
    bench = Bench(threads=8)
    add_orders(bench.world, 20)
    bench.wait(1)
    add_orders(bench.world, 3, payer="sandbox-201")
    lanes = [taken.work.lane for taken in bench.take_all()]
    assert lanes.count("sandbox") == 4
    assert lanes.count("sandbox-201") == 3


def test_several_black_holes_leave_a_thread_to_those_that_have_none() -> None:
    bench = Bench(threads=8)
    add_orders(bench.world, 20)
    add_orders(bench.world, 20, payer="sandbox-201")
    assert len(bench.take_all()) == 7
    (identity,) = add_orders(bench.world, 1)
    told = Work(authorization=identity, step="notify", key="notify/1", due_at=NOW, lane="client:clinic")
    bench.store.commit(ChangeSet(work=(told,)))
    third = bench.take_all(most=5)
    assert [taken.work.lane for taken in third] == ["client:clinic"]


def test_no_more_is_begun_in_a_second_than_the_profile_allows() -> None:
    bench = Bench(threads=64)
    add_orders(bench.world, 80)
    per_second = bench.world.payers["sandbox"].limits.per_second
    done = 0
    for _ in range(100):
        done += bench.do_all()
        assert 0 < bench.crew.pause() <= 1 / per_second, "who waits for the rate looks again when it allows the next"
        bench.wait(0.01)
    assert per_second * 0.9 <= done <= per_second * 1.1 + 1


# Circuit and pause, over replicas


def test_after_failures_in_a_row_nothing_is_taken_by_any_replica() -> None:
    bench = Bench(*[REFUSED] * 5, replicas=2)
    add_orders(bench.world, 20)
    for _ in range(20):
        bench.do_all()
        bench.wait(0.2)
    assert len(bench.payer.arrivals) == 5
    assert bench.take(1) is None
    assert ("lane.closed", {"lane": "sandbox", "seconds": 30.0}) in heard(bench)


def test_one_probe_is_let_through_by_all_replicas_together() -> None:
    bench = Bench(*[REFUSED] * 5, replicas=3)
    add_orders(bench.world, 20)
    for _ in range(10):
        bench.do_all()
        bench.wait(0.2)
    bench.wait(30)
    begun = [taken for replica in range(3) if (taken := bench.take(replica))]
    assert len(begun) == 3, "each replica believes at first that the probe is its own"
    assert [bench.take(replica) for replica in range(3)] == [None] * 3, "and none begins a second one"
    bench.payer.script = [REFUSED]
    for replica, taken in enumerate(begun):
        bench.crews[replica].do(taken)
    assert len(bench.payer.arrivals) == 6
    assert bench.state().openings == 2
    assert {bench.store.work(taken.work.authorization).owner for taken in begun} == {""}  # type: ignore[union-attr]
    assert sorted(bench.store.work(taken.work.authorization).tries for taken in begun)[:2] == [0, 0]  # type: ignore[union-attr]


def test_a_due_inquiry_is_the_probe_before_any_request_however_overdue() -> None:
    bench = Bench(*[REFUSED] * 5)
    add_orders(bench.world, 20)
    for _ in range(10):
        bench.do_all()
        bench.wait(0.2)
    bench.wait(30)
    now = bench.world.clock.now()
    late = bench.world.store.works(WorkQuery(set_aside=False, limit=100))[-1]
    asking = Work(authorization=late.authorization, step=INQUIRE, lane=late.lane, due_at=now)
    bench.world.store.commit(ChangeSet(finished=late, work=(asking,)))
    taken = bench.take(0)
    assert taken is not None
    assert (taken.work.step, taken.work.authorization, taken.passage.probe) == (INQUIRE, late.authorization, True)


def test_while_a_probe_is_under_way_no_other_replica_may_begin_one() -> None:
    bench = Bench(*[REFUSED] * 5, replicas=3)
    add_orders(bench.world, 20)
    for _ in range(10):
        bench.do_all()
        bench.wait(0.2)
    bench.wait(30)
    begun = [taken for replica in range(3) if (taken := bench.take(replica))]
    assert [bench.crews[n].traffic.admit(taken.passage) for n, taken in enumerate(begun)] == [True, False, False]


def test_an_answered_probe_opens_the_lane_for_all() -> None:
    bench = Bench(*[REFUSED] * 5, replicas=2)
    add_orders(bench.world, 20)
    for _ in range(10):
        bench.do_all()
        bench.wait(0.2)
    bench.wait(30)
    for _ in range(30):
        bench.do_all(0)
        bench.do_all(1)
        bench.wait(0.5)
    assert {record.state for record in bench.world.store.authorizations(ALL)} == {State.DECIDED}
    assert [line for line, _ in heard(bench)].count("lane.opened") == 1


def test_a_probe_that_sends_nothing_lets_the_next_step_be_one() -> None:
    bench = Bench(*[REFUSED] * 5)
    identities = add_orders(bench.world, 8)
    for _ in range(10):
        bench.do_all()
        bench.wait(0.2)
    bench.wait(30)
    taken = bench.take()
    assert taken
    assert taken.passage.probe
    assert taken.work.authorization in identities
    review.drop(bench.world, taken.work.authorization, actor="person:kim", reason="ordered twice")
    bench.crew.do(taken)
    following = bench.take()
    assert following
    assert following.passage.probe


def test_a_paused_payer_gets_nothing_until_it_is_resumed_and_others_go_on() -> None:
    bench = Bench()
    add_orders(bench.world, 3)
    add_orders(bench.world, 3, payer="sandbox-201")
    bench.store.change_payer("sandbox", lambda state: health.paused(state, "person:kim", "maintenance", NOW))
    for _ in range(20):
        bench.do_all()
        bench.wait(1)
    waiting = {record.payer for record in bench.world.store.authorizations(ALL) if record.state is State.READY}
    assert waiting == {"sandbox"}
    bench.store.change_payer("sandbox", lambda state: health.resumed(state, NOW))
    bench.wait(1.1)
    assert bench.do_all() == 3


# What is written


def test_a_healthy_payer_costs_no_write_for_each_request() -> None:
    bench = Bench()
    add_orders(bench.world, 30)
    for _ in range(30):
        bench.do_all()
        bench.wait(0.1)
    assert bench.store.writes == 0
    bench.crew.beat()
    bench.crew.beat()
    assert bench.store.writes == 1
    state = bench.state()
    assert state.last_answer_at is not None
    assert state.allowance == pytest.approx(health.AT_START + 3)


def test_a_failure_is_told_to_the_others_at_once() -> None:
    bench = Bench(REFUSED)
    add_orders(bench.world, 1)
    bench.do_all()
    assert (bench.state().failures, bench.state().last_failure) == (1, "the connection was refused")


def test_an_answer_after_failures_is_told_at_once() -> None:
    bench = Bench(REFUSED, REFUSED)
    add_orders(bench.world, 3)
    bench.do_all()
    assert bench.state().failures == 0


def test_a_state_that_cannot_be_written_loses_no_answer_and_counts_in_this_process() -> None:
    bench = Bench(*[REFUSED] * 5)
    add_orders(bench.world, 7)
    bench.store.refuses = True
    for _ in range(4):
        bench.do_all()
        bench.wait(0.2)
    assert len(bench.payer.arrivals) == 5
    assert all(record.attempts <= 1 for record in bench.world.store.authorizations(ALL))
    assert ("lane.unwritten", {"lane": "sandbox", "code": "error"}) in heard(bench)


def test_what_we_refuse_to_send_opens_no_circuit() -> None:
    bench = Bench(*[NotSent("is not an endpoint of this payer", ours=True)] * 9)
    add_orders(bench.world, 9)
    for _ in range(10):
        bench.do_all()
        bench.wait(0.1)
    assert len(bench.payer.arrivals) >= 9
    assert bench.state().failures == 0


def test_a_repetition_without_budget_is_put_off_and_not_counted_as_a_try() -> None:
    bench = Bench(REFUSED)
    (identity,) = add_orders(bench.world, 1)
    bench.do_all()
    bench.store.change_payer("sandbox", lambda state: replace(state, allowance=0.0))
    work = bench.store.work(identity)
    assert work
    bench.wait((work.due_at - bench.clock.now()).total_seconds())
    taken = bench.take()
    assert taken
    bench.crew.do(taken)
    assert len(bench.payer.arrivals) == 1
    later = bench.store.work(identity)
    assert later
    assert (later.tries, later.owner) == (1, "")
    assert timedelta(seconds=15) <= later.due_at - bench.clock.now() <= timedelta(seconds=30)


def test_a_slow_down_closes_the_lane_until_the_payer_wants_more() -> None:
    busy = Reply(status=429, media_type="", body=b"", received_at=NOW, retry_after="20")
    bench = Bench(busy)
    add_orders(bench.world, 5)
    bench.do_all()
    bench.wait(19)
    assert bench.take() is None
    assert bench.state().not_before == NOW + timedelta(seconds=20)
    bench.wait(1)
    assert bench.take()


def heard(bench: Bench) -> list[tuple[str, dict[str, object]]]:
    assert isinstance(bench.world.log, HeardLog)
    return bench.world.log.lines


# What has no lane: its request was sent, perhaps by a process that is dead by now


class Died(BaseException):
    """kill -9."""


def dead_sender(**how: int) -> tuple[Bench, str]:
    """One order whose worker died when its request was on the way, as the intent left it: without a lane."""
    bench = Bench(**how)
    (identity,) = add_orders(bench.world, 1)
    taken = bench.take()
    assert taken

    def dies(*_: object) -> Outcome:
        raise Died

    bench.payer.answer, answer = dies, bench.payer.answer  # type: ignore[method-assign, assignment]
    with pytest.raises(Died):
        bench.crew.do(taken)
    bench.payer.answer = answer  # type: ignore[method-assign]
    row = bench.store.work(identity)
    assert row
    bench.store.commit(ChangeSet(work=(replace(row, lane="", owner="", lease_until=None),)))
    bench.wait(21)
    return bench, identity


def trouble(state: PayerState, bench: Bench) -> PayerState:
    """Never calm, and no repetition left."""
    return replace(state, allowance=0.0, failures=1, last_failure_at=bench.clock.now(), last_answer_at=NOW)


def test_what_a_dead_sender_left_waits_for_no_pause_and_no_circuit_and_no_budget() -> None:
    bench, identity = dead_sender(replicas=2)
    paused = health.paused(PayerState(lane="sandbox"), "person:x", "maintenance", bench.clock.now())
    broken = replace(paused, failures=9, openings=3, open_until=bench.clock.now() + timedelta(hours=1))
    bench.store.change_payer("sandbox", lambda _: trouble(broken, bench))
    assert bench.do_all(1) == 1
    assert bench.store.authorization(identity).state is State.IN_DOUBT
    assert bench.state().allowance == 0
    row = bench.store.work(identity)
    assert row
    assert (row.step, row.lane) == ("inquire", "sandbox")


def test_what_has_no_lane_is_no_probe_and_has_no_rate_and_no_bulkhead() -> None:
    bench = Bench(threads=2)
    for identity in add_orders(bench.world, 9):
        row = bench.store.work(identity)
        assert row
        bench.store.commit(ChangeSet(work=(replace(row, lane=""),)))
    bench.store.change_payer("", lambda state: replace(state, paused_by="nobody", openings=2))
    bench.wait(1)
    passages = [taken.passage for _ in range(9) if (taken := bench.take())]
    assert len(passages) == 9
    assert not any(passage.probe or passage.first or passage.repetition for passage in passages)
    assert bench.crew.pause() > 0.4, "no rate to wait for"


def test_what_has_no_lane_sends_nothing_and_comes_round_again_in_its_payers_lane() -> None:
    bench = Bench()
    (identity,) = add_orders(bench.world, 1)
    row = bench.store.work(identity)
    assert row
    bench.store.commit(ChangeSet(work=(replace(row, lane=""),)))
    bench.do_all()
    assert bench.payer.arrivals == []
    assert bench.store.authorization(identity).state is State.READY
    row = bench.store.work(identity)
    assert row
    assert row.lane == "sandbox"
    assert bench.state("").failures == bench.state().failures == 0


def test_a_failed_step_stays_without_a_lane_when_it_lost_it_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    (identity,) = add_orders(bench.world, 1)

    def broken(world: World, work: Work, hold: Hold) -> None:
        bench.store._contents.work[identity, ""] = replace(work, lane="")
        raise ZeroDivisionError

    monkeypatch.setattr("gateway.worker.crew._STEPS", {"submit": broken})
    bench.do_all()
    row = bench.store.work(identity)
    assert row
    assert (row.lane, row.owner) == ("", "")


# The lane is only what we think of a payer; what it answered comes first


class Ordered(Counting):
    """Notes in which order things are written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def commit(self, change: ChangeSet) -> None:
        super().commit(change)
        self.written += [leg.direction.value for leg in change.exchanges]

    def change_payer(self, lane: str, change: Callable[[PayerState], PayerState]) -> PayerState:
        self.written.append("lane")
        return super().change_payer(lane, change)


def test_a_reply_is_on_disk_before_its_lane_is_written() -> None:
    bench = Bench(Reply(status=500, media_type="", body=b"", received_at=NOW))
    store = Ordered()
    bench.world = replace(bench.world, store=store)
    bench.crew = bench.crews[0] = Crew(bench.world, threads=8, lease=LEASE, monotonic=bench.clock.seconds)
    add_orders(bench.world, 1)
    store.written.clear()
    bench.do_all()
    assert store.written == ["request", "reply", "lane"]


def test_a_lane_that_makes_trouble_keeps_no_reply_from_its_record(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    (identity,) = add_orders(bench.world, 1)

    def broken(*_: object) -> None:
        raise OverflowError("Jane Doe")

    monkeypatch.setattr("gateway.payers.health.signal", broken)
    bench.do_all()
    assert bench.store.authorization(identity).state is State.DECIDED
    ((_, said),) = [one for one in heard(bench) if one[0] == "lane.unwritten"]
    assert said["lane"] == "sandbox"
    assert "Jane" not in str(said)
    assert bench.take() is None
    assert bench.crew.traffic.closed() == frozenset(), "it was counted out all the same"
