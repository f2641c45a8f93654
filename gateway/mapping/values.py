"""From FHIRPath results to output values."""

from decimal import Decimal
from typing import Any

from gateway.fhir.path import PathFault
from gateway.mapping.expression import Source


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
