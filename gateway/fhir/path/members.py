"""Paths of member names: what most of an evaluation does, so the ordinary cases are spelled out inline."""

from collections.abc import Sequence
from typing import Any

from gateway.fhir.path.closure import Run, Test
from gateway.fhir.path.context import Context
from gateway.fhir.path.model import is_a
from gateway.fhir.path.node import Node, Step, children, type_of
from gateway.fhir.path.syntax import Binary, Literal, Member, Special
from gateway.fhir.path.values import all_equal

_NONE: list[Any] = []  # collections are never changed


def type_root(name: str) -> Run:
    """A path's first name when it is a type: `$this` if it is one."""

    def run(this: Any, _context: Context) -> list[Any]:
        kind = type_of(this)[1] if this is not None else None
        return [this] if kind is not None and is_a(kind, name) else []

    return run


def chain(start: Run | None, names: Sequence[str]) -> Run:
    """`start.a.b.c`; without a start from `$this`."""
    steps = [Step(name) for name in names]
    if start is None and len(steps) == 1:
        return _single_step(steps[0])

    def run(this: Any, context: Context) -> list[Any]:
        items = [this] if start is None else start(this, context)
        for step in steps:
            if not items:
                return items
            items = _follow(items, step, context)
        return items

    return run


def _single_step(step: Step) -> Run:
    name, shadow, generic = step.name, step.shadow, step.generic

    def run(this: Any, context: Context) -> list[Any]:
        if type(this) is dict and shadow not in this:
            child = this.get(name)
            if child is None:
                if generic is None:
                    return _NONE
            elif type(child) is not list:
                return [child]
            elif None not in child:
                if len(child) > 1:
                    context.spend(len(child))
                return child
        found: list[Any] = []
        seen = children(this, step, found)
        if seen > 1:
            context.spend(seen)
        return found

    return run


def _follow(items: list[Any], step: Step, context: Context) -> list[Any]:
    """Every item and every row of it is a step, but one alone is part of what calling the expression costs."""
    name, shadow = step.name, step.shadow
    found: list[Any] = []
    seen = len(items)
    for item in items:
        if type(item) is dict and shadow not in item:
            child = item.get(name)
            if child is None:
                if step.generic is not None:
                    seen += children(item, step, found) - 1
            elif type(child) is not list:
                found.append(child)
            else:
                seen += len(child) - 1
                if None in child:
                    children(item, step, found)
                else:
                    found += child
        else:
            seen += children(item, step, found) - 1
    if seen > 1:
        context.spend(seen)
    return found


def member_equals(node: Binary) -> Test | None:
    """`name = 'text'` and `name != 'text'` without building collections; None for any other shape."""
    left, right = node.left, node.right
    if node.mark not in ("=", "!=") or not isinstance(right, Literal) or len(right.values) != 1:
        return None
    if not isinstance(left, Member) or left.source != Special("$this", left.source.column):
        return None
    wanted = right.values[0]
    if not isinstance(wanted, str):
        return None
    name, step, positive, expected = left.name, Step(left.name), node.mark == "=", [wanted]
    if name[:1].isupper():
        return None
    shadow = step.shadow

    def test(this: Any, context: Context) -> bool | None:
        value = this.value if type(this) is Node else this
        if type(value) is dict and shadow not in value:
            child = value.get(name)
            if type(child) is str:
                return (child == wanted) is positive
            if child is None and step.generic is None:
                return None
        found: list[Any] = []
        seen = children(this, step, found)
        if seen > 1:
            context.spend(seen)
        same = all_equal(found, expected)
        return same if positive or same is None else not same

    return test
