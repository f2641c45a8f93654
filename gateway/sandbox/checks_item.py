"""The sandbox's rules on Claim.item (PAS 2.2.1 profile-claim: what every requested item must say)."""

from collections.abc import Iterator

from gateway.fhir.outcome import Issue, Severity
from gateway.sandbox import names
from gateway.sandbox.elements import Element, codings, element, elements, extension_code, sequence

_LINKS = {"careTeamSequence": "careTeam", "diagnosisSequence": "diagnosis", "informationSequence": "supportingInfo"}


def check_items(claim: Element, path: str) -> Iterator[Issue]:
    """What is wrong with the items of a Claim."""
    rows = elements(claim, "item")
    if not rows:
        yield _issue("item", f"{path}.item", "Nothing is asked for.", "Send at least one item.")
    known = {rows: {sequence(other) for other in elements(claim, rows)} - {0} for rows in _LINKS.values()}
    seen: set[int] = set()
    for position, row in enumerate(rows):
        place = f"{path}.item[{position}]"
        if not sequence(row) or sequence(row) in seen:
            yield _issue(
                "item-sequence",
                f"{place}.sequence",
                "The sequence is missing or used twice.",
                "Number the items; every number once.",
            )
        seen.add(sequence(row))
        yield from _required(row, place)
        yield from _links(row, known, place)


def _required(row: Element, place: str) -> Iterator[Issue]:
    if not extension_code(row, names.REQUEST_TYPE, names.REQUEST_TYPE_SYSTEM):
        yield _issue(
            "item-request-type",
            f"{place}.extension",
            "The item has no request type.",
            f"Add extension serviceItemRequestType with a code of {names.REQUEST_TYPE_SYSTEM}.",
        )
    if not extension_code(row, names.CERTIFICATION_TYPE, names.CERTIFICATION_TYPE_SYSTEM):
        yield _issue(
            "item-certification-type",
            f"{place}.extension",
            "The item has no certification type.",
            f"Add extension certificationType with a code of {names.CERTIFICATION_TYPE_SYSTEM}.",
        )
    if names.SERVICE_TYPE_SYSTEM not in _systems(row, "category"):
        yield _issue(
            "item-category",
            f"{place}.category",
            "The item has no service type.",
            f"Send category with a code of {names.SERVICE_TYPE_SYSTEM}.",
        )
    if not _systems(row, "locationCodeableConcept") & names.LOCATION_SYSTEMS:
        yield _issue(
            "item-location",
            f"{place}.location",
            "The item does not say where it is done.",
            "Send locationCodeableConcept with a place of service or a type of bill.",
        )
    if not _systems(row, "productOrService") & names.SERVICE_SYSTEMS:
        yield _issue(
            "item-product-or-service",
            f"{place}.productOrService",
            "The item is not coded for billing.",
            "Send a HCPCS, CPT, NDC, ICD procedure or X12 1365 code.",
        )


def _links(row: Element, known: dict[str, set[int]], place: str) -> Iterator[Issue]:
    for name, rows in _LINKS.items():
        numbers = row.get(name, [])
        if not isinstance(numbers, list) or not all(
            type(number) is int and number in known[rows] for number in numbers
        ):
            yield _issue(
                "item-link",
                f"{place}.{name}",
                f"A number names no {rows} row.",
                f"Use sequence numbers of Claim.{rows}.",
            )


def _systems(row: Element, name: str) -> set[str]:
    return {system for system, _ in codings(element(row, name))}


def _issue(rule: str, path: str, problem: str, fix: str) -> Issue:
    return Issue(Severity.ERROR, rule, path, problem, fix, "required")
