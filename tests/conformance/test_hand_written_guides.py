"""What is written by hand of CRD 2.2.1 and DTR 2.2.0 says what the fact sheet says (ig.md 3.6, 3.7, 4.4)."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gateway.conformance import Profiles
from gateway.conformance.guides import folder

PROFILES = Path(__file__).parents[2] / "profiles"
CRD = "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/"
DTR = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/"
CODES = "http://hl7.org/fhir/us/davinci-crd/CodeSystem/coverage-information-codes"


@cache
def checker(guide: str) -> Profiles:
    return Profiles.load(folder(PROFILES, guide))


def reason(code: str = "gold-card", text: str = "") -> dict[str, Any]:
    coded = {"coding": [{"system": CODES, "code": code}]} if code else {}
    return {"url": "reason", "valueCodeableConcept": coded | ({"text": text} if text else {})}


def answer(**parts: Any) -> list[dict[str, Any]]:
    """A coverage-information answer that holds; `parts` (by url, _ for -) stand in for its own, None takes one away."""
    whole = {
        "coverage": {"valueReference": {"reference": "Coverage/1"}},
        "covered": {"valueCode": "covered"},
        "pa-needed": {"valueCode": "auth-needed"},
        "date": {"valueDate": "2026-03-01"},
        "coverage-assertion-id": {"valueString": "A-1"},
    } | {name.replace("_", "-"): value for name, value in parts.items()}
    return [{"url": url} | value for url, value in whole.items() if value is not None]


def service_request(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "73721"}]},
        "subject": {"reference": "Patient/1"},
        "authoredOn": "2026-03-01",
        "requester": {"reference": "Practitioner/1"},
        "extension": [{"url": f"{CRD}ext-coverage-information", "extension": rows}],
    }


def errors(guide: str, resource: dict[str, Any], canonical: str) -> set[str]:
    return {issue.rule for issue in checker(guide).check(resource, canonical).issues if issue.is_error}


def coverage_errors(rows: list[dict[str, Any]]) -> set[str]:
    return errors("crd/2.2.1", service_request(rows), f"{CRD}profile-servicerequest")


CODED = {"valueCode": "conditional"}
GOOD = [
    answer(),
    answer(covered={"valueCode": "not-covered"}, pa_needed=None),
    answer(pa_needed=CODED, info_needed={"valueCode": "performer"}),
    [*answer(pa_needed={"valueCode": "satisfied"}, satisfied_pa_id={"valueString": "P-1"}), reason()],
    [*answer(info_needed={"valueCode": "OTH"}, covered=CODED), reason("", "Which wing?"), reason()],
    answer(contact={"valueContactDetail": {"name": "Help desk"}}, expiry_date={"valueDate": "2026-09-01"}),
]
BAD = {
    "q1": answer(questionnaire={"valueCanonical": "http://example.org/Questionnaire/1"}),
    "q2": answer(covered={"valueCode": "not-covered"}),
    "q3": answer(pa_needed=CODED),
    "q4": [*answer(pa_needed={"valueCode": "no-auth"}, doc_purpose={"valueCode": "withpa"}), reason()],
    "q5": answer(pa_needed={"valueCode": "satisfied"}),
    "q6": answer(covered=CODED, info_needed={"valueCode": "OTH"}),
    "q7": [*answer(), reason(), reason("something-else")],
    "q8": answer(doc_purpose={"valueCode": "withclaim"}),
    "q9": answer(covered={"valueCode": "indeterminate"}),
}


@pytest.mark.parametrize("rows", GOOD)
def test_a_coverage_information_answer_that_holds_is_accepted(rows: list[dict[str, Any]]) -> None:
    assert coverage_errors(rows) == set()


@pytest.mark.parametrize("rule", BAD)
def test_each_invariant_of_coverage_information_bites(rule: str) -> None:
    assert coverage_errors(BAD[rule]) == {f"crd-ci-{rule}"}


def test_information_needed_without_a_condition_is_a_warning() -> None:
    """The text says "if and only if", the expression does not (ig.md 11)."""
    resource = service_request(answer(info_needed={"valueCode": "location"}))
    report = checker("crd/2.2.1").check(resource, f"{CRD}profile-servicerequest")

    assert report.ok
    assert "crd-ci-q3-only-if" in {issue.rule for issue in report.issues}


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        (answer(covered={"valueCode": "maybe"}), "binding"),
        (answer(coverage=None), "cardinality"),
        (answer(date={"valueDateTime": "2026-03-01"}), "type"),
        (answer(contact={"valueContactPoint": {"value": "x"}}), "type"),
        (answer(response={"valueString": "of 2.0.1"}), "slice"),
    ],
)
def test_the_shape_of_coverage_information_is_checked(rows: list[dict[str, Any]], rule: str) -> None:
    assert rule in coverage_errors(rows)


@pytest.mark.parametrize(
    ("profile", "resource"),
    [
        ("profile-servicerequest", {"resourceType": "ServiceRequest", "status": "draft", "intent": "order"}),
        ("profile-devicerequest", {"resourceType": "DeviceRequest", "intent": "order"}),
        ("profile-medicationrequest", {"resourceType": "MedicationRequest", "status": "draft", "intent": "order"}),
        ("profile-communicationrequest", {"resourceType": "CommunicationRequest", "status": "draft"}),
    ],
)
def test_an_order_needs_its_date_and_requester(profile: str, resource: dict[str, Any]) -> None:
    report = checker("crd/2.2.1").check(resource, f"{CRD}{profile}")
    missing = {issue.path.rpartition(".")[2] for issue in report.issues if issue.rule == "cardinality"}

    assert {"authoredOn", "requester"} <= missing


def test_coverage_information_is_judged_in_a_pas_request_too() -> None:
    found = errors("pas/2.2.1", service_request(BAD["q5"]), "ServiceRequest")

    assert "crd-ci-q5" in found


def response(*answers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse",
        "extension": [
            {"url": f"{DTR}qr-coverage", "valueReference": {"reference": "Coverage/1"}},
            {"url": f"{DTR}intendedUse", "valueCodeableConcept": {"coding": [{"system": CODES, "code": "withpa"}]}},
        ],
        "questionnaire": "http://example.org/Questionnaire/1",
        "status": "completed",
        "subject": {"reference": "Patient/1"},
        "authored": "2026-03-01T10:00:00Z",
        "item": [{"linkId": "1", "answer": list(answers)}],
    } | more


def given(source: str, *, author: bool = False) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"url": "source", "valueCode": source}]
    if author:
        who = {"url": "practitioner", "valueReference": {"reference": "Practitioner/1"}}
        parts.append({"url": "author", "extension": [who]})
    return {"valueBoolean": True, "extension": [{"url": f"{DTR}information-origin", "extension": parts}]}


@pytest.mark.parametrize(
    ("resource", "rules"),
    [
        (response(given("auto-server"), given("manual", author=True)), set()),
        (response(given("manual")), {"dtrx-1"}),
        (response(given("auto-client", author=True)), {"dtrx-1"}),
        (response(given("auto")), {"binding"}),
        (response({"valueBoolean": True}), {"cardinality"}),
        (response(given("auto-client"), basedOn=[{"reference": "ServiceRequest/1"}]), {"cardinality"}),
        (response(given("auto-client"), extension=[]), {"cardinality", "empty"}),
    ],
)
def test_a_questionnaire_response_says_where_its_answers_come_from(resource: dict[str, Any], rules: set[str]) -> None:
    assert errors("dtr/2.2.0", resource, f"{DTR}dtr-questionnaireresponse") == rules


def nested(*answers: dict[str, Any], within: str) -> dict[str, Any]:
    """A response with a question in a group, or in the answer to another question that says where it comes from."""
    inner = [{"linkId": "1.1", "answer": list(answers)}]
    whole = response(given("auto-client"))
    if within == "item":
        whole["item"][0] = {"linkId": "1", "item": inner}
    else:
        whole["item"][0]["answer"][0]["item"] = inner
    return whole


@pytest.mark.parametrize("profile", ["dtr-questionnaireresponse", "dtr-questionnaireresponse-adapt"])
@pytest.mark.parametrize("within", ["item", "answer"])
def test_an_answer_within_another_question_without_its_origin_is_a_warning(profile: str, within: str) -> None:
    reports = [
        checker("dtr/2.2.0").check(nested(answer, within=within), f"{DTR}{profile}")
        for answer in (given("auto-server"), {"valueBoolean": True})
    ]

    assert [[issue.rule for issue in report.issues] for report in reports] == [[], ["dtr-origin-nested"]]
    assert all(report.ok for report in reports)


def test_an_adaptive_response_keeps_to_what_its_profile_derives_from() -> None:
    bare = response({"valueBoolean": True}, authored=None)
    del bare["authored"]

    found = errors("dtr/2.2.0", bare, f"{DTR}dtr-questionnaireresponse-adapt")

    assert found == {"cardinality"}


@pytest.mark.parametrize(
    ("kind", "profile", "base", "rules"),
    [
        ("Coverage", "profile-coverage", "us-core-coverage", {"us-core-15", "cardinality"}),
        ("Location", "profile-location", "us-core-location", {"cardinality"}),
    ],
)
def test_a_crd_profile_refuses_what_its_us_core_base_refuses(
    kind: str, profile: str, base: str, rules: set[str]
) -> None:
    resources = {
        "Coverage": {
            "resourceType": "Coverage",
            "status": "active",
            "beneficiary": {"reference": "Patient/1"},
            "payor": [{"reference": "Organization/1"}],
        },
        "Location": {
            "resourceType": "Location",
            "partOf": {"reference": "Location/1"},
            "managingOrganization": {"reference": "Organization/1"},
        },
    }

    of_base = errors("crd/2.2.1", resources[kind], f"http://hl7.org/fhir/us/core/StructureDefinition/{base}|7.0.0")
    of_profile = errors("crd/2.2.1", resources[kind], f"{CRD}{profile}")

    assert of_base == rules
    assert of_profile >= rules
