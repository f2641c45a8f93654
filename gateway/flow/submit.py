"""The submit step: commit the intent, send once, keep the reply, draw the conclusion (design 4.3).

`plan` and `conclude` are pure; `run` performs the one effect between them. A step that is claimed while its
record is already `submitting` belongs to a process that died while sending: the payer may have the request, so the
record goes `in_doubt` and nothing is sent, unless the reply was kept before it died.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from gateway.fhir import json
from gateway.fhir.bundle import Entry, entries_of
from gateway.flow.change import SUBMIT, Changes, leg, reply_leg
from gateway.flow.world import World
from gateway.model.authorization import Authorization, Result, State
from gateway.model.changes import ChangeSet, Work
from gateway.model.clocks import due
from gateway.model.errors import Conflict, GatewayError
from gateway.model.events import (
    Decided,
    Event,
    Held,
    NotAccepted,
    Pended,
    PersonNeeded,
    Rejected,
    ReplyLost,
    SubmitStarted,
)
from gateway.model.exchange import Direction, Exchange, Outcome, Reply, Verdict
from gateway.payers.profile import PayerProfile
from gateway.payers.replies import Classified, classify
from gateway.responses import Asked, Kind, Reading, ReviewCodes, read, read_rejection

MOST_ATTEMPTS = 6
_WAITING = (Result.CONTACT_PAYER, Result.UNRECOGNIZED)
_KEEP = Retrying(
    stop=stop_after_attempt(4),
    wait=wait_exponential(multiplier=0.5, max=4),
    retry=retry_if_exception_type(GatewayError),
    reraise=True,
)


@dataclass(frozen=True, slots=True)
class Send:
    """What will be sent, and the change that must be on disk before it is."""

    change: ChangeSet
    request: Exchange
    record: Authorization


def run(world: World, work: Work) -> None:
    """Do the submit step of one authorization; every outcome ends in a committed ChangeSet.

    Raises:
        Conflict: another worker holds the step by now. Before the intent is committed nothing was sent; after it,
            the reply, if any, is kept, and the record is the other's to conclude.
    """
    record = world.store.authorization(work.authorization)
    if record.state not in (State.READY, State.SUBMITTING):  # dropped, decided or reopened since it was scheduled
        world.store.commit(ChangeSet(finished=work))
        return
    now = world.clock.now()
    exchanges = world.store.exchanges(record.id)
    if record.state is State.SUBMITTING:
        _commit(world, _concluded(record, work, _interrupted(world, record, exchanges, now)))
        return
    draft = next((one for one in reversed(exchanges) if one.direction is Direction.DRAFT), None)
    if record.payer not in world.payers or draft is None:
        reason = "the built request is missing from the store; complete the order to build it anew"
        if draft:
            reason = f"there is no profile of payer {record.payer} any more"
        _commit(world, _concluded(record, work, (Held(at=now, actor="gateway", reason=reason),)))
        return
    payer = world.payers[record.payer]
    send = plan(record, draft, payer, now=now, identity=world.ids.new())
    _commit(world, send.change)
    world.log.write("submit.started", authorization=record.id, payer=payer.id, attempt=send.record.attempts)
    outcome = world.payer_client.submit(payer, send.request.body)
    if isinstance(outcome, Reply):
        _keep(world, send, outcome)
    _finish(world, send, work, conclude(send, outcome, payer, world.codes, now=world.clock.now()))


def plan(record: Authorization, draft: Exchange, payer: PayerProfile, *, now: datetime, identity: str) -> Send:
    """The intent: the record `submitting`, and the exact bytes as a request leg."""
    due_at, basis = due(payer.clocks, record.urgency, now)
    changes = Changes()
    started = SubmitStarted(at=now, actor="gateway", exchange=identity, due_at=due_at, due_basis=basis)
    sending = changes.apply(record, started)
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


def conclude(
    send: Send, outcome: Outcome, payer: PayerProfile, codes: ReviewCodes, *, now: datetime
) -> tuple[Event, ...]:
    """What an outcome means: one event, or two when what was not accepted must wait for a person."""
    verdict = classify(outcome, payer, now, attempt=send.record.attempts)
    actor = f"payer:{send.record.payer}"
    if verdict.verdict is Verdict.NOT_ACCEPTED:
        return _not_accepted(send.record, verdict, now)
    if verdict.verdict is Verdict.IN_DOUBT or not isinstance(outcome, Reply):
        return (ReplyLost(at=now, actor="gateway", reason=verdict.reason),)
    if verdict.verdict is Verdict.REJECTION:
        rejections = read_rejection(outcome)
        return (Rejected(at=now, actor=actor, rejections=rejections, exchange=send.request.id),)
    reading = read(outcome, asked(send.record, send.request.body), codes)
    return (answer(send.record, reading, at=now, actor=actor, exchange=send.request.id),)


def _not_accepted(record: Authorization, verdict: Classified, now: datetime) -> tuple[Event, ...]:
    refused = NotAccepted(at=now, actor="gateway", reason=verdict.reason, again_at=verdict.again_at or now)
    if verdict.again_at and record.attempts % MOST_ATTEMPTS:
        return (refused,)
    reason = verdict.reason if not verdict.again_at else f"{record.attempts} attempts failed; {verdict.reason}"
    return refused, Held(at=now, actor="gateway", reason=reason)


def answer(record: Authorization, reading: Reading, *, at: datetime, actor: str, exchange: str) -> Event:
    """The event that a reading of a payer's answer means, whichever way the answer came."""
    if reading.kind is Kind.UNTRUSTED:
        return ReplyLost(at=at, actor="gateway", reason=reading.reason)
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
    if reading.kind is Kind.REJECTED and not (reading.answers or reading.decided_items):
        return Rejected(
            at=at,
            actor=actor,
            rejections=reading.rejections,
            notes=reading.notes,
            exchange=exchange,
            attention=reading.attention,
        )
    if reading.kind is Kind.REJECTED or reading.determination in _WAITING:
        return PersonNeeded(**parts, rejections=reading.rejections)
    return Pended(**parts) if reading.determination is Result.PENDED else Decided(**parts)


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
        member_ids=_member_ids(entries, patient),
        birth_date=patient.resource.get("birthDate", ""),
        guide=record.guide,
    )


def _member_ids(entries: tuple[Entry, ...], patient: Entry) -> frozenset[str]:
    coverages = [entry.resource for entry in entries if entry.resource["resourceType"] == "Coverage"]
    rows = [row for resource in (patient.resource, *coverages) for row in resource.get("identifier", ())]
    known = {row.get("value", "") for row in rows} | {coverage.get("subscriberId", "") for coverage in coverages}
    return frozenset(known - {""})


def _keep(world: World, send: Send, reply: Reply) -> None:
    """Put the reply on disk before anything is made of it: no fence, no reader and no conflict can lose it."""
    kept = reply_leg(send.record, world.ids.new(), send.request.id, reply)
    _KEEP(world.store.commit, ChangeSet(exchanges=(kept,)))


def _finish(world: World, send: Send, work: Work, events: tuple[Event, ...]) -> None:
    """Commit the conclusion; when the step was given up meanwhile, a late answer still ends the doubt."""
    try:
        _commit(world, _concluded(send.record, work, events))
    except Conflict:
        present = world.store.authorization(send.record.id)
        same = present.state is State.IN_DOUBT and present.attempts == send.record.attempts
        if not same or isinstance(events[0], ReplyLost):
            raise
        # Whoever took over knew no more than that we were sending; we know what came of it.
        _commit(world, _concluded(present, None, events))


def _concluded(record: Authorization, work: Work | None, events: tuple[Event, ...]) -> ChangeSet:
    changes = Changes()
    for event in events:
        record = changes.apply(record, event)
    if isinstance(event := events[-1], NotAccepted):
        changes.schedule(record, SUBMIT, event.again_at)
    return changes.change_set(finished=work)


def _interrupted(
    world: World, record: Authorization, exchanges: tuple[Exchange, ...], now: datetime
) -> tuple[Event, ...]:
    """What became of a request whose sender died: its reply if that was kept, else a doubt."""
    request = next(one for one in reversed(exchanges) if one.direction is Direction.REQUEST)
    kept = next((one for one in exchanges if one.direction is Direction.REPLY and one.pair == request.id), None)
    if kept is None or record.payer not in world.payers:
        return (ReplyLost(at=now, actor="gateway", reason="the gateway stopped while it was sending"),)
    reply = Reply(status=kept.status, media_type=kept.media_type, body=kept.body, received_at=kept.at)
    send = Send(ChangeSet(), request, record)
    return conclude(send, reply, world.payers[record.payer], world.codes, now=now)


_LINES = {
    State.READY: "submit.not_accepted",
    State.HELD: "submit.not_accepted",
    State.IN_DOUBT: "submit.in_doubt",
}


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
