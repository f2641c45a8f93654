"""One context for each Claim."""

from typing import Any

from tests.unit.orders.reading import (
    CPT,
    ICD,
    built,
    concept,
    contexts,
    coverage,
    drug_order,
    patient,
    practitioner,
    service_request,
)


def read(*orders: dict[str, Any], **options: Any) -> list[list[str]]:
    found = contexts([*orders, patient(), coverage(), coverage(id="c2", order=2), practitioner()], **options)
    return [[order["id"] for order in one.orders] for one in found]


def test_orders_of_one_patient_coverage_requestor_and_category_share_a_claim() -> None:
    assert read(service_request(), service_request(id="s2", code=concept(CPT, "72148")), drug_order()) == [
        ["s1", "s2", "m1"]
    ]


def test_split_gives_each_order_its_own_claim() -> None:
    assert read(service_request(), service_request(id="s2", occurrenceDateTime="2026-12-30"), split=True) == [
        ["s1"],
        ["s2"],
    ]


def test_another_category_is_another_claim() -> None:
    assert read(service_request(), service_request(id="s2", code=concept(CPT, "99244"))) == [["s1"], ["s2"]]


def test_another_coverage_is_another_claim() -> None:
    assert read(service_request(), service_request(id="s2", insurance=[{"reference": "Coverage/c2"}])) == [
        ["s1"],
        ["s2"],
    ]


def test_orders_whose_category_nobody_knows_stay_apart() -> None:
    unknown = {"code": concept("http://snomed.info/sct", "1")}
    assert read(service_request(**unknown), service_request(id="s2", occurrenceDateTime="2026-12-30", **unknown)) == [
        ["s1"],
        ["s2"],
    ]


def test_items_keep_the_order_of_arrival_and_point_at_their_own_diagnoses() -> None:
    orders = [service_request(), service_request(id="s2", reasonCode=[concept(ICD, "M17.11"), concept(ICD, "M23.203")])]
    [found] = contexts([*orders, patient(), coverage()])
    request = built(found)
    claim = request.bundle["entry"][0]["resource"]
    assert [item.order for item in request.items] == ["ServiceRequest/s1", "ServiceRequest/s2"]
    assert [row["diagnosisSequence"] for row in claim["item"]] == [[1], [1, 2]]


def test_a_gap_names_the_item_it_belongs_to() -> None:
    [found] = contexts([service_request(), service_request(id="s2", occurrenceDateTime=None), patient(), coverage()])
    assert [(gap.path, gap.element) for gap in found.gaps] == [
        ("ServiceRequest/s2.occurrence[x]", "Claim.item[1].serviced[x]")
    ]
