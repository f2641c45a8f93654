"""Ceilings over bindings and additional bindings of PAS 2.2.1, US Core and R4 are held against values."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gateway.conformance import Profiles
from gateway.conformance.guides import folder

PROFILES = Path(__file__).parents[2] / "profiles"
PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
SNOMED = "http://snomed.info/sct"
DOSE = "MedicationRequest.dosageInstruction[0].doseAndRate[0].dose"


@cache
def checker(guide: str) -> Profiles:
    return Profiles.load(folder(PROFILES, guide))


def judged(guide: str, resource: dict[str, Any], profile: str, path: str) -> tuple[list[str], int]:
    """The severities of what is wrong with the codes at a place, and how many demands on them cannot be told."""
    report = checker(guide).check(resource, profile)
    issues = [issue for issue in report.issues if (issue.rule, issue.path) == ("binding", path)]
    found = [issue.severity.value for issue in issues if issue.severity != "information"]
    return found, sum((row.rule, row.path) == ("binding", path) for row in report.not_evaluated)


def prescription(system: str, code: str) -> dict[str, Any]:
    dose = {"value": 1, "unit": "one", "system": system, "code": code}
    return {"resourceType": "MedicationRequest", "dosageInstruction": [{"doseAndRate": [{"doseQuantity": dose}]}]}


@pytest.mark.parametrize(
    ("guide", "profile"),
    [
        ("pas/2.2.1", f"{PAS}profile-medicationrequest"),
        ("us-core/6.1.0", f"{US_CORE}us-core-medicationrequest"),
        ("us-core/7.0.0", f"{US_CORE}us-core-medicationrequest"),
    ],
)
def test_a_dose_has_a_unit_of_ucum(guide: str, profile: str) -> None:
    assert judged(guide, prescription("http://unitsofmeasure.org", "mg"), profile, DOSE) in [([], 0), ([], 1)]
    assert judged(guide, prescription("urn:units", "mg"), profile, DOSE) == (["error"], 0)


@pytest.mark.parametrize("guide", ["us-core/3.1.1", "us-core/6.1.0"])
@pytest.mark.parametrize(("system", "expected"), [(SNOMED, ([], 1)), ("urn:s", (["error"], 0))])
def test_the_smoking_status_has_a_code_of_snomed_ct(guide: str, system: str, expected: tuple[list[str], int]) -> None:
    resource = {"resourceType": "Observation", "valueCodeableConcept": {"coding": [{"system": system, "code": "1"}]}}

    assert judged(guide, resource, f"{US_CORE}us-core-smokingstatus", "Observation.value") == expected


@pytest.mark.parametrize(("system", "expected"), [("urn:ietf:bcp:47", 0), ("urn:s", 1)])
def test_a_language_is_one_of_bcp_47(system: str, expected: int) -> None:
    spoken = {"language": {"coding": [{"system": system, "code": "en-US"}]}}
    resource = {"resourceType": "Patient", "communication": [spoken]}

    found, _ = judged("r4/4.0.1", resource, "Patient", "Patient.communication[0].language")

    assert found.count("error") == expected


@pytest.mark.parametrize(
    ("system", "expected"),
    [("https://codesystem.x12.org/005010/755", ["error"]), ("http://loinc.org", ["warning"])],
)
def test_attachments_asked_for_are_loinc_codes_and_x12_codes_where_they_apply(system: str, expected: list[str]) -> None:
    codes = "http://hl7.org/fhir/us/davinci-pas/CodeSystem/PASTempCodes"
    asked = {
        "type": {"coding": [{"system": codes, "code": "attachments-needed"}]},
        "valueCodeableConcept": {"coding": [{"system": system, "code": "77599-9"}]},
    }
    task = {"resourceType": "Task", "input": [asked]}

    assert judged("pas/2.2.1", task, f"{PAS}profile-task", "Task.input[0].value")[0] == expected


def test_an_old_condition_code_is_not_judged_by_the_set_for_new_records() -> None:
    resource = {"resourceType": "Condition", "code": {"text": "an old complaint"}}
    profile = f"{US_CORE}us-core-condition-problems-health-concerns"

    assert judged("us-core/7.0.0", resource, profile, "Condition.code") == ([], 1)
