"""What comes late, or at the wrong moment: answers, takeovers, people; and what would never come to an end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.flow import doubt, inquire, review, submit
from gateway.flow import work as set_aside
from gateway.flow.change import INQUIRE, SUBMIT
from gateway.flow.sweep import sweep
from gateway.flow.world import World
from gateway.model.authorization import Result, State
from gateway.model.changes import Cause, ChangeSet, Work
from gateway.model.errors import Conflict, GatewayError, OurFault
from gateway.model.events import Dropped
from gateway.model.exchange import Lost, NotSent, Outcome, Reply
from gateway.payers.profile import PayerProfile
from gateway.ports import Hold, WorkQuery
from tests.unit.flow.test_doubt import LEASE, QUIET, do, payer, record_of, shown, wait, without_trace, world_with
from tests.worlds import SandboxPayer, Unending, build_world


def claim(world: World) -> Work:
    work = world.store.claim("me", world.clock.now(), LEASE)
    assert work is not None
    return work


def sent_by(world: World, outcome: Outcome, meanwhile: object) -> World:
    """The same world with a payer during whose submit something else happens."""

    class Slow(SandboxPayer):
        def submit(self, profile: PayerProfile, body: bytes, hold: Hold) -> Outcome:
            meanwhile()  # type: ignore[operator]
            return outcome

    return replace(world, payer_client=Slow(world.clock))  # type: ignore[arg-type]


def approved(world: World) -> Outcome:
    return SandboxPayer(world.clock).submit(  # type: ignore[arg-type]
        world.payers["sandbox"], payer(world).received[0], Unending()
    )


def test_a_takeover_counts_the_quiet_period_from_when_the_connection_must_have_ended() -> None:
    world, identity = world_with(first=NotSent("refused"))
    wait(world, timedelta(hours=1))
    work = claim(world)

    class Dead(BaseException):
        pass

    def die() -> None:
        raise Dead

    with pytest.raises(Dead):
        submit.run(sent_by(world, Lost(""), die), work, Unending())
    wait(world, LEASE)
    now = world.clock.now()
    do(world)
    record = record_of(world, identity)
    respond = timedelta(seconds=world.payers[record.payer].clocks.respond.seconds)
    assert record.state is State.IN_DOUBT
    assert record.in_doubt_at is not None
    assert record.in_doubt_at >= now + respond
    assert record.not_before == record.in_doubt_at + QUIET


def test_an_answer_that_was_kept_and_never_concluded_is_found_before_anything_goes_again() -> None:
    world, identity = world_with()
    late = approved(world)
    assert isinstance(late, Reply)
    request = next(leg for leg in world.store.exchanges(identity) if leg.direction == "request")
    wait(world)
    assert do(world) == INQUIRE  # not found: the same bytes may go again
    assert record_of(world, identity).state is State.READY
    from gateway.flow.change import reply_leg

    world.store.commit(ChangeSet(exchanges=(reply_leg(record_of(world, identity), world.ids.new(), request, late),)))
    assert do(world) == SUBMIT
    assert (record_of(world, identity).state, len(payer(world).received)) == (State.DECIDED, 1)


def test_an_answer_that_comes_after_the_request_was_dropped_is_recorded_with_a_word() -> None:
    world, identity = world_with()
    wait(world)
    work = claim(world)
    found = shown(world)

    class Slow(SandboxPayer):
        def inquire(self, profile: PayerProfile, body: bytes, hold: Hold) -> Outcome:
            wait(world, LEASE)  # the lease is over, so a person may act
            review.drop(world, identity, actor="person:ann", reason="ordered anew")
            return found

    inquire.run(replace(world, payer_client=Slow(world.clock)), work, Unending())  # type: ignore[arg-type]
    record = record_of(world, identity)
    assert (record.state, record.determination) == (State.DECIDED, Result.APPROVED)
    assert "after this was dropped" in record.attention


def test_nobody_says_none_or_stop_while_the_payer_is_being_asked() -> None:
    world, identity = world_with()
    wait(world)
    claim(world)
    with pytest.raises(Conflict, match="being asked"):
        doubt.send_again(world, identity, actor="person:ann", reason="they said so")
    with pytest.raises(Conflict, match="being asked"):
        review.drop(world, identity, actor="person:ann", reason="stop")


def test_the_reply_to_an_inquiry_is_kept_whatever_becomes_of_the_record() -> None:
    world, identity = world_with()
    wait(world)
    work = claim(world)
    found = shown(world, without_trace)

    class Slow(SandboxPayer):
        def inquire(self, profile: PayerProfile, body: bytes, hold: Hold) -> Outcome:
            wait(world, LEASE)
            review.drop(world, identity, actor="person:ann", reason="ordered anew")
            return found

    with pytest.raises(Conflict):
        inquire.run(replace(world, payer_client=Slow(world.clock)), work, Unending())  # type: ignore[arg-type]
    assert isinstance(found, Reply)
    assert world.store.exchanges(identity)[-1].body == found.body


def test_a_request_that_is_lost_each_time_is_sent_four_times_and_then_is_a_persons_matter() -> None:
    world, identity = world_with()
    payer(world).script = [Lost("again")] * 20
    for _ in range(40):
        wait(world, timedelta(hours=1))
        do(world)
    record = record_of(world, identity)
    assert (record.state, len(payer(world).received)) == (State.HELD, inquire.MOST_RESENDS + 1)
    (stuck,) = set_aside.stuck(world, WorkQuery())
    assert stuck.work.cause is Cause.UNREACHABLE


def test_no_attempt_goes_beyond_the_deadline_of_the_first() -> None:
    world, identity = world_with(first=NotSent("refused"))
    deadline = record_of(world, identity).answer_by
    assert deadline is not None
    payer(world).script = [NotSent("refused")] * 30
    wait(world, deadline - world.clock.now() - timedelta(seconds=1))
    do(world)
    record = record_of(world, identity)
    assert (record.state, record.answer_by) == (State.HELD, deadline)
    assert "decision is due" in record.held_by


def test_the_sweep_holds_what_nobody_sent_before_its_decision_was_due() -> None:
    world, identity = world_with(first=NotSent("refused"))
    assert sweep(world) == 0
    wait(world, timedelta(days=30))
    assert sweep(world) == 1
    assert record_of(world, identity).state is State.HELD
    assert [stuck.work.cause for stuck in set_aside.stuck(world, WorkQuery())] == [Cause.UNREACHABLE]


@pytest.mark.parametrize("first", [Lost("broke"), NotSent("refused")], ids=["in doubt", "ready"])
def test_the_sweep_puts_a_record_without_a_row_on_its_way_again(first: Outcome) -> None:
    world, identity = world_with(first=first)
    work = world.store.work(identity)
    assert work is not None
    world.store.commit(ChangeSet(finished=work))
    wait(world, timedelta(hours=1))
    assert sweep(world) == 1
    again = world.store.work(identity)
    assert again is not None
    assert (again.step, again.lane) == (work.step, work.lane)
    assert sweep(world) == 0


def aside(world: World, work: Work) -> None:
    now = world.clock.now()
    row = Work(authorization=work.authorization, step="", due_at=now, cause=Cause.CORRUPT, reason="x", set_aside_at=now)
    world.store.commit(ChangeSet(finished=work, work=(row,)))


def test_a_damaged_row_is_retried_as_the_record_says() -> None:
    world, identity = world_with(first=NotSent("refused"))
    work = world.store.work(identity)
    assert work is not None
    aside(world, work)
    set_aside.retry(world, identity, actor="person:ann")
    again = world.store.work(identity)
    assert again is not None
    assert (again.step, again.lane, again.cause) == (SUBMIT, "sandbox", None)


def test_what_was_being_sent_can_be_given_up_into_a_doubt() -> None:
    world = build_world()
    from gateway.flow import intake
    from gateway.flow.prepare import Treatment
    from tests.worlds import ORDERS

    order = (ORDERS / "knee_mri.json").read_bytes()
    (identity,) = intake.receive(world, order, Treatment(), client="test", actor="ehr:test").authorizations

    def break_the_row() -> None:
        work = world.store.work(identity)
        assert work is not None
        aside(world, work)

    with pytest.raises(GatewayError):
        submit.run(sent_by(world, Lost("broke"), break_the_row), claim(world), Unending())
    assert record_of(world, identity).state is State.SUBMITTING
    set_aside.give_up(world, identity, actor="person:ann", reason="stuck")
    assert record_of(world, identity).state is State.IN_DOUBT
    (stuck,) = set_aside.stuck(world, WorkQuery())
    assert stuck.work.cause is Cause.DOUBT


def test_an_authorization_that_another_record_has_cannot_be_adopted_too() -> None:
    world, identity = world_with()
    wait(world)
    payer(world).inquiries = [shown(world)]
    do(world)
    number = record_of(world, identity).items[0].answer
    assert number is not None
    from gateway.flow import intake
    from gateway.flow.prepare import Treatment
    from tests.worlds import ORDERS

    other = (ORDERS / "knee_mri.json").read_bytes().replace(b'"knee-mri"', b'"knee-mri-2"')
    other = other.replace(b"ServiceRequest/knee-mri", b"ServiceRequest/knee-mri-2")
    payer(world).script = [Lost("broke")]
    (second,) = intake.receive(world, other, Treatment(), client="test", actor="ehr:test").authorizations
    do(world)
    wait(world)
    payer(world).inquiries = [shown(world, without_trace)]
    do(world)
    last = doubt.evidence(world, second).asked[-1]
    assert last.inquired is not None
    with pytest.raises(OurFault, match="belongs to"):
        doubt.adopt(world, second, last.inquired.candidates[0].key, actor="person:ann")


def test_dropped_in_doubt_is_not_the_same_as_never_sent() -> None:
    world, identity = world_with()
    review.drop(world, identity, actor="person:ann", reason="ordered anew")
    assert any(isinstance(one.event, Dropped) for one in world.store.events(authorization=identity))
    assert record_of(world, identity).submitted_at is not None
