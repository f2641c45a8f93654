"""References are followed inside the order only, and an uncertain step is recorded."""

from tests.unit.orders.reading import Resource, chosen, context, contexts, coverage, patient, rules, service_request


def entry(url: str, resource: Resource) -> Resource:
    return {"fullUrl": url, "resource": resource}


def test_an_absolute_reference_under_another_base_is_accepted_with_a_warning() -> None:
    found = context(service_request(subject={"reference": "https://other.example/fhir/Patient/p1"}))
    assert "reference-other-base" in chosen(found)
    assert not found.gaps


def test_a_relative_reference_against_urn_uuid_entries_is_found_by_id() -> None:
    uuid = "0c9f2b8a-2f4c-4a53-9d5b-0d6f9c1d2e3f"
    order = service_request(subject={"reference": f"Patient/{uuid}"}, insurance=None)
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            entry("urn:uuid:6f0c2a86-44c5-4c4b-8f9a-5a86ed1f0a11", order),
            entry(f"urn:uuid:{uuid}", patient(id=None)),
            entry(
                "urn:uuid:9b1d5c1e-0a67-4bb5-8f1e-0a2b7d3c4e5f", coverage(beneficiary={"reference": f"urn:uuid:{uuid}"})
            ),
        ],
    }
    [found] = contexts(bundle)
    assert "reference-id-only" in chosen(found)
    assert not found.gaps


def test_a_versioned_reference_is_followed() -> None:
    assert not context(service_request(subject={"reference": "Patient/p1/_history/3"})).gaps


def test_a_conditional_reference_is_not_resolved() -> None:
    found = context(service_request(subject={"reference": "Patient?identifier=MRN-1"}))
    assert "patient" in rules(found)


def test_a_patient_is_found_by_identifier_when_there_is_no_reference() -> None:
    found = context(service_request(subject={"identifier": {"system": "urn:oid:2.999.7.1", "value": "MRN-1"}}))
    assert "reference-by-identifier" in chosen(found)
    assert found.patient["id"] == "p1"


def test_an_order_without_subject_is_for_the_only_patient() -> None:
    found = context(service_request(subject=None))
    assert "patient-only" in chosen(found)
    assert not found.gaps


def test_a_patient_that_was_not_sent_is_a_gap_and_never_replaced_by_another() -> None:
    found = context(service_request(subject={"reference": "Patient/p7"}, insurance=None))
    assert {"patient", "coverage"} <= rules(found)
    assert found.patient == {}
