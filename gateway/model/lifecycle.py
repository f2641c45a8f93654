"""The life of an authorization as one table; the only place where a state changes.

`TRANSITIONS` maps (state, event class) to the next state. What is not in it cannot happen: a lookup failure is
an `IllegalTransition` that names what could have happened instead. `pa auth states` draws the diagram from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from gateway.model import events as e
from gateway.model.authorization import Answer, Authorization, Channel, Code, Item, Result, State
from gateway.model.errors import IllegalTransition

S = State

_ANSWERED: Mapping[type[e.Event], State] = {
    e.Decided: S.DECIDED,
    e.Pended: S.PENDED,
    e.PersonNeeded: S.PERSON_NEEDED,
}

TRANSITIONS: Mapping[State, Mapping[type[e.Event], State]] = {
    S.RECEIVED: {
        e.GapsFound: S.DOCUMENTING,
        e.RequestBuilt: S.READY,
        e.HandedOff: S.HANDED_OFF,
        e.Dropped: S.CANCELLED,
    },
    S.DOCUMENTING: {e.OrderCompleted: S.RECEIVED, e.DecisionRecorded: S.DECIDED, e.Dropped: S.CANCELLED},
    # What the payer says to an earlier attempt after all is an answer, wherever the record is by then.
    S.READY: {
        **_ANSWERED,
        e.Held: S.HELD,
        e.SubmitStarted: S.SUBMITTING,
        e.OrderCompleted: S.RECEIVED,
        e.DecisionRecorded: S.DECIDED,
        e.Dropped: S.CANCELLED,
    },
    S.HELD: {
        **_ANSWERED,
        e.Released: S.READY,
        e.OrderCompleted: S.RECEIVED,
        e.DecisionRecorded: S.DECIDED,
        e.Dropped: S.CANCELLED,
    },
    S.SUBMITTING: {
        **_ANSWERED,
        e.Rejected: S.REJECTED,
        e.ReplyLost: S.IN_DOUBT,
        e.NotAccepted: S.READY,
    },
    S.IN_DOUBT: {
        **_ANSWERED,
        e.Rejected: S.REJECTED,
        e.NotAccepted: S.READY,
        e.DoubtRemains: S.IN_DOUBT,
        e.NotAtPayer: S.READY,
        e.DecisionRecorded: S.DECIDED,
        e.Dropped: S.CANCELLED,
    },
    S.PENDED: {e.DecisionRecorded: S.DECIDED},
    S.PERSON_NEEDED: {e.DecisionRecorded: S.DECIDED},
    S.REJECTED: {e.OrderCompleted: S.RECEIVED, e.DecisionRecorded: S.DECIDED, e.Dropped: S.CANCELLED},
    S.DECIDED: {e.DecisionRecorded: S.DECIDED, e.Acknowledged: S.DECIDED},
    S.CANCELLED: _ANSWERED,
    S.HANDED_OFF: {e.OrderCompleted: S.RECEIVED, e.DecisionRecorded: S.DECIDED},
}


def start(identity: str, event: e.OrderReceived) -> Authorization:
    """A new record; its first event."""
    return Authorization(
        id=identity,
        version=1,
        client=event.client,
        order_id=event.order_id,
        order_refs=event.order_refs,
        patient=event.patient,
        urgency=event.urgency,
        hold=event.hold,
        related=event.related,
        created_at=event.at,
        updated_at=event.at,
    )


def apply(record: Authorization, event: e.Event) -> Authorization:
    """The record after the event.

    Raises:
        IllegalTransition: the table has no such transition; the record is unchanged.
    """
    allowed = TRANSITIONS[record.state]
    if type(event) not in allowed:
        possible = sorted(name(kind) for kind in allowed if kind not in _ANSWERED)  # what the caller can bring about
        raise IllegalTransition(record.state.value, name(type(event)), possible)
    change = _CHANGES[type(event)](record, event)
    return replace(record, **change, state=allowed[type(event)], version=record.version + 1, updated_at=event.at)


def name(kind: type[e.Event]) -> str:
    return kind.__name__


def allows(record: Authorization, kind: type[e.Event]) -> bool:
    return kind in TRANSITIONS[record.state]


def diagram() -> str:
    """The table as a Mermaid state diagram, for the README and the manual."""
    rows = ["stateDiagram-v2", f"    [*] --> {S.RECEIVED}"]
    for state, allowed in TRANSITIONS.items():
        rows.extend(f"    {state} --> {target}: {name(kind)}" for kind, target in allowed.items())
        if allowed.keys() <= _ANSWERED.keys():
            rows.append(f"    {state} --> [*]")
    return "\n".join(rows)


Change = dict[str, Any]


def _gaps_found(_: Authorization, event: e.GapsFound) -> Change:
    return {
        "gaps": event.gaps,
        "blockers": event.blockers,
        "choices": event.choices,
        "payer": event.payer,
        "due_at": event.due_at,
        "due_basis": event.due_basis,
    }


def _request_built(_: Authorization, event: e.RequestBuilt) -> Change:
    return {
        "items": event.items,
        "choices": event.choices,
        "payer": event.payer,
        "guide": event.guide,
        "requestor": event.requestor,
        "coverage": event.coverage,
        "urgency": event.urgency,
        "trace_system": event.trace_system,
        "trace_value": event.trace_value,
        "submission_id": event.submission_id,
        "claim_url": event.claim_url,
        "resends": 0,
        "answer_by": None,
        "due_at": event.due_at,
        "due_basis": event.due_basis,
        "gaps": (),
        "blockers": (),
    }


def _handed_off(_: Authorization, event: e.HandedOff) -> Change:
    return {"handoff": event.where, "choices": event.choices}


def _order_completed(_: Authorization, __: e.OrderCompleted) -> Change:
    return {
        "gaps": (),
        "blockers": (),
        "rejections": (),
        "held_by": "",
        "handoff": "",
        "attention": "",
        "not_before": None,
    }


def _held(_: Authorization, event: e.Held) -> Change:
    return {"held_by": event.reason, "not_before": None}


def _released(_: Authorization, event: e.Released) -> Change:
    return {"held_by": "", "hold": False, "attention": f"released by {event.actor}"}


def _dropped(_: Authorization, event: e.Dropped) -> Change:
    return {"attention": event.reason, "due_at": None, "due_basis": "", "held_by": "", "gaps": (), "blockers": ()}


def _submit_started(record: Authorization, event: e.SubmitStarted) -> Change:
    return {
        "attempts": record.attempts + 1,
        "submitted_at": event.at,
        "due_at": event.due_at,
        "due_basis": event.due_basis,
        "answer_by": record.answer_by or event.due_at,
        "not_before": None,
        "attention": "",
    }


def _not_accepted(_: Authorization, event: e.NotAccepted) -> Change:
    return {"attention": event.reason, "not_before": event.again_at, "submitted_at": None}


def _reply_lost(_: Authorization, event: e.ReplyLost) -> Change:
    return {
        "attention": event.reason,
        "not_before": event.ask_at,
        "asks": 0,
        "unanswered": 0,
        "in_doubt_at": event.since or event.at,
    }


def _doubt_remains(_: Authorization, event: e.DoubtRemains) -> Change:
    known = {"asks": event.asks, "unanswered": event.unanswered}
    return {"attention": event.reason, "not_before": event.ask_at, **known}


def _not_at_payer(record: Authorization, event: e.NotAtPayer) -> Change:
    return {"attention": event.reason, "not_before": None, "submitted_at": None, "resends": record.resends + 1}


def _answered(record: Authorization, event: e.Answered) -> Change:
    answers = dict(event.answers)
    items = tuple(_answer(item, answers) for item in record.items)
    return {
        "items": items,
        "additional": event.additional,
        "notes": event.notes,
        "determination": event.determination,
        "due_at": event.due_at,
        "due_basis": event.due_basis,
        "answered_at": event.at,
        "not_before": None,
        "attention": event.attention,
    }


def _answer(item: Item, answers: Mapping[int, Any]) -> Item:
    return replace(item, answer=answers[item.sequence]) if item.sequence in answers else item


def _decided(record: Authorization, event: e.Answered) -> Change:
    change = _answered(record, event)
    modified = any(item.result is Result.MODIFIED for item in change["items"])
    done = {"due_at": None, "due_basis": "", "held_by": "", "not_before": None, "gaps": (), "blockers": ()}
    return {**change, **done, "decided_at": event.at, "acknowledge": modified}


def _person_needed(record: Authorization, event: e.PersonNeeded) -> Change:
    return {**_answered(record, event), "rejections": event.rejections}


def _rejected(_: Authorization, event: e.Rejected) -> Change:
    return {
        "rejections": event.rejections,
        "notes": event.notes,
        "answered_at": event.at,
        "attention": event.attention,
    }


def _recorded(record: Authorization, event: e.DecisionRecorded) -> Change:
    channels = {answer.channel for _, answer in event.answers}
    if Channel.PAS in channels:
        raise ValueError("a decision entered by hand names its channel")
    change = _decided(record if record.items else replace(record, items=_unsent(record)), event)
    # What was said on the telephone does not unsay what the payer wrote before: its words and its numbers stay.
    earlier = {item.sequence: item.answer for item in record.items}
    items = tuple(
        replace(item, answer=_with_numbers(item.answer, earlier.get(item.sequence))) for item in change["items"]
    )
    kept = {"items": items, "additional": event.additional or record.additional, "notes": record.notes + event.notes}
    return {**change, **kept}


def _with_numbers(answer: Answer | None, earlier: Answer | None) -> Answer | None:
    if answer is None or earlier is None or answer is earlier:
        return answer
    number = answer.administration_reference_number or earlier.administration_reference_number
    return replace(answer, administration_reference_number=number)


def _unsent(record: Authorization) -> tuple[Item, ...]:
    """Items for a decision on an order that never became a request: one per order, nothing coded."""
    return tuple(
        Item(sequence=number, order=order, trace_system="", trace_value="", service=Code(""))
        for number, order in enumerate(record.order_refs, start=1)
    )


def _acknowledged(_: Authorization, event: e.Acknowledged) -> Change:
    return {"acknowledge": False, "attention": f"acknowledged by {event.actor}"}


_CHANGES: Mapping[type[e.Event], Callable[[Authorization, Any], Change]] = {
    e.GapsFound: _gaps_found,
    e.RequestBuilt: _request_built,
    e.HandedOff: _handed_off,
    e.OrderCompleted: _order_completed,
    e.Held: _held,
    e.Released: _released,
    e.Dropped: _dropped,
    e.SubmitStarted: _submit_started,
    e.NotAccepted: _not_accepted,
    e.ReplyLost: _reply_lost,
    e.DoubtRemains: _doubt_remains,
    e.NotAtPayer: _not_at_payer,
    e.Decided: _decided,
    e.Pended: _answered,
    e.PersonNeeded: _person_needed,
    e.Rejected: _rejected,
    e.DecisionRecorded: _recorded,
    e.Acknowledged: _acknowledged,
}
