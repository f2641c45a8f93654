"""Where a gap of a mapping is to be filled: `%patient.gender` is `Patient/p1.gender` to a person at the EHR."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from gateway.model.order import Gap, OrderContext, Resource
from gateway.orders.chart import resource_name
from gateway.orders.quantity import quantity_place

# the first variable of an expression with the plain elements after it, as far as no function follows
_READ = re.compile(r"%(\w+(?:\.\w+(?![\w(]))*)")
_NUMBER = re.compile(r"\[(\d+)\]")

# what the variables of each mapping stand for, below the resource that it is made from
_BELOW: Mapping[str, Mapping[str, str]] = {
    "parties/beneficiary": {"patient": "", "numbers": ".identifier", "name": ".name"},
    "parties/subscriber": {"subscriber": "", "member": ".identifier", "member_id": ".identifier", "name": ".name"},
    "parties/document": {"document": "", "part": ".content"},
    "parties/encounter": {"encounter": "", "nubc": ".priority"},
    "parties/location": {"location": ""},
    "parties/organization": {"organization": ""},
    "parties/practitioner": {"practitioner": "", "npi": ".identifier"},
    "parties/practitioner_role": {"points": ".telecom", "member.practitioner_url": ".practitioner"},
    "parties/insurer": {"insurer": ""},
    "parties/requestor": {"requestor": ""},
    "coverage": {"coverage": "", "member_id": ".identifier"},
    "orders/service_request": {"order": ""},
    "orders/device_request": {"order": ""},
    "orders/medication_request": {
        "order": "",
        "item.ordering.url": ".requester",
        "item.ordering.practitioner_url": ".requester",
    },
    "orders/nutrition_order": {"order": ""},
}


def places_in(mapping: str, source: str, order: Resource) -> dict[str, str]:
    """What the variables of a mapping stand for; `order` is the one it copies, empty for other mappings."""
    places = {variable: f"{source}{below}" for variable, below in _BELOW.get(mapping, {}).items()}
    return places | ({"quantity": f"{source}.{quantity_place(order)}"} if order else {})


def placed(gap: Gap, places: Mapping[str, str]) -> Gap:
    """The gap with the path of the order in place of the mapping's expression, where the variable is known."""
    read = _READ.search(gap.path)
    for variable in sorted(places, key=len, reverse=True) if read else ():
        if read and f"{read[1]}.".startswith(f"{variable}."):
            return replace(gap, path=places[variable] + read[1].removeprefix(variable))
    return gap


def placed_in_claim(gaps: Iterable[Gap], context: OrderContext) -> Iterator[Gap]:
    """As `placed`, for gaps of the Claim: the number of the item or document tells which resource it is about."""
    for gap in gaps:
        found = _NUMBER.search(gap.element)
        number = int(found[1]) if found else 0
        if gap.element.startswith("Claim.supportingInfo") and number < len(context.documents):
            places = {"paper.facts": f"{resource_name(context.documents[number])}.type"}
        else:
            places = _of_order(context, number if gap.element.startswith("Claim.item") else 0)
        yield placed(gap, places)


def _of_order(context: OrderContext, number: int) -> dict[str, str]:
    order, facts = context.orders[number], context.facts[number]
    name = resource_name(order)
    code = facts.get("code_source") or f"{name}.code"
    return {
        "sender": "site profile: sender",
        "receiver": "payer profile: receiver",
        "urgency": f"{name}.priority",
        "facts": code,
        "item.facts": code,
        "place": f"{name}.locationCode",
        "quantity": f"{name}.{quantity_place(order)}",
        **dict.fromkeys(("said", "conditions", "condition", "care_at_home", "accident", "kind"), f"{name}.extension"),
    }


def fresh(gaps: Sequence[Gap], known: Sequence[Gap]) -> tuple[Gap, ...]:
    """The gaps that reading the order has not named: one line for a person for each thing that is missing."""
    elements = tuple(gap.element for gap in known if gap.element)
    new: dict[tuple[str, str], Gap] = {}
    for gap in gaps:
        if not gap.element.startswith(elements):
            new.setdefault((gap.path, gap.need), gap)
    return tuple(new.values())
