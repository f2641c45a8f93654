"""The inquire step: ask the payer what became of a request in doubt, by example, as it has no number (design 4.3).

`plan` and `conclude` are pure; `run` performs the effect between them. Asking twice does no harm, so a step that was
interrupted is simply done again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.flow import doubt
from gateway.flow.answer import answer, asked, earlier_traces
from gateway.flow.change import INQUIRE, Changes, commit, latest, leg, reply_leg, reply_to
from gateway.flow.submit import (
    Conclusion,
    conclude_late,
    conclude_step,
    interrupted,
    keep,
    spread,
    unheard,
)
from gateway.flow.world import World
from gateway.model.authorization import Authorization, State
from gateway.model.changes import Cause, ChangeSet, Work
from gateway.model.errors import Conflict
from gateway.model.events import DoubtRemains, Event, Held, NotAtPayer, ReplyLost
from gateway.model.exchange import Direction, Exchange, Outcome, Reply
from gateway.orders.inquiry import build_inquiry
from gateway.payers.profile import Inquiry, PayerProfile
from gateway.payers.replies import classify
from gateway.ports import Hold
from gateway.responses import ReviewCodes
from gateway.responses.inquiry import InquiryKind, read_inquiry

MOST_UNANSWERED = 8
MOST_RESENDS = 8
_NOT_OFFERED = frozenset((400, 403, 404, 405, 410, 415, 422, 501))


@dataclass(frozen=True, slots=True)
class Ask:
    """What will be asked, about which request; `earlier` are the trace numbers of its earlier builds."""

    inquiry: Exchange
    sent: Exchange
    record: Authorization
    earlier: frozenset[str] = frozenset()


def run(world: World, work: Work, hold: Hold) -> None:
    """Do the inquire step of one authorization; every outcome ends in a committed ChangeSet.

    Raises:
        Conflict: another worker holds the step by now, or the record has moved on; nothing is lost.
    """
    record = world.store.authorization(work.authorization)
    if record.state is not State.IN_DOUBT:
        world.store.commit(ChangeSet(finished=work))
        return
    now = world.clock.now()
    exchanges = world.store.exchanges(record.id)
    sent = latest(exchanges, Direction.REQUEST)
    payer = world.payers.get(record.payer)
    if sent is None or payer is None:
        reason = f"there is no profile of payer {record.payer} any more" if sent else "the request is not in the store"
        remains = DoubtRemains(at=now, actor="gateway", reason=reason)
        conclude_step(world, record, work, Conclusion((remains,)))
        return
    if reply_to(sent, exchanges):  # kept by a sender who was fenced off before it could say what it means
        late = interrupted(world, record, exchanges, now)
        if not isinstance(late.events[0], ReplyLost):
            conclude_step(world, record, work, late)
            return
    if event := unheard(world, record, exchanges, now):
        conclude_step(world, record, work, Conclusion((event,)))
        return
    ask = plan(world, record, sent, payer, now=now)
    if ask is None:
        reason = "our mappings cannot make an inquiry of this request"
        conclude_step(world, record, work, Conclusion((DoubtRemains(at=now, actor="gateway", reason=reason),)))
        return
    ask = replace(ask, earlier=earlier_traces(record, exchanges))
    changes = Changes()
    changes.exchanges.append(ask.inquiry)
    commit(world, changes, held=work)
    world.log.write("inquiry.started", authorization=record.id, payer=payer.id, attempt=work.tries)
    outcome = world.payer_client.inquire(payer, ask.inquiry.body, hold)
    if isinstance(outcome, Reply):
        keep(world, reply_leg(record, world.ids.new(), ask.inquiry, outcome))
    conclusion = conclude(ask, outcome, payer, world.codes, now=world.clock.now())
    try:
        conclude_step(world, record, work, conclusion)
    except Conflict:
        if not conclude_late(world, record, conclusion):
            raise


def plan(world: World, record: Authorization, sent: Exchange, payer: PayerProfile, *, now: datetime) -> Ask | None:
    """The inquiry about a request, made from the very bytes that were sent; None when they do not yield one."""
    built = build_inquiry(sent.body, world.guide(payer).mappings, now=now, new_id=world.ids.new)
    if built.gaps:
        return None
    inquiry = leg(
        record,
        world.ids.new(),
        Direction.REQUEST,
        now,
        built.body,
        operation=INQUIRE,
        url=f"{payer.endpoints.fhir}/Claim/$inquire",
        identifier=built.identifier,
    )
    return Ask(inquiry, sent, record)


def conclude(ask: Ask, outcome: Outcome, payer: PayerProfile, codes: ReviewCodes, *, now: datetime) -> Conclusion:
    """What the payer's answer to an inquiry means for the doubt."""
    event = _conclude(ask, outcome, payer, codes, now)
    if not isinstance(event, NotAtPayer) or ask.record.resends < MOST_RESENDS:
        return Conclusion((event,))
    reason = f"sent {MOST_RESENDS + 1} times, and each time the payer did not answer and does not have it"
    return Conclusion((event, Held(at=now, actor="gateway", reason=reason)), Cause.UNREACHABLE)


def _conclude(ask: Ask, outcome: Outcome, payer: PayerProfile, codes: ReviewCodes, now: datetime) -> Event:
    if not isinstance(outcome, Reply) or not 200 <= outcome.status < 300:
        return _unanswered(ask, outcome, payer, now)
    wanted = asked(ask.record, ask.sent.body, earlier=ask.earlier)
    inquired = read_inquiry(outcome, wanted, codes, inquiry=ask.inquiry.body)
    actor = f"payer:{payer.id}"
    if inquired.kind is InquiryKind.FOUND and inquired.reading:
        found = answer(ask.record, inquired.reading, at=now, actor=actor, exchange=ask.inquiry.id)
        return found or _again(ask, payer, inquired.reading.reason, now)
    if inquired.kind is InquiryKind.CANDIDATES:
        number = len(inquired.candidates)
        reason = f"the payer shows {number} authorization(s) that may be this one, none with our identifier or trace"
        return _remains(ask, reason, now)
    if inquired.kind is InquiryKind.UNTRUSTED:
        return _again(ask, payer, inquired.reason, now)
    since = ask.record.in_doubt_at or ask.sent.at
    if doubt.settled(inquired.kind, payer, since, ask.inquiry.at):
        return NotAtPayer(
            at=now, actor=actor, reason="the payer was asked and has no such request", exchange=ask.inquiry.id
        )
    firm = doubt.firm_from(payer, since)
    if payer.lost_reply.inquiry is Inquiry.COMPLETE and ask.inquiry.at < firm:
        reason = "the payer has no such request yet; it is asked again after its quiet period"
        return _remains(ask, reason, now, max(firm, now))
    return _remains(ask, "the payer shows no such request, and its profile does not say that this is firm", now)


def _unanswered(ask: Ask, outcome: Outcome, payer: PayerProfile, now: datetime) -> DoubtRemains:
    if isinstance(outcome, Reply) and outcome.status in _NOT_OFFERED:
        return _remains(ask, f"the payer does not answer inquiries (HTTP {outcome.status})", now)
    unanswered = ask.record.unanswered + 1
    verdict = classify(outcome, payer, now, attempt=unanswered, spread=spread(ask.record))
    later = verdict.again_at or now + timedelta(seconds=payer.lost_reply.between.seconds)
    remains = _remains(ask, f"the payer could not be asked: {verdict.reason}", now)
    return replace(
        remains,
        ask_at=later if unanswered < MOST_UNANSWERED else None,
        asks=ask.record.asks,
        unanswered=unanswered,
    )


def _again(ask: Ask, payer: PayerProfile, reason: str, now: datetime) -> DoubtRemains:
    more = ask.record.asks + 1 < payer.lost_reply.asks
    later = now + timedelta(seconds=payer.lost_reply.between.seconds) if more else None
    return _remains(ask, f"the payer's answer to our inquiry cannot be trusted: {reason}", now, later)


def _remains(ask: Ask, reason: str, now: datetime, ask_at: datetime | None = None) -> DoubtRemains:
    return DoubtRemains(
        at=now, actor="gateway", reason=reason, ask_at=ask_at, exchange=ask.inquiry.id, asks=ask.record.asks + 1
    )
