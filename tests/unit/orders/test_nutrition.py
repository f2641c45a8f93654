"""A NutritionOrder becomes one item for the one product of it that a payer bills; the rest is a gap or recorded."""

from typing import Any

import pytest

from gateway.model.errors import BadOrder
from tests.unit.orders.reading import (
    HCPCS,
    ICD,
    SNOMED,
    VERSIONS,
    built,
    chosen,
    concept,
    context,
    contexts,
    coverage,
    patient,
    practitioner,
    resources,
    rules,
    the_profiles,
)

_R4 = "http://hl7.org/fhir/StructureDefinition/"
_UNITS = "http://hl7.org/fhir/4.0/StructureDefinition/extension-Claim.item.quantity"
_PRIORITY = "http://hl7.org/fhir/5.0/StructureDefinition/extension-NutritionOrder.priority"
_REASON = {"url": f"{_R4}workflow-reasonCode", "valueCodeableConcept": concept(ICD, "R13.10")}
_DAYS = {"repeat": {"boundsPeriod": {"start": "2026-12-01", "end": "2026-12-31"}}}
in_each_version = pytest.mark.parametrize("version", VERSIONS)


def formula(code: str = "B4150", system: str = HCPCS, **more: Any) -> dict[str, Any]:
    return {"baseFormulaType": concept(system, code), "administration": [{"schedule": _DAYS}], **more}


def nutrition(*extensions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    order = {
        "resourceType": "NutritionOrder",
        "id": "n1",
        "extension": [_REASON, *extensions],
        "status": "active",
        "intent": "order",
        "patient": {"reference": "Patient/p1"},
        "dateTime": "2026-11-20",
        "orderer": {"reference": "Practitioner/d1"},
        "enteralFormula": formula(),
        **changes,
    }
    return {key: value for key, value in order.items() if value is not None}


@in_each_version
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "B4150"),
        ({"enteralFormula": None, "oralDiet": {"type": [concept(HCPCS, "B4100")], "schedule": [_DAYS]}}, "B4100"),
        ({"enteralFormula": None, "supplement": [{"type": concept(HCPCS, "B4152"), "schedule": [_DAYS]}]}, "B4152"),
        (
            {"enteralFormula": {"additiveType": concept(HCPCS, "B4104"), "administration": [{"schedule": _DAYS}]}},
            "B4104",
        ),
    ],
)
def test_what_is_fed_becomes_an_item_whose_service_is_the_copy_of_the_order(
    changes: dict[str, Any], code: str, version: str
) -> None:
    found = context(nutrition(**changes), practitioner())
    request = built(found, version)
    assert (found.gaps, request.gaps) == ((), ())
    [item] = request.items
    assert (item.service.code, item.request_category, item.service_type, item.place) == (code, "HS", "12", "12")
    [copy] = resources(request, "NutritionOrder")
    [claim] = resources(request, "Claim")
    assert {"reference": f"urn:uuid:{copy['id']}"} in [
        row.get("valueReference") for row in claim["item"][0]["extension"]
    ]
    assert claim["item"][0]["servicedPeriod"] == {"start": "2026-12-01", "end": "2026-12-31"}
    assert [issue for issue in the_profiles(version).check(request.bundle).issues if issue.is_error] == []


def test_a_formula_of_another_system_only_is_a_gap_that_names_its_place() -> None:
    [gap] = context(nutrition(enteralFormula=formula("443031000124106", SNOMED)), practitioner()).gaps
    assert (gap.path, gap.rule) == ("NutritionOrder/n1.enteralFormula.baseFormulaType", "billing-code")
    assert "SNOMED CT" in gap.need


def test_a_diet_without_a_billing_code_is_a_gap() -> None:
    diet = {"type": [concept(SNOMED, "15108003")], "schedule": [_DAYS]}
    [gap] = context(nutrition(enteralFormula=None, oralDiet=diet), practitioner()).gaps
    assert (gap.path, gap.rule) == ("NutritionOrder/n1.oralDiet.type[0]", "billing-code")


def test_an_order_of_nothing_is_a_gap() -> None:
    assert "billing-code" in rules(context(nutrition(enteralFormula=None), practitioner()))


def test_a_diet_nobody_bills_beside_a_formula_is_left_out_and_recorded() -> None:
    found = context(nutrition(oralDiet={"type": [concept(SNOMED, "15108003")]}), practitioner())
    assert found.gaps == ()
    [left] = [choice for choice in found.choices if choice.rule == "nutrition-not-billed"]
    assert left.value == "NutritionOrder/n1.oralDiet.type[0]"
    [copy] = resources(built(found), "NutritionOrder")
    assert "oralDiet" not in copy


def test_two_products_a_payer_bills_are_two_orders() -> None:
    found = context(nutrition(enteralFormula=formula(additiveType=concept(HCPCS, "B4104"))), practitioner())
    [gap] = found.gaps
    assert gap.rule == "nutrition-one-product"
    assert "enteralFormula.baseFormulaType, enteralFormula.additiveType" in gap.need


def test_the_same_product_named_twice_is_one() -> None:
    diet = {"type": [concept(HCPCS, "b4150")]}
    found = context(nutrition(oralDiet=diet), practitioner())
    assert (found.gaps, found.facts[0]["code"]) == ((), "B4150")


@pytest.mark.parametrize("code", ["B4148", "B4105", "B4185"])
def test_a_code_no_rule_knows_gets_no_default(code: str) -> None:
    gaps = built(context(nutrition(enteralFormula=formula(code)), practitioner())).gaps
    assert {gap.element.rpartition(".item")[2].split(".")[0] for gap in gaps}
    assert any("request_type.csv" in gap.need for gap in gaps)
    assert any("service_type.csv" in gap.need for gap in gaps)


def test_the_units_are_those_the_order_states_and_never_worked_out_from_what_is_given() -> None:
    fed = formula(administration=[{"schedule": _DAYS, "quantity": {"value": 300, "unit": "mL"}}])
    units = {"url": _UNITS, "valueQuantity": {"value": 540, "unit": "units"}}
    stated, unstated = (context(nutrition(*more, enteralFormula=fed), practitioner()) for more in ((units,), ()))
    assert [str(item.quantity.value) for item in built(stated).items if item.quantity] == ["540"]
    assert [item.quantity for item in built(unstated).items] == [None]
    assert "quantity-not-computed" in chosen(unstated) - chosen(stated)


def test_units_that_are_no_number_are_a_gap() -> None:
    units = {"url": _UNITS, "valueQuantity": {"value": 540, "comparator": "<", "unit": "units"}}
    [gap] = context(nutrition(units), practitioner()).gaps
    assert (gap.path, gap.rule) == ("NutritionOrder/n1.extension[1].valueQuantity", "quantity")


def test_the_days_are_those_of_the_part_that_is_billed() -> None:
    diet = {"type": [{"text": "soft"}], "schedule": [{"repeat": {"boundsPeriod": {"start": "2026-11-28"}}}]}
    later = {"repeat": {"boundsPeriod": {"start": "2027-01-01", "end": "2027-01-31"}}}
    fed = formula(administration=[{"schedule": later}, {"schedule": _DAYS}])
    facts = context(nutrition(enteralFormula=fed, oralDiet=diet), practitioner()).facts[0]
    assert (facts["start"], facts["end"]) == ("2026-12-01", "2027-01-31")


def test_the_day_it_was_written_is_not_the_day_of_service() -> None:
    [gap] = context(nutrition(enteralFormula=formula(administration=None)), practitioner()).gaps
    assert gap.path == "NutritionOrder/n1.enteralFormula.administration.schedule.repeat.boundsPeriod"
    assert gap.rule == "service-date"


def test_without_a_reason_the_gap_names_the_extension_that_holds_one() -> None:
    [gap] = context(nutrition(extension=None), practitioner()).gaps
    assert gap.rule == "diagnosis"
    assert gap.path == "NutritionOrder/n1.extension(workflow-reasonCode)"
    assert "extension(workflow-reasonReference)" in gap.need


def test_a_reason_may_be_a_condition() -> None:
    reason = {"url": f"{_R4}workflow-reasonReference", "valueReference": {"reference": "Condition/k"}}
    condition = {"resourceType": "Condition", "id": "k", "code": concept(ICD, "K90.0")}
    found = context(nutrition(extension=[reason]), practitioner(), condition)
    assert [row["code"] for row in found.diagnoses] == ["K90.0"]


def test_the_coverage_it_names_is_the_one() -> None:
    named = {"url": f"{_R4}request-insurance", "valueReference": {"reference": "Coverage/c2"}}
    second = coverage(id="c2", type={"text": "another"})
    found = context(nutrition(named), practitioner(), coverage(), second)
    assert found.coverage["id"] == "c2"
    assert "coverage-ambiguous" in rules(context(nutrition(), practitioner(), coverage(), second))


def test_the_coverage_of_another_member_is_not_taken() -> None:
    named = {"url": f"{_R4}request-insurance", "valueReference": {"reference": "Coverage/c2"}}
    other = coverage(id="c2", beneficiary={"reference": "Patient/p2"})
    found = context(nutrition(named), practitioner(), other)
    assert "coverage-other-patient" in rules(found)


def test_an_urgent_one_is_expedited() -> None:
    assert context(nutrition({"url": _PRIORITY, "valueCode": "urgent"}), practitioner()).expedited
    assert not context(nutrition(), practitioner()).expedited


def test_who_ordered_it_is_the_ordering_provider() -> None:
    found = context(nutrition(), practitioner())
    assert found.providers["1/ordering"]["practitioner"]["id"] == "d1"
    assert "provider-absent" in chosen(context(nutrition()))


def test_its_patient_decides_and_the_only_one_is_taken_where_it_names_none() -> None:
    with pytest.raises(BadOrder, match="several patients"):
        contexts(
            [
                nutrition(),
                nutrition(id="n2", patient={"reference": "Patient/p2"}),
                patient(),
                patient(id="p2", gender="male"),
            ]
        )
    found = context(nutrition(patient=None), practitioner())
    assert "patient-only" in chosen(found)
    assert found.patient["id"] == "p1"


def test_a_modifier_beside_the_code_travels() -> None:
    fed = formula()
    fed["baseFormulaType"]["coding"].append({"system": HCPCS, "code": "BO"})
    [claim] = resources(built(context(nutrition(enteralFormula=fed), practitioner())), "Claim")
    assert claim["item"][0]["modifier"] == [{"coding": [{"system": HCPCS, "code": "BO"}]}]


@in_each_version
def test_formulas_ordered_one_each_are_one_claim_of_two_items(version: str) -> None:
    second = nutrition(id="n2", enteralFormula=formula("B4154"))
    found = context(nutrition(), second, practitioner())
    request = built(found, version)
    assert [item.service.code for item in request.items] == ["B4150", "B4154"]
    assert [issue for issue in the_profiles(version).check(request.bundle).issues if issue.is_error] == []


@in_each_version
@pytest.mark.parametrize(("code", "service_type"), [("V2020", "AM"), ("V2103", "AO")])
def test_what_a_vision_prescription_is_told_to_become_goes_through(code: str, service_type: str, version: str) -> None:
    order = {
        "resourceType": "DeviceRequest",
        "id": "g1",
        "status": "active",
        "intent": "order",
        "codeCodeableConcept": concept(HCPCS, code),
        "subject": {"reference": "Patient/p1"},
        "occurrenceDateTime": "2026-12-14",
        "reasonCode": [concept(ICD, "H52.13")],
    }
    found = context(order)
    request = built(found, version)
    assert (found.gaps, request.gaps) == ((), ())
    assert request.items[0].service_type == service_type
    assert [issue for issue in the_profiles(version).check(request.bundle).issues if issue.is_error] == []
