"""The walk by profile: only over the elements a profile says something about.

What R4 says of the same elements is checked by gateway.conformance.structure; shapes that are wrong there are
passed over here in silence.
"""

import json
from typing import Any

from gateway.conformance import invariants, slicing
from gateway.conformance.context import Context, Demand, Pointer
from gateway.conformance.definitions import EXTENSIONS, Definition, Element, Node, TypeRef
from gateway.conformance.items import Item
from gateway.conformance.patterns import contains, equals
from gateway.conformance.primitives import is_number, is_text


def conform(context: Context, definition: Definition, item: Item) -> None:
    """Hold a value against a profile or extension definition."""
    _node(context, definition.root, item)


def _node(context: Context, node: Node, item: Item) -> None:
    _types(context, node, item)
    _values(context, node.element, item)
    if node.element.strength:
        context.guide.terminology.check(item, node.element.strength, node.element.value_set, context.findings)
    invariants.check_all(context, item, node.element.rules)
    for child in node.demanding:
        _rows(context, child, item)


def _rows(context: Context, node: Node, parent: Item) -> None:
    rows = parent.child(node.name)
    place = f"{parent.path}.{node.name.removesuffix('[x]')}"
    _count(context, node, len(rows), place, "")
    if not node.slices:
        for row in rows:
            _node(context, node, row)
        return
    sorted_rows = slicing.sort_rows(context, node, rows)
    for row in rows:
        _node(context, node, row)
    for slice_name, slice_node in node.slices.items():
        members = sorted_rows.members[slice_name]
        _count(context, slice_node, len(members), slicing.place(slice_node, place), slice_name)
        for row in members:
            _node(context, slice_node, row)
    for row in sorted_rows.strays:
        context.findings.error(
            "slice",
            row.path,
            f"Only {', '.join(node.slices)} may stand here.",
            "Send a value of one of these kinds.",
            code="structure",
        )


def _count(context: Context, node: Node, count: int, place: str, slice_name: str) -> None:
    element = node.element
    what = f"{node.path} ({slice_name})" if slice_name else node.path
    if count < element.low:
        context.findings.error(
            "cardinality",
            place,
            f"The profile requires at least {element.low} of {what}; there are {count}.",
            f"Send {slice_name or node.name.removesuffix('[x]')}.",
            code="required",
        )
    elif element.high is not None and count > element.high:
        context.findings.error(
            "cardinality",
            place,
            f"The profile allows at most {element.high} of {what}; there are {count}.",
            "Remove what is too much.",
            code="structure",
        )


def _types(context: Context, node: Node, item: Item) -> None:
    """The types a profile leaves, the profiles it puts on them, and what references may point at."""
    types = node.element.types
    if not types:
        return
    matching = [row for row in types if row.code == item.type or row.code == "Resource"]
    if not matching:
        if node.name.endswith("[x]") or item.home is item:
            context.findings.error(
                "type",
                item.path,
                f"A {item.type} may not stand here by the profile.",
                f"Send {' or '.join(row.code for row in types)}.",
                code="structure",
            )
        return
    for row in matching:
        _type(context, row, item, is_extension=node.name in EXTENSIONS)


def _type(context: Context, row: TypeRef, item: Item, *, is_extension: bool) -> None:
    if row.targets and item.type == "Reference":
        context.pointers.append(Pointer(item, row.targets))
    if not row.profiles or is_extension:  # an extension is held against its definition wherever it stands
        return
    if item.home is item:
        context.demands.append(Demand(item, row.profiles))
        return
    best_match(context, item, row.profiles)


def best_match(context: Context, item: Item, names: tuple[str, ...]) -> None:
    """Hold a value against several profiles, one of which must fit; the best fit's findings count."""
    trials = []
    for name in names:
        definition = context.guide.library.find(name)
        if definition is None:
            context.findings.skip("profile", item.path, f"The definition of {name} is not at hand.")
            return
        trial = context.trial()
        conform(trial, definition, item)
        trials.append(trial)
        if not trial.findings.errors:
            break
    context.adopt(min(trials, key=lambda trial: trial.findings.errors))


def _values(context: Context, element: Element, item: Item) -> None:
    if element.fixed is not None and not equals(element.fixed, item.value):
        context.findings.error(
            "fixed", item.path, "The profile fixes another value here.", f"Send {_shown(element.fixed)}.", code="value"
        )
    if element.pattern is not None and not contains(element.pattern, item.value):
        context.findings.error(
            "pattern",
            item.path,
            "The value does not contain what the profile demands.",
            f"Send {_shown(element.pattern)}.",
            code="value",
        )
    if element.max_length is not None and is_text(item.value) and len(item.value) > element.max_length:
        context.findings.error(
            "max-length",
            item.path,
            "The text is too long.",
            f"Send at most {element.max_length} characters.",
            code="too-long",
        )
    if not is_number(item.value):
        return
    if element.min_value is not None and item.value < element.min_value:
        context.findings.error(
            "min-value", item.path, "The number is too small.", f"Send {element.min_value} or more.", code="value"
        )
    if element.max_value is not None and item.value > element.max_value:
        context.findings.error(
            "max-value", item.path, "The number is too large.", f"Send {element.max_value} or less.", code="value"
        )


def _shown(demand: Any) -> str:
    """The guide's own value, which is no content of the sender."""
    return json.dumps(demand, ensure_ascii=False)
