"""The FHIRPath expressions of one check share a budget: a resource made to be costly is reported on soon."""

from time import perf_counter
from typing import Any

import pytest

from gateway.conformance import scene
from gateway.conformance.checking import check, loaded, shipped


def _definition(count: int) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": "http://example.org/StructureDefinition/x",
        "name": "X",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "snapshot": {"element": [{"id": "Patient", "path": "Patient"}, *({"path": "Patient.a"} for _ in range(count))]},
    }


@pytest.fixture(scope="module", autouse=True)
def _guide() -> None:
    loaded(shipped(), "pas/2.2.1")


def test_invariants_that_are_quadratic_together_are_reported_as_not_evaluated() -> None:
    started = perf_counter()
    report = check(_definition(10_000))
    assert perf_counter() - started < 15  # 80 seconds without a bound
    assert any("too many steps" in row.reason for row in report.not_evaluated)


def test_a_large_honest_resource_is_evaluated_whole() -> None:
    report = check(_definition(500))
    assert not [row for row in report.not_evaluated if "steps" in row.reason]


def test_every_check_has_a_budget_of_its_own() -> None:
    check(_definition(6_000))
    assert not [row for row in check(_definition(20)).not_evaluated if "steps" in row.reason]


def test_all_expressions_of_a_check_share_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene, "STEPS", 300)
    assert any("too many steps" in row.reason for row in check(_definition(30)).not_evaluated)
