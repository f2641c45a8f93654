"""The ceiling over a binding and the additional bindings, each by its purpose; how both are compiled."""

from typing import Any

import pytest

from gateway.conformance.snapshot import ADDITIONAL_BINDING, MAX_VALUE_SET, compact, value_sets
from tests.unit.conformance.small_guide import checked, skipped

SETS: dict[str, Any] = {
    "urn:some": {"codes": {"urn:s": ["a"]}},
    "urn:all": {"codes": {"urn:s": ["b"], "urn:t": ["c"]}},
    "urn:system": {"open": ["urn:s"]},
}
WEAK = {"binding": {"strength": "preferred", "set": "urn:some"}}


def status(code: str, system: str = "urn:s") -> dict[str, Any]:
    return {"resourceType": "Patient", "maritalStatus": {"coding": [{"system": system, "code": code}]}}


def severities(resource: dict[str, Any], **element: Any) -> tuple[list[str], list[tuple[str, str]]]:
    report = checked(resource, {"Patient.maritalStatus": element}, value_sets=SETS)
    found = [issue for issue in report.issues if issue.severity != "information"]
    assert {(issue.rule, issue.path) for issue in found} <= {("binding", "Patient.maritalStatus")}
    return [issue.severity.value for issue in found], skipped(report)


SKIPPED = [("binding", "Patient.maritalStatus")]


@pytest.mark.parametrize(
    ("resource", "element", "expected"),
    [
        (status("a"), {**WEAK, "ceiling": "urn:all"}, ([], [])),  # in the set itself
        (status("b"), {**WEAK, "ceiling": "urn:all"}, ([], [])),
        (status("c", "urn:t"), {**WEAK, "ceiling": "urn:all"}, ([], [])),
        (status("x"), {**WEAK, "ceiling": "urn:all"}, (["error"], [])),
        (status("x"), {"ceiling": "urn:all"}, (["error"], [])),
        (status("x"), WEAK, ([], [])),
        (status("x"), {**WEAK, "ceiling": "urn:system"}, ([], SKIPPED)),
        (status("x", "urn:t"), {**WEAK, "ceiling": "urn:system"}, (["error"], [])),
        (status("x"), {**WEAK, "ceiling": "urn:nowhere"}, ([], SKIPPED)),
        ({"resourceType": "Patient", "maritalStatus": {"text": "x"}}, {"ceiling": "urn:all"}, (["error"], [])),
    ],
)
def test_no_code_beyond_the_ceiling_is_taken(
    resource: dict[str, Any], element: dict[str, Any], expected: tuple[list[str], list[tuple[str, str]]]
) -> None:
    assert severities(resource, **element) == expected


@pytest.mark.parametrize(
    ("purpose", "outside"),
    [
        ("required", (["error"], [])),
        ("maximum", (["error"], [])),
        ("extensible", (["warning"], [])),
        ("current", ([], SKIPPED)),
        ("conditional", ([], SKIPPED)),
    ],
)
def test_an_additional_binding_counts_by_its_purpose(
    purpose: str, outside: tuple[list[str], list[tuple[str, str]]]
) -> None:
    also = [{"purpose": purpose, "set": "urn:all"}]

    assert severities(status("b"), also=also) == ([], [])
    assert severities(status("x"), also=also) == outside


@pytest.mark.parametrize(
    ("concept", "is_refused"),
    [
        ({"text": "x"}, True),
        ({"id": "i", "text": "x"}, True),
        ({"text": "x", "_text": {"id": "i"}}, True),
        ({"text": "x", "extension": [{"url": "urn:why", "valueString": "x"}]}, False),
    ],
)
def test_words_are_no_code_where_one_is_required(concept: dict[str, Any], is_refused: bool) -> None:
    resource = {"resourceType": "Patient", "maritalStatus": concept}

    found, _ = severities(resource, binding={"strength": "required", "set": "urn:some"})

    assert found == (["error"] if is_refused else [])


def additional(purpose: str, **more: Any) -> dict[str, Any]:
    parts = [{"url": "purpose", "valueCode": purpose}, {"url": "valueSet", "valueCanonical": "urn:more|2"}]
    return {"url": ADDITIONAL_BINDING, "extension": [*parts, *({"url": name, **row} for name, row in more.items())]}


def compiled(*extensions: dict[str, Any]) -> dict[str, Any]:
    binding = {"strength": "preferred", "valueSet": "urn:some", "extension": list(extensions)}
    found = compact({"min": 0, "max": "1", "path": "Patient.maritalStatus", "binding": binding}, str)
    del found["card"]
    return found


def test_a_ceiling_and_additional_bindings_are_compiled() -> None:
    row = compiled({"url": MAX_VALUE_SET, "valueCanonical": "urn:all|1"}, additional("extensible"))

    assert row == WEAK | {"ceiling": "urn:all", "also": [{"purpose": "extensible", "set": "urn:more"}]}
    assert value_sets(row) == ["urn:some", "urn:all", "urn:more"]


def test_an_additional_binding_for_some_uses_only_is_conditional() -> None:
    row = compiled(additional("required", usage={"valueUsageContext": {}}))

    assert row["also"] == [{"purpose": "conditional", "set": "urn:more"}]


@pytest.mark.parametrize("purpose", ["minimum", "starter", "ui", "preferred", "candidate"])
def test_what_demands_nothing_of_a_value_is_not_compiled(purpose: str) -> None:
    assert compiled(additional(purpose)) == WEAK
