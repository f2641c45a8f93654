"""Completion files: resources merged over those of the order, so that only what was missing has to be written.

A resource of the same type and id is merged: objects merge, lists and primitives replace, and a choice element
(`occurrencePeriod`) replaces its other forms. A resource without id merges into the only one of its type. What the
order does not have is added. A completion adds and replaces; it cannot take an element away.
"""

from collections.abc import Sequence
from typing import Any

from gateway.fhir.bundle import Entry, entries_of
from gateway.fhir.path import CHOICES
from gateway.model.errors import BadOrder
from gateway.model.order import Resource
from gateway.orders.chart import label
from gateway.orders.notes import Notes

_MOST_NAMED = 10


def complete(entries: Sequence[Entry], completion: Any, *, number: int) -> list[Entry]:
    """The entries with one completion (Bundle, list or resource) merged over them; `number` counts from 1.

    Raises:
        BadOrder: there is no resource in it, or one without id could mean several.
    """
    additions = entries_of(completion, path=f"completion {number}" if isinstance(completion, list) else "")
    if not additions:
        raise BadOrder(
            f"There is no resource in completion {number}.",
            fix="Send the resources that hold what was missing: one, a list, or a Bundle.",
        )
    merged = list(entries)
    for addition in additions:
        targets = _targets(merged, addition, number)
        for position in targets:
            entry = merged[position]
            merged[position] = Entry(_merge(entry.resource, addition.resource), entry.full_url, entry.path)
        if not targets:
            merged.append(addition)
    return merged


def note_unused(additions: Sequence[Entry], used: Sequence[Resource], notes: Notes) -> None:
    """Records what completions added and no order made use of: a mistyped id would otherwise change nothing unseen."""
    names = list(dict.fromkeys(label(entry) for entry in additions if entry.resource not in used))
    if names:
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        why = "Nothing in the order has this type and id, and no request is made of it: it changes nothing."
        notes.choose("completion unused", ", ".join(names[:_MOST_NAMED]) + more, why, "completion-unused")


def _targets(entries: Sequence[Entry], addition: Entry, number: int) -> list[int]:
    kind = addition.resource["resourceType"]
    same = [position for position, entry in enumerate(entries) if entry.resource["resourceType"] == kind]
    if addition.type_id:
        return [position for position in same if entries[position].type_id == addition.type_id]
    if len(same) > 1:
        raise BadOrder(
            f"Completion {number} has a {kind} without id, and the order has {len(same)} of them.",
            fix="Give it the id of the one it completes.",
        )
    return same


def _merge(value: dict[str, Any], addition: dict[str, Any]) -> dict[str, Any]:
    merged = {key: item for key, item in value.items() if not _is_other_form(key, addition)}
    for key, item in addition.items():
        before = merged.get(key)
        both = isinstance(before, dict) and isinstance(item, dict)
        merged[key] = _merge(before, item) if both and isinstance(before, dict) else item
    return merged


def _is_other_form(key: str, addition: dict[str, Any]) -> bool:
    """Whether `key` is a choice element of which the addition brings another form."""
    stem = _stem(key)
    return bool(stem) and key not in addition and any(_stem(other) == stem for other in addition)


def _stem(key: str) -> str:
    """`occurrence` of `occurrenceDateTime`; empty for an element that is no choice."""
    for end, mark in enumerate(key):
        if mark.isupper() and key[:end] in CHOICES:
            return key[:end]
    return ""
