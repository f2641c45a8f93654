"""The Python twins of invariants answer as their FHIRPath expressions do."""

from typing import Any

import pytest

from gateway.conformance.acceptors import acceptors
from gateway.conformance.definitions import Library, Node
from gateway.conformance.items import Item, Reader
from gateway.conformance.native import NATIVE
from gateway.conformance.presence import presence
from gateway.conformance.terminology import Terminology
from gateway.fhir import path as fhirpath

READER = Reader(Library(()), acceptors(Terminology({})))
ROW = {"fullUrl": "http://example.org/Claim/1", "resource": {"resourceType": "Claim", "meta": {"versionId": "1"}}}
SAMPLES: list[Any] = [
    {"value": "1234567893"},
    {"value": "1234567890"},
    {"value": "12345"},
    {"value": "12D3456789"},
    {"value": 1},
    {"value": 1, "unit": "visit"},
    {"value": 1, "code": "VS", "system": "x"},
    {"code": "VS"},
    {"comparator": "<"},
    {"start": "2026-01-01", "end": "2026-02-01"},
    {"start": "2026-02-01", "end": "2026-01-01"},
    {"start": "2026-01"},
    {"data": "QUJD"},
    {"data": "QUJD", "value": 1},
    {"data": "QUJD", "contentType": "text/plain"},
    {"use": "home"},
    {"use": "work"},
    {"telecom": [{"value": "1"}]},
    {"endpoint": [{"reference": "Endpoint/1"}]},
    {"name": "x"},
    {"identifier": [{}]},
    {"duration": 1, "durationUnit": "h"},
    {"duration": -1},
    {"duration": 1},
    {"period": 1, "periodUnit": "d"},
    {"period": -1, "periodUnit": "d"},
    {"periodMax": 2},
    {"durationMax": 2},
    {"countMax": 2},
    {"countMax": 2, "count": 1},
    {"timeOfDay": ["10:00:00"], "when": ["AC"]},
    {"timeOfDay": ["10:00:00"]},
    {"reference": "Patient/1"},
    {"fullUrl": "http://example.org/Claim/1/_history/2"},
    ROW,
    {"request": {"method": "GET", "url": "x"}},
    {"a": 1},
]
BUNDLES: list[Any] = [
    {"resourceType": "Bundle", "type": "collection", "entry": [ROW]},
    {"resourceType": "Bundle", "type": "collection", "entry": [ROW, ROW]},
    {"resourceType": "Bundle", "type": "history", "entry": [ROW, ROW]},
    {"resourceType": "Bundle", "type": "batch", "entry": [{**ROW, "request": {"method": "POST", "url": "Claim"}}]},
    {"resourceType": "Bundle", "type": "batch-response", "entry": [{"response": {"status": "200"}}]},
    {"resourceType": "Bundle", "type": "batch", "entry": [ROW]},
    {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "ClaimResponse"}}]},
    {"resourceType": "Bundle", "type": "collection"},
    {"resourceType": "Bundle", "type": "collection", "total": 1, "entry": [{**ROW, "search": {"mode": "match"}}]},
    {"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [{**ROW, "search": {"mode": "match"}}]},
    {"resourceType": "Bundle", "type": "document", "entry": [ROW]},
    {"resourceType": "Bundle", "type": "message", "entry": [ROW]},
    {"resourceType": "Bundle", "type": "document", "identifier": {"system": "urn:s"}},
    {
        "resourceType": "Bundle",
        "type": "document",
        "identifier": {"system": "urn:s", "value": "1"},
        "timestamp": "2026-01-01T00:00:00Z",
        "entry": [{"resource": {"resourceType": "Composition"}}],
    },
    {"resourceType": "Bundle", "type": "message", "entry": [{"resource": {"resourceType": "MessageHeader"}}]},
    {"resourceType": "Bundle"},
]
REFERENCE = next(expression for expression in NATIVE if "contained.id" in expression)
# Judged apart: ranges compare quantities, also where FHIRPath does not know their units; htmlChecks is not FHIRPath; a
# reference by identifier alone has no `reference`, and as published ref-1 would refuse it.
APART = {
    REFERENCE,
    "low.empty() or high.empty() or (low <= high)",
    "htmlChecks()",
    "$this.toString().length() = 10",
    "start.hasValue().not() or end.hasValue().not() or (start <= end)",
}


def item_of(value: Any, type_: str, node: Node, parent: Item | None = None) -> Item:
    return Item(value, type_, node, READER.shape(node, type_), parent=parent)


def entries(value: Any) -> Node:
    """Enough of a definition to read the entries of a Bundle."""
    entry = Node(
        "Bundle.entry",
        "entry",
        children={
            name: Node(f"Bundle.entry.{name}", name)
            for name in ("fullUrl", "resource", "request", "response", "search")
        },
    )
    return Node("Bundle", "Bundle", children={"entry": entry} if value.get("resourceType") == "Bundle" else {})


@pytest.mark.parametrize("expression", sorted(set(NATIVE) - APART))
def test_twin_and_expression_agree(expression: str) -> None:
    about_bundles = "entry" in expression or "type = '" in expression
    for sample in BUNDLES if about_bundles else SAMPLES:
        item = item_of(sample, "Bundle" if about_bundles else "Element", entries(sample))
        variables = {"resource": sample, "rootResource": sample}
        try:
            result = fhirpath.compile(expression)(sample, variables)
        except fhirpath.PathFault:
            continue  # no value of the types R4 allows there: judged by the walk over the structure

        assert NATIVE[expression](item) == (result == [True]), sample


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ({"reference": "Patient/1"}, True),
        ({"reference": "#a"}, True),
        ({"reference": "#b"}, False),
        ({"reference": "#"}, True),
        ({"identifier": {"value": "1"}}, True),
    ],
)
def test_a_reference_into_the_resource_finds_what_is_contained(value: Any, holds: bool) -> None:
    home = item_of({"contained": [{"id": "a"}, "x"]}, "Patient", Node("Patient", "Patient"))

    assert NATIVE[REFERENCE](item_of(value, "Reference", Node("x", "x"), parent=home)) is holds


@pytest.mark.parametrize(
    ("value", "holds"), [("2026-01-01", True), ("2026-01", False), ("2026-01-01T10:00:00Z", False)]
)
def test_a_full_day_has_ten_characters(value: str, holds: bool) -> None:
    expression = "$this.toString().length() = 10"

    assert NATIVE[expression](item_of(value, "date", Node("x", "x"))) is holds
    assert fhirpath.compile(expression)(value) == [holds]


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        ("2026-01", "2026-01-15", True),
        ("2026-01-15", "2026-01", True),
        ("2026-02", "2026-01-15", False),
        ("2026", "2025-12-31", False),
    ],
)
def test_dates_of_different_precision_are_compared_on_what_they_share(start: str, end: str, holds: bool) -> None:
    rule = NATIVE["start.hasValue().not() or end.hasValue().not() or (start <= end)"]

    assert rule(item_of({"start": start, "end": end}, "Period", Node("x", "x"))) is holds


UCUM = "http://unitsofmeasure.org"


def amount(value: float, code: str = "", system: str = UCUM) -> dict[str, Any]:
    return {"value": value, **({"system": system, "code": code} if code else {})}


@pytest.mark.parametrize(
    ("low", "high", "holds"),
    [
        (amount(1), amount(2), True),
        (amount(2), amount(1), False),
        (amount(500, "mg"), amount(1, "g"), True),
        (amount(1, "g"), amount(500, "mg"), False),
        (amount(2, "UN", "urn:x"), amount(1, "UN", "urn:x"), False),
        ({"value": 2, "unit": "visits"}, {"value": 1, "unit": "visits"}, False),
        (amount(2), {"comparator": "<"}, True),
        # nobody can tell
        (amount(1, "g"), amount(500, "m"), None),
        (amount(1, "g"), amount(500), None),
        (amount(2, "UN", "urn:x"), amount(1, "DA", "urn:x"), None),
        ({"value": 2, "unit": "weeks"}, {"value": 1, "unit": "visits"}, None),
    ],
)
def test_the_ends_of_a_range_are_compared_in_their_units(low: Any, high: Any, holds: bool | None) -> None:
    rule = NATIVE["low.empty() or high.empty() or (low <= high)"]
    item = item_of({"low": low, "high": high}, "Range", Node("x", "x"))

    if holds is None:
        with pytest.raises(fhirpath.PathFault):
            rule(item)
    else:
        assert rule(item) is holds


PRESENCE = [
    "code.empty() or system.exists()",
    "comparator.empty()",
    "data.empty() or contentType.exists()",
    "value.empty() or system.exists()",
    "duration.empty() or durationUnit.exists()",
    "periodMax.empty() or period.exists()",
    "timeOfDay.empty() or when.empty()",
    "resource.exists() or request.exists() or response.exists()",
    "value.exists() xor data.exists()",
    "(value.exists() and code.empty()) or (use.exists() implies telecom.exists())",
    "(value.exists() and code.exists()).not()",
    "value.exists().not() or unit.exists() and code.exists()",
    "use.exists() implies value.exists() or name.exists()",
]


@pytest.mark.parametrize("expression", PRESENCE)
def test_a_rule_about_presence_alone_is_plain_logic(expression: str) -> None:
    test = presence(expression)

    assert test is not None
    for sample in SAMPLES:
        result = fhirpath.compile(expression)(sample)
        assert test(item_of(sample, "Element", Node("Element", "Element"))) == (result == [True]), sample


@pytest.mark.parametrize(
    "expression",
    ["value > 1", "value.exists", "value.exists() or", "(value.exists()", "value.exists())", "a.b.exists()", "or", ""],
)
def test_a_rule_about_more_than_presence_is_left_to_fhirpath(expression: str) -> None:
    assert presence(expression) is None
