"""The submit step: commit the intent, send once, keep the reply, draw the conclusion (design 4.3).

`plan` and `conclude` are pure; `run` performs the one effect between them. A step that is claimed while its
record is already `submitting` belongs to a process that died while sending: the payer may have the request, so the
record goes `in_doubt` and nothing is sent, unless the reply was kept before it died.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential

from gateway.flow import doubt
from gateway.flow.answer import answer, asked
from gateway.flow.change import SUBMIT, Changes, commit, latest, leg, reply_leg, reply_to
from gateway.flow.world import World
from gateway.model.authorization import Authorization, State
from gateway.model.changes import Cause, ChangeSet, Work
from gateway.model.clocks import due
from gateway.model.errors import Conflict, GatewayError
from gateway.model.events import (
    Answered,
    DoubtRemains,
    Event,
    Held,
    NotAccepted,
    NotAtPayer,
    Rejected,
    ReplyLost,
    SubmitStarted,
)
from gateway.model.exchange import Direction, Exchange, Outcome, Reply, Verdict
from gateway.model.lifecycle import allows
from gateway.payers.profile import PayerProfile
from gateway.payers.replies import Classified, classify
from gateway.ports import Hold
from gateway.responses import ReviewCodes, read, read_rejection

MOST_ATTEMPTS = 12
_MARGIN = timedelta(seconds=5)
_AWAY = 503
KEEP = Retrying(
    stop=stop_after_delay(600),
    wait=wait_exponential(multiplier=0.5, max=5),
    retry=retry_if_exception(lambda fault: isinstance(fault, GatewayError) and fault.status == _AWAY),
    reraise=True,
)
"""For what must not be lost because the store is away for a while."""


@dataclass(frozen=True, slots=True)
class Send:
    """What will be sent, and the change that must be on disk before it is."""

    changes: Changes
    request: Exchange
    record: Authorization


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What an outcome means: one event, or two when it must wait for a person, and then why."""

    events: tuple[Event, ...]
    cause: Cause | None = None


def run(world: World, work: Work, hold: Hold) -> None:
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
        conclude_step(world, record, work, interrupted(world, record, exchanges, now))
        return
    if event := unheard(world, record, exchanges, now):
        conclude_step(world, record, work, Conclusion((event,)))
        return
    draft = latest(exchanges, Direction.DRAFT)
    if record.payer not in world.payers or draft is None:
        reason = "the built request is missing from the store; complete the order to build it anew"
        if draft:
            reason = f"there is no profile of payer {record.payer} any more"
        held = Held(at=now, actor="gateway", reason=reason)
        conclude_step(world, record, work, Conclusion((held,), Cause.CONFIGURATION))
        return
    payer = world.payers[record.payer]
    send = plan(record, draft, payer, now=now, identity=world.ids.new(), fence=work.fence)
    # The step stays ours while we send: whoever finds it after our lease knows that we died sending. He sends nothing,
    # so he need not wait for the payer's lane to be open.
    commit(world, send.changes, held=replace(work, lane=""))
    world.log.write("submit.started", authorization=record.id, payer=payer.id, attempt=send.record.attempts)
    outcome = world.payer_client.submit(payer, send.request.body, hold)
    if isinstance(outcome, Reply):
        _keep(world, send, outcome)
    _finish(world, send, work, conclude(send, outcome, payer, world.codes, now=world.clock.now()))


def plan(
    record: Authorization, draft: Exchange, payer: PayerProfile, *, now: datetime, identity: str, fence: int
) -> Send:
    """The intent: the record `submitting`, and the exact bytes as a request leg."""
    due_at, basis = due(payer.clocks, record.urgency, now)
    changes = Changes()
    started = SubmitStarted(at=now, actor="gateway", exchange=identity, due_at=due_at, due_basis=basis, fence=fence)
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
    return Send(changes, request, sending)


def conclude(send: Send, outcome: Outcome, payer: PayerProfile, codes: ReviewCodes, *, now: datetime) -> Conclusion:
    """What an outcome means for the request."""
    record = send.record
    verdict = classify(outcome, payer, now, attempt=record.attempts, spread=spread(record), deadline=record.answer_by)
    actor = f"payer:{record.payer}"
    if verdict.verdict is Verdict.NOT_ACCEPTED:
        return _not_accepted(record, verdict, now)
    if verdict.verdict is Verdict.IN_DOUBT or not isinstance(outcome, Reply):
        return Conclusion((doubt.lost(payer, verdict.reason, now),))
    if verdict.verdict is Verdict.REJECTION:
        rejections = read_rejection(outcome)
        return Conclusion((Rejected(at=now, actor=actor, rejections=rejections, exchange=send.request.id),))
    reading = read(outcome, asked(record, send.request.body), codes)
    event = answer(record, reading, at=now, actor=actor, exchange=send.request.id)
    return Conclusion((event or doubt.lost(payer, reading.reason, now),))


def spread(record: Authorization) -> float:
    """A number from 0 up to 1 that differs between records and attempts: the jitter of the next wait."""
    counts = f"{record.id}/{record.attempts}/{record.asks}/{record.unanswered}"
    return int.from_bytes(sha256(counts.encode()).digest()[:6]) / 2**48


def _not_accepted(record: Authorization, verdict: Classified, now: datetime) -> Conclusion:
    refused = NotAccepted(at=now, actor="gateway", reason=verdict.reason, again_at=verdict.again_at or now)
    if verdict.again_at is None:
        return Conclusion((refused, Held(at=now, actor="gateway", reason=verdict.reason)), Cause.NOT_ACCEPTED)
    late = record.answer_by is not None and verdict.again_at >= record.answer_by
    if record.attempts % MOST_ATTEMPTS and not late:
        return Conclusion((refused,))
    why = "the decision is due before the next attempt" if late else f"{record.attempts} attempts failed"
    held = Held(at=now, actor="gateway", reason=f"{why}; {verdict.reason}")
    return Conclusion((refused, held), Cause.UNREACHABLE)


def _keep(world: World, send: Send, reply: Reply) -> None:
    """Put the reply on disk before anything is made of it: no fence, no reader and no conflict can lose it."""
    keep(world, reply_leg(send.record, world.ids.new(), send.request, reply))


def keep(world: World, reply: Exchange) -> None:
    """Put a reply on disk, however long the store is away: it is all that tells of what the payer did."""
    try:
        KEEP(world.store.commit, ChangeSet(exchanges=(reply,)))
    except Conflict:  # a commit that reported a failure had been written after all
        if reply.id not in {leg.id for leg in world.store.exchanges(reply.authorization)}:
            raise


def _finish(world: World, send: Send, work: Work, conclusion: Conclusion) -> None:
    """Commit the conclusion; when the step was given up meanwhile, a late answer still counts."""
    try:
        conclude_step(world, send.record, work, conclusion)
    except Conflict:
        if not conclude_late(world, send.record, conclusion):
            raise


def conclude_late(world: World, asked_for: Authorization, conclusion: Conclusion) -> bool:
    """Apply what came to `asked_for` to the record as it is by now; whether that was possible.

    Whoever took over knew no more than that we were sending or asking; we know what came of it. An answer counts
    wherever the record is, as long as it is still about the same request; anything else only ends the same doubt.

    Raises:
        Conflict: the record moved on once more.
    """
    present = world.store.authorization(asked_for.id)
    event = conclusion.events[0]
    same_doubt = present.state is State.IN_DOUBT and present.attempts == asked_for.attempts
    counts = same_doubt and not isinstance(event, ReplyLost | DoubtRemains | NotAtPayer)
    is_answer = isinstance(event, Answered) and present.submission_id == asked_for.submission_id
    if not counts and not (is_answer and allows(present, type(event)) and present.state is not State.SUBMITTING):
        return False
    conclude_step(world, present, None, conclusion if counts else Conclusion((_afterwards(present, event),)))
    return True


def unheard(world: World, record: Authorization, exchanges: tuple[Exchange, ...], now: datetime) -> Event | None:
    """An answer to any attempt of this request that was kept and never concluded, as its sender was fenced off."""
    payer = world.payers.get(record.payer)
    for request in reversed(exchanges):
        is_ours = request.operation == SUBMIT and request.direction is Direction.REQUEST
        if payer is None or not is_ours or request.identifier != record.submission_id:
            continue
        if reply := reply_to(request, exchanges):
            event = conclude(Send(Changes(), request, record), reply, payer, world.codes, now=now).events[0]
            if isinstance(event, Answered):
                return _afterwards(record, event)
    return None


def _afterwards(record: Authorization, event: Event) -> Event:
    if record.state is not State.CANCELLED or not isinstance(event, Answered):
        return event
    said = "the payer answered after this was dropped; cancel it there if it is not wanted"
    return replace(event, attention="; ".join(filter(None, (said, event.attention))))


def interrupted(world: World, record: Authorization, exchanges: tuple[Exchange, ...], now: datetime) -> Conclusion:
    """What became of a request whose sender died, or lost its lease: its reply if that was kept, else a doubt."""
    payer = world.payers.get(record.payer)
    request = latest(exchanges, Direction.REQUEST)
    reply = reply_to(request, exchanges) if request else None
    if request is None or reply is None or payer is None:
        # It may live on without us, and its connection for as long as the payer may take to answer.
        ends = now + timedelta(seconds=payer.clocks.respond.seconds) + _MARGIN if payer else now
        return Conclusion((doubt.lost(payer, "the gateway stopped while it was sending", now, since=ends),))
    return conclude(Send(Changes(), request, record), reply, payer, world.codes, now=now)


def conclude_step(world: World, record: Authorization, work: Work | None, conclusion: Conclusion) -> None:
    """Commit a conclusion with what comes next, however long the store is away. Raises Conflict."""
    changes = Changes()
    for event in conclusion.events:
        record = changes.apply(record, event)
    again = isinstance(conclusion.events[0], NotAccepted | NotAtPayer)
    tries = max(work.tries if work else 0, 1) if again else 0
    follow(changes, record, conclusion.events[-1].at, conclusion.cause, tries=tries)
    KEEP(commit, world, changes, finished=work)
    report(world, record)


def follow(
    changes: Changes, record: Authorization, now: datetime, cause: Cause | None = None, *, tries: int = 0
) -> None:
    """Schedule what comes next: another attempt (with its `tries` so far), the inquiry, or a person."""
    if record.state is State.READY:
        changes.schedule(record, SUBMIT, record.not_before or now, tries=tries)
    elif record.state is State.IN_DOUBT:
        doubt.follow(changes, record, now)
    elif record.state is State.HELD and cause:
        changes.set_aside(record, SUBMIT, cause, record.held_by, now)


_LINES = {
    State.READY: "submit.not_accepted",
    State.HELD: "submit.not_accepted",
    State.IN_DOUBT: "submit.in_doubt",
}


def report(world: World, record: Authorization) -> None:
    """Log where a record stands after a step."""
    world.log.write(
        _LINES.get(record.state, "submit.answered"),
        authorization=record.id,
        payer=record.payer,
        state=record.state.value,
        attempt=record.attempts,
    )
