"""What is done about a request that may have reached the payer (design 4.3): pure rules, and what a person can say.

Nothing goes again before the payer was asked, after its quiet period. What it finds is adopted only when it echoes our
identifier or trace; only a firm "not there" from a payer whose inquiry is complete lets the identical bytes go again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.flow.answer import answer, asked, earlier_traces
from gateway.flow.change import INQUIRE, SUBMIT, Changes, commit, latest, reply_to
from gateway.flow.world import World
from gateway.model.authorization import Authorization, State
from gateway.model.changes import Cause
from gateway.model.errors import Conflict, IllegalTransition, OurFault
from gateway.model.events import DoubtRemains, NotAtPayer, ReplyLost
from gateway.model.exchange import Direction, Exchange, Reply
from gateway.payers.profile import Inquiry, PayerProfile
from gateway.ports import Query
from gateway.responses import Reading
from gateway.responses.inquiry import Inquired, InquiryKind, read_candidate, read_inquiry


def lost(payer: PayerProfile | None, reason: str, now: datetime, *, since: datetime | None = None) -> ReplyLost:
    """The doubt about a request of which no trustworthy answer came, and when the payer will be asked about it.

    `since` is when the last byte of it can have left, where that is not now.
    """
    if payer is None or payer.lost_reply.inquiry is Inquiry.NONE:
        return ReplyLost(at=now, actor="gateway", reason=f"{reason}; this payer cannot be asked, so a person must")
    return ReplyLost(at=now, actor="gateway", reason=reason, ask_at=firm_from(payer, since or now), since=since)


def firm_from(payer: PayerProfile, since: datetime) -> datetime:
    """From when "not there" means that a request in doubt since then is not there, and will not be."""
    rule = payer.lost_reply
    return since + timedelta(seconds=rule.quiet.seconds + rule.lag.seconds)


def follow(changes: Changes, record: Authorization, now: datetime) -> None:
    """Schedule what comes next for a record in doubt: the inquiry, or a person."""
    if record.not_before:
        changes.schedule(record, INQUIRE, record.not_before)
    else:
        changes.set_aside(record, INQUIRE, Cause.DOUBT, record.attention, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One inquiry about the doubt: when, the exchange that holds it, the reply, and what it says if it is a 2xx."""

    at: datetime
    exchange: str
    reply: Reply | None
    inquired: Inquired | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a person needs to see to resolve a doubt: what was sent beside what the payer shows.

    Attributes:
        record: what was asked for, by item.
        sent: the request leg with its time and identifier; None when it was never written.
        asked: the inquiries since, the last one last; the candidates of the last answered one can be adopted.
    """

    record: Authorization
    sent: Exchange | None
    asked: tuple[Asking, ...]


def evidence(world: World, identity: str) -> Evidence:
    """The evidence about an authorization, in doubt or not any more. Raises NotFound."""
    record = world.store.authorization(identity)
    exchanges = world.store.exchanges(identity)
    sent = latest(exchanges, Direction.REQUEST)
    inquiries = [leg for leg in exchanges if leg.operation == INQUIRE and leg.direction is Direction.REQUEST]
    if sent is None:
        return Evidence(record=record, sent=None, asked=())
    return Evidence(
        record=record,
        sent=sent,
        asked=tuple(_asking(world, record, sent, leg, exchanges) for leg in inquiries if leg.attempt == sent.attempt),
    )


def _asking(
    world: World, record: Authorization, sent: Exchange, inquiry: Exchange, exchanges: tuple[Exchange, ...]
) -> Asking:
    reply = reply_to(inquiry, exchanges)
    inquired = None
    if reply and 200 <= reply.status < 300:
        wanted = asked(record, sent.body, earlier=earlier_traces(record, exchanges))
        inquired = read_inquiry(reply, wanted, world.codes, inquiry=inquiry.body)
    return Asking(at=inquiry.at, exchange=inquiry.id, reply=reply, inquired=inquired)


def adopt(world: World, identity: str, candidate: str, *, actor: str) -> Authorization:
    """ "It is this one": the named candidate of the last inquiry is the payer's answer.

    Raises:
        NotFound, IllegalTransition: no such authorization, or it is not in doubt.
        OurFault: the payer showed no such candidate, or what it showed cannot be read as an answer.
    """
    shown = evidence(world, identity)
    record = _in_doubt(shown.record, "Adopted")
    last = next((one for one in reversed(shown.asked) if one.inquired), None)
    known = [one.key for one in last.inquired.candidates] if last and last.inquired else []
    if candidate not in known or last is None or last.reply is None or shown.sent is None:
        choices = ", ".join(known) or "none; ask the payer by telephone and enter what it says"
        raise OurFault("The payer showed no such authorization.", fix=f"Candidates of the last inquiry: {choices}.")
    reading = read_candidate(last.reply, candidate, asked(record, shown.sent.body), world.codes)
    now = world.clock.now()
    _refuse_taken(world, record, reading)
    event = answer(record, reading, at=now, actor=actor, exchange=last.exchange)
    if event is None:
        raise OurFault(
            f"That answer cannot be adopted: {reading.reason}.", fix="Ask the payer, and record the decision by hand."
        )
    changes = Changes()
    return _moved(world, changes, changes.apply(record, event))


def send_again(world: World, identity: str, *, actor: str, reason: str) -> Authorization:
    """ "It is none": a person made sure that the payer does not have the request; the same bytes go again.

    Raises:
        NotFound, IllegalTransition: no such authorization, or it is not in doubt.
        Conflict: the payer is being asked at this moment.
    """
    record = _in_doubt(world.store.authorization(identity), NotAtPayer.__name__)
    refuse_while_asked(world, record)
    now = world.clock.now()
    changes = Changes()
    record = changes.apply(record, NotAtPayer(at=now, actor=actor, reason=reason))
    changes.schedule(record, SUBMIT, now)
    return _moved(world, changes, record)


def ask_now(world: World, identity: str, *, actor: str) -> Authorization:
    """Ask the payer (again) at once; what it does not find counts only after its quiet period.

    Raises:
        NotFound, IllegalTransition: no such authorization, or it is not in doubt.
        OurFault: this payer cannot be asked.
    """
    record = _in_doubt(world.store.authorization(identity), DoubtRemains.__name__)
    payer = world.payers.get(record.payer)
    if payer is None or payer.lost_reply.inquiry is Inquiry.NONE:
        raise OurFault("This payer cannot be asked by inquiry.", fix="Ask it by telephone, then say what became of it.")
    now = world.clock.now()
    changes = Changes()
    event = DoubtRemains(at=now, actor=actor, reason=f"asked again by {actor}", ask_at=now, asks=record.asks)
    record = changes.apply(record, event)
    follow(changes, record, now)
    return _moved(world, changes, record)


def refuse_while_asked(world: World, record: Authorization) -> None:
    """Raises Conflict while an inquiry about the record is under way: its answer may settle what a person says now."""
    work = world.store.work(record.id)
    if work and work.step == INQUIRE and work.owner and (work.lease_until or record.created_at) > world.clock.now():
        raise Conflict("The payer is being asked about this at the moment.", fix="Look at its answer first; try again.")


def _refuse_taken(world: World, record: Authorization, reading: Reading) -> None:
    numbers = {one.authorization_number for _, one in reading.answers} - {""}
    for other in world.store.authorizations(Query(client=record.client, patient=record.patient, limit=1000)):
        held = {item.answer.authorization_number for item in other.items if item.answer}
        if other.id != record.id and numbers & held:
            raise OurFault(
                f"That authorization belongs to {other.id} already.",
                fix="Choose another candidate, or say that it is none.",
            )


def settled(kind: InquiryKind, payer: PayerProfile, since: datetime, asked_at: datetime) -> bool:
    """Whether an inquiry begun at `asked_at` shows that a request in doubt since `since` is not at the payer."""
    complete = payer.lost_reply.inquiry is Inquiry.COMPLETE
    return kind is InquiryKind.NOT_FOUND and complete and asked_at >= firm_from(payer, since)


def _in_doubt(record: Authorization, event: str) -> Authorization:
    if record.state is not State.IN_DOUBT:
        raise IllegalTransition(record.state, event, ["see `pa auth show`"])
    return record


def _moved(world: World, changes: Changes, record: Authorization) -> Authorization:
    commit(world, changes)
    world.log.write("authorization.moved", authorization=record.id, state=record.state.value)
    return record
