"""From FHIRPath results to output values, and the short way for paths that need no FHIRPath."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from gateway.fhir.path import PathFault, plain
from gateway.mapping.expression import Source


def walk(steps: Sequence[str], value: Any) -> list[Any] | None:
    """The members of a plain path, or None where only FHIRPath knows the answer."""
    nodes = plain(value) if isinstance(value, list) else [] if value is None else [value]
    for step in steps:
        found: list[Any] = []
        for node in nodes:
            if not isinstance(node, dict) or f"_{step}" in node:
                return None
            child = node.get(step)
            if isinstance(child, list):
                found.extend(child)
            elif child is not None:
                found.append(child)
        nodes = found
    return nodes if all(map(_is_simple, nodes)) else None


def _is_simple(value: Any) -> bool:
    if isinstance(value, dict):
        return list(value) != ["extension"]
    return isinstance(value, str | int | Decimal)


def output(value: Any, source: Source) -> Any:
    """An output value: whole numbers as int, other decimals untouched, dates as their text.

    Raises:
        PathFault: the value has no JSON form, such as a calendar duration.
    """
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value() and (source.divides or value.as_tuple().exponent == 0)
        return int(value) if whole else value
    if isinstance(value, str | int | dict):
        return value
    text = getattr(value, "asStr", None)
    if isinstance(text, str) and not hasattr(value, "unit"):  # a date or time literal, not a quantity
        return text
    raise PathFault(f"{source.text!r} gives a {type(value).__name__}, which is no JSON value")


def word(value: Any) -> str:
    """A value inside text, as JSON would write it."""
    return ("false", "true")[value] if isinstance(value, bool) else str(value)
