"""Where an order keeps what every order says (the request pattern of FHIR R4): types name it differently.

A NutritionOrder calls its subject `patient` and its requester `orderer`. R4 gives it no element for its reason,
coverage, priority or supporting information; FHIR's own extensions hold those, and what a Claim item counts.
"""

from collections.abc import Mapping
from typing import Any

from gateway.model.order import Resource
from gateway.orders.chart import rows, text

_NAMES: Mapping[str, Mapping[str, str]] = {"NutritionOrder": {"subject": "patient", "requester": "orderer"}}
_EXTENSIONS: Mapping[str, Mapping[str, str]] = {
    "NutritionOrder": {
        "reasonCode": "workflow-reasonCode",
        "reasonReference": "workflow-reasonReference",
        "supportingInfo": "workflow-supportingInfo",
        "insurance": "request-insurance",
        "priority": "extension-NutritionOrder.priority",
        "quantity": "extension-Claim.item.quantity",
    }
}


def name_of(order: Resource, element: str) -> str:
    """What a type calls an element of the pattern; `extension(name)` where R4 gives it none of its own."""
    kind = order["resourceType"]
    if kind not in _NAMES:
        return element
    if extension := _EXTENSIONS[kind].get(element):
        return f"extension({extension})"
    return _NAMES[kind].get(element, element)


def stated(order: Resource, element: str) -> list[tuple[str, Resource]]:
    """The objects an order has in an element of the pattern, each with its path below the order."""
    if _extension(order, element):
        return [(place, value) for place, value in values(order, element) if isinstance(value, dict)]
    name = name_of(order, element)
    return [(f"{name}[{position}]", row) for position, row in enumerate(rows(order, name))]


def values(order: Resource, element: str) -> list[tuple[str, Any]]:
    """Whatever stands in the extensions for an element of the pattern, each with its path below the order."""
    wanted = _extension(order, element)
    return [
        (f"extension[{position}].{key}", value)
        for position, row in enumerate(rows(order, "extension"))
        if wanted and text(row, "url").rpartition("/StructureDefinition/")[2] == wanted
        for key, value in row.items()
        if key.startswith("value")
    ]


def priority_of(order: Resource) -> str:
    """The priority of an order as a code; empty when it has none."""
    found = [value for _, value in values(order, "priority") if isinstance(value, str)]
    return found[0] if found else text(order, "priority")


def _extension(order: Resource, element: str) -> str:
    return _EXTENSIONS.get(order["resourceType"], {}).get(element, "")
