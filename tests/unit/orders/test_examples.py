"""Every example order is what its README says; third-party orders are read from ../shared where it is present."""

from pathlib import Path
from typing import Any

import pytest

from gateway.fhir import json
from gateway.model.order import Benefit, OrderContext
from tests.unit.orders.reading import ORDERS, ROOT, VERSIONS, built, contexts, the_profiles

_SHARED = ROOT.parent / "shared" / "corpus"
_PARTIAL = {"pharmacy_drug", "with_gaps"}
_WHOLE = sorted({path.stem for path in ORDERS.glob("*.json")} - _PARTIAL)
in_each_version = pytest.mark.parametrize("version", VERSIONS)
needs_shared = pytest.mark.skipif(not _SHARED.is_dir(), reason="../shared with the third-party orders is not there")


def load(path: Path) -> Any:
    return json.loads(path.read_bytes())


def check(found: OrderContext, version: str) -> None:
    request = built(found, version)
    assert (found.gaps, request.gaps) == ((), ())
    assert [issue for issue in the_profiles(version).check(request.bundle).issues if issue.is_error] == []


def test_every_example_is_listed_in_the_readme() -> None:
    readme = (ORDERS / "README.md").read_text()
    files = sorted(path.relative_to(ORDERS).as_posix() for path in ORDERS.rglob("*.json"))
    assert [name for name in files if f"`{name}`" not in readme] == []


@in_each_version
@pytest.mark.parametrize("name", _WHOLE)
def test_a_whole_order_has_no_gap(name: str, version: str) -> None:
    [found] = contexts(load(ORDERS / f"{name}.json"))
    check(found, version)


def test_with_gaps_names_everything_that_is_missing_at_once() -> None:
    [found] = contexts(load(ORDERS / "with_gaps.json"))
    assert [gap.rule for gap in found.gaps] == [
        "billing-code",
        "service-date",
        "member-id",
        "diagnosis",
    ]
    [place] = built(found).gaps
    assert place.path == "ServiceRequest/spine-mri.locationCode"


def test_the_place_is_demanded_only_where_the_guide_demands_it() -> None:
    [found] = contexts(load(ORDERS / "with_gaps.json"))
    assert not built(found, "2.0.1").gaps


@in_each_version
def test_the_completion_of_with_gaps_fills_every_gap(version: str) -> None:
    [found] = contexts(load(ORDERS / "with_gaps.json"), load(ORDERS / "completions" / "with_gaps.json"))
    check(found, version)


def test_the_pharmacy_drug_is_handed_off() -> None:
    [found] = contexts(load(ORDERS / "pharmacy_drug.json"))
    assert found.benefit is Benefit.PHARMACY


def test_two_orders_are_one_claim_of_two_items() -> None:
    [found] = contexts(load(ORDERS / "two_orders.json"))
    assert [item.service.code for item in built(found).items] == ["73721", "J0897"]


def test_the_urgent_examples_are_expedited() -> None:
    urgent = {name for name in _WHOLE if contexts(load(ORDERS / f"{name}.json"))[0].expedited}
    assert urgent == {"home_oxygen", "inpatient_stay"}


def third_party(order: str) -> list[Any]:
    folder = _SHARED / "orders" / "br-provider"
    return [load(folder / f"seed-data__{name}.json") for name in (order, "o2teddy_01__patient", "o2teddy_02__coverage")]


@needs_shared
@in_each_version
@pytest.mark.parametrize(
    ("order", "completion", "expected"),
    [
        (
            "o2teddy_05_device-request-cpap-e0601",
            "cpap",
            ["service-date", "performing-provider", "diagnosis", "payer-routing"],
        ),
        ("o2teddy_06_service-request-neat-A0426", "transport", ["performing-provider", "diagnosis", "payer-routing"]),
    ],
)
def test_a_third_party_order_is_complete_once_its_gaps_are_filled(
    order: str, completion: str, expected: list[str], version: str
) -> None:
    [found] = contexts(third_party(order))
    assert [gap.rule for gap in found.gaps] == expected
    [found] = contexts(third_party(order), load(ORDERS / "completions" / "br-provider" / f"{completion}.json"))
    check(found, version)


@needs_shared
def test_a_third_party_tablet_goes_to_the_pharmacy_benefit() -> None:
    [found] = contexts(third_party("o2teddy_medicationrequest"))
    assert found.benefit is Benefit.PHARMACY


@needs_shared
@in_each_version
def test_an_order_for_a_synthea_patient_takes_the_chart_as_completion(version: str) -> None:
    [chart] = (_SHARED / "patients" / "synthea-smart-2019").glob("*.json")
    [found] = contexts(load(ORDERS / "synthea" / "sleep_study.json"), load(chart))
    check(found, version)
    assert [order["id"] for order in found.orders] == ["sleep-study"]
    assert "999-48" not in json.dumps(built(found).bundle).decode()
