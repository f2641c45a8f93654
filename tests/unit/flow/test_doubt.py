"""In doubt: nothing goes again before the payer was asked; what it finds counts, or what a person says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.fhir import json
from gateway.flow import doubt, inquire, intake, review, submit
from gateway.flow import work as set_aside
from gateway.flow.change import INQUIRE, SUBMIT
from gateway.flow.prepare import Treatment
from gateway.flow.world import World
from gateway.model.authorization import Authorization, Result, State
from gateway.model.changes import Cause
from gateway.model.clocks import Duration
from gateway.model.errors import IllegalTransition, NotFound, OurFault
from gateway.model.exchange import Direction, Lost, NotSent, Outcome, Reply
from gateway.payers.profile import Inquiry, LostReply, Payers
from gateway.ports import WorkQuery
from gateway.sandbox.submit import submit as sandbox_submit
from tests.worlds import ORDERS, FixedClock, SandboxPayer, Unending, build_world, reply, sandbox_config

LEASE = timedelta(minutes=1)
RULE = LostReply(Inquiry.COMPLETE, Duration.parse("PT2M"), Duration.parse("PT30S"), 2, Duration.parse("PT5M"))
QUIET = timedelta(minutes=2, seconds=30)
Change = Callable[[dict[str, Any]], object]


def world_with(rule: LostReply = RULE, first: Outcome = Lost("the connection broke")) -> tuple[World, str]:
    """A world with one order whose first submit came to `first`."""
    world = build_world(script=[first])
    payers = {name: replace(payer, lost_reply=rule) for name, payer in world.payers.items()}
    world = replace(world, payers=Payers(payers))
    order = (ORDERS / "knee_mri.json").read_bytes()
    (identity,) = intake.receive(world, order, Treatment(), client="test", actor="ehr:test").authorizations
    do(world)
    return world, identity


def do(world: World) -> str:
    """Do the one step that is due; its name, or nothing."""
    work = world.store.claim("me", world.clock.now(), LEASE)
    if work is None:
        return ""
    {SUBMIT: submit.run, INQUIRE: inquire.run}[work.step](world, work, Unending())
    return work.step


def wait(world: World, by: timedelta = QUIET) -> None:
    assert isinstance(world.clock, FixedClock)
    world.clock.advance(by)


def payer(world: World) -> SandboxPayer:
    assert isinstance(world.payer_client, SandboxPayer)
    return world.payer_client


def shown(world: World, change: Change = dict) -> Reply:
    """An answer to an inquiry that shows what the sandbox would have answered to the request, changed."""
    outcome = sandbox_submit(payer(world).received[0], sandbox_config(world.clock.now))
    bundle = json.loads(json.dumps(outcome.resource))
    change(bundle["entry"][0]["resource"])
    return reply({"resourceType": "Parameters", "parameter": [{"name": "return", "resource": bundle}]})


def without_trace(response: dict[str, Any]) -> None:
    """As a payer shows it that keeps none of our identifiers."""
    response.pop("identifier", None)
    response.pop("request", None)
    for item in response["item"]:
        item["extension"] = [row for row in item["extension"] if not row["url"].endswith("itemTraceNumber")]


def record_of(world: World, identity: str) -> Authorization:
    return world.store.authorization(identity)


def test_nothing_is_sent_and_nobody_is_asked_before_the_quiet_period_has_passed() -> None:
    world, identity = world_with()
    record = record_of(world, identity)
    assert (record.state, record.not_before) == (State.IN_DOUBT, world.clock.now() + QUIET)
    wait(world, QUIET - timedelta(seconds=1))
    assert do(world) == ""
    assert (len(payer(world).received), payer(world).asked) == (1, [])


def test_what_echoes_our_trace_is_adopted_with_its_number() -> None:
    world, identity = world_with()
    wait(world)
    payer(world).inquiries = [shown(world)]
    assert do(world) == INQUIRE
    record = record_of(world, identity)
    assert (record.state, record.determination) == (State.DECIDED, Result.APPROVED)
    assert record.items[0].answer is not None
    assert record.items[0].answer.authorization_number
    assert len(payer(world).received) == 1
    assert world.store.work(identity) is None


def test_the_inquiry_and_its_reply_are_kept_as_their_bytes() -> None:
    world, identity = world_with()
    wait(world)
    payer(world).inquiries = [said := shown(world)]
    do(world)
    legs = [leg for leg in world.store.exchanges(identity) if leg.operation == INQUIRE]
    assert [leg.direction for leg in legs] == [Direction.REQUEST, Direction.REPLY]
    assert [leg.body for leg in legs] == [payer(world).asked[0], said.body]
    assert legs[1].pair == legs[0].id


def test_a_firm_not_found_lets_the_identical_bytes_go_again() -> None:
    world, identity = world_with()
    wait(world)
    assert do(world) == INQUIRE
    assert record_of(world, identity).state is State.READY
    assert do(world) == SUBMIT
    assert record_of(world, identity).state is State.DECIDED
    first, second = payer(world).received
    assert first == second


def test_not_found_before_the_quiet_period_is_over_is_not_firm() -> None:
    world, identity = world_with()
    doubt.ask_now(world, identity, actor="person:ann")
    assert do(world) == INQUIRE
    record = record_of(world, identity)
    assert (record.state, record.not_before) == (State.IN_DOUBT, world.clock.now() + QUIET)
    assert len(payer(world).received) == 1


@pytest.mark.parametrize("inquiry", [Inquiry.PARTIAL, Inquiry.NONE])
def test_a_payer_whose_silence_means_nothing_gets_a_person_and_never_a_second_request(inquiry: Inquiry) -> None:
    world, identity = world_with(replace(RULE, inquiry=inquiry))
    wait(world)
    do(world)
    wait(world, timedelta(days=3))
    assert do(world) == ""
    (stuck,) = set_aside.stuck(world, WorkQuery())
    assert (stuck.work.cause, stuck.work.authorization) == (Cause.DOUBT, identity)
    assert stuck.work.reason == record_of(world, identity).attention != ""
    assert len(payer(world).received) == 1
    assert len(payer(world).asked) == (inquiry is Inquiry.PARTIAL)


def test_a_payer_that_cannot_be_asked_is_a_persons_matter_at_once() -> None:
    world, identity = world_with(replace(RULE, inquiry=Inquiry.NONE))
    (stuck,) = set_aside.stuck(world, WorkQuery())
    assert stuck.work.set_aside_at == world.clock.now()
    with pytest.raises(OurFault, match="cannot be asked"):
        set_aside.retry(world, identity, actor="person:ann")


def test_what_only_looks_alike_goes_to_a_person_with_the_evidence() -> None:
    world, identity = world_with()
    wait(world)
    payer(world).inquiries = [shown(world, without_trace)]
    do(world)
    assert record_of(world, identity).state is State.IN_DOUBT
    evidence = doubt.evidence(world, identity)
    assert evidence.sent is not None
    assert evidence.sent.body == payer(world).received[0]
    (asking,) = evidence.asked
    assert asking.inquired is not None
    (candidate,) = asking.inquired.candidates
    assert candidate.numbers
    assert do(world) == ""


def test_it_is_this_one_adopts_the_candidate() -> None:
    world, identity = looked_alike()
    key = candidate_of(world, identity)
    doubt.adopt(world, identity, key, actor="person:ann")
    record = record_of(world, identity)
    assert (record.state, record.determination) == (State.DECIDED, Result.APPROVED)
    assert world.store.events(authorization=identity)[-1].event.actor == "person:ann"
    assert set_aside.stuck(world, WorkQuery()) == ()


def test_a_candidate_that_was_not_shown_cannot_be_adopted() -> None:
    world, identity = looked_alike()
    with pytest.raises(OurFault, match="showed no such authorization"):
        doubt.adopt(world, identity, "another", actor="person:ann")
    assert record_of(world, identity).state is State.IN_DOUBT


def test_it_is_none_sends_the_identical_bytes_again() -> None:
    world, identity = looked_alike()
    doubt.send_again(world, identity, actor="person:ann", reason="the payer says on the telephone that it has none")
    assert do(world) == SUBMIT
    assert record_of(world, identity).state is State.DECIDED
    first, second = payer(world).received
    assert first == second


def test_stop_ends_it_and_leaves_nothing_on_the_list() -> None:
    world, identity = looked_alike()
    set_aside.give_up(world, identity, actor="person:ann", reason="the patient went elsewhere")
    assert record_of(world, identity).state is State.CANCELLED
    assert set_aside.stuck(world, WorkQuery()) == ()
    with pytest.raises(NotFound):
        set_aside.show(world, identity)


def test_a_decision_by_hand_takes_it_off_the_list_too() -> None:
    world, identity = looked_alike()
    spoken = review.SpokenDecision(result=Result.APPROVED, authorization_number="AUTH-1")
    review.record_decision(
        world, identity, [spoken], actor="person:ann", channel=review.Channel.PHONE, evidence="call 17"
    )
    assert set_aside.stuck(world, WorkQuery()) == ()
    with pytest.raises(IllegalTransition):
        doubt.send_again(world, identity, actor="person:ann", reason="too late")


def test_an_answer_that_cannot_be_trusted_is_asked_for_again_as_often_as_the_profile_says() -> None:
    world, identity = world_with()
    payer(world).inquiries = [reply({"resourceType": "Patient"}), reply({"resourceType": "Patient"})]
    wait(world)
    assert do(world) == INQUIRE
    assert record_of(world, identity).not_before == world.clock.now() + timedelta(minutes=5)
    wait(world, timedelta(minutes=5))
    assert do(world) == INQUIRE
    record = record_of(world, identity)
    assert (record.asks, record.not_before) == (2, None)
    assert [stuck.work.cause for stuck in set_aside.stuck(world, WorkQuery())] == [Cause.DOUBT]


@pytest.mark.parametrize("outcome", [NotSent("refused"), Lost("broke"), reply({}, status=500), reply({}, status=429)])
def test_an_inquiry_that_does_not_get_through_is_repeated_without_counting(outcome: Outcome) -> None:
    world, identity = world_with()
    payer(world).inquiries = [outcome]
    wait(world)
    do(world)
    record = record_of(world, identity)
    assert (record.state, record.asks) == (State.IN_DOUBT, 0)
    assert record.not_before is not None
    wait(world, timedelta(hours=1))
    do(world)
    assert record_of(world, identity).state is State.READY


def test_an_inquiry_that_never_gets_through_ends_with_a_person() -> None:
    world, identity = world_with()
    payer(world).inquiries = [NotSent("refused")] * inquire.MOST_UNANSWERED
    for _ in range(inquire.MOST_UNANSWERED):
        wait(world, timedelta(hours=2))
        assert do(world) == INQUIRE
    assert do(world) == ""
    assert [stuck.work.cause for stuck in set_aside.stuck(world, WorkQuery())] == [Cause.DOUBT]
    assert len(payer(world).received) == 1
    assert record_of(world, identity).state is State.IN_DOUBT


@pytest.mark.parametrize("status", [404, 501])
def test_a_payer_that_does_not_offer_inquiries_is_a_persons_matter(status: int) -> None:
    world, identity = world_with()
    payer(world).inquiries = [reply({"resourceType": "OperationOutcome"}, status=status)]
    wait(world)
    do(world)
    assert record_of(world, identity).not_before is None
    assert len(set_aside.stuck(world, WorkQuery())) == 1


def test_a_pended_request_is_never_inquired_about() -> None:
    world = build_world()
    order = (ORDERS / "inpatient_stay.json").read_bytes()
    (identity,) = intake.receive(world, order, Treatment(), client="test", actor="ehr:test").authorizations
    do(world)
    assert record_of(world, identity).state is State.PENDED
    wait(world, timedelta(days=30))
    assert do(world) == ""
    assert payer(world).asked == []


def test_a_worker_that_died_while_asking_asks_again() -> None:
    world, identity = world_with()
    wait(world)
    work = world.store.claim("me", world.clock.now(), LEASE)
    assert work is not None

    class Dead(BaseException):
        pass

    class Dying(SandboxPayer):
        def inquire(self, *_: object) -> Outcome:
            raise Dead

    assert isinstance(world.clock, FixedClock)
    dying = replace(world, payer_client=Dying(world.clock))
    with pytest.raises(Dead):
        inquire.run(dying, work, Unending())
    wait(world, LEASE)
    assert do(world) == INQUIRE
    assert record_of(world, identity).state is State.READY


def looked_alike() -> tuple[World, str]:
    world, identity = world_with()
    wait(world)
    payer(world).inquiries = [shown(world, without_trace)]
    do(world)
    return world, identity


def candidate_of(world: World, identity: str) -> str:
    last = doubt.evidence(world, identity).asked[-1]
    assert last.inquired is not None
    return last.inquired.candidates[0].key
