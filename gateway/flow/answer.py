"""What a payer's answer must match, and the event it means, whichever way it came (design 2)."""

from datetime import datetime
from typing import Any

from gateway.fhir import json
from gateway.fhir.bundle import Entry, entries_of
from gateway.model.authorization import Authorization, Result
from gateway.model.events import Decided, Event, Pended, PersonNeeded, Rejected
from gateway.model.exchange import Direction, Exchange
from gateway.responses import Asked, Kind, Reading

_WAITING = (Result.CONTACT_PAYER, Result.UNRECOGNIZED)


def answer(record: Authorization, reading: Reading, *, at: datetime, actor: str, exchange: str) -> Event | None:
    """The event that a reading of a payer's answer means; None when the answer cannot be trusted."""
    if reading.kind is Kind.UNTRUSTED:
        return None
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


def asked(record: Authorization, request: bytes, *, earlier: frozenset[str] = frozenset()) -> Asked:
    """What an answer to `request`, the submitted bytes, must match; `earlier` as `earlier_traces` gives them."""
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
        earlier_traces=earlier,
    )


def earlier_traces(record: Authorization, exchanges: tuple[Exchange, ...]) -> frozenset[str]:
    """Trace numbers of what was sent for this record before it was built anew: an answer to that may be its answer."""
    sent = {
        leg.identifier: leg.body
        for leg in exchanges
        if leg.direction is Direction.REQUEST and leg.operation == "submit" and leg.identifier != record.submission_id
    }
    claims = [entries_of(json.loads(body))[0].resource for body in sent.values()]
    rows = [row for claim in claims for row in claim.get("identifier", ())]
    return frozenset(row["value"] for row in rows)


def _member_ids(entries: tuple[Entry, ...], patient: Entry) -> frozenset[str]:
    coverages = [entry.resource for entry in entries if entry.resource["resourceType"] == "Coverage"]
    rows = [row for resource in (patient.resource, *coverages) for row in resource.get("identifier", ())]
    known = {row.get("value", "") for row in rows} | {coverage.get("subscriberId", "") for coverage in coverages}
    return frozenset(known - {""})
