"""Whose a resource is: another patient's coverage, condition or document never becomes part of a request."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.fhir.bundle import Entry
from gateway.orders.chart import Chart, identifier_key, label, rows, text, without_contained
from gateway.orders.notes import Notes
from gateway.orders.request_pattern import name_of


class Whose(StrEnum):
    """The patient of the order, another patient (or nobody who can be told), or not said at all."""

    THEIRS = "the patient's"
    ANOTHERS = "another patient's"
    UNSAID = "not said"


@dataclass(frozen=True, slots=True)
class Subject:
    """The patient of one order; `patient` is None when the order refers to one that was not sent."""

    order: Entry
    patient: Entry | None
    chart: Chart

    def whose(self, source: Entry, element: str, notes: Notes) -> Whose:
        """Whose `source` is by the Reference in `element` (`subject`, `beneficiary`).

        What it resolves to decides; else the type and id, or the address, of the order's subject; else an identifier
        of the patient. A display alone says nothing.
        """
        return self.meant_by(source.resource.get(element), source, f"{label(source)}.{element}", notes)

    def meant_by(self, reference: Any, source: Entry, place: str, notes: Notes) -> Whose:
        """Whose something is by a Reference at `place` in `source`; see `whose`."""
        target, identifier = text(reference, "reference"), _key(reference)
        if not target and not identifier:
            return Whose.UNSAID
        found = self.chart.find(reference, source, place, notes, "Patient")
        if found and self.patient:
            same = found.resource is self.patient.resource or (
                without_contained(found.resource) == without_contained(self.patient.resource)
            )
        elif target:
            same = _address(target) in self._addresses()
        else:
            same = identifier in self._identifiers()
        return Whose.THEIRS if same else Whose.ANOTHERS

    def is_another(self, source: Entry, notes: Notes) -> bool:
        """Whether the `subject` of a resource is another patient."""
        return self.whose(source, "subject", notes) is Whose.ANOTHERS

    def leaves_out(self, source: Entry, what: str, notes: Notes) -> bool:
        """As `is_another`, and records that the resource is left out for it."""
        if is_another := self.is_another(source, notes):
            notes.choose(f"{what} left out", label(source), "It is about another patient.", "other-patient")
        return is_another

    def _reference(self) -> Any:
        return self.order.resource.get(name_of(self.order.resource, "subject"))

    def _addresses(self) -> set[str]:
        own = text(self._reference(), "reference")
        named = {_address(own)} if own and not own.startswith("#") else set()
        return named | ({self.patient.type_id} if self.patient and self.patient.type_id else set())

    def _identifiers(self) -> list[tuple[str, str] | None]:
        held = rows(self.patient.resource, "identifier") if self.patient else []
        return [*(identifier_key(row) for row in held), _key(self._reference())]


def _address(reference: str) -> str:
    """`Patient/p1` of any address that ends in it, else the address as written."""
    target = reference.partition("/_history/")[0]
    parts = target.rstrip("/").split("/")
    return "/".join(parts[-2:])


def _key(reference: Any) -> tuple[str, str] | None:
    return identifier_key(reference.get("identifier")) if isinstance(reference, dict) else None
