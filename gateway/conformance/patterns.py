"""Fixed values and patterns (ElementDefinition.fixed[x], .pattern[x])."""

from decimal import Decimal
from typing import Any


def equals(fixed: Any, value: Any) -> bool:
    """Exactly this value: same properties, same order of rows, numbers by value."""
    if fixed.__class__ is str:
        return isinstance(value, str) and bool(value == fixed)
    if isinstance(fixed, dict):
        return (
            isinstance(value, dict)
            and fixed.keys() == value.keys()
            and all(equals(part, value[name]) for name, part in fixed.items())
        )
    if isinstance(fixed, list):
        return (
            isinstance(value, list)
            and len(fixed) == len(value)
            and all(equals(part, other) for part, other in zip(fixed, value, strict=True))
        )
    return _same(fixed, value)


def contains(pattern: Any, value: Any) -> bool:
    """At least what the pattern says: its properties, and for each of its rows a row that contains it."""
    if pattern.__class__ is str:
        return isinstance(value, str) and bool(value == pattern)
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and contains(part, value[name]) for name, part in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(contains(part, other) for other in value) for part in pattern)
    return _same(pattern, value)


def _same(expected: Any, value: Any) -> bool:
    if isinstance(expected, bool) or isinstance(value, bool):
        return expected is value
    if isinstance(expected, int | float | Decimal):
        return isinstance(value, int | float | Decimal) and Decimal(str(expected)) == Decimal(str(value))
    return False
