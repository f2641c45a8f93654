"""Whether a request is one that an inquiry asks for, by example and by nothing else (PAS spec-42 to spec-53).

Claim.identifier of an inquiry names the inquiry; it is no search key, and neither are trace numbers.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from gateway.sandbox import names
from gateway.sandbox.elements import Element, codings, element, elements, extensions, text
from gateway.sandbox.travel import Travellers

_NUMBERS = (names.AUTHORIZATION_NUMBER, names.ADMINISTRATION_REFERENCE_NUMBER)
Days = tuple[date, date]


def matches(example: Travellers, request: Travellers, answer: Element) -> bool:
    """Whether a request and its answer (the ClaimResponse) fit an inquiry: same member, a same service, same numbers.

    A row of the example that says nothing of a thing asks for any. Several diagnoses would widen; none is looked at.
    """
    if not members(example) & members(request):
        return False
    asked, known = example.claims[0].resource, request.claims[0].resource
    if not _numbers_asked(asked) <= _numbers_given(answer):
        return False
    rows = elements(asked, "item")
    return not rows or any(_same(row, other) for row in rows for other in elements(known, "item"))


def members(travellers: Travellers) -> set[str]:
    """The numbers that the patient of a request has with the payer or elsewhere."""
    claim = travellers.claims[0].resource
    patient = travellers.one(element(claim, "patient"))
    coverages = [travellers.one(element(row, "coverage")) for row in elements(claim, "insurance")]
    holders = [entry.resource for entry in (patient, *coverages) if entry]
    numbers = {text(row, "value") for holder in holders for row in elements(holder, "identifier")}
    return (numbers | {text(holder, "subscriberId") for holder in holders}) - {""}


def providers(travellers: Travellers) -> set[str]:
    """The NPIs of those who order and render in a request; the payer's own is none of them."""
    insurer = travellers.one(element(travellers.claims[0].resource, "insurer"))
    return {
        text(row, "value")
        for entry in travellers.entries
        if entry is not insurer and entry.resource.get("resourceType") in ("Organization", "Practitioner")
        for row in elements(entry.resource, "identifier")
        if text(row, "system") == names.NPI_SYSTEM
    } - {""}


def _same(row: Element, other: Element) -> bool:
    services = {code for system, code in codings(row.get("productOrService")) if not system.endswith(_ABSENT)}
    known = {code for _, code in codings(other.get("productOrService"))}
    if services and not services & known:
        return False
    asked, told = _days(row), _days(other)
    return not asked or not told or (asked[0] <= told[1] and told[0] <= asked[1])


_ABSENT = "data-absent-reason"


def _days(row: Element) -> Days | None:
    period = element(row, "servicedPeriod")
    start = text(row, "servicedDate") or text(period, "start")
    end = text(row, "servicedDate") or text(period, "end") or start
    try:
        return date.fromisoformat(start[:10]), date.fromisoformat(end[:10])
    except ValueError:
        return None


def _numbers_asked(claim: Element) -> set[str]:
    return {found for holder in (claim, *elements(claim, "item")) for found in _strings(holder, *_NUMBERS)}


def _numbers_given(answer: Element) -> set[str]:
    rows = [answer, *elements(answer, "item"), *elements(answer, "addItem")]
    reviews = [
        review
        for row in rows
        for adjudication in elements(row, "adjudication")
        for review in extensions(adjudication, names.REVIEW_ACTION)
    ]
    return {found for row in rows for found in _strings(row, *_NUMBERS)} | {
        found for review in reviews for found in _strings(review, "number")
    }


def _strings(holder: Any, *urls: str) -> Iterator[str]:
    for url in urls:
        for row in extensions(holder, url):
            if value := text(row, "valueString"):
                yield value
