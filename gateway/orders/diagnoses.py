"""Why an order is needed: its ICD-10-CM codes, from reasons and conditions, in order of importance (quirk 47).

A diagnosis is a small object: `system`, `code`, `source` (the path it came from), `recorded` where the Condition
says when, and `orders`, the numbers of the orders it supports.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.fhir.bundle import Entry
from gateway.model.order import Resource
from gateway.orders.belonging import Subject
from gateway.orders.chart import codings, label, text
from gateway.orders.code_systems import icd_10_cm
from gateway.orders.dates import day
from gateway.orders.notes import Notes
from gateway.orders.request_pattern import name_of, stated
from gateway.orders.tables import OrderTables

# a diagnosis is what is established and still there; FHIR's required codes for everything else
_NOT_USED = {
    "verificationStatus": frozenset({"refuted", "entered-in-error", "differential", "provisional", "unconfirmed"}),
    "clinicalStatus": frozenset({"resolved", "inactive", "remission"}),
}


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the Conditions that an order names say: each concept with its path and the day it was recorded.

    `left_out` tells why others are not used: they are not established, or past, or another patient's.
    """

    concepts: tuple[tuple[Any, str, str], ...]
    left_out: tuple[str, ...]


def diagnoses_of(order: Entry, conditions: Conditions, tables: OrderTables, notes: Notes) -> tuple[Resource, ...]:
    """The ICD-10-CM diagnoses of one order, each code once, reasons before conditions; a gap when there is none.

    The gap names the conditions that were left out.
    """
    found: dict[str, Resource] = {}
    said: list[str] = []
    name_of_order = label(order)
    reasons = [(concept, f"{name_of_order}.{path}", "") for path, concept in stated(order.resource, "reasonCode")]
    for concept, place, recorded in (*reasons, *conditions.concepts):
        for position, coding in enumerate(codings(concept)):
            name = tables.names.get(str(coding.get("system", "")), "a local system")
            code = icd_10_cm(coding["code"]) if name == "ICD-10-CM" else ""
            if not code:
                said.append(name)
                continue
            source = f"{place}.coding[{position}]"
            if code != coding["code"]:
                notes.choose("diagnosis code", code, f"{source} written in its standard form.", "icd-10-cm-form")
            row = {"system": coding["system"], "code": code, "source": source}
            found.setdefault(code, {**row, "recorded": recorded} if recorded else row)
        if not codings(concept) and text(concept, "text"):
            said.append("text")
    if not found:
        has = f"; what is there is {', '.join(dict.fromkeys(said))}" if said else ""
        need = "; ".join([f"{_asked(order.resource)}{has}", *dict.fromkeys(conditions.left_out)])
        element = name_of(order.resource, "reasonCode")
        notes.gap(f"{name_of_order}.{element}", need, "diagnosis", "Claim.diagnosis")
    return tuple(found.values())


def conditions_of(subject: Subject, notes: Notes) -> Conditions:
    """The Conditions an order names as reasons or supporting information; what is left out is recorded."""
    left_out: list[str] = []
    concepts = tuple(_concepts(subject, left_out, notes))
    return Conditions(concepts, tuple(left_out))


def _concepts(subject: Subject, left_out: list[str], notes: Notes) -> Iterator[tuple[Any, str, str]]:
    order = subject.order
    for element in ("reasonReference", "supportingInfo", "supportingInformation"):
        for path, reference in stated(order.resource, element):
            place = f"{label(order)}.{path}"
            condition = subject.chart.find(reference, order, place, notes, "Condition")
            if condition is None:
                continue
            if subject.leaves_out(condition, "diagnosis", notes):
                left_out.append(f"{label(condition)} is left out: it is about another patient")
                continue
            notes.use(condition.resource)
            if status := _status_against(condition.resource):
                left_out.append(f"{label(condition)} is left out: its {status}")
                why = f"Its {status}; only what is established and still there is a diagnosis."
                notes.choose("diagnosis left out", label(condition), why, "diagnosis-left-out")
            else:
                recorded = day(condition.resource.get("recordedDate"))
                yield condition.resource.get("code"), f"{label(condition)}.code", str(recorded) if recorded else ""


def _asked(order: Resource) -> str:
    code, reference = name_of(order, "reasonCode"), name_of(order, "reasonReference")
    return f"a diagnosis as ICD-10-CM code, in {code} or in a Condition that {reference} names"


def _status_against(condition: Resource) -> str:
    """`clinicalStatus is resolved`: what speaks against using a condition; empty when nothing does."""
    for element, codes in _NOT_USED.items():
        concept = condition.get(element)
        said = [*(coding["code"] for coding in codings(concept)), text(concept, "text")]
        if found := codes.intersection(map(str.lower, said)):
            return f"{element} is {min(found)}"
    return ""
