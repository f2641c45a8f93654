"""The sandbox's rules on Claim.item (PAS profile-claim: what every requested item must say)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gateway.fhir.outcome import Issue, Severity
from gateway.sandbox import names
from gateway.sandbox.elements import Element, codings, element, elements, extension_code, extensions, sequence
from gateway.sandbox.versions import RequestRules

_LINKS = {"careTeamSequence": "careTeam", "diagnosisSequence": "diagnosis", "informationSequence": "supportingInfo"}


@dataclass(frozen=True, slots=True)
class _Need:
    """What an item must say; `finds` tells whether it says anything there, and whether that is right."""

    rule: str
    element: str
    problem: str
    fix: str
    finds: Callable[[Element], tuple[bool, bool]]


def _extension(url: str, system: str) -> Callable[[Element], tuple[bool, bool]]:
    return lambda row: (bool(extensions(row, url)), bool(extension_code(row, url, system)))


def _concept(name: str, systems: Iterable[str]) -> Callable[[Element], tuple[bool, bool]]:
    known = frozenset(systems)
    return lambda row: (name in row, bool(known & {system for system, _ in codings(element(row, name))}))


_NEEDS = (
    _Need(
        "item-request-type",
        "extension",
        "The item has no request type.",
        f"Add extension serviceItemRequestType with a code of {names.REQUEST_TYPE_SYSTEM}.",
        _extension(names.REQUEST_TYPE, names.REQUEST_TYPE_SYSTEM),
    ),
    _Need(
        "item-certification-type",
        "extension",
        "The item has no certification type.",
        f"Add extension certificationType with a code of {names.CERTIFICATION_TYPE_SYSTEM}.",
        _extension(names.CERTIFICATION_TYPE, names.CERTIFICATION_TYPE_SYSTEM),
    ),
    _Need(
        "item-category",
        "category",
        "The item has no service type.",
        f"Send category with a code of {names.SERVICE_TYPE_SYSTEM}.",
        _concept("category", [names.SERVICE_TYPE_SYSTEM]),
    ),
    _Need(
        "item-location",
        "location",
        "The item does not say where it is done.",
        "Send locationCodeableConcept with a place of service or a type of bill.",
        _concept("locationCodeableConcept", names.LOCATION_SYSTEMS),
    ),
    _Need(
        "item-product-or-service",
        "productOrService",
        "The item is not coded for billing.",
        "Send a HCPCS, CPT, NDC, ICD procedure or X12 1365 code.",
        _concept("productOrService", names.SERVICE_SYSTEMS),
    ),
)


def check_items(claim: Element, path: str, rules: RequestRules) -> Iterator[Issue]:
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
        yield from _required(row, place, rules)
        yield from _links(row, known, place)


def _required(row: Element, place: str, rules: RequestRules) -> Iterator[Issue]:
    for need in _NEEDS:
        is_there, is_right = need.finds(row)
        if not is_right and (is_there or need.rule not in rules.optional):
            yield _issue(need.rule, f"{place}.{need.element}", need.problem, need.fix)


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


def _issue(rule: str, path: str, problem: str, fix: str) -> Issue:
    return Issue(Severity.ERROR, rule, path, problem, fix, "required")
