"""The normalized record of one prior authorization: header, items, and what the payer said of each.

Three dimensions that never mix (design 4.10): `state` is where our work stands, `determination` is the
payer's answer rolled up from the items, validity is dates and numbers on the items.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from gateway.model.order import Choice, Gap


class State(StrEnum):
    """Where our work stands; changed only by `gateway.model.lifecycle.apply`."""

    RECEIVED = "received"
    DOCUMENTING = "documenting"
    HELD = "held"
    READY = "ready"
    SUBMITTING = "submitting"
    IN_DOUBT = "in_doubt"
    PENDED = "pended"
    PERSON_NEEDED = "person_needed"
    REJECTED = "rejected"
    DECIDED = "decided"
    CANCELLED = "cancelled"
    HANDED_OFF = "handed_off"


class Result(StrEnum):
    """The payer's answer for one item (X12 306, HCR01); also the values of a roll-up."""

    NONE = "none"
    APPROVED = "approved"
    PARTLY_APPROVED = "partly_approved"
    MODIFIED = "modified"
    DENIED = "denied"
    PENDED = "pended"
    CANCELLED = "cancelled"
    CONTACT_PAYER = "contact_payer"
    NO_ACTION_REQUIRED = "no_action_required"
    UNRECOGNIZED = "unrecognized"


class Urgency(StrEnum):
    STANDARD = "standard"
    EXPEDITED = "expedited"


class Channel(StrEnum):
    """How a decision reached us."""

    PAS = "pas"
    PHONE = "phone"
    PORTAL = "portal"
    FAX = "fax"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Code:
    """A raw code with its system and, where it came from a message, its source path."""

    code: str
    system: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Quantity:
    value: Decimal
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Dates:
    """A span of whole days, either end open."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A payer's words; free text, so it may hold PHI and never leaves the database except to its owner."""

    text: str = field(repr=False)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """Who is authorized to deliver: a reference in the answer, and the NPI when the answer carries it."""

    reference: str
    npi: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizedItem:
    """What a payer granted instead of, or beside, what was asked (ClaimResponse.addItem; spec-36, 37).

    Attributes:
        replaces: item sequences it stands for; empty when the payer granted something nobody asked for.
    """

    replaces: tuple[int, ...]
    result: Result
    code: Code | None = None
    modifiers: tuple[Code, ...] = ()
    quantity: Quantity | None = None
    dates: Dates | None = None
    place: Code | None = None
    providers: tuple[Provider, ...] = ()
    authorization_number: str = ""
    valid: Dates | None = None
    action: Code | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The payer's answer for one item; every part says where in the message it was read.

    Attributes:
        action: the raw review action code (X12 306), kept even when unrecognized.
        sources: field name -> path in the answer.
    """

    result: Result
    action: Code | None = None
    reasons: tuple[Code, ...] = ()
    notes: tuple[Note, ...] = ()
    authorization_number: str = ""
    administration_reference_number: str = ""
    previous_authorization_number: str = ""
    issued: date | None = None
    valid: Dates | None = None
    quantity: Quantity | None = None
    providers: tuple[Provider, ...] = ()
    authorized: tuple[AuthorizedItem, ...] = ()
    channel: Channel = Channel.PAS
    sources: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One requested service: Claim.item. `sequence` never changes (spec-34, spec-68)."""

    sequence: int
    order: str
    trace_system: str
    trace_value: str
    service: Code
    request_category: str = ""
    certification_type: str = ""
    service_type: str = ""
    place: str = ""
    quantity: Quantity | None = None
    dates: Dates | None = None
    answer: Answer | None = None

    @property
    def result(self) -> Result:
        return self.answer.result if self.answer else Result.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """The payer could not process the request; not a denial (OperationOutcome, ClaimResponse.error, X12 AAA)."""

    reason: Code | None = None
    follow_up: Code | None = None
    element: str = ""
    path: str = ""
    text: str = field(default="", repr=False)
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """A profile error that keeps a request from being sent; never quotes content."""

    rule: str
    path: str
    text: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """One prior authorization, from order to decision.

    Attributes:
        version: counts commits; a writer that read another version is refused.
        order_id: the stored order it was made from; `order_refs` are the orders inside it, in item sequence.
        patient: the EHR's patient reference, e.g. `Patient/p1`; the only patient detail on the record.
        trace: Claim.identifier as system and value; the payer echoes it.
        submission_id: Bundle.identifier value of the request as built; `claim_url` is the fullUrl of its Claim.
        related: authorizations opened together with this one, one per Claim of the same order.
        due_at: when the next decision is due; `due_basis` says by which clock.
        held_by: why a request waits for release before sending; empty when it does not.
        acknowledge: a person must confirm having seen this answer (modified answers).
        not_before: earliest time of the next attempt after a refused or failed connection; in doubt, when the payer
            will be asked, and nothing when only a person can tell.
        answer_by: when the decision would be due by the first attempt; no attempt goes beyond it.
        resends: how often the request went again because the payer did not have it.
        in_doubt_at: from when the quiet period of the last doubt counts. `asks` is how often the payer answered an
            inquiry about it, and `unanswered` how many since then did not get through.
    """

    id: str
    version: int = 0
    client: str
    order_id: str
    order_refs: tuple[str, ...]
    patient: str
    coverage: str = ""
    requestor: str = ""
    payer: str = ""
    guide: str = ""
    state: State = State.RECEIVED
    determination: Result = Result.NONE
    urgency: Urgency = Urgency.STANDARD
    due_at: datetime | None = None
    due_basis: str = ""
    trace_system: str = ""
    trace_value: str = ""
    submission_id: str = ""
    claim_url: str = ""
    items: tuple[Item, ...] = ()
    additional: tuple[AuthorizedItem, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    notes: tuple[Note, ...] = ()
    gaps: tuple[Gap, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    choices: tuple[Choice, ...] = ()
    hold: bool = False
    held_by: str = ""
    handoff: str = ""
    acknowledge: bool = False
    attention: str = ""
    attempts: int = 0
    answer_by: datetime | None = None
    resends: int = 0
    in_doubt_at: datetime | None = None
    asks: int = 0
    unanswered: int = 0
    not_before: datetime | None = None
    related: tuple[str, ...] = ()
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime | None = None
    answered_at: datetime | None = None
    decided_at: datetime | None = None
