"""Invariants that the spoilt bundles do not reach: each is broken once by its key, and kept once."""

from pathlib import Path
from typing import Any

import pytest

from gateway.conformance import check
from gateway.fhir import json

PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/"
CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
CRD = "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/"
DTR = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/"
TEMP = "http://hl7.org/fhir/us/davinci-pas/CodeSystem/PASTempCodes"
GOLDEN_201 = Path(__file__).parents[2] / "examples" / "golden" / "2.0.1" / "knee_mri"
Parts = dict[str, Any]


def rules(resource: Parts, guide: str, profile: str | None = None) -> set[str]:
    return {issue.rule for issue in check(resource, guide, profile).issues}


def organization(system: str, value: str) -> Parts:
    return {
        "resourceType": "Organization",
        "active": True,
        "name": "A",
        "identifier": [{"system": system, "value": value}],
    }


def task(kind: str, slot: str) -> Parts:
    return {
        "resourceType": "Task",
        "code": {"coding": [{"system": TEMP, "code": f"attachment-request-{kind}"}]},
        "input": [{"type": {"coding": [{"system": TEMP, "code": slot}]}, "valueString": "x"}],
    }


def request(**parts: Any) -> Parts:
    return {"resourceType": "CommunicationRequest", "status": "active", **parts}


def medication_order(**parts: Any) -> Parts:
    return {"resourceType": "MedicationRequest", "status": "active", "intent": "order", **parts}


def medium(code: str) -> list[Parts]:
    return [{"coding": [{"system": "https://codesystem.x12.org/005010/756", "code": code}]}]


MB = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MB"}]}
CLIA, NAIC = "urn:oid:2.16.840.1.113883.4.7", "urn:oid:2.16.840.1.113883.6.300"
# key: profile, a resource that breaks it, one that keeps it
BY_KEY: dict[str, tuple[str, Parts, Parts]] = {
    "us-core-15": (
        f"{PAS}profile-coverage",
        {"resourceType": "Coverage", "status": "active"},
        {"resourceType": "Coverage", "status": "active", "subscriberId": "1"},
    ),
    "us-core-18": (f"{PAS}profile-requestor", organization(CLIA, "12X3456789"), organization(CLIA, "12D3456789")),
    "us-core-19": (f"{PAS}profile-requestor", organization(NAIC, "1234"), organization(NAIC, "12345")),
    "us-core-21": (
        f"{PAS}profile-medicationrequest",
        medication_order(),
        medication_order(requester={"display": "Dr. Example"}),
    ),
    "IdentifierUnlessVO": (
        f"{PAS}profile-communicationrequest",
        request(medium=medium("EL")),
        request(medium=medium("VO")),
    ),
    "AttachmentNeeded": (f"{PAS}profile-task", task("code", "payer-url"), task("code", "attachments-needed")),
    "QuestionnaireContext": (
        f"{PAS}profile-task",
        task("questionnaire", "payer-url"),
        task("questionnaire", "questionnaire-context"),
    ),
}


@pytest.mark.parametrize("key", BY_KEY)
def test_an_invariant_of_pas_is_told_when_it_is_broken_and_not_when_it_is_kept(key: str) -> None:
    profile, broken, kept = BY_KEY[key]
    assert key in rules(broken, "pas/2.2.1", profile)
    assert key not in rules(kept, "pas/2.2.1", profile)


def coverage_information(**parts: Any) -> Parts:
    """A ServiceRequest with coverage information of these parts; a list is a part that repeats."""
    rows = [
        {"url": "coverage", "valueReference": {"display": "a plan"}},
        {"url": "date", "valueDate": "2026-11-24"},
        {"url": "coverage-assertion-id", "valueString": "a1"},
    ]
    for name, value in {"covered": "covered", **parts}.items():
        for one in value if isinstance(value, list) else [value]:
            rows.append(_part(name.replace("_", "-"), one))
    extension = {"url": f"{CRD}ext-coverage-information", "extension": rows}
    return {"resourceType": "ServiceRequest", "status": "draft", "intent": "order", "extension": [extension]}


def _part(name: str, value: Any) -> Parts:
    kinds = {"reason": "valueCodeableConcept", "questionnaire": "valueCanonical", "satisfied-pa-id": "valueString"}
    return {"url": name, kinds.get(name, "valueCode"): value}


GOLD = {"coding": [{"system": "http://hl7.org/fhir/us/davinci-crd/CodeSystem/temp", "code": "gold-card"}]}
FORM = "http://example.org/Questionnaire/1|1"
COVERAGE_INFORMATION: dict[str, tuple[Parts, Parts]] = {
    "crd-ci-q1": ({"questionnaire": FORM}, {"questionnaire": FORM, "doc_needed": "clinical"}),
    "crd-ci-q2": (
        {"covered": "not-covered", "pa_needed": "no-auth"},
        {"covered": "not-covered"},
    ),
    "crd-ci-q3": ({"pa_needed": "conditional"}, {"pa_needed": "conditional", "info_needed": "performer"}),
    "crd-ci-q4": (
        {"pa_needed": "satisfied", "satisfied_pa_id": "1", "doc_purpose": "withpa", "reason": GOLD},
        {"pa_needed": "satisfied", "satisfied_pa_id": "1", "doc_purpose": "withclaim", "reason": GOLD},
    ),
    "crd-ci-q5": ({"pa_needed": "satisfied"}, {"pa_needed": "satisfied", "satisfied_pa_id": "1"}),
    "crd-ci-q6": ({"info_needed": "OTH"}, {"info_needed": "OTH", "reason": GOLD}),
    "crd-ci-q7": (
        {"reason": {"coding": [{"system": "http://example.org/own", "code": "x"}]}},
        {"reason": {"coding": [{"system": "http://example.org/own", "code": "x"}], "text": "why"}},
    ),
    "crd-ci-q8": ({"doc_purpose": "withclaim"}, {"doc_purpose": "withclaim", "reason": GOLD}),
    "crd-ci-q9": ({"covered": "indeterminate"}, {"covered": "indeterminate", "reason": GOLD}),
}


@pytest.mark.parametrize("key", COVERAGE_INFORMATION)
def test_an_invariant_of_coverage_information_is_told_when_it_is_broken_and_not_when_it_is_kept(key: str) -> None:
    broken, kept = COVERAGE_INFORMATION[key]
    assert key in rules(coverage_information(**broken), "crd/2.2.1")
    assert key not in rules(coverage_information(**kept), "crd/2.2.1")


def test_a_location_of_crd_has_a_type_or_is_part_of_another() -> None:
    location = {"resourceType": "Location", "name": "Ward", "status": "active"}
    assert "crd-loc1" in rules(location, "crd/2.2.1", f"{CRD}profile-location")
    assert "crd-loc1" not in rules({**location, "partOf": {"display": "Clinic"}}, "crd/2.2.1", f"{CRD}profile-location")


def answer(*parts: Parts) -> Parts:
    origin = {"url": f"{DTR}information-origin", "extension": list(parts)}
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "item": [{"linkId": "1", "answer": [{"valueBoolean": True, "extension": [origin]}]}],
    }


@pytest.mark.parametrize(
    ("source", "with_author", "told"),
    [("manual", False, True), ("manual", True, False), ("auto-client", True, True), ("auto-client", False, False)],
)
def test_an_answer_names_its_author_just_when_a_person_gave_it(source: str, with_author: bool, told: bool) -> None:
    author = {"url": "author", "extension": [{"url": "practitioner", "valueReference": {"display": "Dr. Example"}}]}
    made = answer({"url": "source", "valueCode": source}, *([author] if with_author else []))
    assert ("dtrx-1" in rules(made, "dtr/2.2.0")) is told


@pytest.mark.parametrize(("stage", "key"), [("1_bundle", "ClaimFirst"), ("2_reply", "ClaimResponseFirst")])
def test_in_2_0_1_too_a_bundle_starts_with_what_it_is_about(stage: str, key: str) -> None:
    bundle = json.loads((GOLDEN_201 / f"{stage}.json").read_bytes())
    assert key not in rules(bundle, "pas/2.0.1")
    bundle["entry"].reverse()
    assert key in rules(bundle, "pas/2.0.1")
