"""Ours against fhirpathpy: every expression of the guides and of the mappings, on the golden bundles."""

import json as standard
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import fhirpathpy
import pytest
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.engine.util import get_data
from fhirpathpy.models import models

from gateway.fhir import json, path
from gateway.fhir.path import PathFault
from gateway.fhir.path.model import type_at

ROOT = Path(__file__).resolve().parents[3]
NODES = 40
# Where the two differ, and why ours is right. A key is a part of the expression.
EXCEPTIONS = {
    "resolve(": "fhirpathpy has no resolve()",
    "memberOf": "fhirpathpy has no memberOf(); ours fails only where its answer decides",
    "conformsTo": "fhirpathpy has no conformsTo()",
    "htmlChecks": "fhirpathpy has no htmlChecks()",
    "$this.toString().length() = 10": "an object has no text; fhirpathpy gives Python's",
    "practitioner or organization or healthcareService": "one value that is no Boolean counts as true",
    "telecom or endpoint": "one value that is no Boolean counts as true",
    "element.first().path.startsWith(%resource.type)": "startsWith() of an object fails; fhirpathpy gives nothing",
    "value.hasValue().not() or value > 0)": "`and` does not ask its right side once the left is false",
}
# hasValue() as the gateway gave it to fhirpathpy before it had an evaluator of its own
TABLE = {
    "hasValue": {
        "fn": lambda inputs: [len(inputs) == 1 and isinstance(get_data(inputs[0]), str | int | float | Decimal)],
        "arity": {0: []},
    }
}


@cache
def _expressions() -> tuple[str, ...]:
    found: set[str] = set()
    for file in sorted((ROOT / "profiles").rglob("*.json")):
        found.update(_rules(standard.loads(file.read_text())))
    return tuple(sorted(found))


def _rules(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("expression"), str):
            yield value["expression"]
        for child in value.values():
            yield from _rules(child)
    elif isinstance(value, list):
        for child in value:
            yield from _rules(child)


def _mapped() -> list[str]:
    text = "\n".join(file.read_text() for file in sorted((ROOT / "mappings").rglob("*.yaml")))
    leaves = re.findall(r"\{\{!?\s*(.*?)\s*(?://[^}]*)?\}\}", text)
    known = {"patient", "order", "coverage", "organization", "practitioner"}
    return sorted(
        leaf
        for leaf in set(leaves)
        if set(re.findall(r"%(\w+)", leaf)) <= known
        and not re.search(r"translate|choose|lookup|positionOf", leaf)
        and "//" not in leaf.replace("://", "")
    )


@cache
def _bundles() -> tuple[Any, ...]:
    files = sorted((ROOT / "examples" / "golden").rglob("*bundle*.json"))
    return tuple(json.loads(file.read_bytes()) for file in files)


def _nodes(value: Any, place: str) -> Iterator[tuple[Any, str]]:
    if isinstance(value, dict):
        place = value.get("resourceType", place)
        yield value, type_at(place) or place
        for name, child in value.items():
            yield from _nodes(child, f"{place}.{name}")
    elif isinstance(value, list):
        for child in value:
            yield from _nodes(child, place)


@cache
def _sample() -> tuple[tuple[Any, str], ...]:
    """Nodes of every type that occurs, none twice, and no more than are quick to try."""
    by_type: dict[str, Any] = {}
    for bundle in _bundles():
        for node, type_name in _nodes(bundle, ""):
            by_type.setdefault(type_name, node)
    return tuple((node, type_name) for type_name, node in sorted(by_type.items()))[:NODES]


def _theirs(expression: str, node: Any, variables: dict[str, Any]) -> Any:
    try:
        compiled = _compiled(expression)
        return compiled(node, variables)
    except Exception:  # noqa: BLE001  whatever it raises
        return None


@cache
def _compiled(expression: str) -> Any:
    return fhirpathpy.compile(expression, models["r4"], {"traceFn": lambda *_: None, "userInvocationTable": TABLE})


def _ours(expression: str, node: Any, variables: dict[str, Any]) -> Any:
    try:
        return path.compile(expression)(node, variables)
    except PathFault:
        return None


def _asked() -> list[str]:
    return [one for one in _expressions() if not any(part in one for part in EXCEPTIONS)]


@pytest.mark.parametrize("expression", _asked())
def test_the_guides_expressions_answer_as_those_of_fhirpathpy(expression: str) -> None:
    differ = []
    for node, type_name in _sample():
        variables = {"context": node, "resource": node, "rootResource": node}
        theirs = _theirs(expression, ResourceNode.create_node(node, type_name), variables)
        if _ours(expression, path.value_of(node, type_name), variables) != theirs:
            differ.append(type_name)
    assert differ == []


@pytest.mark.parametrize("expression", _mapped())
def test_the_mappings_expressions_answer_as_those_of_fhirpathpy(expression: str) -> None:
    for bundle in _bundles()[:6]:
        of_type = {entry["resource"]["resourceType"].lower(): entry["resource"] for entry in bundle["entry"]}
        order = next((of_type[name] for name in of_type if name.endswith("request")), {})
        variables = {name: of_type.get(name, {}) for name in ("patient", "coverage", "organization", "practitioner")}
        variables["order"] = order
        assert _ours(expression, {}, variables) == _theirs(expression, {}, variables)


def test_the_oracle_is_asked_about_enough() -> None:
    assert len(_asked()) > 0.9 * len(_expressions()) > 100
    assert len(_mapped()) > 20
    assert len(_sample()) >= 20
