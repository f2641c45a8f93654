"""Everything that came with an order, and the finding of what a reference in it points at (quirks 2-4, 8, 11, 12)."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from gateway.fhir import json
from gateway.fhir.bundle import Entry, Index, Resolved, Step
from gateway.model.order import Resource
from gateway.orders.notes import Notes

Answer = TypeVar("Answer")

_UNSURE = {
    Step.OTHER_BASE: ("reference-other-base", "Resolved by type and id although the address has another base."),
    Step.ID_ONLY: ("reference-id-only", "Resolved by the id alone; nothing else in the order has it."),
}


class Chart:
    """The resources of one order, completions merged in; it lives as long as they are read, by one thread."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.index = Index(entries)
        self._written = json.dumps([entry.resource for entry in entries])
        self._mentions: dict[str, bool] = {}
        self._read: dict[tuple[Any, ...], tuple[tuple[Any, ...], Any, Notes | None]] = {}

    def once(self, rule: Callable[..., Answer], *about: Any, notes: Notes) -> Answer:
        """What `rule(*about, notes)` says, worked out once however many orders share these very objects.

        Its notes are left with each order all the same. The objects are kept, so that identity tells them apart.
        """
        key = (rule, *map(id, about))
        known = self._read.get(key)
        if known is None:
            own = Notes()
            said = rule(*about, own)
            known = self._read[key] = (about, said, own if own.gaps or own.choices or own.used else None)
        answer: Answer = known[1]
        if known[2]:
            notes.take(known[2])
        return answer

    def mentions(self, element: str) -> bool:
        """Whether any resource may have an element of that name anywhere; surely not when the answer is no."""
        if element not in self._mentions:
            self._mentions[element] = f'"{element}":'.encode() in self._written
        return self._mentions[element]

    def of_type(self, *kinds: str) -> tuple[Entry, ...]:
        return self.index.of_type(*kinds)

    def find(self, reference: Any, source: Entry, place: str, notes: Notes, *kinds: str) -> Entry | None:
        """The resource of one of `kinds` that a Reference in `source` means; None when it is not here.

        Contained first, then as written, then by identifier; an uncertain step is recorded. A display alone,
        a conditional reference and a resource that was not sent find nothing: nothing is ever fetched.
        """
        if not isinstance(reference, dict):
            return None
        text = reference.get("reference")
        found = self.index.resolve(text, source=source) if isinstance(text, str) else None
        if found and found.entry.resource.get("resourceType") in kinds:
            step = found.step
            if step in _UNSURE:
                rule, why = _UNSURE[step]
                notes.choose("reference", place, why, rule)
            return found.entry if step is not Step.CONTAINED else _in_its_container(found, source)
        return self._by_identifier(reference.get("identifier"), place, notes, kinds)

    def _by_identifier(self, identifier: Any, place: str, notes: Notes, kinds: Sequence[str]) -> Entry | None:
        wanted = identifier_key(identifier)
        if not wanted:
            return None
        found = [
            entry for entry in self.of_type(*kinds) if wanted in map(identifier_key, rows(entry.resource, "identifier"))
        ]
        if len(found) != 1:
            return None
        notes.choose("reference", place, "Resolved by identifier; it has no reference.", "reference-by-identifier")
        return found[0]


def label(entry: Entry) -> str:
    """How gaps and choices name a resource: `Type/id`, or the type alone."""
    return entry.type_id or str(entry.resource.get("resourceType"))


def resource_name(resource: Resource) -> str:
    """`Type/id` of a resource, or the type alone."""
    return "/".join(filter(None, (text(resource, "resourceType"), text(resource, "id"))))


def rows(resource: Any, element: str) -> list[dict[str, Any]]:
    """The objects in a list element; an object where a list belongs counts as a list of one."""
    value = resource.get(element) if isinstance(resource, dict) else None
    if value is None:
        return []
    if not isinstance(value, list):
        return [value] if isinstance(value, dict) else []
    if len(value) == 1:
        return value[:] if isinstance(value[0], dict) else []
    return [item for item in value if isinstance(item, dict)]


def codings(concept: Any) -> list[dict[str, Any]]:
    """The codings of a CodeableConcept that have a code."""
    found = rows(concept, "coding")
    if len(found) == 1:
        return found if isinstance(found[0].get("code"), str) else []
    return [coding for coding in found if isinstance(coding.get("code"), str)]


def text(value: Any, element: str) -> str:
    """A text element, or empty."""
    found = value.get(element) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _in_its_container(found: Resolved, source: Entry) -> Entry:
    """A contained resource refers to its siblings: it takes them along."""
    siblings = source.resource.get("contained", [])
    return Entry({**found.entry.resource, "contained": siblings}, path=found.entry.path)


def without_contained(resource: Resource) -> Resource:
    """Without what it contains: a contained resource carries its siblings along."""
    return {element: value for element, value in resource.items() if element != "contained"}


def identifier_key(identifier: Any) -> tuple[str, str] | None:
    """System and value of an identifier; None when it has no value."""
    value = text(identifier, "value")
    return (text(identifier, "system"), value) if value else None
