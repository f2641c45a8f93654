"""What the shipped rule tables decide, code by code: a code that no row was written for is a gap, never a default."""

import pytest

from gateway.orders import OrderTables
from gateway.orders.code_systems import rule_system

_SERVICE, _DEVICE, _DRUG = "ServiceRequest", "DeviceRequest", "MedicationRequest"


def decided(table: str, order_type: str, system: str, code: str, **facts: str) -> str:
    row = OrderTables.shipped()[table].choose(
        {"order_type": order_type, "code_system": rule_system(system, code), "code": code, **facts}
    )
    return row.cells["value"] if row else ""


@pytest.mark.parametrize(
    ("code", "service_type"),
    [
        ("73721", "62"),
        ("75574", "62"),
        ("75571", "62"),
        ("75635", "62"),
        ("77078", "62"),
        ("74261", "62"),
        ("74263", "62"),
        ("74712", "62"),
        ("71046", "4"),
        ("73562", "4"),
        ("77067", "4"),
        ("78815", "73"),
        ("78452", "73"),
        ("76700", "73"),
        ("93880", "73"),
        ("93306", "BL"),
        ("93798", "BG"),
        ("94625", "BF"),
        ("77385", "6"),
        ("80053", "5"),
        ("88305", "66"),
        ("27447", "2"),
        ("47135", "70"),
        ("59510", "69"),
        ("00840", "7"),
        ("0001U", "5"),
        ("90837", "A6"),
        ("97110", "AE"),
        ("97165", "AD"),
        ("92507", "AF"),
        ("98941", "33"),
        ("95810", "73"),
    ],
)
def test_a_service_has_the_service_type_of_its_kind(code: str, service_type: str) -> None:
    assert decided("service_type", _SERVICE, "CPT", code) == service_type


@pytest.mark.parametrize(
    "code",
    [
        "79005",  # radiopharmaceutical therapy: no diagnostic imaging
        "76999",  # unlisted ultrasound
        "96365",  # infusion
        "97153",  # adaptive behaviour treatment: no physical medicine
        "97597",  # wound care
        "97802",  # nutrition
        "99183",  # hyperbaric oxygen
        "92920",  # coronary intervention: neither test nor catheter of the table
        "99601",  # home infusion
        "0345T",  # category III
        "0042T",  # by its digits it would be anesthesia
        "0159T",
        "0001M",
        "88000",  # autopsy
        "99999",
    ],
)
def test_a_code_of_no_deliberate_row_has_no_service_type(code: str) -> None:
    assert decided("service_type", _SERVICE, "CPT", code) == ""


@pytest.mark.parametrize(
    ("order_type", "system", "code"),
    [
        (_SERVICE, "CPT", "0345T"),
        (_SERVICE, "CPT", "99999"),
        (_SERVICE, "HCPCS", "T1019"),
        (_SERVICE, "ICD-10-PCS", "0SRC0J9"),
        (_SERVICE, "X12-1365", "99"),
        (_DEVICE, "CPT", "99070"),
        (_DEVICE, "HCPCS", "V5261"),
        (_DRUG, "HCPCS", "S0190"),
    ],
)
def test_a_code_of_no_deliberate_row_has_no_request_type(order_type: str, system: str, code: str) -> None:
    assert decided("request_type", order_type, system, code) == ""


@pytest.mark.parametrize(("code", "request_type"), [("3", "SC"), ("48", "AR")])
def test_a_kind_of_service_has_the_request_type_it_says(code: str, request_type: str) -> None:
    assert decided("request_type", _SERVICE, "X12-1365", code) == request_type


@pytest.mark.parametrize(
    ("code", "place"),
    [("E1390", "12"), ("K0856", "12"), ("A4253", "12"), ("B4035", "12"), ("L1832", "12"), ("L8614", ""), ("V5261", "")],
)
def test_only_equipment_for_the_home_is_placed_at_home(code: str, place: str) -> None:
    assert decided("place_of_service", _DEVICE, "HCPCS", code) == place


@pytest.mark.parametrize(
    ("code", "place"),
    [("A0426", "41"), ("A0433", "41"), ("A0434", "41"), ("A0431", "42"), ("A0435", "42"), ("A0180", "")],
)
def test_an_ambulance_is_on_land_or_in_the_air(code: str, place: str) -> None:
    assert decided("place_of_service", _SERVICE, "HCPCS", code) == place
    assert decided("place_of_service", _SERVICE, "HCPCS", code, encounter_class="inpatient") == (place or "21")


@pytest.mark.parametrize(
    ("code", "acquisition", "service_type"),
    [
        ("E1390", "", "18"),
        ("E1390", "purchase", "12"),
        ("E0601", "rental", "18"),
        ("E0431", "", "18"),
        ("E0425", "", "12"),
        ("K0856", "", "12"),
        ("K0001", "", "18"),
        ("L1832", "", "12"),
        ("L5301", "", "75"),
        ("E0486", "", ""),
        ("E0784", "", ""),
        ("L8614", "", ""),
        ("V5261", "rental", ""),
    ],
)
def test_equipment_is_rented_or_bought_where_code_or_modifier_says_so(
    code: str, acquisition: str, service_type: str
) -> None:
    facts = {"acquisition": acquisition} if acquisition else {}
    assert decided("service_type", _DEVICE, "HCPCS", code, **facts) == service_type


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("J1745", ("medical", "1")),
        ("J9035", ("medical", "78")),
        ("Q5103", ("medical", "1")),
        ("J7512", ("", "")),
        ("J8520", ("", "")),
        ("Q4101", ("", "")),
        ("C9600", ("", "")),
    ],
)
def test_a_drug_code_decides_only_for_drugs_a_clinician_gives(code: str, expected: tuple[str, str]) -> None:
    found = decided("drug_benefit", _DRUG, "HCPCS", code), decided("service_type", _DRUG, "HCPCS", code)
    assert found == expected


def test_an_ndc_says_nothing_about_the_kind_of_service() -> None:
    assert decided("service_type", _DRUG, "NDC", "57894003001") == ""


def test_during_a_planned_stay_operations_belong_to_it_and_other_services_do_not() -> None:
    stay = {"encounter_class": "inpatient"}
    assert decided("request_type", _SERVICE, "CPT", "27447", **stay) == "AR"
    assert decided("request_type", _SERVICE, "ICD-10-PCS", "0SRC0J9", **stay) == "AR"
    assert decided("request_type", _SERVICE, "CPT", "73721", **stay) == "HS"
    assert decided("service_type", _SERVICE, "HCPCS", "A0426", **stay) == "56"


def test_every_row_covers_less_than_a_whole_code_system() -> None:
    """A row for all codes of a system is a default in disguise, unless the system itself says what is meant."""
    deliberate = {"ICD-10-PCS", "NDC"}
    for name in ("request_type", "service_type"):
        for row in OrderTables.shipped()[name].rows:
            if not row.cells["code_from"]:
                assert row.cells["code_system"] in deliberate, row.id
