"""A gap names the place in the order where a person at the EHR fills it, once for each cause."""

from typing import Any

import pytest

from gateway.model.order import Gap
from tests.unit.orders.reading import (
    CPT,
    built,
    concept,
    context,
    contexts,
    coverage,
    drug_order,
    patient,
    practitioner,
    service_request,
)

_RELATIONSHIP = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"


def gaps(*resources: dict[str, Any]) -> tuple[Gap, ...]:
    found = context(*resources)
    return (*found.gaps, *built(found).gaps)


def paths(*resources: dict[str, Any]) -> list[str]:
    return [gap.path for gap in gaps(*resources)]


@pytest.mark.parametrize(
    ("element", "path"),
    [
        ("name", "Patient/p1.name.family"),
        ("gender", "Patient/p1.gender"),
        ("birthDate", "Patient/p1.birthDate"),
    ],
)
def test_what_a_patient_lacks_is_named_at_the_patient(element: str, path: str) -> None:
    [gap] = gaps(service_request(), patient(**{element: None}))
    assert (gap.path, gap.element.startswith("Patient."), "parties/" in gap.rule) == (path, True, True)


def test_a_patient_without_a_number_is_asked_for_an_identifier() -> None:
    bare = coverage(identifier=[{"type": concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MB"), "value": "M"}])
    assert paths(service_request(), patient(identifier=None), bare) == ["Patient/p1.identifier"]


def test_a_unit_nobody_knows_is_one_gap_at_the_order() -> None:
    [gap] = gaps(service_request(quantityQuantity={"value": 3}))
    assert gap.path == "ServiceRequest/s1.quantityQuantity.unit"


def test_the_quantity_of_a_drug_and_of_a_device_are_named_at_their_own_place() -> None:
    drug = drug_order(dispenseRequest={"quantity": {"value": 3}, "validityPeriod": {"start": "2026-12-14"}})
    assert "MedicationRequest/m1.dispenseRequest.quantity.unit" in paths(drug, practitioner())


def test_a_drug_without_an_orderer_is_named_at_the_requester() -> None:
    assert "MedicationRequest/m1.requester" in paths(drug_order(requester=None))


def test_a_missing_patient_is_one_gap() -> None:
    [found] = contexts([service_request(), coverage()])
    assert [gap.rule for gap in found.gaps] == ["patient"]
    assert built(found).gaps == ()


def test_the_second_order_is_named_where_the_second_order_has_the_fault() -> None:
    order = service_request(id="s2", quantityQuantity={"value": 3})
    assert paths(service_request(), order) == ["ServiceRequest/s2.quantityQuantity.unit"]


def test_a_code_no_rule_knows_is_named_at_the_code_and_once_for_each_table() -> None:
    found = gaps(service_request(code=concept(CPT, "99500")))
    assert {gap.path for gap in found} == {"ServiceRequest/s1.code.coding[0]"}
    assert len({gap.need for gap in found}) == len(found) == 2


def test_what_a_provider_lacks_is_named_at_the_provider() -> None:
    order = service_request(requester={"reference": "Practitioner/d1"})
    assert paths(order, practitioner(identifier=None)) == ["Practitioner/d1.identifier.value"]
    assert paths(order, practitioner(name=None)) == ["Practitioner/d1.name"]
    wrong = practitioner(identifier=[{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1230000015"}])
    assert paths(order, wrong) == ["Practitioner/d1.identifier[0]"]


def test_what_the_subscriber_lacks_is_named_at_the_subscriber() -> None:
    spouse = coverage(subscriber={"reference": "Patient/p2"}, relationship=concept(_RELATIONSHIP, "spouse"))
    other = patient(id="p2", gender=None, name=None)
    assert paths(service_request(), patient(), other, spouse) == ["Patient/p2.name.family", "Patient/p2.gender"]


def test_a_document_of_a_type_no_rule_knows_is_named_at_the_document() -> None:
    document = {
        "resourceType": "DocumentReference",
        "id": "x",
        "type": concept("http://loinc.org", "00000-0"),
        "content": [{"attachment": {"data": "aGVsbG8="}}],
    }
    order = service_request(supportingInfo=[{"reference": "DocumentReference/x"}])
    assert paths(order, document) == [
        "DocumentReference/x.content.attachment.contentType",
        "DocumentReference/x.type",
    ]


def test_no_path_is_an_expression_however_little_the_order_has() -> None:
    bare = {"resourceType": "ServiceRequest", "id": "s1", "status": "active", "subject": {"reference": "Patient/p1"}}
    stay = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "planned",
        "class": {"code": "IMP", "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode"},
        "location": [{"location": {"reference": "Location/l1"}}],
    }
    order = service_request(
        encounter={"reference": "Encounter/e1"},
        status=None,
        performer=[{"reference": "Organization/o1"}, {"reference": "Practitioner/d1"}],
        requester={"reference": "Practitioner/d1"},
    )
    rest = [
        stay,
        {"resourceType": "Location", "id": "l1", "address": {"state": "MA"}},
        {"resourceType": "Organization", "id": "o1"},
        {"resourceType": "Practitioner", "id": "d1"},
        {"resourceType": "Patient", "id": "p1"},
    ]
    for found in (gaps(order, *rest), gaps(bare, *rest)):
        assert found
        assert not [gap for gap in found if "%" in gap.path or "(" in gap.path]
        assert len({(gap.path, gap.need) for gap in found}) == len(found)
