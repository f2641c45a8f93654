"""The appointments made for an order (FHIR R4 Appointment): where it is silent they say when, where and by whom.

What the order or the encounter of the service says comes first; a difference is recorded, never averaged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.fhir.bundle import Entry
from gateway.model.authorization import Dates
from gateway.model.order import Resource
from gateway.orders.belonging import Subject, Whose
from gateway.orders.chart import Chart, codings, label, rows, text
from gateway.orders.dates import day
from gateway.orders.notes import Notes
from gateway.orders.request_pattern import stated
from gateway.orders.tables import OrderTables

OUTRANKED = "appointment-outranked"
_NOT_KEPT = frozenset({"cancelled", "noshow", "entered-in-error"})
_TABLE = "appointment_participant"
_OVERNIGHT_DAYS = 1


@dataclass(frozen=True, slots=True)
class Actor:
    """A participant of an appointment: the Reference to it, the appointment and the path in it."""

    reference: Resource
    appointment: Entry
    place: str


def appointments_of(subject: Subject, notes: Notes) -> tuple[Entry, ...]:
    """The appointments that name the order in basedOn, or that it names as supporting information; only those kept."""
    found = []
    for entry in subject.chart.of_type("Appointment"):
        if not _is_for(entry, subject, notes):
            continue
        status = text(entry.resource, "status")
        if status in _NOT_KEPT:
            notes.choose("appointment left out", label(entry), f"Its status is {status}.", "appointment-not-kept")
        elif _is_anothers(entry, subject, notes):
            notes.choose("appointment left out", label(entry), "It is about another patient.", "other-patient")
        else:
            notes.use(entry.resource)
            found.append(entry)
    return tuple(found)


def _is_for(entry: Entry, subject: Subject, notes: Notes) -> bool:
    order, find = subject.order, subject.chart.find
    for position, reference in enumerate(rows(entry.resource, "basedOn")):
        place = f"{label(entry)}.basedOn[{position}]"
        target = find(reference, entry, place, notes, order.resource["resourceType"])
        if target and target.resource == order.resource:
            return True
    for element in ("supportingInfo", "supportingInformation"):
        for path, reference in stated(order.resource, element):
            target = find(reference, order, f"{label(order)}.{path}", notes, "Appointment")
            if target and target.resource == entry.resource:
                return True
    return False


def _is_anothers(entry: Entry, subject: Subject, notes: Notes) -> bool:
    patients = [actor for actor in _actors([entry]) if _is_patient(actor, subject.chart)]
    whose = [subject.meant_by(actor.reference, entry, actor.place, notes) for actor in patients]
    return Whose.ANOTHERS in whose and Whose.THEIRS not in whose


def _is_patient(actor: Actor, chart: Chart) -> bool:
    named = "Patient/" in text(actor.reference, "reference") or text(actor.reference, "type") == "Patient"
    return named or chart.find(actor.reference, actor.appointment, "", Notes(), "Patient") is not None


def days_of(appointments: Sequence[Entry]) -> Dates | None:
    """From the first to the last day on which they are, as written in their own offset; None when none has a day.

    A start counts, else the periods asked for. One that ends on the day after it began is of the day it began.
    """
    spans = [span for entry in appointments for span in _spans(entry.resource)]
    starts = [span.start for span in spans if span.start]
    ends = [span.end for span in spans if span.end]
    return Dates(min(starts), max(ends)) if starts else None


def _spans(appointment: Resource) -> Iterator[Dates]:
    booked = _span(appointment)
    if booked and booked.start and booked.end:
        is_overnight = (booked.end - booked.start).days <= _OVERNIGHT_DAYS
        yield Dates(booked.start, booked.start) if is_overnight else booked
    else:
        yield from (asked for row in rows(appointment, "requestedPeriod") if (asked := _span(row)))


def _span(period: Any) -> Dates | None:
    start, end = day(text(period, "start")), day(text(period, "end"))
    return Dates(start, max(start, end or start)) if start else None


def location_of(appointments: Sequence[Entry], chart: Chart, notes: Notes) -> tuple[Resource, str]:
    """The one Location where they are, and its place; nothing where they name several or none that was sent."""
    found: list[tuple[Resource, str]] = []
    for actor in _actors(appointments):
        target = chart.find(actor.reference, actor.appointment, actor.place, notes, "Location")
        if target and target.resource not in [resource for resource, _ in found]:
            found.append((target.resource, actor.place))
    if len(found) > 1:
        why = "The appointments are at several locations; which of them is meant is not guessed."
        notes.choose("place left open", ", ".join(place for _, place in found), why, "appointment-places")
        return {}, ""
    return found[0] if found else ({}, "")


def performers_of(appointments: Sequence[Entry], tables: OrderTables) -> list[Actor]:
    """Who carries the service out: participants without a role, or with one that appointment_participant.csv knows.

    Who declined, or is only informed, does not take part.
    """
    return [
        Actor(row["actor"], entry, f"{label(entry)}.participant[{position}].actor")
        for entry in appointments
        for position, row in enumerate(rows(entry.resource, "participant"))
        if isinstance(row.get("actor"), dict)
        and text(row, "status") != "declined"
        and text(row, "required") != "information-only"
        and _performs(row, tables)
    ]


def _performs(participant: Resource, tables: OrderTables) -> bool:
    concepts = rows(participant, "type")
    return not concepts or any(tables[_TABLE].translate(coding) for row in concepts for coding in codings(row))


def _actors(appointments: Sequence[Entry]) -> Iterator[Actor]:
    for entry in appointments:
        for position, row in enumerate(rows(entry.resource, "participant")):
            if isinstance(row.get("actor"), dict):
                yield Actor(row["actor"], entry, f"{label(entry)}.participant[{position}].actor")
