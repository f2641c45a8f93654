"""Modifier extensions and implicit rules: nothing is sent from a resource that has them (FHIR R4 2.4.2, quirk 39).

Either may turn the meaning of what it stands in around, and the gateway knows none: a person has to look.
"""

from collections.abc import Iterator
from typing import Any

from gateway.model.order import Resource
from gateway.orders.chart import Chart, resource_name, rows, without_contained
from gateway.orders.notes import Notes

_UNKNOWN = frozenset({"modifierExtension", "implicitRules"})
_NEED = (
    "a version without it, or a person who reads what it means: modifier extensions may turn the meaning around, and "
    "this gateway knows none"
)


def understood(chart: Chart, notes: Notes) -> bool:
    """Whether no resource that reading an order used has a modifier extension or implicit rules; a gap for each."""
    if not any(map(chart.mentions, _UNKNOWN)):
        return True
    held = [without_contained(inner) for resource in notes.used for inner in rows(resource, "contained")]
    places: list[str] = []
    for resource in notes.used:
        # a contained resource is looked through with the one that holds it
        if not held or without_contained(resource) not in held:
            places += chart.once(_held_by, resource, notes=notes)
    for place in places:
        notes.gap(place, _NEED, "modifier-extension")
    return not places


def _held_by(resource: Resource, _: Notes) -> tuple[str, ...]:
    return tuple(_places(resource, resource_name(resource)))


def _places(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _places(item, f"{path}[{position}]")
    elif isinstance(value, dict):
        for element, item in value.items():
            if element in _UNKNOWN:
                yield f"{path}.{element}"
            else:
                yield from _places(item, f"{path}.{element}")
