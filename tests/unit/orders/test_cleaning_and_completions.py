"""Empty elements go once, completions are merged over the order."""

from typing import Any

import pytest

from gateway.model.errors import BadOrder
from tests.unit.orders.reading import (
    CPT,
    SNOMED,
    chosen,
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


def test_nulls_blanks_and_unresolved_variables_are_taken_out_and_counted_once() -> None:
    order = service_request(priority=None, note=[], performer=[{"reference": "Practitioner/{{userId}}"}])
    order["bodySite"], order["encounter"] = [None, {"text": " "}], {}
    found = context(order)
    assert not {"priority", "note", "performer", "bodySite", "encounter"} & found.orders[0].keys()
    [choice] = [choice for choice in found.choices if choice.rule == "empty-elements"]
    assert choice.value == "4 empty, 1 unresolved"


def test_an_empty_code_is_a_gap_and_not_a_code() -> None:
    assert "billing-code" in rules(context(service_request(code={"coding": [{"system": CPT, "code": ""}]})))


def test_a_completion_merges_objects_and_replaces_lists() -> None:
    order = service_request(code=concept(SNOMED, "241654006", text="MRI"), occurrenceDateTime=None)
    completion = {
        "resourceType": "ServiceRequest",
        "id": "s1",
        "code": concept(CPT, "73721"),
        "occurrenceDateTime": "2026-12-14",
    }
    [found] = contexts([order, patient(), coverage()], completion)
    assert found.orders[0]["code"] == concept(CPT, "73721", text="MRI")
    assert not found.gaps


def test_a_completion_brings_another_form_of_a_choice_element() -> None:
    completion = {"resourceType": "ServiceRequest", "id": "s1", "occurrencePeriod": {"start": "2026-12-01"}}
    [found] = contexts([service_request(), patient(), coverage()], completion)
    assert "occurrenceDateTime" not in found.orders[0]
    assert found.facts[0]["start"] == "2026-12-01"


def test_a_completion_without_id_completes_the_only_resource_of_its_type() -> None:
    [found] = contexts(
        [service_request(), patient(), coverage(identifier=None)],
        {"resourceType": "Coverage", "subscriberId": "MEMBER-9"},
    )
    assert found.member_id == "MEMBER-9"
    assert found.coverage["id"] == "c1"


def test_a_completion_without_id_that_could_mean_several_is_refused() -> None:
    orders = [service_request(), service_request(id="s2"), patient(), coverage()]
    with pytest.raises(BadOrder, match="without id, and the order has 2") as fault:
        contexts(orders, {"resourceType": "ServiceRequest", "priority": "stat"})
    assert "id" in fault.value.fix


def test_a_completion_adds_what_the_order_does_not_have() -> None:
    [found] = contexts([service_request(), patient()], coverage())
    assert found.coverage["id"] == "c1"
    assert not found.gaps


def test_later_completions_win() -> None:
    first, second = ({"resourceType": "Coverage", "id": "c1", "subscriberId": value} for value in ("A", "B"))
    [found] = contexts([service_request(), patient(), coverage(identifier=None)], first, second)
    assert found.member_id == "B"


def test_a_completion_without_resources_is_refused() -> None:
    with pytest.raises(BadOrder, match="no resource in completion 1"):
        contexts([service_request(), patient(), coverage()], {"resourceType": "Bundle", "entry": []})


def test_a_drug_list_in_a_completion_does_not_become_an_order() -> None:
    [found] = contexts([service_request(), patient(), coverage()], [drug_order()])
    assert [order["id"] for order in found.orders] == ["s1"]
    assert "order-left-out" in chosen(found)


def unused(*completions: Any) -> list[str]:
    [found] = contexts([service_request(), patient(), coverage()], *completions)
    return [choice.value for choice in found.choices if choice.rule == "completion-unused"]


def test_a_completion_that_changes_nothing_is_recorded() -> None:
    assert unused(service_request(id="s9", priority="stat")) == ["ServiceRequest/s9"]
    assert unused({"resourceType": "Coverage", "id": "c9", "subscriberId": "M"}) == ["Coverage/c9"]
    assert unused([{"resourceType": "Device", "id": "d"}, patient(id="p9", gender="male")]) == ["Device/d, Patient/p9"]


def test_a_completion_that_is_merged_or_used_is_not_unused() -> None:
    assert unused(service_request(priority="routine")) == []
    assert unused({"resourceType": "Coverage", "subscriberId": "M"}) == []
    requester = {"reference": "Practitioner/d1"}
    assert unused([{"resourceType": "ServiceRequest", "id": "s1", "requester": requester}, practitioner()]) == []


def test_a_long_list_of_unused_completions_is_cut_with_its_number() -> None:
    [value] = unused([{"resourceType": "Observation", "id": f"o{number}"} for number in range(14)])
    assert value.endswith("Observation/o9 and 4 more")
