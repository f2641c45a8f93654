"""What belongs to another patient never becomes part of a request."""

from typing import Any

import pytest

from gateway.model.order import OrderContext
from tests.unit.orders.reading import (
    CPT,
    ICD,
    built,
    chosen,
    concept,
    context,
    contexts,
    coverage,
    patient,
    resources,
    rules,
    service_request,
)

_OTHER = patient(id="p2", gender="male", identifier=[{"system": "urn:oid:2.999.7.1", "value": "MRN-2"}])


def with_beneficiary(beneficiary: Any, *others: Any, **changes: Any) -> OrderContext:
    [found] = contexts([service_request(**changes), patient(), *others, coverage(beneficiary=beneficiary)])
    return found


def document(**changes: Any) -> dict[str, Any]:
    attachment = {"contentType": "text/plain", "data": "aGVsbG8="}
    return {
        "resourceType": "DocumentReference",
        "id": "x",
        "type": concept("http://loinc.org", "11506-3"),
        "content": [{"attachment": attachment}],
        **changes,
    }


@pytest.mark.parametrize(
    ("beneficiary", "others"),
    [
        ({"reference": "Patient/p2"}, [_OTHER]),
        ({"reference": "Patient/p2"}, []),
        ({"reference": "https://elsewhere.example/Patient/p2"}, []),
        ({"reference": "urn:uuid:0000"}, []),
        ({"reference": "Patient?identifier=MRN-1"}, []),
        ({"identifier": {"system": "urn:oid:2.999.7.1", "value": "MRN-2"}}, [_OTHER]),
        ({"identifier": {"system": "urn:oid:2.999.7.1", "value": "MRN-2"}}, []),
        ({"identifier": {"system": "urn:oid:2.999.7.9", "value": "MRN-1"}}, []),
    ],
)
def test_a_named_coverage_of_another_patient_is_a_gap_and_never_used(beneficiary: Any, others: list[Any]) -> None:
    found = with_beneficiary(beneficiary, *others)
    assert found.coverage == {}
    assert found.member_id == ""
    [gap] = found.gaps
    assert (gap.rule, gap.path) == ("coverage-other-patient", "ServiceRequest/s1.insurance[0]")
    assert "Coverage/c1" in gap.need


@pytest.mark.parametrize(
    "beneficiary",
    [
        {"reference": "Patient/p1"},
        {"reference": "https://elsewhere.example/Patient/p1/_history/3"},
        {"identifier": {"system": "urn:oid:2.999.7.1", "value": "MRN-1"}},
    ],
)
def test_a_named_coverage_of_the_patient_is_used_however_it_names_them(beneficiary: Any) -> None:
    found = with_beneficiary(beneficiary, _OTHER)
    assert found.coverage["id"] == "c1"
    assert "coverage-beneficiary-unsaid" not in chosen(found)


@pytest.mark.parametrize("beneficiary", [None, {"display": "Somebody"}])
def test_a_named_coverage_that_names_nobody_is_used_and_recorded(beneficiary: Any) -> None:
    found = with_beneficiary(beneficiary)
    assert found.coverage["id"] == "c1"
    assert "coverage-beneficiary-unsaid" in chosen(found)


def test_the_only_coverage_is_used_and_recorded_when_neither_it_nor_the_order_names_anybody() -> None:
    found = with_beneficiary(None, insurance=None)
    assert found.coverage["id"] == "c1"
    assert "coverage-beneficiary-unsaid" in chosen(found)
    assert with_beneficiary({"display": "Somebody"}, insurance=None).coverage == {}


def test_one_coverage_of_the_patient_does_not_excuse_one_of_another() -> None:
    named = [{"reference": "Coverage/c2"}, {"reference": "Coverage/c1"}]
    theirs = coverage(id="c2", beneficiary={"reference": "Patient/p2"})
    [found] = contexts([service_request(insurance=named), patient(), _OTHER, theirs, coverage()])
    assert found.coverage["id"] == "c1"
    assert rules(found) == {"coverage-other-patient"}


def test_a_coverage_the_order_does_not_name_is_not_used_for_another_patient() -> None:
    found = with_beneficiary({"reference": "Patient/p2"}, insurance=None)
    assert found.coverage == {}
    assert rules(found) == {"coverage"}


def test_the_coverage_of_a_patient_who_was_not_sent_is_told_by_the_address() -> None:
    [found] = contexts([service_request(insurance=None), coverage()])
    assert found.coverage["id"] == "c1"
    assert rules(found) == {"patient"}
    [found] = contexts([service_request(), coverage(beneficiary={"reference": "Patient/p2"})])
    assert rules(found) == {"patient", "coverage-other-patient"}


def test_a_condition_of_another_patient_is_no_diagnosis_and_the_gap_names_it() -> None:
    order = service_request(reasonCode=None, reasonReference=[{"reference": "Condition/k"}])
    condition = {"resourceType": "Condition", "id": "k", "code": concept(ICD, "M23.203")}
    theirs = {**condition, "subject": {"reference": "Patient/p2"}}
    for others in ([], [_OTHER]):
        found = context(order, theirs, patient(), *others)
        assert found.diagnoses == ()
        assert "other-patient" in chosen(found)
        [gap] = found.gaps
        assert (gap.rule, "Condition/k is left out: it is about another patient" in gap.need) == ("diagnosis", True)
    own = context(order, {**condition, "subject": {"reference": "Patient/p1"}})
    assert (len(own.diagnoses), own.gaps) == (1, ())


def test_a_document_of_another_patient_is_a_gap_and_never_sent() -> None:
    order = service_request(supportingInfo=[{"reference": "DocumentReference/x"}])
    found = context(order, document(subject={"reference": "Patient/p2"}))
    assert found.documents == ()
    [gap] = found.gaps
    assert (gap.rule, gap.path) == ("other-patient", "ServiceRequest/s1.supportingInfo[0]")
    assert not resources(built(found), "DocumentReference")
    own = context(order, document(subject={"reference": "Patient/p1"}))
    assert (len(own.documents), own.gaps) == (1, ())


@pytest.mark.parametrize("tie", [{"status": "planned"}, {"basedOn": [{"reference": "ServiceRequest/s1"}]}])
def test_an_encounter_of_another_patient_is_left_out(tie: dict[str, Any]) -> None:
    order = service_request(encounter={"reference": "Encounter/e1"}, code=concept(CPT, "73721"))
    stay = {
        "resourceType": "Encounter",
        "id": "e1",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": {"reference": "Patient/p2"},
        **tie,
    }
    found = context(order, stay)
    assert not found.encounter
    assert "other-patient" in chosen(found)
    assert context(order, {**stay, "subject": {"reference": "Patient/p1"}}).encounter
