"""What can happen to an authorization: one frozen class per event, carrying all that the change needs."""

from dataclasses import dataclass, field
from datetime import date, datetime

from gateway.model.authorization import Answer, AuthorizedItem, Blocker, Item, Note, Rejection, Result, Urgency
from gateway.model.order import Choice, Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, when, and who or what did it (`ehr:NAME`, `person:NAME`, `payer:ID`, `gateway`)."""

    at: datetime
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReceived(Event):
    """An order was stored and this record opened for one Claim's worth of it; the first event of every record."""

    client: str
    order_id: str
    order_refs: tuple[str, ...]
    patient: str
    urgency: Urgency
    hold: bool
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GapsFound(Event):
    """The order lacks something the payer needs, or the built request breaks a rule of its profile.

    `payer` is the one the coverage routes to; empty when none could be told. `due_at` is when its decision would be
    due if the request were sent now.
    """

    payer: str = ""
    due_at: datetime | None = None
    due_basis: str = ""
    gaps: tuple[Gap, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBuilt(Event):
    """A request that breaks no rule was built from the order."""

    items: tuple[Item, ...]
    choices: tuple[Choice, ...]
    payer: str
    guide: str
    requestor: str
    coverage: str
    urgency: Urgency
    trace_system: str
    trace_value: str
    submission_id: str
    claim_url: str
    due_at: datetime | None = None
    due_basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOff(Event):
    """Not a PAS matter: a pharmacy-benefit drug goes by the e-prescribing path."""

    where: str
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCompleted(Event):
    """A completion file came in; the request is built anew from order and completions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Event):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(Event):
    """A person looked at the request and lets it go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped(Event):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitStarted(Event):
    """The exact bytes are committed; from here on the payer may have them. `fence` is the sender's fencing number."""

    exchange: str
    due_at: datetime
    due_basis: str
    fence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAccepted(Event):
    """The payer surely does not have the request: no connection, no token, or a refusal that says so."""

    reason: str
    again_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyLost(Event):
    """Bytes left and no trustworthy answer came back: nothing goes again before the payer was asked.

    `ask_at` is when the payer will be asked; without it, only a person can tell what became of the request. `since` is
    when the payer's quiet period begins: no byte of the request can leave after it.
    """

    reason: str
    ask_at: datetime | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtRemains(Event):
    """The doubt was looked into and is not settled; `ask_at` as for ReplyLost, `exchange` is the inquiry.

    `asks` and `unanswered` are what they came to by now: inquiries that the payer answered, and those since the last
    such one that did not get through.
    """

    reason: str
    ask_at: datetime | None = None
    exchange: str = ""
    asks: int = 0
    unanswered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAtPayer(Event):
    """The payer, or a person who asked it, says firmly that the request is not there: the same bytes may go again."""

    reason: str
    exchange: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Event):
    """The payer answered: `answers` by item sequence. The kinds below say what the roll-up came to.

    `attention` is what a person has to look at, whatever the answer.
    """

    answers: tuple[tuple[int, Answer], ...] = ()
    additional: tuple[AuthorizedItem, ...] = ()
    notes: tuple[Note, ...] = ()
    determination: Result = Result.NONE
    due_at: datetime | None = None
    due_basis: str = ""
    exchange: str = ""
    attention: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided(Answered):
    """A final answer on every item; a modified one asks to be acknowledged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pended(Answered):
    """At least one item awaits a final answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonNeeded(Answered):
    """The answer cannot be acted on by a machine: contact the payer, a code nobody recognizes, or a rejection that
    decides on items too (`rejections`).
    """

    rejections: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Event):
    """The payer could not process the request; it is corrected and sent anew."""

    rejections: tuple[Rejection, ...]
    notes: tuple[Note, ...] = ()
    exchange: str = ""
    attention: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecorded(Answered):
    """A person entered a decision that came by phone, portal, fax or mail; on `decided_on` the payer decided."""

    evidence: str = field(repr=False)
    decided_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(Event):
    """A person has seen a modified answer and will act on it."""
