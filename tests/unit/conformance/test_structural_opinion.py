"""The opinion of fhir.resources: its errors as issues of ours, at a FHIRPath, in words that quote nothing."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.conformance import check
from gateway.conformance.second_opinion import second_opinion
from gateway.fhir import json

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = sorted((ROOT.parent / "shared" / "ig" / "examples").glob("*/*.json"))
SECRET = "canary-value"


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ({"birthDate": SECRET}, "Patient.birthDate"),
        ({"colour": SECRET}, "Patient.colour"),
        ({f"{SECRET} key": 1}, "Patient"),
        ({"name": {"family": SECRET}}, "Patient.name"),
        ({"name": [[SECRET]]}, "Patient.name[0]"),
        ({"extension": [{"valueString": SECRET}]}, "Patient.extension[0].url"),
        ({"multipleBirthInteger": SECRET}, "Patient.multipleBirth"),
        ({"contained": [{"resourceType": "Observation", "valueQuantity": SECRET}]}, "Patient.contained[0].value"),
        ({"_gender": {"extension": SECRET}}, "Patient.gender.extension"),
        ({"deceasedBoolean": True, "deceasedDateTime": "2020"}, "Patient"),
        ({"telecom": [{"rank": 0}]}, "Patient.telecom[0].rank"),
    ],
)
def test_an_error_is_an_issue_at_its_place_without_content(resource: dict[str, Any], path: str) -> None:
    issues, _ = second_opinion({"resourceType": "Patient", **resource})
    assert path in [issue.path for issue in issues]
    assert {issue.rule for issue in issues} == {"r4b"}
    assert all(issue.text and issue.fix for issue in issues)
    assert SECRET not in str(issues)


def test_a_missing_element_is_required() -> None:
    issues, _ = second_opinion({"resourceType": "Basic"})
    assert [(issue.path, issue.code) for issue in issues] == [("Basic.code", "required")]


@pytest.mark.parametrize(
    "resource", [{"resourceType": "Nothing"}, {"resourceType": "Patient", "contained": [{"resourceType": "Nothing"}]}]
)
def test_what_it_cannot_read_is_said_not_to_be_judged(resource: dict[str, Any]) -> None:
    issues, unjudged = second_opinion(resource)
    assert not issues
    assert [row.rule for row in unjudged] == ["r4b"]


@pytest.mark.parametrize("value", [None, 1, [], "x", {}, {"resourceType": 1}])
def test_what_is_no_resource_is_left_to_the_checker(value: Any) -> None:
    assert second_opinion(value) == ((), ())
    assert not check(value, strict=True).ok


@pytest.mark.skipif(not EXAMPLES, reason="the official examples are in ../shared/ig")
def test_it_has_nothing_against_any_official_example() -> None:
    for file in EXAMPLES:
        resource = json.loads(file.read_bytes())
        if isinstance(resource, dict) and "resourceType" in resource:
            assert second_opinion(resource) == ((), ()), file


def test_nobody_waits_for_it_who_does_not_ask() -> None:
    code = "import sys; import gateway.cli.profile, gateway.conformance; print('fhir.resources' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
