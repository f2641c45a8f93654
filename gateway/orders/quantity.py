"""How much an order asks for: a Quantity it holds, never one computed from dates, never one that says less or more."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from gateway.fhir.bundle import Entry
from gateway.model.order import Resource
from gateway.orders.chart import codings, label, rows, text
from gateway.orders.notes import Notes
from gateway.orders.nutrition import amount_place
from gateway.orders.request_pattern import values

_AMOUNTS = frozenset({"quantity", "length of need", "length-of-need"})
_IN_SERVICE_REQUEST = ("quantityQuantity", "quantityRatio", "quantityRange")


def quantity_of(order: Resource) -> dict[str, Any] | None:
    """The first amount in an order that can be sent as it stands."""
    return next((value for _, value in _stated(order) if isinstance(value, dict) and not _fault(value)), None)


def quantity_place(order: Resource) -> str:
    """The path of that amount below the order."""
    return next((place for place, value in _stated(order) if isinstance(value, dict) and not _fault(value)), "quantity")


def check_quantity(order: Entry, notes: Notes) -> None:
    """A gap for each amount that cannot be sent as it stands: a ratio, a range, a comparator, no positive number.

    What is fed at a time is not what is billed: how many units that makes is never worked out here.
    """
    for element, value in _stated(order.resource):
        if fault := _fault(value):
            need = f"how much, as a Quantity with one positive number and no comparator; {fault}"
            notes.gap(f"{label(order)}.{element}", need, "quantity", "Claim.item.quantity")
    fed = amount_place(order.resource)
    if fed and not any(_stated(order.resource)):
        why = "It is what is given, not how many units are billed: it goes in the copy of the order, not in the item."
        notes.choose("quantity", f"{label(order)}.{fed}", why, "quantity-not-computed")


def _stated(order: Resource) -> Iterator[tuple[str, Any]]:
    """Each amount in an order with its path; None for one that is no Quantity."""
    kind = order["resourceType"]
    if kind == "ServiceRequest":
        for element in _IN_SERVICE_REQUEST:
            if element in order:
                yield element, order[element] if element == "quantityQuantity" else None
    elif kind == "MedicationRequest":
        dispensed = order.get("dispenseRequest")
        if isinstance(dispensed, dict) and "quantity" in dispensed:
            yield "dispenseRequest.quantity", dispensed["quantity"]
    elif kind == "NutritionOrder":
        yield from values(order, "quantity")
    else:
        for position, row in enumerate(rows(order, "parameter")):
            names = [text(row.get("code"), "text"), *(coding["code"] for coding in codings(row.get("code")))]
            for element in row if _AMOUNTS.intersection(map(str.lower, names)) else ():
                if element.startswith("value"):
                    value = row[element] if element == "valueQuantity" else None
                    yield f"parameter[{position}].{element}", value


def _fault(value: Any) -> str:
    if not isinstance(value, dict):
        return "what is there is no Quantity"
    number = value.get("value")
    if "comparator" in value:
        return "what is there has a comparator"
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal):
        return "what is there has no number"
    return "" if number > 0 else "what is there is not above zero"
