"""Where and in what kind of stay a service is to happen, as far as the order says."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.fhir.bundle import Entry
from gateway.model.order import Resource
from gateway.orders.appointment import OUTRANKED, location_of
from gateway.orders.belonging import Subject
from gateway.orders.chart import Chart, codings, label, rows, text
from gateway.orders.notes import Notes
from gateway.orders.tables import OrderTables


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The place of one order.

    Attributes:
        ordered_in: the encounter in which the order was written.
        encounter: the encounter in which it is to be carried out, and `encounter_class` its kind (`inpatient` …).
        service_provider: the Organization of the stay, where it has an NPI.
        location: the Location resource; `place` a CMS place of service code, `site` another code for the place.
    """

    ordered_in: Entry | None = None
    encounter: Entry | None = None
    encounter_class: str = ""
    location: Resource
    service_provider: Resource
    place: str = ""
    site: str = ""


def setting_of(subject: Subject, appointments: Sequence[Entry], tables: OrderTables, notes: Notes) -> Setting:
    """What the order, its encounter, appointments and location say about the place; nothing is derived here."""
    order, chart = subject.order, subject.chart
    place = f"{label(order)}.encounter"
    written = chart.find(order.resource.get("encounter"), order, place, notes, "Encounter")
    if written and subject.leaves_out(written, "encounter", notes):
        written = None
    encounter = _carried_out_in(subject, written, notes)
    location = _appointed(_location(order, encounter, chart, notes), order, appointments, chart, notes)
    notes.use(*(entry.resource for entry in (written, encounter) if entry), location)
    codes = [coding for concept in rows(order.resource, "locationCode") for coding in codings(concept)]
    codes += [coding for concept in rows(location, "type") for coding in codings(concept)]
    is_place = [tables.names.get(text(coding, "system")) == "POS" for coding in codes]
    return Setting(
        ordered_in=written,
        encounter=encounter,
        encounter_class=_class(encounter.resource, tables) if encounter else "",
        location=location,
        service_provider=_service_provider(encounter, chart, tables, notes),
        place=next((coding["code"] for coding, found in zip(codes, is_place, strict=True) if found), ""),
        site=next((coding["code"] for coding, found in zip(codes, is_place, strict=True) if not found), ""),
    )


def _carried_out_in(subject: Subject, written: Entry | None, notes: Notes) -> Entry | None:
    """An Encounter based on the order, or the order's own when it is still planned."""
    order, chart = subject.order, subject.chart
    for entry in chart.of_type("Encounter"):
        for position, reference in enumerate(rows(entry.resource, "basedOn")):
            place = f"{label(entry)}.basedOn[{position}]"
            target = chart.find(reference, entry, place, notes, order.resource["resourceType"])
            is_for_order = target is not None and target.resource == order.resource
            if is_for_order and not subject.leaves_out(entry, "encounter", notes):
                return entry
    return written if written and text(written.resource, "status") == "planned" else None


def _location(order: Entry, encounter: Entry | None, chart: Chart, notes: Notes) -> Resource:
    places = [(order, row, f"{label(order)}.locationReference") for row in rows(order.resource, "locationReference")]
    if encounter:
        held = (row.get("location") for row in rows(encounter.resource, "location"))
        places += [(encounter, row, f"{label(encounter)}.location") for row in held if isinstance(row, dict)]
    for source, reference, place in places:
        if target := chart.find(reference, source, place, notes, "Location"):
            return target.resource
    return {}


def _appointed(found: Resource, order: Entry, appointments: Sequence[Entry], chart: Chart, notes: Notes) -> Resource:
    """The Location found so far, else that of the appointments where the order names no place itself."""
    location, place = location_of(appointments, chart, notes)
    if not location or location == found:
        return found
    coded = any(codings(concept) for concept in rows(order.resource, "locationCode"))
    if found or coded or rows(order.resource, "locationReference"):
        why = f"What the order or its encounter says about the place comes first; {place} is not taken."
        notes.choose("place", label(order), why, OUTRANKED)
        return found
    notes.choose("place", place, "The order names no place; the appointment for it does.", "appointment-place")
    return location


def _service_provider(encounter: Entry | None, chart: Chart, tables: OrderTables, notes: Notes) -> Resource:
    """Who runs the stay; one without an NPI is left out, and no gap, since the guide does not demand it."""
    if encounter is None:
        return {}
    place = f"{label(encounter)}.serviceProvider"
    found = chart.find(encounter.resource.get("serviceProvider"), encounter, place, notes, "Organization")
    if found is None or all(
        tables.names.get(text(row, "system")) != "NPI" for row in rows(found.resource, "identifier")
    ):
        return {}
    notes.use(found.resource)
    return found.resource


def _class(encounter: Resource, tables: OrderTables) -> str:
    row = tables["encounter_class"].translate(encounter.get("class"))
    return row.cells["to_code"] if row else ""
