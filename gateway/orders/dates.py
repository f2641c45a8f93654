"""When a service is to happen: whole days as written, never turned into instants of another zone (quirk 53)."""

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.fhir.bundle import Entry
from gateway.model.authorization import Dates
from gateway.model.order import Resource
from gateway.orders.chart import label, rows, text
from gateway.orders.notes import Notes
from gateway.orders.nutrition import schedules_of

_MONTH = re.compile(r"([1-9]\d{3})-(\d{2})")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T.*)?")


def day(value: Any) -> date | None:
    """The day a date or dateTime names, in the zone it was written in; None unless it is a whole day that exists."""
    match = _DAY.fullmatch(value) if isinstance(value, str) else None
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def span(value: Any) -> tuple[date, date] | None:
    """The first and last whole day that a date or dateTime may mean: `2026-12` is any day of that month.

    None for a year alone, which says too little to plan by, and for what is no date.
    """
    if on := day(value):
        return on, on
    match = _MONTH.fullmatch(value) if isinstance(value, str) else None
    year, month = (int(match[1]), int(match[2])) if match else (0, 0)
    if month not in range(1, 13):
        return None
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What else may say when: the encounter of the service, and the days and names of the appointments for it."""

    encounter: Resource
    appointed: Dates | None = None
    appointments: str = ""


def service_dates(order: Entry, product: str, around: Around, today: date, notes: Notes) -> Dates:
    """First and last day of what an order asks for; a gap when nothing says it.

    The order comes first, then the period of the encounter, then the appointments. `product` is the path of the code
    that is billed, whose schedule counts where an order has several.
    """
    place = f"{label(order)}.{_element(order.resource)}"
    found = _said(order.resource, product) or _period(around.encounter.get("period"))
    found = _beside(found, order, around, place, notes)
    if found is None or found.start is None:
        need = "the day of service, or a period of whole days"
        if _mentions(order.resource):
            need += "; what is there is not a whole day (YYYY-MM-DD)"
        notes.gap(place, need, "service-date", "Claim.item.serviced[x]")
        return Dates()
    if found.end and found.end < found.start:
        notes.gap(place, "a period that does not end before it starts", "service-date", "Claim.item.serviced[x]")
        return Dates()
    if (found.end or found.start) < today:
        why = "It lies in the past; the request asks retrospectively."
        notes.choose("service date", place, why, "service-date-past")
    return found


def _beside(found: Dates | None, order: Entry, around: Around, place: str, notes: Notes) -> Dates | None:
    """The days found so far, else those of the appointments; a difference between the two is recorded."""
    appointed = around.appointed
    if appointed is None or appointed.start is None:
        return found
    if found is None and not _names_days(order.resource):
        why = "Neither the order nor its encounter names a day; the appointment for it does, in its own time zone."
        notes.choose("service date", around.appointments, why, "appointment-date")
        return appointed
    if found is None or found.start is None:
        return found
    if appointed.start < found.start or (found.end and (appointed.end or appointed.start) > found.end):
        why = f"{around.appointments} is on other days; what the order or its encounter says comes first."
        notes.choose("service date", place, why, "appointment-outranked")
    return found


def _said(resource: Resource, product: str) -> Dates | None:
    if resource["resourceType"] == "NutritionOrder":
        return _over(schedules_of(resource, product))
    if on := day(resource.get("occurrenceDateTime")):
        return Dates(on, on)
    found = _period(resource.get("occurrencePeriod")) or _timing(resource.get("occurrenceTiming"))
    if found or resource["resourceType"] != "MedicationRequest":
        return found
    dispensed = resource.get("dispenseRequest")
    found = _period(dispensed.get("validityPeriod")) if isinstance(dispensed, dict) else None
    timings = (_timing(row.get("timing")) for row in rows(resource, "dosageInstruction"))
    return found or next((timing for timing in timings if timing), None)


def _over(timings: Sequence[Any]) -> Dates | None:
    """From the first to the last day of several timings."""
    found = [dates for timing in timings if (dates := _timing(timing)) and dates.start]
    starts = [dates.start for dates in found if dates.start]
    ends = [dates.end for dates in found if dates.end]
    return Dates(min(starts), max(ends) if ends else None) if starts else None


def _timing(timing: Any) -> Dates | None:
    if not isinstance(timing, dict):
        return None
    repeat = timing.get("repeat")
    if isinstance(repeat, dict) and (found := _period(repeat.get("boundsPeriod"))):
        return found
    events = timing.get("event")
    days = sorted(on for event in events if (on := day(event))) if isinstance(events, list) else []
    return Dates(days[0], days[-1]) if days else None


def _period(period: Any) -> Dates | None:
    start, end = day(text(period, "start")), day(text(period, "end"))
    return Dates(start, end) if start else None


def _element(resource: Resource) -> str:
    if resource["resourceType"] == "MedicationRequest":
        return "dispenseRequest.validityPeriod"
    if resource["resourceType"] == "NutritionOrder":
        fed = "enteralFormula.administration.schedule"
        return f"{fed if 'enteralFormula' in resource else 'oralDiet.schedule'}.repeat.boundsPeriod"
    return next((key for key in resource if key.startswith("occurrence")), "occurrence[x]")


def _mentions(resource: Resource) -> bool:
    return any(key.startswith("occurrence") for key in resource)


def _names_days(resource: Resource) -> bool:
    return "occurrenceDateTime" in resource or "occurrencePeriod" in resource
