"""How much is asked for: what cannot be sent as it stands is a gap, never dropped and never sent."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.orders.reading import (
    HCPCS,
    built,
    concept,
    context,
    drug_order,
    practitioner,
    service_request,
)

VISITS = {"value": 24, "unit": "visits"}
BAD: list[Any] = [
    {"value": 24, "unit": "visits", "comparator": ">"},
    {"value": 0, "unit": "visits"},
    {"value": -1, "unit": "visits"},
    {"value": Decimal("-0.5"), "unit": "visits"},
    {"value": "24", "unit": "visits"},
    {"value": True, "unit": "visits"},
    {"unit": "visits"},
    24,
]


def device(**parameter: Any) -> dict[str, Any]:
    order = service_request(id="e1", code=None, locationCode=None, codeCodeableConcept=concept(HCPCS, "E1390"))
    return {**order, "resourceType": "DeviceRequest", "parameter": [{"code": {"text": "quantity"}, **parameter}]}


def places(*resources: dict[str, Any]) -> list[tuple[str, str]]:
    found = context(*resources)
    if not found.gaps:
        assert built(found).items[0].quantity is not None
    return [(gap.path, gap.element) for gap in found.gaps if gap.rule == "quantity"]


def test_a_positive_quantity_is_sent() -> None:
    assert places(service_request(quantityQuantity=VISITS)) == []
    assert places(device(valueQuantity=VISITS)) == []
    assert places(drug_order(dispenseRequest=dispense(VISITS)), practitioner()) == []


@pytest.mark.parametrize("bad", BAD, ids=repr)
def test_a_comparator_and_what_is_no_positive_number_is_a_gap(bad: Any) -> None:
    element = "Claim.item[0].quantity"
    assert places(service_request(quantityQuantity=bad)) == [("ServiceRequest/s1.quantityQuantity", element)]
    assert places(device(valueQuantity=bad)) == [("DeviceRequest/e1.parameter[0].valueQuantity", element)]
    assert places(drug_order(dispenseRequest=dispense(bad)), practitioner()) == [
        ("MedicationRequest/m1.dispenseRequest.quantity", element)
    ]


def dispense(quantity: Any) -> dict[str, Any]:
    return {"validityPeriod": {"start": "2026-12-14", "end": "2026-12-20"}, "quantity": quantity}


@pytest.mark.parametrize("form", ["quantityRatio", "quantityRange"])
def test_a_ratio_or_a_range_is_a_gap(form: str) -> None:
    value = {"numerator": VISITS, "low": VISITS}
    assert places(service_request(**{form: value})) == [(f"ServiceRequest/s1.{form}", "Claim.item[0].quantity")]


@pytest.mark.parametrize("form", ["valueRange", "valueCodeableConcept"])
def test_a_quantity_parameter_of_another_form_is_a_gap(form: str) -> None:
    assert places(device(**{form: {"low": VISITS}})) == [
        (f"DeviceRequest/e1.parameter[0].{form}", "Claim.item[0].quantity")
    ]


@pytest.mark.parametrize("bad", BAD, ids=repr)
def test_what_is_a_gap_is_not_in_the_request_either(bad: Any) -> None:
    assert built(context(service_request(quantityQuantity=bad))).items[0].quantity is None
