"""What counts as an order, and what is refused by name."""

from typing import Any

import pytest

from gateway.model.errors import BadOrder
from tests.unit.orders.reading import CPT, concept, contexts, coverage, patient, service_request


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (
            "VisionPrescription",
            "no profile for a vision prescription, .* order the frame and the lenses by a DeviceRequest",
        ),
        ("Appointment", "not an order; send the order it was made for, and the appointment beside it"),
        ("Encounter", "not an order; send the ServiceRequest for the admission or service beside it"),
    ],
)
def test_other_kinds_of_order_are_refused_by_name_and_reason(kind: str, reason: str) -> None:
    with pytest.raises(BadOrder, match=f"{kind}/x: .*{reason}") as refused:
        contexts([{"resourceType": kind, "id": "x"}, patient()])
    assert refused.value.fix == "Send a ServiceRequest, DeviceRequest, MedicationRequest or NutritionOrder that stands."


@pytest.mark.parametrize("status", ["revoked", "completed", "entered-in-error", "stopped", "cancelled"])
def test_an_order_that_no_longer_stands_is_left_out_with_its_status(status: str) -> None:
    with pytest.raises(BadOrder, match=f"its status is {status}"):
        contexts([service_request(status=status), patient(), coverage()])


def test_a_proposal_is_not_an_order() -> None:
    with pytest.raises(BadOrder, match="nobody has ordered it"):
        contexts([service_request(intent="proposal"), patient(), coverage()])


def test_an_order_not_to_do_something_is_left_out() -> None:
    with pytest.raises(BadOrder, match="doNotPerform"):
        contexts([service_request(doNotPerform=True), patient(), coverage()])


def test_what_is_left_out_beside_a_standing_order_is_recorded() -> None:
    [found] = contexts(
        [
            service_request(),
            service_request(id="s2", status="revoked"),
            {"resourceType": "VisionPrescription", "id": "v1"},
            patient(),
            coverage(),
        ]
    )
    left = {choice.value for choice in found.choices if choice.rule == "order-left-out"}
    assert left == {"ServiceRequest/s2", "VisionPrescription/v1"}


@pytest.mark.parametrize("nothing", [[], {"resourceType": "Bundle"}, {"resourceType": "Patient", "id": "p1"}])
def test_an_input_without_an_order_is_refused(nothing: object) -> None:
    with pytest.raises(BadOrder, match="no order in the input"):
        contexts(nothing)


def test_orders_of_several_patients_are_refused() -> None:
    other = service_request(id="s2", subject={"reference": "Patient/p2"})
    with pytest.raises(BadOrder, match="several patients"):
        contexts([service_request(), other, patient(), patient(id="p2", gender="male"), coverage()])


def test_an_order_sent_twice_over_is_one_order() -> None:
    [found] = contexts([service_request(), service_request(), patient(), coverage()])
    assert len(found.orders) == 1


def ids(*orders: dict[str, Any], **options: Any) -> list[str]:
    found = contexts([*orders, patient(), coverage()], **options)
    return [order["id"] for one in found for order in one.orders]


def left_out(*orders: dict[str, Any]) -> dict[str, str]:
    found = contexts([*orders, patient(), coverage()])
    return {choice.value: choice.why for one in found for choice in one.choices if choice.rule == "order-left-out"}


_NAMED = [{"reference": "ServiceRequest/s0"}]


@pytest.mark.parametrize("element", ["supportingInfo", "supportingInformation"])
@pytest.mark.parametrize("earlier", [{"status": "on-hold"}, {"status": "unknown"}, {"intent": "plan"}])
def test_what_does_not_stand_as_an_order_and_is_named_by_one_is_supporting_material(
    element: str, earlier: dict[str, str]
) -> None:
    orders = service_request(**{element: _NAMED}), service_request(id="s0", **earlier)
    assert ids(*orders) == ["s1"]
    assert "supporting information" in left_out(*orders)["ServiceRequest/s0"]


@pytest.mark.parametrize("element", ["supportingInfo", "supportingInformation"])
@pytest.mark.parametrize("status", ["active", "draft"])
def test_a_standing_order_stays_an_order_although_another_names_it(element: str, status: str) -> None:
    assert ids(service_request(**{element: _NAMED}), service_request(id="s0", status=status)) == ["s1", "s0"]


def test_two_orders_that_name_each_other_are_two_orders() -> None:
    other = service_request(id="s0", supportingInfo=[{"reference": "ServiceRequest/s1"}])
    assert ids(service_request(supportingInfo=_NAMED), other) == ["s1", "s0"]


def test_an_ended_order_that_another_names_is_recorded_as_left_out() -> None:
    orders = service_request(supportingInfo=_NAMED), service_request(id="s0", status="completed")
    assert left_out(*orders) == {"ServiceRequest/s0": "Its status is completed."}


def test_a_settled_order_takes_no_part_and_leaves_no_trace() -> None:
    settled = service_request(id="s0", subject={"reference": "Patient/other"})
    alone, beside = (
        contexts([service_request(), patient(), coverage()]),
        contexts([settled, service_request(), patient(), coverage()], settled=frozenset({"ServiceRequest/s0"})),
    )
    assert alone == beside


def test_nothing_but_settled_orders_is_nothing_to_do() -> None:
    assert contexts([service_request(), patient(), coverage()], settled=frozenset({"ServiceRequest/s1"})) == ()


def test_a_settled_order_is_still_found_by_references() -> None:
    encounter = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "planned",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "basedOn": [{"reference": "ServiceRequest/s0"}],
    }
    settled = service_request(id="s0", code=concept(CPT, "97110"))
    [found] = contexts(
        [service_request(supportingInfo=_NAMED), settled, encounter, patient(), coverage()],
        settled=frozenset({"ServiceRequest/s0"}),
    )
    assert not found.encounter
    assert "supporting-information" not in {choice.rule for choice in found.choices}


@pytest.mark.parametrize("kind", ["collection", "searchset", "transaction", "history", None])
def test_a_bundle_of_any_type_is_read(kind: str | None) -> None:
    resources = [service_request(), patient(), coverage()]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]}
    [found] = contexts({**bundle, "type": kind} if kind else bundle)
    assert not found.gaps


def test_one_order_with_everything_contained_is_read() -> None:
    inside = [patient(), coverage(beneficiary={"reference": "#p1"})]
    [found] = contexts(
        service_request(contained=inside, subject={"reference": "#p1"}, insurance=[{"reference": "#c1"}])
    )
    assert found.patient["id"] == "p1"
    assert found.member_id == "MEMBER-1"
    assert not found.gaps


@pytest.mark.parametrize(
    "hook",
    [
        {"hook": "order-sign", "hookInstance": "i", "context": {"patientId": "p1"}},
        {"context": {"draftOrders": {"resourceType": "Bundle", "entry": [{"resource": service_request()}]}}},
    ],
)
def test_a_cds_hooks_request_is_refused_by_name(hook: dict[str, Any]) -> None:
    with pytest.raises(BadOrder, match="CDS Hooks request") as fault:
        contexts(hook)
    assert "context.draftOrders" in fault.value.fix
    assert "prefetch" in fault.value.fix


def test_a_cds_hooks_request_as_completion_is_refused_by_name_too() -> None:
    with pytest.raises(BadOrder, match="CDS Hooks request"):
        contexts([service_request(), patient(), coverage()], {"hook": "order-sign", "context": {}})


def test_an_input_without_an_order_names_the_types_it_has_and_nothing_else() -> None:
    held = [patient(id="secret"), coverage(), coverage(id="c2"), {"resourceType": "555-01 Jane"}]
    with pytest.raises(BadOrder, match="no order in the input") as fault:
        contexts(held)
    assert "It holds Coverage, Patient and resources of other types." in str(fault.value)
    assert "secret" not in str(fault.value)
    assert "Jane" not in str(fault.value)
    with pytest.raises(BadOrder, match="It holds no resource"):
        contexts([])


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"status": "on-hold"}, "order-status"),
        ({"status": "unknown"}, "order-status"),
        ({"status": "wierd"}, "order-status"),
        ({"intent": "odd"}, "order-intent"),
    ],
)
def test_an_order_that_does_not_stand_for_sure_has_a_gap_and_stays(changes: dict[str, str], rule: str) -> None:
    [found] = contexts([service_request(**changes), patient(), coverage()])
    assert rule in [gap.rule for gap in found.gaps]
    assert "wierd" not in repr(found.gaps)


def test_the_same_order_under_two_ids_is_one_and_that_is_recorded() -> None:
    [found] = contexts([service_request(id="a"), service_request(id="b"), patient(), coverage()])
    assert [order["id"] for order in found.orders] == ["a"]
    assert ("ServiceRequest/b", "order-left-out") in [(choice.value, choice.rule) for choice in found.choices]
