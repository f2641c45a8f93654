"""The other side of the floor: changes that FHIR and the guide allow raise no error."""

from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from gateway.fhir import json
from tests.mutation.floor import profiles
from tests.mutation.sources import Source, golden

DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>A <b>knee</b>, &amp; more.<br/></p></div>'
CORE = "http://hl7.org/fhir/StructureDefinition"


def _everywhere(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Any], Any]:
    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return change({name: walk(inner) for name, inner in value.items()})
        return [walk(inner) for inner in value] if isinstance(value, list) else value

    return walk


def _of(*types: str, **content: Any) -> Callable[[Any], Any]:
    """Adds the content to each resource of the types (all, if none is named) that has none of it yet."""

    def change(value: dict[str, Any]) -> dict[str, Any]:
        named = value.get("resourceType") in types if types else value.get("resourceType", "Bundle") != "Bundle"
        return {**value, **content} if named and not content.keys() & value.keys() else value

    return _everywhere(change)


def _longer(name: str, *types: str, item: Any) -> Callable[[Any], Any]:
    def change(value: dict[str, Any]) -> dict[str, Any]:
        return {**value, name: [*value.get(name, ()), item]} if value.get("resourceType") in types else value

    return _everywhere(change)


NUMBERS = count()


def _identified(value: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"element-{next(NUMBERS)}", **value} if "resourceType" not in value else value


def _backwards(value: dict[str, Any]) -> dict[str, Any]:
    return dict(reversed(value.items()))


def _decimal(value: dict[str, Any]) -> dict[str, Any]:
    is_quantity = isinstance(value.get("value"), int) and "url" not in value
    return {**value, "value": Decimal(f"{value['value']}.00")} if is_quantity else value


def _dated(value: dict[str, Any]) -> dict[str, Any]:
    return {**value, "timestamp": "2026-11-24T15:00:00.123+05:30"} if "timestamp" in value else value


def _other_way_round(bundle: Any) -> Any:
    first, *others = bundle["entry"]
    return {**bundle, "entry": [first, *reversed(others)]}


SPANISH = [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "Ejemplo"}]
TRANSLATION = {"url": f"{CORE}/translation", "extension": SPANISH}
BIRTH_PLACE = {"url": f"{CORE}/patient-birthPlace", "valueAddress": {"city": "Springfield"}}
CHANGES: dict[str, Callable[[Any], Any]] = {
    "an id on every element": _everywhere(_identified),
    "properties backwards": _everywhere(_backwards),
    "entries but the first backwards": _other_way_round,
    "decimals with zeros": _everywhere(_decimal),
    "a fraction and an offset in the timestamp": _everywhere(_dated),
    "a language": _of(language="en-US"),
    "a narrative": _of(text={"status": "generated", "div": DIV}),
    "a narrative that adds": _of("Patient", text={"status": "additional", "div": DIV}),
    "one more identifier": _longer(
        "identifier", "Patient", "Organization", "Practitioner", item={"system": "urn:example:more", "value": "1"}
    ),
    "a place of birth": _longer("extension", "Patient", item=BIRTH_PLACE),
    "an extension on a primitive": _of("Organization", _name={"extension": [TRANSLATION]}),
    "one more telecom": _longer(
        "telecom",
        "Patient",
        "Organization",
        "Practitioner",
        item={"system": "phone", "value": "555-010-0199", "use": "work", "rank": 2, "period": {"start": "2026"}},
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_harmless_change_raises_no_error(name: str) -> None:
    changed = 0
    for source in golden():
        bundle = json.loads(source.path.read_bytes())
        other = CHANGES[name](bundle)
        changed += json.dumps(other) != json.dumps(bundle)
        assert _errors(source, other) == []

    assert changed


def _errors(source: Source, bundle: Any) -> list[tuple[str, str, str]]:
    issues = profiles(source.version).check(bundle).issues
    return [(source.name, issue.rule, issue.path) for issue in issues if issue.is_error]
