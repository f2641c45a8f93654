"""Code systems, code shapes, the billing code and the diagnoses."""

from typing import Any

import pytest

from gateway.model.order import OrderContext
from gateway.orders.code_systems import icd_10_cm, ndc
from tests.unit.orders.reading import (
    CPT,
    HCPCS,
    ICD,
    SNOMED,
    built,
    chosen,
    concept,
    context,
    drug_order,
    rules,
    service_request,
)

_PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
_NDC = "http://hl7.org/fhir/sid/ndc"


def coded(*pairs: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for system, code in pairs], **more}


def device(**changes: Any) -> dict[str, Any]:
    order = service_request(code=None, locationCode=None, id="e1")
    return {**order, "resourceType": "DeviceRequest", "codeCodeableConcept": concept(HCPCS, "E1390"), **changes}


def service(found: OrderContext) -> tuple[str, str]:
    return found.facts[0].get("code_system", ""), found.facts[0].get("code", "")


@pytest.mark.parametrize(
    "alias",
    [
        "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
        "hhttps://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
        "https://bluebutton.cms.gov/resources/codesystem/hcpcs",
        "urn:oid:2.16.840.1.113883.6.285",
    ],
)
def test_every_spelling_of_hcpcs_is_hcpcs(alias: str) -> None:
    found = context(service_request(code=concept(alias, "A0426")))
    assert service(found) == ("HCPCS", "A0426")
    assert "code-system-alias" in chosen(found)
    assert found.orders[0]["code"]["coding"][0]["system"] == HCPCS


@pytest.mark.parametrize(
    "spelling",
    [
        "http://codesystem.x12.org/005010/1365",
        "https://x12.org/codes/service-type-codes",
        "https://valueset.x12.org/x217/005010/request/2000F/UM/1/03/00/1365",
        "http://example.org/SERVICE_TYPE_CODE",
    ],
)
def test_x12_systems_are_told_by_their_element_number(spelling: str) -> None:
    assert service(context(service_request(code=concept(spelling, "48")))) == ("X12-1365", "48")


def test_an_external_x12_list_is_no_data_element() -> None:
    system = "https://codesystem.x12.org/external/886"
    assert context(service_request(bodySite=[concept(system, "1")])).orders[0]["bodySite"] == [concept(system, "1")]


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        (CPT, "A0426", ("HCPCS", "A0426")),
        (HCPCS, "73721", ("CPT", "73721")),
        (HCPCS, "0345T", ("CPT-III", "0345T")),
        (HCPCS, "0001U", ("CPT-PLA", "0001U")),
    ],
)
def test_the_shape_of_a_code_corrects_its_system_and_says_so(system: str, code: str, expected: tuple[str, str]) -> None:
    found = context(service_request(code=concept(system, code)))
    assert service(found) == expected
    assert "code-shape" in chosen(found)


@pytest.mark.parametrize(
    "code",
    [
        concept(SNOMED, "241654006"),
        concept("http://loinc.org", "24531-6"),
        {"text": "MRI"},
        concept("urn:local", "X1"),
        concept(CPT, "MRI"),
        None,
    ],
)
def test_without_a_code_a_payer_bills_by_there_is_a_gap(code: Any) -> None:
    found = context(service_request(code=code))
    assert service(found) == ("", "")
    [gap] = [gap for gap in found.gaps if gap.rule == "billing-code"]
    assert gap.element == "Claim.item[0].productOrService"


def test_the_gap_says_what_was_found_instead() -> None:
    [gap] = [gap for gap in context(service_request(code=concept(SNOMED, "1"))).gaps if gap.rule == "billing-code"]
    assert "only codes of SNOMED CT" in gap.need


def test_a_gap_for_the_code_is_not_followed_by_gaps_that_come_from_it() -> None:
    found = context(service_request(code=concept(SNOMED, "1")))
    assert rules(found) == {"billing-code"}
    assert not built(found).gaps


def test_cpt_is_chosen_before_hcpcs_for_services_and_hcpcs_first_for_drugs() -> None:
    assert service(context(service_request(code=coded((SNOMED, "1"), (HCPCS, "G0151"), (CPT, "97110"))))) == (
        "CPT",
        "97110",
    )
    both = coded((_NDC, "57894-030-01"), (HCPCS, "J1745"))
    assert service(context(drug_order(medicationCodeableConcept=both))) == ("HCPCS", "J1745")


def test_icd_10_pcs_is_a_billing_code() -> None:
    assert service(context(service_request(code=concept(_PCS, "0SRC0J9")))) == ("ICD-10-PCS", "0SRC0J9")


def test_the_code_of_a_referenced_device_and_medication_is_read() -> None:
    thing = {"resourceType": "Device", "id": "t1", "type": concept(HCPCS, "E0601")}
    order = device(codeCodeableConcept=None, codeReference={"reference": "Device/t1"})
    assert service(context(order, thing)) == ("HCPCS", "E0601")


@pytest.mark.parametrize(
    ("written", "eleven"),
    [
        ("12345-6789-01", "12345678901"),
        ("1234-5678-90", "01234567890"),
        ("12345-678-90", "12345067890"),
        ("12345-6789-1", "12345678901"),
        ("12345678901", "12345678901"),
        ("1234567890", ""),
        ("1364445", ""),
        ("12345-6789", ""),
    ],
)
def test_an_ndc_gets_eleven_digits_where_that_is_certain(written: str, eleven: str) -> None:
    assert ndc(written) == eleven


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("K5090", "K50.90"),
        ("K50.90", "K50.90"),
        ("j44.9", "J44.9"),
        ("I10", "I10"),
        ("U071", "U07.1"),
        ("123456", ""),
        ("250.00", ""),
    ],
)
def test_an_icd_10_code_gets_its_dot_and_nonsense_is_none(written: str, code: str) -> None:
    assert icd_10_cm(written) == code


def test_modifiers_of_order_detail_and_parameters_travel_and_decide_rent_or_purchase() -> None:
    therapy = built(context(service_request(code=concept(CPT, "97110"), orderDetail=[concept(HCPCS, "GP")])))
    assert therapy.bundle["entry"][0]["resource"]["item"][0]["modifier"] == [concept(HCPCS, "GP")]
    bought = built(context(device(parameter=[{"valueCodeableConcept": concept(HCPCS, "NU")}])))
    rented = built(context(device()))
    assert (bought.items[0].service_type, rented.items[0].service_type) == ("12", "18")


def test_the_quantity_of_equipment_is_a_parameter_that_says_so() -> None:
    flow = {"code": {"text": "Flow"}, "valueQuantity": {"value": 2, "unit": "L/min"}}
    need = {"code": {"text": "Length of need"}, "valueQuantity": {"value": 12, "unit": "months"}}
    assert built(context(device(parameter=[flow]))).items[0].quantity is None
    quantity = built(context(device(parameter=[flow, need]))).items[0].quantity
    assert quantity is not None
    assert (str(quantity.value), quantity.unit) == ("12", "MN")


def test_a_code_that_no_rule_knows_has_a_gap_for_each_rule_and_no_default() -> None:
    found = context(service_request(code=concept(CPT, "99999"), locationCode=None))
    request = built(found)
    needs = " ".join(gap.need for gap in request.gaps)
    assert "request_type.csv" in needs
    assert "service_type.csv" in needs
    assert "place_of_service.csv" in needs
    assert rules(found) == set()


def test_diagnoses_come_from_reasons_and_conditions_each_once_in_order() -> None:
    condition = {
        "resourceType": "Condition",
        "id": "k1",
        "code": coded((SNOMED, "1"), (ICD, "M23203")),
        "recordedDate": "2026-11-02",
    }
    second = {"resourceType": "Condition", "id": "k2", "code": concept(ICD, "M25.561")}
    order = service_request(
        reasonCode=[concept(ICD, "M17.11")],
        reasonReference=[{"reference": "Condition/k1"}],
        supportingInfo=[{"reference": "Condition/k2"}, {"reference": "Condition/k1"}],
    )
    found = context(order, condition, second)
    assert [row["code"] for row in found.diagnoses] == ["M17.11", "M23.203", "M25.561"]
    assert found.diagnoses[1]["source"] == "Condition/k1.code.coding[1]"
    rows = built(found).bundle["entry"][0]["resource"]["diagnosis"]
    assert [("type" in row, row["sequence"]) for row in rows] == [(True, 1), (False, 2), (False, 3)]
    assert rows[1]["extension"][0]["valueDate"] == "2026-11-02"


@pytest.mark.parametrize(
    "reason",
    [
        [concept(SNOMED, "1")],
        [{"text": "knee pain"}],
        [concept("http://hl7.org/fhir/sid/icd-9-cm", "715.96")],
        None,
    ],
)
def test_snomed_text_or_icd_9_alone_is_a_gap(reason: Any) -> None:
    assert "diagnosis" in rules(context(service_request(reasonCode=reason)))


def test_a_refuted_condition_is_no_diagnosis() -> None:
    refuted = {
        "resourceType": "Condition",
        "id": "k1",
        "code": concept(ICD, "M23.203"),
        "verificationStatus": concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "refuted"),
    }
    order = service_request(reasonCode=None, reasonReference=[{"reference": "Condition/k1"}])
    assert "diagnosis" in rules(context(order, refuted))


def test_the_first_twelve_diagnoses_travel() -> None:
    found = context(service_request(reasonCode=[concept(ICD, f"M{n}.1") for n in range(10, 25)]))
    assert len(found.diagnoses) == 12
    assert "diagnosis-limit" in chosen(found)
