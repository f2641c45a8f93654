"""The walk by profile over small definitions made for the purpose: slicing, bounds, dropped rules, order."""

from typing import Any

import pytest

from gateway.conformance.constraints import conform
from gateway.conformance.context import Context, Guide
from gateway.conformance.definitions import Library, read_definition
from gateway.conformance.overrides import Overrides
from gateway.conformance.report import Findings
from gateway.conformance.scene import build_scene
from gateway.conformance.terminology import Terminology

TYPES: dict[str, Any] = {
    "Patient": {
        "kind": "resource",
        "elements": {
            "Patient": {"card": "0..*"},
            "Patient.identifier": {"card": "0..*", "types": ["Identifier"]},
            "Patient.active": {"card": "0..1", "types": ["boolean"]},
            "Patient.multipleBirth[x]": {"card": "0..1", "types": ["boolean", "integer"]},
        },
    },
    "Identifier": {
        "kind": "complex-type",
        "elements": {
            "Identifier": {"card": "0..*"},
            "Identifier.system": {"card": "0..1", "types": ["uri"]},
            "Identifier.value": {"card": "0..1", "types": ["string"]},
        },
    },
}


def rules_broken(elements: dict[str, Any], resource: dict[str, Any], dropped: frozenset[str] = frozenset()) -> Any:
    profile = read_definition("http://example.org/p|1", {"type": "Patient", "elements": elements}, dropped=dropped)
    library = Library([*(read_definition(name, raw) for name, raw in TYPES.items()), profile])
    guide = Guide("http://example.org", "1", library, Terminology({}), Overrides())
    item = guide.reader.resource({"resourceType": "Patient", **resource}, "Patient")
    context = Context(guide, build_scene(item))
    conform(context, profile, item)
    return [(issue.rule, issue.path) for issue in context.findings.issues], context.findings.not_evaluated


def sliced(kind: str, rules: str = "open", path: str = "system") -> dict[str, Any]:
    return {
        "Patient.identifier": {"slicing": {"by": [[kind, path]], "rules": rules}},
        "Patient.identifier:mine": {"card": "1..1"},
        "Patient.identifier:mine.system": {"card": "1..1", "fixed": "urn:mine"},
    }


MINE = {"system": "urn:mine", "value": "1"}
OTHER = {"system": "urn:other", "value": "1"}


@pytest.mark.parametrize(
    ("rows", "broken"),
    [
        ([MINE], []),
        ([MINE, OTHER], []),
        ([OTHER], [("cardinality", "Patient.identifier")]),
        ([MINE, MINE], [("cardinality", "Patient.identifier")]),
        (None, [("cardinality", "Patient.identifier")]),
    ],
)
def test_rows_are_counted_by_slice(rows: Any, broken: Any) -> None:
    resource = {} if rows is None else {"identifier": rows}

    assert rules_broken(sliced("value"), resource)[0] == broken


def test_a_closed_slicing_takes_no_strays() -> None:
    assert rules_broken(sliced("value", "closed"), {"identifier": [MINE, OTHER]})[0] == [
        ("slice", "Patient.identifier[1]")
    ]


def test_a_slice_may_be_told_by_what_is_there() -> None:
    elements = {
        "Patient.identifier": {"slicing": {"by": [["exists", "value"]], "rules": "open"}},
        "Patient.identifier:valued": {"card": "0..1"},
        "Patient.identifier:valued.value": {"card": "1..1"},
        "Patient.identifier:bare": {"card": "0..1"},
        "Patient.identifier:bare.value": {"card": "0..0"},
    }

    assert rules_broken(elements, {"identifier": [MINE, {"system": "urn:x"}]})[0] == []
    assert rules_broken(elements, {"identifier": [{"system": "urn:x"}, {"system": "urn:y"}]})[0] == [
        ("cardinality", "Patient.identifier")
    ]


def test_a_slice_may_be_told_by_type() -> None:
    elements = {
        "Patient.multipleBirth[x]": {"slicing": {"by": [["type", "$this"]], "rules": "closed"}},
        "Patient.multipleBirth[x]:order": {"types": ["integer"], "maxValue": 9},
    }

    assert rules_broken(elements, {"multipleBirthInteger": 2})[0] == []
    assert rules_broken(elements, {"multipleBirthInteger": 10})[0] == [("max-value", "Patient.multipleBirth")]
    assert rules_broken(elements, {"multipleBirthBoolean": True})[0] == [("slice", "Patient.multipleBirth")]


def test_a_discriminator_of_a_kind_not_supported_is_reported() -> None:
    broken, skipped = rules_broken(
        {**sliced("profile", path="$this"), "Patient.identifier:mine": {}}, {"identifier": [MINE]}
    )

    assert broken == []
    assert [(row.rule, row.path) for row in skipped] == [("slice", "Patient.identifier[0]")]


def test_texts_and_numbers_keep_their_bounds() -> None:
    elements = {"Patient.identifier.value": {"maxLength": 3}, "Patient.multipleBirth[x]": {"minValue": 2}}

    assert rules_broken(elements, {"identifier": [{"value": "1234"}], "multipleBirthInteger": 1})[0] == [
        ("max-length", "Patient.identifier[0].value"),
        ("min-value", "Patient.multipleBirth"),
    ]


def test_a_dropped_rule_is_not_run() -> None:
    elements = {"Patient": {"rules": [{"key": "p-1", "severity": "error", "expression": "active.exists()"}]}}

    assert rules_broken(elements, {})[0] == [("p-1", "Patient")]
    assert rules_broken(elements, {}, frozenset({"p-1"}))[0] == []


def test_a_rule_that_cannot_be_evaluated_is_reported() -> None:
    elements = {"Patient": {"rules": [{"key": "p-1", "severity": "error", "expression": "identifier.resolve()"}]}}

    broken, skipped = rules_broken(elements, {"identifier": [MINE]})

    assert broken == []
    assert [(row.rule, row.path) for row in skipped] == [("p-1", "Patient")]


def test_issues_come_in_the_order_of_the_entries() -> None:
    findings = Findings()
    for path in ("Bundle.entry[10].resource", "Bundle.entry[2].resource.name", "Bundle", "Bundle.entry[2].resource"):
        findings.error("x", path, "text", "fix")

    assert [issue.path for issue in findings.report("p").issues] == [
        "Bundle",
        "Bundle.entry[2].resource.name",
        "Bundle.entry[2].resource",
        "Bundle.entry[10].resource",
    ]
