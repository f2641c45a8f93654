"""What every built request obeys (facts of the examiner's suite, written here by hand)."""

import re
from typing import Any

import pytest

from gateway.fhir import json
from gateway.fhir.bundle import references
from gateway.sandbox.checks import check_request
from tests.unit.orders.reading import (
    NOW,
    ORDERS,
    TODAY,
    built,
    context,
    contexts,
    counted_ids,
    coverage,
    patient,
    resources,
    service_request,
    the_mappings,
    the_payers,
    the_site,
)

_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_MEDICAL = ["knee_mri", "home_oxygen", "infused_drug", "inpatient_stay", "physical_therapy", "two_orders"]


def bundle_of(name: str) -> dict[str, Any]:
    [found] = contexts(json.loads((ORDERS / f"{name}.json").read_bytes()))
    return built(found).bundle


@pytest.fixture(params=_MEDICAL)
def bundle(request: pytest.FixtureRequest) -> dict[str, Any]:
    return bundle_of(request.param)


def test_the_claim_is_first_and_the_only_one(bundle: dict[str, Any]) -> None:
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds[0] == "Claim"
    assert kinds.count("Claim") == 1


def test_every_full_url_is_a_version_4_uuid_used_once_and_the_id_of_its_resource(bundle: dict[str, Any]) -> None:
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert all(_UUID.fullmatch(url) for url in urls)
    assert len(set(urls)) == len(urls)
    assert [entry["resource"]["id"] for entry in bundle["entry"]] == [url[9:] for url in urls]


def test_every_reference_finds_one_entry_and_every_entry_is_referred_to(bundle: dict[str, Any]) -> None:
    urls = {entry["fullUrl"] for entry in bundle["entry"]}
    targets = {reference["reference"] for entry in bundle["entry"] for _, reference in references(entry["resource"])}
    assert targets == urls - {bundle["entry"][0]["fullUrl"]}


def test_sequences_are_unique_and_resolve(bundle: dict[str, Any]) -> None:
    claim = bundle["entry"][0]["resource"]
    numbers = {
        name: [row["sequence"] for row in claim.get(name, [])]
        for name in ("careTeam", "diagnosis", "supportingInfo", "item", "insurance")
    }
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
    for item in claim["item"]:
        assert set(item.get("careTeamSequence", [])) <= set(numbers["careTeam"])
        assert set(item["diagnosisSequence"]) <= set(numbers["diagnosis"])
        assert set(item.get("informationSequence", [])) <= set(numbers["supportingInfo"])


def test_no_ehr_identity_travels(bundle: dict[str, Any]) -> None:
    text = json.dumps(bundle).decode()
    assert "ehr.clinic.example" not in text
    assert "us-ssn" not in text


def test_it_has_an_identifier_of_its_own_and_a_time(bundle: dict[str, Any]) -> None:
    assert _UUID.fullmatch(bundle["identifier"]["value"])
    assert bundle["timestamp"] == "2026-11-24T15:00:00Z"
    assert bundle["type"] == "collection"


def test_the_payer_sandbox_finds_nothing_wrong(bundle: dict[str, Any]) -> None:
    assert check_request(bundle) == ()


def test_the_profile_checker_finds_no_error(bundle: dict[str, Any], profiles: Any) -> None:
    report = profiles.check(bundle)
    assert [issue for issue in report.issues if issue.is_error] == []


def test_trace_numbers_and_identifiers_are_told_to_the_caller() -> None:
    request = built(context(service_request()))
    claim = request.bundle["entry"][0]["resource"]
    assert claim["identifier"] == [{"system": request.trace_system, "value": request.trace_value}]
    assert request.trace_system == f"urn:trnorg:{the_site().trace_originator}"
    assert request.claim_url == request.bundle["entry"][0]["fullUrl"]
    assert request.submission_id == request.bundle["identifier"]["value"]
    [item] = request.items
    assert item.trace_value == f"{request.trace_value}-1"
    assert (item.request_category, item.certification_type, item.service_type, item.place) == ("HS", "I", "62", "22")


def test_the_same_order_and_the_same_ids_give_the_same_bundle() -> None:
    assert built(context(service_request())).bundle == built(context(service_request())).bundle


def test_an_inpatient_stay_has_its_encounter_dates_and_place() -> None:
    bundle = bundle_of("inpatient_stay")
    claim = bundle["entry"][0]["resource"]
    categories = [row["category"]["coding"][0]["code"] for row in claim["supportingInfo"]]
    assert categories == ["patientEvent", "admissionDates", "dischargeDates"]
    assert claim["type"]["coding"][0]["code"] == "institutional"
    assert {"Encounter", "Location"} <= {entry["resource"]["resourceType"] for entry in bundle["entry"]}


def test_an_order_written_during_a_stay_is_no_admission() -> None:
    stay = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
    }
    [item] = built(context(service_request(encounter={"reference": "Encounter/e1"}), stay)).items
    assert (item.request_category, item.place) == ("HS", "22")


def test_an_order_that_is_not_inpatient_sends_no_encounter() -> None:
    assert "Encounter" not in {entry["resource"]["resourceType"] for entry in bundle_of("infused_drug")["entry"]}


def test_a_document_travels_whole_or_is_a_gap() -> None:
    order = service_request(supportingInfo=[{"reference": "DocumentReference/x"}])
    document = {
        "resourceType": "DocumentReference",
        "id": "x",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11506-3"}]},
        "content": [{"attachment": {"contentType": "text/plain", "url": "https://ehr.example/x"}}],
    }
    assert "document-content" in {gap.rule for gap in context(order, document).gaps}


def test_other_supporting_information_is_left_out_and_recorded() -> None:
    order = service_request(supportingInfo=[{"reference": "Observation/o1"}])
    found = context(order, {"resourceType": "Observation", "id": "o1"})
    assert "supporting-information" in {choice.rule for choice in found.choices}


def test_a_subscriber_who_is_not_the_patient_is_an_entry_of_its_own() -> None:
    found = context(
        service_request(),
        patient(id="p2", name=[{"family": "Other"}]),
        patient(),
        coverage(
            subscriber={"reference": "Patient/p2"},
            relationship={
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/subscriber-relationship", "code": "spouse"}
                ]
            },
        ),
    )
    request = built(found)
    assert len(resources(request, "Patient")) == 2
    assert "subscriber" in resources(request, "Coverage")[0]


def test_the_gaps_of_the_context_are_not_named_again() -> None:
    found = context(service_request(), coverage(identifier=None))
    assert {gap.rule for gap in found.gaps} == {"member-id"}
    assert not built(found).gaps


def test_an_unknown_requestor_is_an_error_of_the_caller() -> None:
    from dataclasses import replace

    from gateway.orders.request import build

    found = replace(context(service_request()), requestor_id="nobody")
    with pytest.raises(LookupError, match="not in the site profile"):
        build(found, the_mappings(), the_site(), the_payers()["sandbox"], now=NOW, new_id=counted_ids())
    assert NOW.date() == TODAY
