"""The life table: what may happen in which state, and what each event does to the record."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from gateway.model import events, lifecycle
from gateway.model.authorization import (
    Answer,
    Authorization,
    AuthorizedItem,
    Blocker,
    Channel,
    Code,
    Item,
    Note,
    Rejection,
    Result,
    State,
    Urgency,
)
from gateway.model.errors import IllegalTransition
from gateway.model.next_step import NextStep, next_step
from gateway.model.order import Choice, Gap

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
DUE = NOW + timedelta(days=7)

ITEM = Item(sequence=1, order="ServiceRequest/s1", trace_system="urn:t", trace_value="t-1", service=Code("72148"))
ANSWER = Answer(result=Result.APPROVED, authorization_number="AUTH-1")
CHOICE = Choice("coverage", "Coverage/c1", "it is the only one", "coverage-one")
BY_PHONE = replace(ANSWER, channel=Channel.PHONE)

EXAMPLES: dict[type[events.Event], dict[str, Any]] = {
    events.GapsFound: {
        "gaps": (Gap("ServiceRequest.code", "a code", "billing-code"),),
        "blockers": (Blocker(rule="prof-1", path="Claim", text="no"),),
        "choices": (CHOICE,),
    },
    events.RequestBuilt: {
        "items": (ITEM,),
        "choices": (CHOICE,),
        "payer": "sandbox",
        "guide": "2.2.1",
        "requestor": "clinic",
        "coverage": "Coverage/c1",
        "urgency": Urgency.EXPEDITED,
        "trace_system": "urn:t",
        "trace_value": "t",
        "submission_id": "s",
        "claim_url": "urn:uuid:c",
    },
    events.HandedOff: {"where": "e-prescribing", "choices": (CHOICE,)},
    events.OrderCompleted: {},
    events.Held: {"reason": "asked to hold"},
    events.Released: {},
    events.Dropped: {"reason": "ordered twice"},
    events.SubmitStarted: {"exchange": "x-1", "due_at": DUE, "due_basis": "standard"},
    events.NotAccepted: {"reason": "no connection", "again_at": LATER},
    events.ReplyLost: {"reason": "timed out"},
    events.DoubtRemains: {"reason": "the payer does not say", "ask_at": DUE, "asks": 1, "unanswered": 2},
    events.NotAtPayer: {"reason": "the payer has no such request"},
    events.Decided: {"answers": ((1, ANSWER),), "determination": Result.APPROVED},
    events.Pended: {
        "answers": ((1, Answer(result=Result.PENDED)),),
        "determination": Result.PENDED,
        "due_at": DUE,
        "due_basis": "standard",
        "attention": "the payer asks for more information",
    },
    events.PersonNeeded: {
        "answers": ((1, Answer(result=Result.UNRECOGNIZED)),),
        "determination": Result.UNRECOGNIZED,
        "due_at": DUE,
        "due_basis": "standard",
        "attention": "a code nobody knows",
    },
    events.Rejected: {"rejections": (Rejection(path="Claim"),), "notes": (Note("why"),), "attention": "ask the payer"},
    events.DecisionRecorded: {
        "answers": ((1, BY_PHONE),),
        "determination": Result.APPROVED,
        "decided_on": date(2026, 11, 24),
        "evidence": "call 7",
    },
    events.Acknowledged: {},
}
KINDS = tuple(EXAMPLES)
DECIDABLE_BY_HAND = {
    State.DOCUMENTING,
    State.READY,
    State.HELD,
    State.IN_DOUBT,
    State.PENDED,
    State.PERSON_NEEDED,
    State.REJECTED,
    State.DECIDED,
    State.HANDED_OFF,
}


def example(kind: type[events.Event], **changes: Any) -> Any:
    return kind(at=LATER, actor="person:kim", **{**EXAMPLES[kind], **changes})


def received(**changes: Any) -> events.OrderReceived:
    parts: dict[str, Any] = {
        "client": "ehr",
        "order_id": "o-1",
        "order_refs": ("ServiceRequest/s1", "ServiceRequest/s2"),
        "patient": "Patient/p1",
        "urgency": Urgency.STANDARD,
        "hold": False,
    }
    return events.OrderReceived(at=NOW, actor="ehr:test", **{**parts, **changes})


def record(state: State, **changes: Any) -> Authorization:
    return replace(lifecycle.start("a-1", received()), state=state, items=(ITEM,), **changes)


def life(*kinds: type[events.Event]) -> Authorization:
    """A record that lived through examples of these events."""
    authorization = lifecycle.start("a-1", received())
    for kind in kinds:
        authorization = lifecycle.apply(authorization, example(kind))
    return authorization


def test_the_table_knows_every_state_and_every_event_but_the_first() -> None:
    assert set(lifecycle.TRANSITIONS) == set(State)
    described = {kind for allowed in lifecycle.TRANSITIONS.values() for kind in allowed}
    assert described == set(KINDS)
    assert events.OrderReceived not in described


@pytest.mark.parametrize(
    ("state", "kind"), list(product(State, KINDS)), ids=lambda part: getattr(part, "__name__", part)
)
def test_exactly_what_the_table_says_can_happen(state: State, kind: type[events.Event]) -> None:
    before = record(state)
    target = lifecycle.TRANSITIONS[state].get(kind)
    assert lifecycle.allows(before, kind) is (target is not None)
    if target is None:
        with pytest.raises(IllegalTransition) as fault:
            lifecycle.apply(before, example(kind))
        assert (fault.value.state, fault.value.event) == (state.value, kind.__name__)
        payers = {events.Decided, events.Pended, events.PersonNeeded}
        assert set(fault.value.allowed) == {each.__name__ for each in lifecycle.TRANSITIONS[state].keys() - payers}
        return
    after = lifecycle.apply(before, example(kind))
    assert (after.state, after.version, after.updated_at) == (target, before.version + 1, LATER)
    assert before == record(state)


def test_every_state_can_be_reached_and_of_a_dropped_one_only_the_payer_can_still_say_something() -> None:
    reached = {State.RECEIVED}
    for _ in State:
        reached |= {target for state in reached for target in lifecycle.TRANSITIONS[state].values()}
    assert reached == set(State)
    payers = {events.Decided, events.Pended, events.PersonNeeded}
    final = {state for state, allowed in lifecycle.TRANSITIONS.items() if allowed.keys() <= payers}
    assert final == {State.CANCELLED}


def test_only_a_request_that_is_ready_can_be_sent_and_only_a_refusal_leads_there_from_doubt() -> None:
    senders = {state for state, allowed in lifecycle.TRANSITIONS.items() if events.SubmitStarted in allowed}
    assert senders == {State.READY}
    sendable = {State.READY, State.HELD, State.SUBMITTING, State.RECEIVED}
    back = {kind for kind, target in lifecycle.TRANSITIONS[State.IN_DOUBT].items() if target in sendable}
    assert back == {events.NotAccepted, events.NotAtPayer}


def test_a_decision_can_be_recorded_by_hand_whenever_nothing_is_under_way() -> None:
    states = {state for state, allowed in lifecycle.TRANSITIONS.items() if events.DecisionRecorded in allowed}
    assert states == DECIDABLE_BY_HAND


def test_what_cannot_happen_names_what_could() -> None:
    with pytest.raises(IllegalTransition) as fault:
        lifecycle.apply(record(State.HELD), example(events.SubmitStarted))
    assert str(fault.value) == "SubmitStarted cannot happen to an authorization that is held."
    assert fault.value.fix == "What can happen now: DecisionRecorded, Dropped, OrderCompleted, Released."
    with pytest.raises(IllegalTransition) as fault:
        lifecycle.apply(record(State.CANCELLED), example(events.Released))
    assert fault.value.fix == "What can happen now: nothing any more."


def test_a_record_starts_with_what_its_order_says() -> None:
    begun = lifecycle.start("a-1", received(hold=True, urgency=Urgency.EXPEDITED, related=("a-2",)))
    assert (begun.id, begun.version, begun.state) == ("a-1", 1, State.RECEIVED)
    assert (begun.hold, begun.urgency, begun.related) == (True, Urgency.EXPEDITED, ("a-2",))
    assert begun.created_at == begun.updated_at == NOW
    assert begun.determination is Result.NONE


def test_gaps_are_kept_until_the_request_is_built() -> None:
    documenting = life(events.GapsFound)
    assert (len(documenting.gaps), len(documenting.blockers)) == (1, 1)
    completed = lifecycle.apply(documenting, example(events.OrderCompleted))
    assert (completed.gaps, completed.blockers, completed.state) == ((), (), State.RECEIVED)


def test_a_built_request_puts_all_its_parts_on_the_record() -> None:
    ready = life(events.RequestBuilt)
    parts = EXAMPLES[events.RequestBuilt]
    assert {name: getattr(ready, name) for name in parts} == parts


def test_a_request_is_held_and_released() -> None:
    held = lifecycle.apply(replace(life(events.RequestBuilt), hold=True), example(events.Held))
    assert held.held_by == "asked to hold"
    released = lifecycle.apply(held, example(events.Released))
    assert (released.held_by, released.hold, released.attention) == ("", False, "released by person:kim")


def test_an_attempt_starts_the_clock_and_one_that_was_not_accepted_keeps_its_place() -> None:
    sending = life(events.RequestBuilt, events.SubmitStarted)
    assert (sending.attempts, sending.submitted_at, sending.due_at, sending.due_basis) == (1, LATER, DUE, "standard")
    ready = lifecycle.apply(sending, example(events.NotAccepted))
    assert (ready.attempts, ready.submitted_at, ready.due_at, ready.due_basis) == (1, None, DUE, "standard")
    assert (ready.not_before, ready.attention) == (LATER, "no connection")
    again = lifecycle.apply(ready, example(events.SubmitStarted))
    assert (again.attempts, again.not_before, again.attention) == (2, None, "")


def test_a_lost_reply_leaves_the_clock_running() -> None:
    doubtful = life(events.RequestBuilt, events.SubmitStarted, events.ReplyLost)
    assert (doubtful.due_at, doubtful.attention) == (DUE, "timed out")


def test_a_doubt_counts_its_inquiries_and_begins_anew_with_the_next() -> None:
    doubtful = life(events.RequestBuilt, events.SubmitStarted, events.ReplyLost, events.DoubtRemains)
    assert (doubtful.asks, doubtful.unanswered, doubtful.not_before) == (1, 2, DUE)
    assert (doubtful.in_doubt_at, doubtful.resends) == (LATER, 0)
    again = lifecycle.apply(doubtful, example(events.NotAtPayer))
    assert (again.state, again.resends, again.submitted_at, again.not_before) == (State.READY, 1, None, None)
    anew = lifecycle.apply(lifecycle.apply(again, example(events.SubmitStarted)), example(events.ReplyLost, since=DUE))
    assert (anew.asks, anew.unanswered, anew.in_doubt_at) == (0, 0, DUE)


def test_the_first_attempt_says_by_when_an_answer_is_wanted_and_later_ones_do_not_put_it_off() -> None:
    ready = life(events.RequestBuilt, events.SubmitStarted, events.NotAccepted)
    later = lifecycle.apply(ready, example(events.SubmitStarted, due_at=DUE + timedelta(days=3)))
    assert (later.answer_by, later.due_at) == (DUE, DUE + timedelta(days=3))


def test_a_decision_is_on_each_item_and_ends_the_clock() -> None:
    decided = life(events.RequestBuilt, events.SubmitStarted, events.Decided)
    assert (decided.items[0].answer, decided.items[0].result) == (ANSWER, Result.APPROVED)
    assert (decided.determination, decided.decided_at, decided.answered_at) == (Result.APPROVED, LATER, LATER)
    assert (decided.due_at, decided.due_basis, decided.acknowledge) == (None, "", False)


def test_a_pended_answer_to_an_inquiry_ends_the_waiting_for_the_next() -> None:
    doubtful = record(State.IN_DOUBT, not_before=LATER)
    assert next_step(doubtful) is NextStep.WAIT
    pended = lifecycle.apply(doubtful, example(events.Pended))
    assert (pended.not_before, next_step(pended)) == (None, NextStep.NONE)
    assert next_step(record(State.CANCELLED, not_before=LATER)) is NextStep.NONE


@pytest.mark.parametrize("kind", [events.Pended, events.PersonNeeded])
def test_what_is_not_decided_keeps_its_clock_and_what_a_person_has_to_look_at(kind: type[events.Answered]) -> None:
    waiting = life(events.RequestBuilt, events.SubmitStarted, kind)
    assert (waiting.due_at, waiting.decided_at, waiting.answered_at) == (DUE, None, LATER)
    assert waiting.attention == EXAMPLES[kind]["attention"]


def test_a_decision_too_may_need_a_look() -> None:
    sending = life(events.RequestBuilt, events.SubmitStarted)
    decided = lifecycle.apply(sending, example(events.Decided, attention="item 1 was approved without number"))
    assert decided.attention == "item 1 was approved without number"


def test_a_modified_answer_waits_to_be_acknowledged() -> None:
    answer = Answer(result=Result.MODIFIED, authorized=(AuthorizedItem(replaces=(1,), result=Result.APPROVED),))
    sending = life(events.RequestBuilt, events.SubmitStarted)
    decided = lifecycle.apply(sending, example(events.Decided, answers=((1, answer),)))
    assert decided.acknowledge
    seen = lifecycle.apply(decided, example(events.Acknowledged))
    assert (seen.acknowledge, seen.attention, seen.state) == (False, "acknowledged by person:kim", State.DECIDED)


def test_an_item_the_answer_does_not_speak_of_stays_as_it_was() -> None:
    two = (ITEM, replace(ITEM, sequence=2))
    sending = replace(life(events.RequestBuilt, events.SubmitStarted), items=two)
    decided = lifecycle.apply(sending, example(events.Decided))
    assert (decided.items[0].answer, decided.items[1]) == (ANSWER, two[1])


def test_a_rejection_is_no_determination() -> None:
    rejected = life(events.RequestBuilt, events.SubmitStarted, events.Rejected)
    assert (len(rejected.rejections), rejected.determination, rejected.items[0].answer) == (1, Result.NONE, None)
    assert (rejected.answered_at, rejected.decided_at) == (LATER, None)
    assert (rejected.due_at, rejected.due_basis, rejected.attention) == (DUE, "standard", "ask the payer")
    corrected = lifecycle.apply(rejected, example(events.OrderCompleted))
    assert (corrected.rejections, corrected.state) == ((), State.RECEIVED)


def test_dropping_ends_the_clock() -> None:
    dropped = life(events.RequestBuilt, events.Dropped)
    assert (dropped.state, dropped.attention, dropped.due_at) == (State.CANCELLED, "ordered twice", None)


def test_a_pharmacy_order_is_handed_off() -> None:
    assert (life(events.HandedOff).state, life(events.HandedOff).handoff) == (State.HANDED_OFF, "e-prescribing")


def test_a_decision_by_hand_on_an_order_never_sent_makes_an_item_for_each_order() -> None:
    decided = life(events.GapsFound, events.DecisionRecorded)
    assert [(item.sequence, item.order) for item in decided.items] == [
        (1, "ServiceRequest/s1"),
        (2, "ServiceRequest/s2"),
    ]
    assert decided.items[0].answer == BY_PHONE
    assert (decided.state, decided.decided_at) == (State.DECIDED, LATER)


def test_a_decision_by_hand_does_not_pretend_to_be_electronic() -> None:
    with pytest.raises(ValueError, match="channel"):
        lifecycle.apply(record(State.PENDED), example(events.DecisionRecorded, answers=((1, ANSWER),)))


def test_a_later_decision_by_hand_replaces_the_earlier_one() -> None:
    decided = life(events.RequestBuilt, events.SubmitStarted, events.Decided)
    denied = replace(BY_PHONE, result=Result.DENIED)
    after = lifecycle.apply(
        decided, example(events.DecisionRecorded, answers=((1, denied),), determination=Result.DENIED)
    )
    assert (after.items[0].result, after.determination) == (Result.DENIED, Result.DENIED)


def test_evidence_and_words_of_people_do_not_show_in_a_repr() -> None:
    assert "call 7" not in repr(example(events.DecisionRecorded))
    assert "why" not in repr(example(events.Rejected))


def test_no_event_may_be_changed_after_the_fact() -> None:
    for kind in KINDS:
        event = example(kind)
        with pytest.raises(AttributeError):
            event.actor = "someone else"
        assert {field.name for field in fields(kind)} >= {"at", "actor"}


def test_the_diagram_has_every_transition_and_both_ends() -> None:
    drawn = lifecycle.diagram().splitlines()
    assert drawn[:2] == ["stateDiagram-v2", "    [*] --> received"]
    arrows = [
        f"    {state} --> {target}: {kind.__name__}"
        for state, allowed in lifecycle.TRANSITIONS.items()
        for kind, target in allowed.items()
    ]
    ends = ["    cancelled --> [*]"]
    assert sorted(drawn[2:]) == sorted(arrows + ends)
