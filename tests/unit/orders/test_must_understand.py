"""Modifier extensions and implicit rules are never ignored (R4, quirk 39): nothing is sent before a person looked."""

from typing import Any

import pytest

from gateway.model.order import Benefit
from tests.unit.orders.reading import (
    HCPCS,
    ICD,
    concept,
    context,
    contexts,
    coverage,
    drug_order,
    patient,
    practitioner,
    rules,
    service_request,
)

RULE = "modifier-extension"
UNKNOWN: dict[str, Any] = {"modifierExtension": [{"url": "urn:example:turns-the-meaning", "valueBoolean": True}]}
RULED: dict[str, Any] = {"implicitRules": "urn:example:rules"}
MARKS = pytest.mark.parametrize("mark", [UNKNOWN, RULED], ids=["modifierExtension", "implicitRules"])


def places(*resources: dict[str, Any], **options: Any) -> list[str]:
    return [gap.path for gap in context(*resources, **options).gaps if gap.rule == RULE]


def party(kind: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": "x", **more}


@MARKS
def test_on_the_order_patient_or_coverage_it_is_a_gap(mark: dict[str, Any]) -> None:
    [element] = mark
    assert places(service_request(**mark)) == [f"ServiceRequest/s1.{element}"]
    assert places(service_request(), patient(**mark)) == [f"Patient/p1.{element}"]
    assert places(service_request(), coverage(**mark)) == [f"Coverage/c1.{element}"]


@MARKS
@pytest.mark.parametrize(
    ("order", "resource"),
    [
        ({"encounter": {"reference": "Encounter/x"}}, party("Encounter", status="finished")),
        ({"encounter": {"reference": "Encounter/x"}}, party("Encounter", status="planned")),
        ({"locationReference": [{"reference": "Location/x"}]}, party("Location")),
        ({"reasonReference": [{"reference": "Condition/x"}]}, party("Condition", code=concept(ICD, "M17.11"))),
        ({"requester": {"reference": "Practitioner/x"}}, party("Practitioner")),
        ({"performer": [{"reference": "Organization/x"}]}, party("Organization")),
        ({"performer": [{"reference": "PractitionerRole/x"}]}, party("PractitionerRole")),
        (
            {"supportingInfo": [{"reference": "DocumentReference/x"}]},
            party("DocumentReference", content=[{"attachment": {"data": "QQ=="}}]),
        ),
    ],
)
def test_on_a_resource_the_order_uses_it_is_a_gap(
    order: dict[str, Any], resource: dict[str, Any], mark: dict[str, Any]
) -> None:
    [element] = mark
    assert places(service_request(**order), {**resource, **mark}) == [f"{resource['resourceType']}/x.{element}"]
    assert places(service_request(**order), resource) == []


def test_on_the_insurer_it_is_a_gap() -> None:
    paid = coverage(payor=[{"reference": "Organization/x"}])
    assert places(service_request(), paid, party("Organization", **UNKNOWN)) == ["Organization/x.modifierExtension"]


def test_on_the_subscriber_it_is_a_gap() -> None:
    spouse = concept("http://terminology.hl7.org/CodeSystem/subscriber-relationship", "spouse")
    held = coverage(relationship=spouse, subscriber={"reference": "RelatedPerson/x"})
    assert places(service_request(), held, party("RelatedPerson", **UNKNOWN)) == ["RelatedPerson/x.modifierExtension"]


def test_on_the_organization_that_tells_the_requestor_it_is_a_gap() -> None:
    visit = {"resourceType": "Encounter", "id": "e1", "serviceProvider": {"reference": "Organization/x"}}
    order = service_request(encounter={"reference": "Encounter/e1"})
    assert places(order, visit, party("Organization", **UNKNOWN)) == ["Organization/x.modifierExtension"]


def test_inside_an_element_it_is_a_gap_with_its_path() -> None:
    order = drug_order(dosageInstruction=[{"text": "daily"}, {"text": "not", **UNKNOWN}])
    assert places(order, practitioner()) == ["MedicationRequest/m1.dosageInstruction[1].modifierExtension"]


def test_in_a_contained_resource_it_is_one_gap_used_or_not() -> None:
    drug = {"resourceType": "Medication", "id": "d", "code": concept(HCPCS, "J1745"), **UNKNOWN}
    order = drug_order(contained=[drug], medicationCodeableConcept=None, medicationReference={"reference": "#d"})
    assert places(order, practitioner()) == ["MedicationRequest/m1.contained[0].modifierExtension"]
    assert places(drug_order(contained=[drug]), practitioner()) == [
        "MedicationRequest/m1.contained[0].modifierExtension"
    ]


def test_on_a_referenced_medication_it_is_a_gap() -> None:
    drug = {"resourceType": "Medication", "id": "d", "code": concept(HCPCS, "J1745"), **UNKNOWN}
    order = drug_order(medicationCodeableConcept=None, medicationReference={"reference": "Medication/d"})
    assert places(order, practitioner(), drug) == ["Medication/d.modifierExtension"]


def test_on_what_the_order_does_not_use_it_is_no_gap() -> None:
    assert places(service_request(), party("Condition", code=concept(ICD, "M17.11"), **UNKNOWN)) == []


def test_only_the_order_that_has_it_is_held_back() -> None:
    orders = [service_request(), service_request(id="s2", **UNKNOWN), patient(), coverage()]
    first, second = contexts(orders, split=True)
    assert RULE not in rules(first)
    assert RULE in rules(second)


def test_a_drug_order_nobody_can_understand_is_not_handed_off() -> None:
    tablet = drug_order(
        medicationCodeableConcept=concept("http://www.nlm.nih.gov/research/umls/rxnorm", "1"),
        dosageInstruction=[{"route": concept("http://snomed.info/sct", "26643006")}],
    )
    assert context(tablet, practitioner()).benefit is Benefit.PHARMACY
    found = context({**tablet, **UNKNOWN}, practitioner())
    assert found.benefit is Benefit.MEDICAL
    assert RULE in rules(found)


def test_the_gap_says_what_would_do_and_quotes_nothing() -> None:
    [gap] = context(service_request(**UNKNOWN)).gaps
    assert "a version without it, or a person who reads what it means" in gap.need
    assert "urn:example" not in f"{gap}"
