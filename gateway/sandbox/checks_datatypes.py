"""The sandbox's rules on dates, quantities and timings, most of them narrative (prof-1 to prof-3, PAS 2.2.1 only)."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from gateway.fhir.bundle import Entry
from gateway.fhir.outcome import Issue, Severity
from gateway.sandbox import names
from gateway.sandbox.elements import Element, element, elements, extensions, text
from gateway.sandbox.travel import Travellers

_MOST = 10**9
_FULL_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def check_datatypes(travellers: Travellers) -> Iterator[Issue]:
    """What is wrong with dates, quantities and timings of the Claims, patients and orders in the Bundle."""
    for entry in travellers.entries:
        kind = entry.resource.get("resourceType")
        if kind == "Claim":
            yield from _claim_dates(entry)
            yield from _claim_quantities(entry)
        elif kind == "Patient":
            yield from _full_date(entry.resource, "birthDate", entry.path)
        elif kind in ("ServiceRequest", "DeviceRequest"):
            yield from _timing(entry.resource, "occurrenceTiming", entry.path)
            yield from _quantity(entry.resource, "quantityQuantity", entry.path)
        elif kind == "MedicationRequest":
            for position, row in enumerate(elements(entry.resource, "dosageInstruction")):
                yield from _timing(row, "timing", f"{entry.path}.dosageInstruction[{position}]")


def _claim_dates(claim: Entry) -> Iterator[Issue]:
    yield from _full_date(element(claim.resource, "accident"), "date", f"{claim.path}.accident")
    for name, prefix in (("supportingInfo", "timing"), ("item", "serviced")):
        for position, row in enumerate(elements(claim.resource, name)):
            place = f"{claim.path}.{name}[{position}]"
            yield from _full_date(row, f"{prefix}Date", place)
            period, where = element(row, f"{prefix}Period"), f"{place}.{prefix}Period"
            yield from _full_date(period, "start", where)
            yield from _full_date(period, "end", where)
            if text(period, "start") > text(period, "end") > "":
                yield _issue("period-order", where, "The period ends before it starts.", "Correct its dates.")


def _claim_quantities(claim: Entry) -> Iterator[Issue]:
    for position, row in enumerate(elements(claim.resource, "item")):
        yield from _quantity(row, "quantity", f"{claim.path}.item[{position}]")


def _full_date(holder: Element, name: str, place: str) -> Iterator[Issue]:
    if name in holder and not _is_day(text(holder, name)):
        yield _issue("full-date", f"{place}.{name}", "This is not a full date that exists.", "Write it as YYYY-MM-DD.")


def _is_day(value: str) -> bool:
    try:
        return bool(_FULL_DATE.fullmatch(value)) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _timing(holder: Element, name: str, place: str) -> Iterator[Issue]:
    if name not in holder:
        return
    repeat = element(element(holder, name), "repeat")
    repeated = all(part in repeat for part in ("frequency", "period", "periodUnit"))
    patterned = _has_pattern(element(holder, name))
    if not ("count" in repeat or repeated or patterned):
        yield _issue(
            "prof-1",
            f"{place}.{name}",
            "The timing has none of the four shapes PAS allows.",
            "Send count; or frequency, period and periodUnit; or a calendar or delivery pattern.",
        )


def _has_pattern(timing: Element) -> bool:
    return any(extensions(timing, url) for url in (names.CALENDAR_PATTERN, names.DELIVERY_PATTERN))


def _quantity(holder: Element, name: str, place: str) -> Iterator[Issue]:
    if name not in holder:
        return
    quantity, where = element(holder, name), f"{place}.{name}"
    value = quantity.get("value")
    number = value if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
    sent = "value" in quantity or not isinstance(holder[name], dict)
    if sent and (number is None or not -_MOST < number < _MOST):
        yield _issue("quantity-number", where, "Its value is no number below a billion.", "Send a decimal number.")
    if number is None or not 0 < number < _MOST:
        yield _issue(
            "prof-2",
            where,
            "The quantity has no value, or none between 0 and a billion.",
            "Send how many as a positive number.",
        )
    if not (text(quantity, "unit") or text(quantity, "code")):
        yield _issue("prof-2", where, "The quantity has neither unit nor code.", "Send a unit or a code.")
    if text(quantity, "code") and text(quantity, "system") != names.UNIT_SYSTEM:
        yield _issue(
            "prof-3",
            where,
            "The unit's code is not one of X12 673.",
            f"Use system {names.UNIT_SYSTEM}, or send only unit.",
        )


def _issue(rule: str, path: str, problem: str, fix: str) -> Issue:
    return Issue(Severity.ERROR, rule, path, problem, fix, "invariant")
