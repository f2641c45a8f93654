"""The public JSON of what happened to an authorization, each event with what it carried in words."""

from collections.abc import Iterable
from datetime import date, datetime

from gateway.api.view import View
from gateway.model import events as e
from gateway.model.authorization import State
from gateway.model.changes import LoggedEvent
from gateway.model.lifecycle import name


class Event(View):
    """Something that happened to an authorization; never changes once it is there."""

    position: int
    """Rises over all authorizations; pass the last one seen as `after` to go on."""
    authorization: str
    version: int
    name: str
    at: datetime
    actor: str
    """`ehr:NAME`, `person:NAME`, `payer:ID` or `gateway`."""
    before: State | None
    after: State
    detail: str
    """What the event carried, in words; empty when its name says it all."""
    reason: str
    """Why it was held, dropped, not accepted, in doubt, or not in doubt any more."""
    attention: str
    """What a person has to look at, whatever the payer's answer."""
    evidence: str
    """Of a decision entered by hand: who said it, a call reference, or where the letter is kept."""
    channel: str
    """Of a decision entered by hand: `phone`, `portal`, `fax` or `mail`."""
    decided_on: date | None
    """Of a decision entered by hand: the day on which the payer decided."""
    gaps: int
    """How many things the order was found to lack."""
    blockers: int
    """How many profile errors kept the request from being sent."""


class Events(View):
    """Events in order; `next` is the position to ask after next time."""

    events: tuple[Event, ...]
    next: int


def event(logged: LoggedEvent) -> Event:
    """The public form of an event."""
    what = logged.event
    return Event(
        position=logged.position,
        authorization=logged.authorization,
        version=logged.version,
        name=name(type(what)),
        at=what.at,
        actor=what.actor,
        before=logged.before,
        after=logged.after,
        detail=_detail(what),
        reason=getattr(what, "reason", ""),
        attention=getattr(what, "attention", ""),
        evidence=what.evidence if isinstance(what, e.DecisionRecorded) else "",
        channel=_channel(what) if isinstance(what, e.DecisionRecorded) else "",
        decided_on=what.decided_on if isinstance(what, e.DecisionRecorded) else None,
        gaps=len(what.gaps) if isinstance(what, e.GapsFound) else 0,
        blockers=len(what.blockers) if isinstance(what, e.GapsFound) else 0,
    )


def events(logged: Iterable[LoggedEvent], *, after: int) -> Events:
    shown = tuple(map(event, logged))
    return Events(events=shown, next=shown[-1].position if shown else after)


def _detail(what: e.Event) -> str:
    match what:
        case e.GapsFound():
            return f"{len(what.gaps)} gap(s), {len(what.blockers)} profile error(s)"
        case e.RequestBuilt():
            return f"{len(what.items)} item(s) for {what.payer}, PAS {what.guide}"
        case e.HandedOff():
            return what.where
        case e.Held() | e.Dropped() | e.NotAtPayer():
            return what.reason
        case e.ReplyLost() | e.DoubtRemains():
            asked = f"the payer is asked at {what.ask_at:%Y-%m-%dT%H:%M:%SZ}" if what.ask_at else "a person is needed"
            return f"{what.reason}; {asked}"
        case e.NotAccepted():
            return f"{what.reason}; sent again at {what.again_at:%Y-%m-%dT%H:%M:%SZ}"
        case e.DecisionRecorded():
            return f"{_words(what.determination)} by {_channel(what)} on {what.decided_on}: {what.evidence}"
        case e.Answered():
            return "; ".join(part for part in (_words(what.determination), what.attention) if part)
        case e.Rejected():
            return "; ".join(part for part in (f"{len(what.rejections)} reason(s)", what.attention) if part)
    return ""


def _channel(what: e.DecisionRecorded) -> str:
    # A decision comes by one channel; items that keep an earlier answer are not among `answers`.
    return what.answers[0][1].channel.value if what.answers else ""


def _words(code: str) -> str:
    return "" if code == "none" else code.replace("_", " ")
