"""Who orders and who performs: practitioner, role and organization of each, with what they refer to put in place.

A provider is an object with the keys `practitioner`, `role` and `organization`, whichever the order carries; in an
OrderContext it stands under `<order number>/ordering` or `<order number>/performing/<n>`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.fhir.bundle import Entry
from gateway.model.order import Resource
from gateway.orders.appointment import OUTRANKED, Actor, performers_of
from gateway.orders.chart import Chart, label, resource_name, rows, text
from gateway.orders.notes import Notes
from gateway.orders.request_pattern import name_of
from gateway.orders.tables import OrderTables
from gateway.payers.field_rules import luhn

_PARTIES = ("PractitionerRole", "Practitioner", "Organization")


def providers_of(
    order: Entry, appointments: Sequence[Entry], chart: Chart, tables: OrderTables, notes: Notes
) -> dict[str, Resource]:
    """The providers of one order, by `ordering` and `performing/<n>`.

    A performer the order refers to and does not carry is a gap, since who performs is part of what is authorized;
    an orderer who is missing, or anybody named by display only, is left out and recorded. Where the order names no
    performer, those of its appointments count.
    """
    found: dict[str, Resource] = {}
    element = name_of(order.resource, "requester")
    place = f"{label(order)}.{element}"
    if provider := _provider(order.resource.get(element), order, place, chart, notes):
        found["ordering"] = provider
    elif element in order.resource:
        notes.choose("ordering provider", place, "It is not in the order; the request goes without.", "provider-absent")
    performers = rows(order.resource, "performer")
    if order.resource["resourceType"] == "MedicationRequest":
        performers += rows(order.resource.get("dispenseRequest"), "performer")
    found |= _performing(order, performers, chart, notes)
    found |= _appointed(found, bool(performers), performers_of(appointments, tables), chart, notes)
    for provider in found.values():
        notes.use(*provider.values())
        for kind in ("practitioner", "organization"):
            if kind in provider:
                chart.once(_check_npi, provider[kind], tables, notes=notes)
    return found


def _performing(order: Entry, performers: Sequence[Resource], chart: Chart, notes: Notes) -> dict[str, Resource]:
    found: dict[str, Resource] = {}
    for position, reference in enumerate(performers, start=1):
        place = f"{label(order)}.performer[{position - 1}]"
        if provider := _provider(reference, order, place, chart, notes):
            found[f"performing/{position}"] = provider
        elif text(reference, "reference"):
            need = "the performing provider it refers to; it is not in the order"
            notes.gap(place, need, "performing-provider", "Claim.careTeam.provider")
        else:
            why = "It is named by its display only; the request goes without."
            notes.choose("performing provider", place, why, "provider-absent")
    return found


def _appointed(
    known: Mapping[str, Resource], is_named: bool, actors: Sequence[Actor], chart: Chart, notes: Notes
) -> dict[str, Resource]:
    """Who performs by the appointments of an order that names nobody; a difference from one that does is recorded."""
    found: dict[str, Resource] = {}
    for actor in actors:
        provider = _provider(actor.reference, actor.appointment, actor.place, chart, notes)
        if provider is None or provider in found.values():
            continue
        if not is_named:
            why = "The order names no performer; the appointment for it does."
            notes.choose("performing provider", actor.place, why, "appointment-performer")
            found[f"performing/{len(found) + 1}"] = provider
        elif provider not in known.values():
            why = "Somebody else is in the appointment; the performer that the order names comes first."
            notes.choose("performing provider", actor.place, why, OUTRANKED)
    return found


def _provider(reference: Any, source: Entry, place: str, chart: Chart, notes: Notes) -> Resource | None:
    target = chart.find(reference, source, place, notes, *_PARTIES)
    if target is None:
        return None
    kind = target.resource["resourceType"]
    if kind != "PractitionerRole":
        return {kind.lower(): target.resource}
    provider: Resource = {"role": target.resource}
    for element, wanted in (("practitioner", "Practitioner"), ("organization", "Organization")):
        inner = chart.find(target.resource.get(element), target, f"{place} -> {element}", notes, wanted)
        if inner:
            provider[element] = inner.resource
    return provider


def _check_npi(party: Resource, tables: OrderTables, notes: Notes) -> None:
    """PAS 2.2.1 us-core-16, us-core-17: an NPI has ten digits and a right check digit."""
    for position, row in enumerate(rows(party, "identifier")):
        if tables.names.get(text(row, "system")) == "NPI" and not _is_npi(text(row, "value")):
            place = f"{resource_name(party)}.identifier[{position}]"
            notes.gap(place, "an NPI of ten digits with a right check digit", "npi", "Claim.careTeam.provider")


def _is_npi(text: str) -> bool:
    return len(text) == len("1999999984") and text.isascii() and text.isdigit() and luhn(text)
