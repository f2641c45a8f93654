"""The Python written for a mapping makes what it means: on every case beside one, and for every example order."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir import json
from gateway.flow import intake
from gateway.flow.prepare import Treatment
from gateway.mapping import Mapped, Mappings
from gateway.mapping.case_files import case_files
from gateway.mapping.evaluation import Evaluation
from tests.bench.reference import reference_order
from tests.worlds import ORDERS, build_world

ROOT = Path(__file__).resolve().parents[2]
CODES = ROOT / "mappings" / "codes"
GUIDES = sorted(path for path in (ROOT / "mappings" / "pas").iterdir() if path.is_dir())


def differences(mappings: Mappings, name: str, context: Mapping[str, Any]) -> list[str]:
    """What differs between what a mapping means and what its Python makes, order of properties included."""
    meant, made = mappings.observe(name, context), mappings.apply(name, context)
    rows = (
        ("value", meant.value, made.value),
        ("gaps", meant.gaps, made.gaps),
        ("choices", meant.choices, made.choices),
    )
    return [f"{name}: {what}" for what, one, other in rows if repr(one) != repr(other)]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_case_is_made_as_it_is_meant_also_without_each_of_its_variables(guide: Path) -> None:
    mappings = Mappings.load(guide, CODES)
    found: list[str] = []
    for file in case_files(guide, mappings.definitions, mappings.definitions):
        for case in file.cases:
            found += differences(mappings, file.name, case.context)
            for variable in case.context:
                found += differences(mappings, file.name, {**case.context, variable: None})
    assert found == []


@pytest.mark.parametrize("order", sorted(ORDERS.glob("*.json")), ids=lambda path: path.stem)
def test_every_application_for_an_example_order_is_made_as_it_is_meant(
    order: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply, found = Mappings.apply, list[str]()

    def both(mappings: Mappings, name: str, context: Mapping[str, Any]) -> Mapped:
        monkeypatch.setattr(Mappings, "apply", apply)
        found.extend(differences(mappings, name, context))
        monkeypatch.setattr(Mappings, "apply", both)
        return apply(mappings, name, context)

    monkeypatch.setattr(Mappings, "apply", both)
    intake.check(build_world(), order.read_bytes(), [], Treatment())
    assert found == []


def test_a_large_order_is_decided_by_plain_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is done for each of many services goes the long way."""
    evaluated: list[str] = []
    bound = Evaluation.bound

    def counted(self: Evaluation, query: Any, *rest: Any) -> Any:
        evaluated.append(query.source.text)
        return bound(self, query, *rest)

    monkeypatch.setattr(Evaluation, "bound", counted)
    (prepared,) = intake.check(build_world(), reference_order(), [], Treatment())
    assert len(json.loads(prepared.body)["entry"]) > 30
    assert len(evaluated) < 24
