"""Why an order is needed: its ICD-10-CM codes, from reasons and conditions, in order of importance (quirk 47).

A diagnosis is a small object: `system`, `code`, `source` (the path it came from), `recorded` where the Condition
says when, and `orders`, the numbers of the orders it supports.
"""

from collections.abc import Iterator
from typing import Any

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


def diagnoses_of(subject: Subject, tables: OrderTables, notes: Notes) -> tuple[Resource, ...]:
    """The ICD-10-CM diagnoses of one order, each code once; a gap when there is none.

    Conditions that are not established, or past, or another patient's, are left out and recorded; the gap names them.
    """
    found: dict[str, Resource] = {}
    said: list[str] = []
    left_out: list[str] = []
    for concept, place, recorded in _concepts(subject, left_out, notes):
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
        need = "; ".join([f"{_asked(subject.order.resource)}{has}", *dict.fromkeys(left_out)])
        element = name_of(subject.order.resource, "reasonCode")
        notes.gap(f"{label(subject.order)}.{element}", need, "diagnosis", "Claim.diagnosis")
    return tuple(found.values())


def _concepts(subject: Subject, left_out: list[str], notes: Notes) -> Iterator[tuple[Any, str, str]]:
    """Concepts that may be diagnoses, with their path and the day they were recorded; why others are left out."""
    order = subject.order
    for path, concept in stated(order.resource, "reasonCode"):
        yield concept, f"{label(order)}.{path}", ""
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
