"""What a NutritionOrder (FHIR R4) may have billed: a formula, what is added to it, diets and supplements."""

from collections.abc import Iterator
from typing import Any

from gateway.model.order import Resource
from gateway.orders.chart import rows


def products_of(order: Resource) -> list[tuple[str, dict[str, Any]]]:
    """Each CodeableConcept of what is to be eaten or fed, with its path below the order; the formula first."""
    found: list[tuple[str, dict[str, Any]]] = []
    for formula in rows(order, "enteralFormula"):
        for element in ("baseFormulaType", "additiveType"):
            found += [(f"enteralFormula.{element}", concept) for concept in rows(formula, element)]
    for diet in rows(order, "oralDiet"):
        found += [(f"oralDiet.type[{position}]", concept) for position, concept in enumerate(rows(diet, "type"))]
    for position, supplement in enumerate(rows(order, "supplement")):
        found += [(f"supplement[{position}].type", concept) for concept in rows(supplement, "type")]
    return found


def schedules_of(order: Resource, product: str) -> list[dict[str, Any]]:
    """The Timings of the part that `product` (the path of a code) stands in; of every part when it is empty."""
    return [
        timing for place, row in _parts(order) if not product or f".{place}." in product for timing in _timings(row)
    ]


def amount_place(order: Resource) -> str:
    """The first path at which it says how much is given at a time or in a day; empty when it says nothing."""
    for place, row in _parts(order):
        for element in ("quantity", "maxVolumeToDeliver"):
            if element in row:
                return f"{place}.{element}"
        for position, given in enumerate(rows(row, "administration")):
            for element in ("quantity", "rateQuantity", "rateRatio"):
                if element in given:
                    return f"{place}.administration[{position}].{element}"
    return ""


def _parts(order: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    for element in ("enteralFormula", "oralDiet", "supplement"):
        for position, row in enumerate(rows(order, element)):
            yield f"{element}[{position}]" if element == "supplement" else element, row


def _timings(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for holder in (part, *rows(part, "administration")):
        yield from rows(holder, "schedule")
