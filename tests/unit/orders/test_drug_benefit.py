"""Medical or pharmacy benefit, decided before a Claim exists."""

from typing import Any

import pytest

from gateway.model.order import Benefit
from tests.unit.orders.reading import (
    HCPCS,
    SNOMED,
    concept,
    context,
    contexts,
    coverage,
    drug_order,
    patient,
    rules,
    service_request,
)

_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/medicationrequest-category"
_ORAL, _VEIN, _SKIN = "26643006", "47625008", "34206005"


def drug(code: dict[str, Any] | None = None, route: str = "", category: str = "", **changes: Any) -> dict[str, Any]:
    return drug_order(
        medicationCodeableConcept=code or concept(_RXNORM, "105611"),
        dosageInstruction=[{"route": concept(SNOMED, route)}] if route else None,
        category=[concept(_CATEGORY, category)] if category else None,
        requester=None,
        **changes,
    )


@pytest.mark.parametrize(
    ("order", "rule"),
    [
        (drug(concept(HCPCS, "J1745"), route=_ORAL), "DB-01"),
        (drug(concept(HCPCS, "Q5103")), "DB-02"),
        (drug(category="inpatient", route=_ORAL), "DB-10"),
        (drug(route=_VEIN), "DB-30"),
        (drug(category="outpatient", route=_SKIN), "DB-40"),
    ],
)
def test_a_drug_given_by_a_clinician_is_medical(order: dict[str, Any], rule: str) -> None:
    found = context(order)
    assert found.benefit is Benefit.MEDICAL
    assert rule in {choice.rule for choice in found.choices}


def test_the_encounter_in_which_a_drug_is_given_makes_it_medical() -> None:
    visit = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "planned",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
    }
    found = context(drug(route=_SKIN, encounter={"reference": "Encounter/e1"}), visit)
    assert found.benefit is Benefit.MEDICAL
    assert "drug-benefit" not in rules(found)


@pytest.mark.parametrize("category", ["", "community", "outpatient"])
def test_a_drug_taken_by_mouth_is_handed_to_e_prescribing_without_gaps(category: str) -> None:
    found = context(drug(route=_ORAL, category=category, reasonCode=None))
    assert found.benefit is Benefit.PHARMACY
    assert found.handoff == "NCPDP SCRIPT ePA through the e-prescribing system"
    assert not found.gaps


@pytest.mark.parametrize("order", [drug(), drug(route=_SKIN), drug(category="community")])
def test_an_unclear_drug_is_a_gap_that_asks_which(order: dict[str, Any]) -> None:
    found = context(order)
    assert "drug-benefit" in rules(found)
    assert found.handoff == ""


def test_a_pharmacy_drug_beside_a_service_is_a_context_of_its_own() -> None:
    found = contexts([service_request(), drug(route=_ORAL), patient(), coverage()])
    assert [one.benefit for one in found] == [Benefit.MEDICAL, Benefit.PHARMACY]
