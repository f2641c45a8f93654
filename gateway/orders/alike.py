"""What several orders of one input say alike is read once: who, where, for whom and with what, not what, when and why.

A rule that is read so is given an order that holds nothing else, so it cannot look at what others may say differently.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from gateway.fhir import json
from gateway.fhir.bundle import Entry
from gateway.model.order import Choice, Gap
from gateway.orders.chart import Chart, label
from gateway.orders.notes import Notes

Answer = TypeVar("Answer")
_SHARED = (
    "contained",
    "dispenseRequest",
    "encounter",
    "extension",
    "insurance",
    "locationCode",
    "locationReference",
    "orderer",
    "patient",
    "performer",
    "reasonReference",
    "requester",
    "subject",
    "supportingInfo",
    "supportingInformation",
)
# They say which order they are for, and are compared with the whole of it.
_NAMING_ORDERS = ("Appointment", "Encounter")


class Alike:
    """The orders of one input; it lives as long as they are read, by one thread."""

    def __init__(self, chart: Chart) -> None:
        self._is_off = bool(chart.of_type(*_NAMING_ORDERS))
        self._said: dict[tuple[Any, ...], tuple[Any, Notes, str]] = {}

    def of(self, order: Entry) -> "Shared":
        """What of an order may be shared."""
        resource = order.resource
        if self._is_off or resource["resourceType"].__class__ is not str:  # explained: each order is looked at itself
            return Shared(self._said, order, None)
        held = {name: resource[name] for name in _SHARED if name in resource}
        key = resource["resourceType"], order.base, json.dumps(held)
        alone = {name: value for name, value in resource.items() if name in held or name in ("resourceType", "id")}
        return Shared(self._said, Entry(alone, order.full_url, order.path), key)


class Shared:
    """One order as far as others may be like it."""

    def __init__(
        self, said: dict[tuple[Any, ...], tuple[Any, Notes, str]], order: Entry, key: tuple[Any, ...] | None
    ) -> None:
        self.order = order
        self._said = said
        self._key = key

    def read(self, notes: Notes, name: str, rule: Callable[[Entry, Notes], Answer]) -> Answer:
        """What `rule` says of this order; `name` stands for the rule and for all else that it reads."""
        if self._key is None:
            return rule(self.order, notes)
        key = (name, *self._key)
        known = self._said.get(key)
        if known is None:
            own = Notes()
            known = self._said[key] = rule(self.order, own), own, label(self.order)
        answer: Answer = known[0]
        notes.take(known[1] if known[2] == label(self.order) else _renamed(known[1], known[2], label(self.order)))
        return answer


def _renamed(notes: Notes, before: str, now: str) -> Notes:
    """The notes of one order as those of another that is like it."""
    renamed = Notes()
    for gap in notes.gaps:
        renamed.add(Gap(gap.path.replace(before, now), gap.need.replace(before, now), gap.rule, gap.element))
    for made in notes.choices:
        renamed.add(Choice(made.what, made.value.replace(before, now), made.why.replace(before, now), made.rule))
    renamed.use(*notes.used)
    return renamed
