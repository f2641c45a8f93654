"""From FHIRPath results to output values, and the short way for paths that need no FHIRPath."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from gateway.fhir.path import CHOICES, PathFault, plain
from gateway.mapping.expression import Source

# each member of a path, the name of the extensions beside it (`_birthDate`), and whether it may stand under other names
Members = Sequence[tuple[str, str, bool]]
UNSURE = object()
_DIRECT = frozenset({str, int, bool})


def members_of(steps: Sequence[str]) -> Members:
    """The steps of a plain path, made ready for `follow` and `walk`."""
    return tuple((step, f"_{step}", step in CHOICES) for step in steps)


def follow(members: Members, value: Any) -> Any:
    """The one text, number or boolean a plain path leads to, or None for nothing.

    `UNSURE` where there may be several, an object, a decimal, or what only FHIRPath can tell.
    """
    node = value
    if node.__class__ is list:
        if len(node) != 1:
            return UNSURE if node else None
        node = node[0] if node[0].__class__ is dict else plain(node)[0]
    if node is None:
        return None
    for name, shadow, is_choice in members:
        if node.__class__ is not dict or shadow in node:
            return UNSURE
        node = node.get(name)
        if node.__class__ is list:
            if len(node) != 1:
                return UNSURE if node else None
            node = node[0]
        if node is None:
            return UNSURE if is_choice else None
    return node if node.__class__ in _DIRECT else UNSURE


def walk(members: Members, value: Any) -> list[Any] | None:
    """The members of a plain path, or None where only FHIRPath knows the answer."""
    nodes = [value]
    if isinstance(value, list):
        nodes = value if len(value) == 1 and value[0].__class__ is dict else plain(value)
    elif value is None:
        nodes = []
    for name, shadow, is_choice in members:
        found: list[Any] = []
        for node in nodes:
            if not isinstance(node, dict) or shadow in node:
                return None
            child = node.get(name)
            if isinstance(child, list):
                found += child
            elif child is not None:
                found.append(child)
            elif is_choice:
                return None
        nodes = found
    return nodes if all(map(_is_simple, nodes)) else None


def _is_simple(value: Any) -> bool:
    if isinstance(value, dict):
        return list(value) != ["extension"]
    return isinstance(value, str | int | Decimal)


def output(value: Any, source: Source) -> Any:
    """An output value: whole numbers as int, other decimals untouched.

    Raises:
        PathFault: the value has no JSON form, such as a calendar duration.
    """
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value() and (source.divides or value.as_tuple().exponent == 0)
        return int(value) if whole else value
    if isinstance(value, str | int | dict):
        return value
    raise PathFault(f"{source.text!r} gives a {type(value).__name__}, which is no JSON value")


def word(value: Any) -> str:
    """A value inside text, as JSON would write it."""
    return ("false", "true")[value] if isinstance(value, bool) else str(value)
