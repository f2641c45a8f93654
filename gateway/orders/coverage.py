"""Which coverage pays, which payer that is, and who the member is to them (quirks 18, 42, 44)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from gateway.fhir.bundle import Entry
from gateway.model.order import Resource
from gateway.orders.belonging import Subject, Whose
from gateway.orders.chart import Chart, codings, label, rows, text
from gateway.orders.dates import day
from gateway.orders.notes import Notes
from gateway.orders.request_pattern import name_of, stated
from gateway.orders.tables import OrderTables
from gateway.payers.profile import Payers
from gateway.payers.routing import route

_RULE = "coverage"
_ELEMENT = "Claim.insurance"


def coverages_of(subject: Subject, notes: Notes) -> tuple[list[Entry], str] | None:
    """The Coverages an order may be for, and why: those it names, else the patient's. None where a named one is not
    to be had: no other takes its place."""
    named, complete = _named(subject, notes)
    if named:
        return named, "the order names it"
    return (_of_patient(subject, notes), "it is the patient's") if complete else None


def coverage_of(found: tuple[list[Entry], str] | None, subject: Subject, on: date, notes: Notes) -> Entry | None:
    """The Coverage for an order, of those `coverages_of` found: by status, period and rank; never a guess."""
    if found is None:
        return None
    best = _best(*found, on, subject.order, notes)
    if best and subject.whose(best, "beneficiary", notes) is Whose.UNSAID:
        why = "It does not refer to its beneficiary; the order's patient is taken for it."
        notes.choose("beneficiary", f"{label(best)}.beneficiary", why, "coverage-beneficiary-unsaid")
    return best


def _named(subject: Subject, notes: Notes) -> tuple[list[Entry], bool]:
    """The patient's Coverages in order.insurance, and whether no other is named there (a ClaimResponse is none)."""
    order, found = subject.order, list[Entry]()
    missing, is_refused = "", False
    for path, reference in stated(order.resource, "insurance"):
        place = f"{label(order)}.{path}"
        if target := subject.chart.find(reference, order, place, notes, "Coverage"):
            if _is_usable(target, place, subject, notes):
                found.append(target)
            else:
                is_refused = True
        elif "Coverage/" in text(reference, "reference") or text(reference, "type") == "Coverage":
            missing = place
    if missing and not found:
        notes.gap(missing, "the Coverage it names; it is not in the order", _RULE, _ELEMENT)
    return found, not missing and not is_refused


def insurance_of(order: Entry, coverage: Entry | None, chart: Chart) -> tuple[Resource, ...]:
    """The References in order.insurance that mean the chosen coverage."""
    named = [row for _, row in stated(order.resource, "insurance")] if coverage else []
    found = [(reference, chart.find(reference, order, "", Notes(), "Coverage")) for reference in named]
    return tuple(
        reference for reference, target in found if target and coverage and target.resource == coverage.resource
    )


def _is_usable(coverage: Entry, place: str, subject: Subject, notes: Notes) -> bool:
    """Whether a Coverage that the order names is the patient's: what is said of another member is never sent."""
    is_another = subject.whose(coverage, "beneficiary", notes) is Whose.ANOTHERS
    if is_another:
        need = f"a Coverage of the order's own patient: the beneficiary of {label(coverage)} is not that patient"
        notes.gap(place, need, "coverage-other-patient", _ELEMENT)
    return not is_another


def _of_patient(subject: Subject, notes: Notes) -> list[Entry]:
    return [
        entry
        for entry in subject.chart.of_type("Coverage")
        if "beneficiary" not in entry.resource or subject.whose(entry, "beneficiary", notes) is Whose.THEIRS
    ]


def _best(candidates: Sequence[Entry], why: str, on: date, order: Entry, notes: Notes) -> Entry | None:
    element = name_of(order.resource, "insurance")
    place = f"{label(order)}.{element}"
    if not candidates:
        notes.gap(place, "the patient's Coverage; there is none in the order", _RULE, _ELEMENT)
        return None
    active = [entry for entry in candidates if entry.resource.get("status", "active") == "active"]
    if not active:
        notes.gap(f"{label(candidates[0])}.status", "a coverage that is active", "coverage-active", _ELEMENT)
        return None
    current = [entry for entry in active if _covers(entry.resource.get("period"), on)]
    if not current:
        need = "a coverage in force on the day of service"
        notes.gap(f"{label(active[0])}.period", need, "coverage-period", _ELEMENT)
        return None
    rank = min(_rank(entry.resource) for entry in current)
    first = [entry for entry in current if _rank(entry.resource) == rank]
    distinct = [one for at, one in enumerate(first) if one.resource not in [other.resource for other in first[:at]]]
    if len(distinct) > 1:
        names = ", ".join(label(entry) for entry in distinct)
        need = f"which coverage pays first: {names} fit equally; name one in {element}, or give them an order"
        notes.gap(place, need, "coverage-ambiguous", _ELEMENT)
        return None
    others = len(candidates) - 1
    besides = f"; of {others + 1} it is active, in force and first by rank" if others else ""
    notes.use(distinct[0].resource)
    notes.choose("coverage", label(distinct[0]), f"Chosen because {why}{besides}.", "coverage-choice")
    return distinct[0]


def _covers(period: Any, on: date) -> bool:
    start, end = day(text(period, "start")), day(text(period, "end"))
    return (start is None or start <= on) and (end is None or on <= end)


def _rank(coverage: Resource) -> int:
    order = coverage.get("order")
    return order if isinstance(order, int) and order > 0 else 10**6


def payer_of(coverage: Entry | None, asked: str, payers: Payers, chart: Chart, notes: Notes) -> str:
    """The payer id for a coverage: the one the caller asked for, else by routing; empty with a gap."""
    if asked:
        notes.choose("payer", asked, "The caller named it.", "payer-named")
        return asked
    if coverage is None:
        return ""
    organization: Resource = {}
    for position, reference in enumerate(rows(coverage.resource, "payor")):
        place = f"{label(coverage)}.payor[{position}]"
        target = chart.find(reference, coverage, place, notes, "Organization", "Patient", "RelatedPerson")
        if target and target.resource["resourceType"] != "Organization":
            notes.gap(place, "an insurer: this coverage is paid by a person", "payer-self-pay", "Claim.insurer")
            return ""
        if target:
            organization = target.resource
            notes.use(organization)
            break
    payer, note = route(coverage.resource, organization, payers)
    notes.add(note)
    return payer


def member_of(
    coverage: Entry | None, patient: Resource, subscriber: Resource, tables: OrderTables, notes: Notes
) -> tuple[str, str]:
    """The member id and the path it came from; never a social security number, never recorded or logged."""
    if coverage is None:
        return "", ""
    secret = social_security_numbers(tables, coverage.resource, patient, subscriber)
    places = (
        *_typed(coverage.resource, label(coverage)),
        (text(coverage.resource, "subscriberId"), f"{label(coverage)}.subscriberId"),
        *_untyped(coverage.resource, label(coverage)),
        *_typed(patient, "Patient"),
    )
    for value, place in places:
        if value and value not in secret:
            notes.choose("member id", place, "The first place, in the order payers use, that has one.", "member-id")
            return value, place
    need = "the member id on the insurance card, as Coverage.identifier of type MB or as subscriberId"
    if secret:
        need += "; a social security number is not used"
    notes.gap(f"{label(coverage)}.identifier", need, "member-id", "Coverage.identifier")
    return "", ""


def _typed(resource: Resource, name: str) -> list[tuple[str, str]]:
    return [
        (text(row, "value"), f"{name}.identifier[{position}]")
        for position, row in enumerate(rows(resource, "identifier"))
        if any(coding["code"] == "MB" for coding in codings(row.get("type")))
    ]


def _untyped(coverage: Resource, name: str) -> list[tuple[str, str]]:
    plain = [row for row in rows(coverage, "identifier") if not codings(row.get("type"))]
    return [(text(plain[0], "value"), f"{name}.identifier")] if len(plain) == 1 else []


def social_security_numbers(tables: OrderTables, *holders: Resource) -> set[str]:
    """What these resources know as social security numbers; an EHR may repeat one where a member id belongs."""
    numbers = (row for holder in holders for row in rows(holder, "identifier"))
    return {text(row, "value") for row in numbers if _is_social_security(row, tables)}


def _is_social_security(identifier: dict[str, Any], tables: OrderTables) -> bool:
    typed = any(coding["code"] in ("SS", "SB") for coding in codings(identifier.get("type")))
    return typed or tables.names.get(text(identifier, "system")) == "SSN"


def subscriber_of(coverage: Entry | None, patient: Entry | None, chart: Chart, notes: Notes) -> Resource:
    """The policy holder: the patient when the relationship is `self` (or X12 `18`), else Coverage.subscriber."""
    if coverage is None:
        return {}
    resource, held = coverage.resource, patient.resource if patient else {}
    codes = {coding["code"] for coding in codings(resource.get("relationship"))}
    place = f"{label(coverage)}.subscriber"
    holder = chart.find(resource.get("subscriber"), coverage, place, notes, "Patient", "RelatedPerson")
    if codes & {"self", "18"} or (holder and patient and holder.resource == held):
        return held
    if holder:
        notes.use(holder.resource)
        if not codes:
            need = "how the patient is related to the subscriber (self, spouse, child …)"
            notes.gap(f"{label(coverage)}.relationship", need, "relationship", "Coverage.relationship")
        return holder.resource
    if not codes:
        need = "whether the patient is the subscriber (self), or how they are related to them"
        notes.gap(f"{label(coverage)}.relationship", need, "relationship", "Coverage.relationship")
    else:
        need = "the policy holder as a Patient: the patient is not the subscriber"
        notes.gap(place, need, "subscriber", "Coverage.subscriber")
    return {}
