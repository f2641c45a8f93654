"""Discriminators: what tells a slice's rows from others (ElementDefinition.slicing.discriminator, R4 profiling 5.1).

A discriminator is compiled once, together with the slice it is about, into a function of a row that answers yes, no, or
None: it cannot be told here.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gateway.conformance.context import Context
from gateway.conformance.definitions import Definition, Node
from gateway.conformance.items import Item
from gateway.conformance.patterns import contains, equals

Match = Callable[[Context, Item], bool | None]
Conform = Callable[[Context, Definition, Item], None]
Maker = Callable[[Node, tuple["Step", ...]], Match]

_STEP = re.compile(
    r"extension\('(?P<url>[^']*)'\)|ofType\((?P<type>\w+)\)|(?P<resolve>resolve\(\))|(?P<name>\$?\w+)|\."
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a discriminator path: a child's name, an extension's url, a type to filter by, or `resolve()`."""

    name: str = ""
    url: str = ""
    type: str = ""
    resolve: bool = False


def steps_of(path: str) -> tuple[Step, ...] | None:
    """A discriminator path, taken apart; None when it uses more than R4 allows."""
    rows, position = [], 0
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None:
            return None
        if found.group() not in (".", "$this"):
            rows.append(Step(found["name"] or "", found["url"] or "", found["type"] or "", bool(found["resolve"])))
        position = found.end()
    return tuple(rows)


def match(kind: str, node: Node, steps: tuple[Step, ...] | None, conform: Conform) -> Match:
    """The test of a row by one discriminator of the slice `node`; `conform` holds a value against a profile."""
    makers: dict[str, Maker] = {
        "value": _value,
        "pattern": _value,
        "exists": _exists,
        "type": _type,
        "profile": _profile(conform),
    }
    maker = makers.get(kind)
    return _unknown if maker is None or steps is None else maker(node, steps)


def types_of(node: Node, path: str) -> dict[str, int] | None:
    """The number of the slice each type belongs to, where the slices of `node` are told apart by type alone.

    None where the path goes further than to a child, or a slice does not say its types there.
    """
    steps = steps_of(path)
    if steps is None or len(steps) > 1 or (steps and not steps[0].name):
        return None
    found: dict[str, int] = {}
    for number, one in enumerate(node.slices.values()):
        at = _child(one, steps[0]) if steps else one
        if at is None or not at.element.types:
            return None
        for ref in at.element.types:
            found.setdefault(ref.code, number)
    return found


def extension_url(node: Node) -> str:
    """The url of the extension a slice stands for; empty when the slice does not say."""
    fixed = node.children["url"].element.fixed if "url" in node.children else None
    if isinstance(fixed, str):
        return fixed
    profiles = [profile for row in node.element.types for profile in row.profiles]
    return profiles[0].partition("|")[0] if profiles else ""


def _unknown(_: Context, __: Item) -> None:
    return None


def _value(node: Node, steps: tuple[Step, ...]) -> Match:
    """Whether a row has, at the path, the value the slice demands there.

    A demand may stand anywhere along the path: a pattern on `code` also fixes `code.coding.code`.
    """
    element = node.element
    if steps and steps[0].type:
        return _along(node, steps, _value)
    if element.fixed is not None:
        return lambda _, row: equals(element.fixed, row.value)
    if element.pattern is not None:
        return lambda _, row: contains(element.pattern, row.value)
    if steps:
        return _along(node, steps, _value)
    if element.strength:
        return lambda context, row: context.guide.terminology.is_member(row, element.value_set)
    demands = [(name, _value(child, ())) for name, child in node.children.items() if child.element.low]
    if not demands:
        return _by_profile_of(node, (), _value) or _unknown
    return lambda context, row: every(
        _some(test(context, other) for other in row.child(name)) for name, test in demands
    )


def _type(node: Node, steps: tuple[Step, ...]) -> Match:
    if not steps:
        codes = {ref.code for ref in node.element.types}
        return (lambda _, row: row.type in codes) if codes else _unknown
    if steps[0].resolve:
        targets = tuple(name for ref in node.element.types for name in ref.targets)
        return lambda context, row: _leads_to(context, row, targets)
    return _along(node, steps, _type)


def _leads_to(context: Context, row: Item, targets: tuple[str, ...]) -> bool | None:
    library = context.guide.library
    target = context.scene.target(row)
    if target is None or not targets:
        return None
    found = [library.find(name) or library.type(name) for name in targets]
    kinds = {one.type for one in found if one} | {name for name in targets if "/" not in name}
    if target.type in kinds or "Resource" in kinds:
        return True
    return None if None in found else False


def _profile(conform: Conform) -> Maker:
    def make(node: Node, steps: tuple[Step, ...]) -> Match:
        if not steps:
            names = tuple(name for ref in node.element.types for name in ref.profiles)
            return lambda context, row: _conforms(context, row, names, conform)
        if steps[0].resolve:
            targets = tuple(name for ref in node.element.types for name in ref.targets)
            return lambda context, row: _conforms(context, context.scene.target(row), targets, conform)
        return _along(node, steps, make)

    return make


def _conforms(context: Context, row: Item | None, names: tuple[str, ...], conform: Conform) -> bool | None:
    """Whether a value conforms to one of some profiles; a profile that is not at hand leaves that open."""
    if row is None or not names:
        return None
    unsure = False
    for name in names:
        definition = context.guide.library.find(name) or context.guide.library.type(name)
        if definition is None:
            unsure = True
        elif definition.type == row.type:
            trial = context.trial()
            conform(trial, definition, row)
            if not trial.findings.errors:
                return True
    return None if unsure else False


def _exists(node: Node, steps: tuple[Step, ...]) -> Match:
    """The slice demands (1..) or forbids (..0) something at the path."""
    if not steps:
        return lambda _, __: True
    step, child = steps[0], _child(node, steps[0])
    if step.resolve or step.type:
        return _unknown
    if child is not None and child.element.high == 0:
        return lambda _, row: not _children(row, step)
    inner = _exists(child, steps[1:]) if child is not None else None
    if inner is None:
        return lambda _, row: bool(_children(row, step))
    return lambda context, row: _some(inner(context, other) for other in _children(row, step))


def _along(node: Node, steps: tuple[Step, ...], maker: Maker) -> Match:
    """One step down the path, the rest of it made by `maker`."""
    step, rest = steps[0], steps[1:]
    if step.type:
        inner = maker(node, rest)
        return lambda context, row: row.type == step.type and inner(context, row)
    if step.resolve:
        return _through_targets(node, rest, maker)
    child = _child(node, step)
    if child is None:
        return _by_profile_of(node, steps, maker) or (lambda _, __: False)
    further = maker(child, rest)
    return lambda context, row: _some(further(context, other) for other in _children(row, step))


def _through_targets(node: Node, rest: tuple[Step, ...], maker: Maker) -> Match:
    """What a reference leads to, by what the profiles it may lead to demand there."""
    names = tuple(name for ref in node.element.types for name in ref.targets)

    def test(context: Context, row: Item) -> bool | None:
        target = context.scene.target(row)
        found = [context.guide.library.find(name) for name in names]
        if target is None or None in found or not found:
            return None
        return _some(maker(one.root, rest)(context, target) for one in found if one and one.type == target.type)

    return test


def _by_profile_of(node: Node, steps: tuple[Step, ...], maker: Maker) -> Match | None:
    """A slice that says nothing at the path itself, but through the profile on its type."""
    names = tuple(name for ref in node.element.types for name in ref.profiles)
    if not names:
        return None

    def test(context: Context, row: Item) -> bool | None:
        found = [context.guide.library.find(name) for name in names]
        return None if None in found else _some(maker(one.root, steps)(context, row) for one in found if one)

    return test


def _some(answers: Iterable[bool | None]) -> bool | None:
    unsure = False
    for answer in answers:
        if answer:
            return True
        unsure = unsure or answer is None
    return None if unsure else False


def every(answers: Iterable[bool | None]) -> bool | None:
    """Whether all are yes; None when none is no and one cannot be told."""
    unsure = False
    for answer in answers:
        if answer is False:
            return False
        unsure = unsure or answer is None
    return None if unsure else True


def _child(node: Node, step: Step) -> Node | None:
    if step.url:
        extension = node.children.get("extension")
        slices = extension.slices.values() if extension else ()
        return next((found for found in slices if extension_url(found) == step.url), None)
    return node.children.get(step.name) or node.children.get(f"{step.name}[x]")


def _children(row: Item, step: Step) -> Sequence[Item]:
    if step.url:
        return [
            other
            for other in row.child("extension")
            if isinstance(other.value, dict) and other.value.get("url") == step.url
        ]
    return row.child(step.name) or row.child(f"{step.name}[x]")
