"""Orders in: what is stored, what is checked, what a completion changes."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from gateway.fhir import json
from gateway.flow import intake, review
from gateway.flow.prepare import Treatment
from gateway.flow.world import World
from gateway.model.authorization import Channel, Result, State
from gateway.model.errors import BadOrder, IllegalTransition, NotFound, OurFault
from gateway.model.events import GapsFound, RequestBuilt
from gateway.model.next_step import NextStep, next_step
from gateway.payers.profile import Payers
from gateway.payers.site import Review
from gateway.ports import Query
from gateway.worker import drain
from tests.worlds import ORDERS, SandboxPayer

LEASE = timedelta(minutes=1)


def order(name: str) -> bytes:
    return (ORDERS / f"{name}.json").read_bytes()


def submit(world: World, name: str, treatment: Treatment = Treatment()) -> str:
    received = intake.receive(world, order(name), treatment, client="test", actor="ehr:test")
    drain(world, received.authorizations, lease=LEASE)
    return received.authorizations[0]


def test_a_check_stores_nothing(world: World) -> None:
    (prepared,) = intake.check(world, order("knee_mri"), [], Treatment())
    assert isinstance(prepared.event, RequestBuilt)
    assert prepared.body
    assert world.store.authorizations(Query()) == ()


def test_what_is_missing_comes_as_one_list_and_the_order_is_kept(world: World) -> None:
    identity = submit(world, "with_gaps")
    record = world.store.authorization(identity)
    assert record.state is State.DOCUMENTING
    assert len(record.gaps) > 1
    assert all(gap.path and gap.need and gap.rule for gap in record.gaps)
    assert world.store.order(record.order_id).body == order("with_gaps")


def test_a_completion_with_only_what_the_gaps_named_finishes_the_order(world: World) -> None:
    identity = submit(world, "with_gaps")
    record = world.store.authorization(identity)
    completion = (ORDERS / "completions" / "with_gaps.json").read_bytes()
    received = intake.complete(world, record.order_id, completion, actor="person:test")
    drain(world, received.authorizations, lease=LEASE)
    assert received.authorizations == (identity,)
    assert world.store.authorization(identity).state not in (State.DOCUMENTING, State.READY)


def test_json_that_readers_disagree_about_is_refused_and_nothing_is_stored(world: World) -> None:
    with pytest.raises(BadOrder) as refused:
        intake.receive(
            world, b'{"resourceType": "Bundle", "type": "a", "type": "b"}', Treatment(), client="t", actor="ehr:t"
        )
    assert "json-duplicate-key" in str(refused.value)
    assert refused.value.fix


def test_a_held_request_waits_and_is_sent_when_released(world: World) -> None:
    identity = submit(world, "knee_mri", Treatment(hold=True))
    payer = world.payer_client
    assert isinstance(payer, SandboxPayer)
    assert world.store.authorization(identity).state is State.HELD
    assert payer.received == []
    review.release(world, identity, actor="person:nurse")
    drain(world, [identity], lease=LEASE)
    assert world.store.authorization(identity).state is State.DECIDED
    assert len(payer.received) == 1


def test_a_held_request_can_be_dropped_and_is_never_sent(world: World) -> None:
    identity = submit(world, "knee_mri", Treatment(hold=True))
    review.drop(world, identity, actor="person:nurse", reason="ordered twice")
    drain(world, [identity], lease=LEASE)
    assert world.store.authorization(identity).state is State.CANCELLED
    with pytest.raises(IllegalTransition):
        review.release(world, identity, actor="person:nurse")


def test_a_held_request_is_edited_by_a_completion_and_stays_held(world: World) -> None:
    identity = submit(world, "knee_mri", Treatment(hold=True))
    record = world.store.authorization(identity)
    service = record.order_refs[0].partition("/")
    edit = f'{{"resourceType": "{service[0]}", "id": "{service[2]}", "priority": "urgent"}}'.encode()
    intake.complete(world, record.order_id, edit, actor="person:nurse")
    changed = world.store.authorization(identity)
    assert changed.state is State.HELD
    assert changed.urgency == "expedited"


def test_a_decided_order_takes_no_completion(world: World) -> None:
    identity = submit(world, "knee_mri")
    with pytest.raises(IllegalTransition):
        intake.complete(world, world.store.authorization(identity).order_id, b"[]", actor="person:test")


def test_an_unknown_order_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        intake.complete(world, "none", b"[]", actor="person:test")


def test_a_pharmacy_drug_is_handed_off_and_nothing_is_sent(world: World) -> None:
    identity = submit(world, "pharmacy_drug")
    record = world.store.authorization(identity)
    payer = world.payer_client
    assert isinstance(payer, SandboxPayer)
    assert record.state is State.HANDED_OFF
    assert record.handoff
    assert payer.received == []


def test_a_decision_by_phone_is_entered_with_who_when_and_evidence(world: World) -> None:
    identity = submit(world, "with_gaps")
    decision = review.SpokenDecision(result=Result.APPROVED, authorization_number="PHONE-1")
    record = review.record_decision(
        world, identity, [decision], actor="person:nurse", channel=Channel.PHONE, evidence="call reference 1234"
    )
    assert (record.state, record.determination) == (State.DECIDED, Result.APPROVED)
    assert (record.gaps, next_step(record)) == ((), NextStep.NONE)
    answer = record.items[0].answer
    assert answer is not None
    assert (answer.authorization_number, answer.channel) == ("PHONE-1", Channel.PHONE)
    event = world.store.events(authorization=identity)[-1].event
    assert event.actor == "person:nurse"


def test_a_decision_without_evidence_or_for_an_item_that_is_not_there_is_refused(world: World) -> None:
    identity = submit(world, "with_gaps")
    decision = review.SpokenDecision(result=Result.APPROVED)
    with pytest.raises(OurFault):
        review.record_decision(world, identity, [decision], actor="person:n", channel=Channel.FAX, evidence=" ")
    with pytest.raises(OurFault):
        review.record_decision(
            world,
            identity,
            [review.SpokenDecision(item=9, result=Result.DENIED)],
            actor="person:n",
            channel=Channel.FAX,
            evidence="letter",
        )
    with pytest.raises(OurFault):
        review.record_decision(
            world,
            identity,
            [review.SpokenDecision(result=Result.PENDED)],
            actor="person:n",
            channel=Channel.FAX,
            evidence="letter",
        )


def test_a_modified_answer_asks_to_be_acknowledged(world: World) -> None:
    identity = submit(world, "home_oxygen")
    record = world.store.authorization(identity)
    assert record.determination is Result.MODIFIED
    assert record.acknowledge
    assert not review.acknowledge(world, identity, actor="person:nurse").acknowledge
    with pytest.raises(OurFault):
        review.acknowledge(world, identity, actor="person:nurse")


def test_an_urgent_order_is_due_by_the_expedited_clock(world: World) -> None:
    record = world.store.authorization(submit(world, "home_oxygen"))
    assert record.urgency == "expedited"


def test_checking_an_order_names_the_gaps_without_storing(world: World) -> None:
    (prepared,) = intake.check(world, order("with_gaps"), [], Treatment())
    assert isinstance(prepared.event, GapsFound)
    completion = (ORDERS / "completions" / "with_gaps.json").read_bytes()
    (completed,) = intake.check(world, order("with_gaps"), [completion], Treatment())
    assert isinstance(completed.event, RequestBuilt)


def test_completing_one_of_two_orders_after_the_other_was_sent_finishes_the_rest(world: World) -> None:
    document = json.loads(order("two_orders"))
    drug = next(
        entry["resource"] for entry in document["entry"] if entry["resource"]["resourceType"] == "MedicationRequest"
    )
    whole = json.dumps(drug)
    drug.pop("insurance", None)
    drug["medicationCodeableConcept"] = {"text": "the injection"}
    received = intake.receive(world, json.dumps(document), Treatment(), client="test", actor="ehr:test")
    drain(world, received.authorizations, lease=LEASE)
    states = {world.store.authorization(one).state for one in received.authorizations}
    assert states == {State.DECIDED, State.DOCUMENTING}
    completed = intake.complete(world, received.order_id, whole, actor="person:test")
    drain(world, completed.authorizations, lease=LEASE)
    assert len(completed.authorizations) == 1
    assert world.store.authorization(completed.authorizations[0]).state is State.DECIDED
    payer = world.payer_client
    assert isinstance(payer, SandboxPayer)
    assert len(payer.received) == 2


def test_a_decision_by_phone_may_name_one_item_when_the_others_are_final(world: World) -> None:
    identity = submit(world, "two_orders")
    said = review.SpokenDecision(item=2, result=Result.APPROVED, authorization_number="PHONE-2")
    record = review.record_decision(
        world,
        identity,
        [said],
        actor="person:nurse",
        channel=Channel.PHONE,
        evidence="call 7",
        decided_on=date(2026, 11, 23),
    )
    assert [item.result for item in record.items] == [Result.APPROVED, Result.APPROVED]
    assert record.determination is Result.APPROVED
    assert record.items[1].answer is not None
    assert record.items[1].answer.issued == date(2026, 11, 23)
    with pytest.raises(OurFault, match="to come"):
        review.record_decision(
            world,
            identity,
            [said],
            actor="person:nurse",
            channel=Channel.PHONE,
            evidence="call 7",
            decided_on=date(2027, 1, 1),
        )


def test_what_waits_is_due_too_so_that_urgent_work_comes_first(world: World) -> None:
    held = world.store.authorization(submit(world, "home_oxygen", Treatment(hold=True)))
    routine = world.store.authorization(submit(world, "knee_mri", Treatment(hold=True)))
    assert held.due_at is not None
    assert routine.due_at is not None
    assert held.due_at < routine.due_at
    assert [one.id for one in world.store.authorizations(Query())] == [held.id, routine.id]


def test_a_drug_handed_off_can_be_completed_or_decided_by_hand(world: World) -> None:
    identity = submit(world, "pharmacy_drug")
    record = review.record_decision(
        world,
        identity,
        [review.SpokenDecision(result=Result.APPROVED)],
        actor="person:nurse",
        channel=Channel.PORTAL,
        evidence="e-prescribing answer 5",
    )
    assert record.state is State.DECIDED


def test_orders_that_cannot_be_told_apart_are_not_completed_once_one_of_them_was_sent(world: World) -> None:
    document = json.loads(order("two_orders"))
    for entry in document["entry"]:
        if entry["resource"]["resourceType"] in ("ServiceRequest", "MedicationRequest"):
            entry["resource"].pop("id")
            entry["fullUrl"] = f"urn:uuid:{world.ids.new()}"
        if entry["resource"]["resourceType"] == "MedicationRequest":
            entry["resource"]["medicationCodeableConcept"] = {"text": "the injection"}
    received = intake.receive(world, json.dumps(document), Treatment(split=True), client="test", actor="ehr:test")
    drain(world, received.authorizations, lease=LEASE)
    payer = world.payer_client
    assert isinstance(payer, SandboxPayer)
    sent = len(payer.received)
    assert sent == 1
    code = {"coding": [{"system": "x", "code": "y"}]}
    completion = json.dumps({"resourceType": "MedicationRequest", "medicationCodeableConcept": code})
    with pytest.raises(OurFault, match="tell them apart"):
        intake.complete(world, received.order_id, completion, actor="person:test")
    drain(world, received.authorizations, lease=LEASE)
    assert len(payer.received) == sent


@pytest.mark.parametrize("who", ["site", "payer"])
def test_a_site_or_a_payer_profile_may_ask_to_review_every_request(world: World, who: str) -> None:
    if who == "site":
        reviewing = replace(world, site=replace(world.site, review=Review.HOLD))
    else:
        held = replace(world.payers["sandbox"], review=Review.HOLD)
        reviewing = replace(world, payers=Payers({"sandbox": held}))
    record = reviewing.store.authorization(submit(reviewing, "knee_mri"))
    assert record.state is State.HELD
    assert who in record.held_by
    payer = world.payer_client
    assert isinstance(payer, SandboxPayer)
    assert payer.received == []
