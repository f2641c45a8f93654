"""What counts as an order, and what is refused by name."""

import pytest

from gateway.model.errors import BadOrder
from tests.unit.orders.reading import contexts, coverage, patient, service_request


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("NutritionOrder", "no mapping for nutrition orders"),
        ("VisionPrescription", "no place for a vision prescription"),
        ("Appointment", "not an order"),
        ("Encounter", "not an order"),
    ],
)
def test_other_kinds_of_order_are_refused_by_name_and_reason(kind: str, reason: str) -> None:
    with pytest.raises(BadOrder, match=f"{kind}/x: .*{reason}"):
        contexts([{"resourceType": kind, "id": "x"}, patient()])


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
            {"resourceType": "NutritionOrder", "id": "n1"},
            patient(),
            coverage(),
        ]
    )
    left = {choice.value for choice in found.choices if choice.rule == "order-left-out"}
    assert left == {"ServiceRequest/s2", "NutritionOrder/n1"}


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


def test_an_earlier_request_named_as_supporting_information_is_no_order() -> None:
    earlier = service_request(id="s0", status="active")
    [found] = contexts(
        [service_request(supportingInfo=[{"reference": "ServiceRequest/s0"}]), earlier, patient(), coverage()]
    )
    assert [order["id"] for order in found.orders] == ["s1"]


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
