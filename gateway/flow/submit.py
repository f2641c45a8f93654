"""The submit step: commit the intent, send once, draw the conclusion (design 4.3).

`plan` and `absorb` are pure; `run` performs the one effect between them. A step that is claimed while its
record is already `submitting` belongs to a process that died while sending: the payer may have the request, so the
record goes `in_doubt` and nothing is sent.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.fhir import json
from gateway.fhir.bundle import entries_of
from gateway.flow.change import SUBMIT, Draft, leg, reply_leg
from gateway.flow.world import World
from gateway.model.authorization import Authorization, Result, State
from gateway.model.changes import ChangeSet, Work
from gateway.model.clocks import due
from gateway.model.errors import ConfigFault
from gateway.model.events import Decided, Event, NotAccepted, Pended, PersonNeeded, Rejected, ReplyLost, SubmitStarted
from gateway.model.exchange import Direction, Exchange, Outcome, Reply, Verdict
from gateway.payers.profile import PayerProfile
from gateway.payers.replies import Classified, classify
from gateway.responses import Asked, Kind, Reading, ReviewCodes, read, read_rejection

_WAITING = (Result.CONTACT_PAYER, Result.UNRECOGNIZED)


@dataclass(frozen=True, slots=True)
class Send:
    """What will be sent, and the change that must be on disk before it is."""

    change: ChangeSet
    request: Exchange
    record: Authorization


def run(world: World, work: Work) -> None:
    """Do the submit step of one authorization; every outcome ends in a committed ChangeSet.

    Raises:
        Conflict: another worker holds the step by now; nothing was sent or written.
    """
    record = world.store.authorization(work.authorization)
    if record.state not in (State.READY, State.SUBMITTING):  # dropped, decided or reopened since it was scheduled
        world.store.commit(ChangeSet(finished=work))
        return
    if record.state is State.SUBMITTING:
        _commit(world, _interrupted(record, work, world.clock.now()))
        return
    payer = world.payers[record.payer]
    draft = _draft(world.store.exchanges(record.id))
    send = plan(record, draft, payer, now=world.clock.now(), identity=world.ids.new())
    _commit(world, send.change)
    world.log.write("submit.started", authorization=record.id, payer=payer.id, attempt=send.record.attempts)
    outcome = world.payer_client.submit(payer, send.request.body)
    change = absorb(send, work, outcome, payer, world.codes, now=world.clock.now(), identity=world.ids.new())
    _commit(world, change)


def plan(record: Authorization, draft: Exchange, payer: PayerProfile, *, now: datetime, identity: str) -> Send:
    """The intent: the record `submitting`, and the exact bytes as a request leg."""
    due_at, basis = due(payer.clocks, record.urgency, now)
    changes = Draft()
    sending = changes.apply(
        record, SubmitStarted(at=now, actor="gateway", exchange=identity, due_at=due_at, due_basis=basis)
    )
    request = leg(
        sending,
        identity,
        Direction.REQUEST,
        now,
        draft.body,
        url=f"{payer.endpoints.fhir}/Claim/$submit",
        identifier=record.submission_id,
    )
    changes.exchanges.append(request)
    # The step stays claimed while we send: whoever finds it after our lease knows that we died sending.
    return Send(changes.change_set(), request, sending)


def absorb(
    send: Send, work: Work, outcome: Outcome, payer: PayerProfile, codes: ReviewCodes, *, now: datetime, identity: str
) -> ChangeSet:
    """The conclusion from what came back, as one change."""
    changes = Draft()
    if isinstance(outcome, Reply):
        changes.exchanges.append(reply_leg(send.record, identity, send.request.id, outcome))
    verdict = classify(outcome, payer, now, attempt=send.record.attempts)
    event = conclude(send, outcome, verdict, codes, now=now)
    after = changes.apply(send.record, event)
    if isinstance(event, NotAccepted):
        changes.schedule(after, SUBMIT, event.again_at)
    return changes.change_set(finished=work)


def conclude(send: Send, outcome: Outcome, verdict: Classified, codes: ReviewCodes, *, now: datetime) -> Event:
    """The one event that an outcome means."""
    actor = f"payer:{send.record.payer}"
    if verdict.verdict is Verdict.NOT_ACCEPTED and verdict.again_at:
        return NotAccepted(at=now, actor="gateway", reason=verdict.reason, again_at=verdict.again_at)
    if verdict.verdict is Verdict.IN_DOUBT or not isinstance(outcome, Reply):
        return ReplyLost(at=now, actor="gateway", reason=verdict.reason)
    if verdict.verdict is Verdict.REJECTION:
        return Rejected(at=now, actor=actor, rejections=read_rejection(outcome), exchange=send.request.id)
    reading = read(outcome, asked(send.record, send.request.body), codes)
    return answer(send.record, reading, at=now, actor=actor, exchange=send.request.id)


def answer(record: Authorization, reading: Reading, *, at: datetime, actor: str, exchange: str) -> Event:
    """The event that a reading of a payer's answer means, whichever way the answer came."""
    if reading.kind is Kind.UNTRUSTED:
        return ReplyLost(at=at, actor="gateway", reason=reading.reason)
    if reading.kind is Kind.REJECTED:
        return Rejected(
            at=at,
            actor=actor,
            rejections=reading.rejections,
            notes=reading.notes,
            exchange=exchange,
            attention=reading.attention,
        )
    parts: dict[str, Any] = {
        "at": at,
        "actor": actor,
        "exchange": exchange,
        "answers": reading.answers,
        "notes": reading.notes,
        "additional": reading.additional,
        "determination": reading.determination,
        "due_at": record.due_at,
        "due_basis": record.due_basis,
        "attention": reading.attention,
    }
    if reading.determination is Result.PENDED:
        return Pended(**parts)
    if reading.determination in _WAITING:
        return PersonNeeded(**parts)
    return Decided(**parts)


def asked(record: Authorization, request: bytes) -> Asked:
    """What an answer to `request` must match."""
    entries = entries_of(json.loads(request))
    reference = entries[0].resource["patient"]["reference"]
    patient = next(entry for entry in entries if reference in (entry.full_url, entry.type_id))
    return Asked(
        claim_url=record.claim_url,
        trace_system=record.trace_system,
        trace_value=record.trace_value,
        submission_id=record.submission_id,
        patient_urls=frozenset({patient.full_url, patient.type_id} - {""}),
        items=tuple((item.sequence, item.trace_value) for item in record.items),
    )


def _interrupted(record: Authorization, work: Work, now: datetime) -> ChangeSet:
    changes = Draft()
    changes.apply(record, ReplyLost(at=now, actor="gateway", reason="the gateway stopped while it was sending"))
    return changes.change_set(finished=work)


def _draft(exchanges: tuple[Exchange, ...]) -> Exchange:
    drafts = [exchange for exchange in exchanges if exchange.direction is Direction.DRAFT]
    if not drafts:
        raise ConfigFault("The built request is missing from the store.", fix="Restore the database from its backup.")
    return drafts[-1]


_LINES = {State.READY: "submit.not_accepted", State.IN_DOUBT: "submit.in_doubt"}


def _commit(world: World, change: ChangeSet) -> None:
    world.store.commit(change)
    for record in change.records:
        if record.state is not State.SUBMITTING:
            world.log.write(
                _LINES.get(record.state, "submit.answered"),
                authorization=record.id,
                payer=record.payer,
                state=record.state.value,
                attempt=record.attempts,
            )
    world.waiters.announce([record.id for record in change.records])
