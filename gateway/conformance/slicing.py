"""Slicing: which rows of an element belong to which slice (ElementDefinition.slicing, R4 profiling 5.1).

Discriminators handled: value and pattern (fixed values, patterns, bindings), type, exists; their paths may use
`$this`, `extension('url')` and `ofType(type)`. `resolve()` is not among them: no PAS profile slices on the target
of a reference. Rows whose slices are told apart in another way are reported as not evaluated.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.conformance.context import Context
from gateway.conformance.definitions import EXTENSIONS, Node
from gateway.conformance.items import Item
from gateway.conformance.patterns import contains, equals

_STEP = re.compile(r"extension\('(?P<url>[^']*)'\)|ofType\((?P<type>\w+)\)|(?P<name>\$?\w+)|\.")
_KINDS = ("value", "pattern", "type", "exists")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a discriminator path: a child's name, an extension's url, or a type to filter by."""

    name: str = ""
    url: str = ""
    type: str = ""


@dataclass(slots=True)
class Sorted:
    """Rows by slice, and the rows that a closed slicing leaves without a place."""

    members: dict[str, list[Item]] = field(default_factory=dict)
    strays: list[Item] = field(default_factory=list)


def sort_rows(context: Context, node: Node, rows: list[Item]) -> Sorted:
    """Give each row to the first slice it matches."""
    result = Sorted({name: [] for name in node.slices})
    rule = node.slicing
    if rule is None or any(kind not in _KINDS or "resolve()" in path for kind, path in rule.by):
        for row in rows:
            context.findings.skip("slice", row.path, "The slices here are told apart in a way not supported.")
        return result
    paths = [(kind, _steps(path)) for kind, path in rule.by]
    for row in rows:
        for name, slice_node in node.slices.items():
            if all(_matches(context, kind, slice_node, row, steps) for kind, steps in paths):
                result.members[name].append(row)
                break
        else:
            if rule.closed:
                result.strays.append(row)
    return result


def place(node: Node, path: str) -> str:
    """Where a slice is missed: an extension by its url, any other at its element."""
    url = extension_url(node) if node.name in EXTENSIONS else ""
    if not url:
        return path
    return f"{path}('{url}')" if node.name == "extension" else f"{path}.where(url='{url}')"


def extension_url(node: Node) -> str:
    """The url of the extension a slice stands for; empty when the slice does not say."""
    fixed = node.children["url"].element.fixed if "url" in node.children else None
    if isinstance(fixed, str):
        return fixed
    profiles = [profile for row in node.element.types for profile in row.profiles]
    return profiles[0].partition("|")[0] if profiles else ""


def _steps(path: str) -> tuple[Step, ...]:
    found = (match for match in _STEP.finditer(path) if match.group() not in (".", "$this"))
    return tuple(Step(match["name"] or "", match["url"] or "", match["type"] or "") for match in found)


def _matches(context: Context, kind: str, node: Node, row: Item, steps: tuple[Step, ...]) -> bool:
    if node.name in EXTENSIONS and steps == (Step("url"),):
        return isinstance(row.value, dict) and row.value.get("url") == extension_url(node)
    if kind == "exists":
        return _exists(node, row, steps)
    if kind == "type":
        return _type(node, row, steps)
    return _value(context, node, row, steps)


def _value(context: Context, node: Node, row: Item, steps: tuple[Step, ...]) -> bool:
    """Whether a row has, at the path, the value the slice demands there.

    A demand may stand anywhere along the path: a pattern on `code` also fixes `code.coding.code`.
    """
    element = node.element
    if element.fixed is not None:
        return equals(element.fixed, row.value)
    if element.pattern is not None:
        return contains(element.pattern, row.value)
    if steps:
        if steps[0].type:
            return row.type == steps[0].type and _value(context, node, row, steps[1:])
        return any(_value(context, child, other, steps[1:]) for child, other in _next(node, row, steps[0]))
    if element.strength:
        return context.guide.terminology.is_member(row, element.value_set)
    demands = [(child, name) for name, child in node.children.items() if child.element.low]
    return all(any(_value(context, child, other, ()) for other in row.child(name)) for child, name in demands)


def _type(node: Node, row: Item, steps: tuple[Step, ...]) -> bool:
    if not steps:
        return any(ref.code == row.type for ref in node.element.types)
    return any(_type(child, other, steps[1:]) for child, other in _next(node, row, steps[0]))


def _exists(node: Node, row: Item, steps: tuple[Step, ...]) -> bool:
    """The slice demands (1..) or forbids (..0) something at the path."""
    if not steps:
        return True
    child = _child(node, steps[0])
    present = _children(row, steps[0])
    if child is not None and child.element.high == 0:
        return not present
    return bool(present) and (child is None or any(_exists(child, other, steps[1:]) for other in present))


def _next(node: Node, row: Item, step: Step) -> Iterator[tuple[Node, Item]]:
    child = _child(node, step)
    if child is not None:
        yield from ((child, other) for other in _children(row, step))


def _child(node: Node, step: Step) -> Node | None:
    if step.url:
        extension = node.children.get("extension")
        slices = extension.slices.values() if extension else ()
        return next((found for found in slices if extension_url(found) == step.url), None)
    return node.children.get(step.name) or node.children.get(f"{step.name}[x]")


def _children(row: Item, step: Step) -> list[Item]:
    if step.url:
        return [
            other
            for other in row.child("extension")
            if isinstance(other.value, dict) and other.value.get("url") == step.url
        ]
    return row.child(step.name) or row.child(f"{step.name}[x]")
