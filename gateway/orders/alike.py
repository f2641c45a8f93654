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


# By the name of a rule: its answer, its notes, and the order these name, empty where they name none.
Said = dict[str, tuple[Any, Notes, str]]


class Alike:
    """The orders of one input; it lives as long as they are read, by one thread."""

    def __init__(self, chart: Chart) -> None:
        self._is_off = bool(chart.of_type(*_NAMING_ORDERS))
        self._said: dict[tuple[Any, ...], Said] = {}

    def of(self, order: Entry) -> "Shared":
        """What of an order may be shared."""
        resource = order.resource
        is_explained = (
            resource["resourceType"].__class__ is not str
        )  # who reads what is noted: each is looked at itself
        if self._is_off or is_explained or not order.type_id:
            return Shared(order, {}, is_alone=True)
        held = {name: resource[name] for name in _SHARED if name in resource}
        said = self._said.setdefault((resource["resourceType"], order.base, json.dumps(held)), {})
        return Shared(order, said, is_alone=False)


class Shared:
    """One order as far as others may be like it, and what was said of one that is."""

    __slots__ = ("_is_alone", "_order", "_said")

    def __init__(self, order: Entry, said: Said, *, is_alone: bool) -> None:
        self._order = order
        self._said = said
        self._is_alone = is_alone

    def read(self, notes: Notes, name: str, rule: Callable[[Entry, Notes], Answer]) -> Answer:
        """What `rule` says of this order; `name` stands for the rule and for all else that it reads."""
        if self._is_alone:
            return rule(self._order, notes)
        known = self._said.get(name)
        if known is None:
            own, its_name = Notes(), label(self._order)
            answer = rule(_without_what_differs(self._order), own)
            self._said[name] = known = answer, own, its_name if _is_named(its_name, own) else ""
        notes.take(_renamed(known[1], known[2], label(self._order)) if known[2] else known[1])
        said: Answer = known[0]
        return said


def _without_what_differs(order: Entry) -> Entry:
    kept = ("resourceType", "id", *_SHARED)
    alone = {name: value for name, value in order.resource.items() if name in kept}
    return Entry(alone, order.full_url, order.path)


def _is_named(name: str, notes: Notes) -> bool:
    texts = [text for gap in notes.gaps for text in (gap.path, gap.need)]
    texts += [text for made in notes.choices for text in (made.value, made.why)]
    return any(name in text for text in texts)


def _renamed(notes: Notes, before: str, now: str) -> Notes:
    """The notes of one order as those of another that is like it."""
    renamed = Notes()
    for gap in notes.gaps:
        renamed.add(Gap(gap.path.replace(before, now), gap.need.replace(before, now), gap.rule, gap.element))
    for made in notes.choices:
        renamed.add(Choice(made.what, made.value.replace(before, now), made.why.replace(before, now), made.rule))
    renamed.use(*notes.used)
    return renamed
