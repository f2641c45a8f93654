"""The public JSON of the evidence about a request in doubt: what was sent, and what the payer shows."""

from datetime import date, datetime

from gateway.api.item_views import Code, Dates, Quantity
from gateway.api.view import View
from gateway.flow import doubt
from gateway.model.authorization import Authorization, Result, State
from gateway.model.authorization import Item as Asked
from gateway.responses.candidate import Candidate as Found
from gateway.responses.candidate import CandidateService
from gateway.responses.echo import Whose
from gateway.responses.inquiry import Inquired, InquiryKind


class AskedService(View):
    """One service as it was asked for."""

    sequence: int
    service: Code
    dates: Dates | None
    quantity: Quantity | None
    trace_value: str


class Sent(View):
    """The request as it left; its bytes are at `/authorizations/{id}/request`."""

    at: datetime
    exchange: str
    attempt: int
    identifier: str
    """Bundle.identifier."""
    trace_system: str
    trace_value: str
    services: tuple[AskedService, ...]


class FoundService(View):
    """One service as the payer shows it."""

    sequence: int
    """Of the item in the payer's own request; 0 where it gives none."""
    service: Code | None
    dates: Dates | None
    result: Result
    action: Code | None
    number: str
    """Authorization number."""
    tracking: str
    """The payer's number of a review that is not approved."""


class Candidate(View):
    """An authorization that the payer shows for this patient and these services."""

    key: str
    """Names it in `POST …/resolve`."""
    whose: Whose
    """`unsaid`: nothing tells whose request it answers; `disputed`: it names ours and another's; `anothers`."""
    created: date | None
    valid: Dates | None
    determination: Result
    services: tuple[FoundService, ...]
    path: str
    """Where it stands in the payer's answer."""


class Inquiry(View):
    """One time the payer was asked, and what came of it."""

    at: datetime
    exchange: str
    answered_at: datetime | None
    status: int
    """HTTP status; 0 when no answer came."""
    found: InquiryKind | None
    """Null when the answer could not be read as one to an inquiry."""
    reason: str
    candidates: tuple[Candidate, ...]
    """Those of the last inquiry that has any can be adopted."""
    others: tuple[Candidate, ...]
    """What the payer has for other requests of ours: shown, never to be adopted."""


class Doubt(View):
    """What was sent beside what the payer shows."""

    authorization: str
    state: State
    payer: str
    patient: str
    reason: str
    """Why it is in doubt, or still is."""
    in_doubt_at: datetime | None
    ask_at: datetime | None
    """When the payer is asked (again); null when only a person can tell."""
    next: str
    sent: Sent | None
    inquiries: tuple[Inquiry, ...]


def evidence(shown: doubt.Evidence, *, following: str) -> Doubt:
    """The public form of the evidence; `following` is the next step in words."""
    record = shown.record
    return Doubt(
        authorization=record.id,
        state=record.state,
        payer=record.payer,
        patient=record.patient,
        reason=record.attention,
        in_doubt_at=record.in_doubt_at,
        ask_at=record.not_before if record.state is State.IN_DOUBT else None,
        next=following,
        sent=_sent(shown, record),
        inquiries=tuple(map(_inquiry, shown.asked)),
    )


def _sent(shown: doubt.Evidence, record: Authorization) -> Sent | None:
    if shown.sent is None:
        return None
    return Sent(
        at=shown.sent.at,
        exchange=shown.sent.id,
        attempt=shown.sent.attempt,
        identifier=shown.sent.identifier,
        trace_system=record.trace_system,
        trace_value=record.trace_value,
        services=tuple(map(_asked_service, record.items)),
    )


def _asked_service(item: Asked) -> AskedService:
    return AskedService.model_validate(item)


def _inquiry(one: doubt.Asking) -> Inquiry:
    read: Inquired | None = one.inquired
    return Inquiry(
        at=one.at,
        exchange=one.exchange,
        answered_at=one.reply.received_at if one.reply else None,
        status=one.reply.status if one.reply else 0,
        found=read.kind if read else None,
        reason=read.reason if read else "",
        candidates=tuple(map(_candidate, read.candidates)) if read else (),
        others=tuple(map(_candidate, read.others)) if read else (),
    )


def _candidate(found: Found) -> Candidate:
    return Candidate(
        key=found.key,
        whose=found.whose,
        created=found.created,
        valid=Dates.model_validate(found.valid) if found.valid else None,
        determination=found.determination,
        services=tuple(map(_found_service, found.services)),
        path=found.path,
    )


def _found_service(one: CandidateService) -> FoundService:
    return FoundService.model_validate({name: getattr(one, name) for name in FoundService.model_fields})
