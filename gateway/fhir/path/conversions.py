"""toX() and convertsToX() (FHIRPath N1, section 5.5)."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from gateway.fhir.path.closure import Function
from gateway.fhir.path.context import Context
from gateway.fhir.path.node import system
from gateway.fhir.path.quantity import CALENDAR, Quantity, plainly
from gateway.fhir.path.temporal import Temporal, temporal
from gateway.fhir.path.values import as_quantity, single

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,64}(\.[0-9]{1,64})?", re.ASCII)
_QUANTITY = re.compile(
    r"(?P<value>[+-]?[0-9]{1,64}(?:\.[0-9]{1,64})?)\s*(?:'(?P<unit>[^']+)'|(?P<word>[a-z]+))?", re.ASCII
)
_LONGEST_QUANTITY = 256
_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0"})


def _boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.lower() if len(value) < 6 else ""
        return True if word in _TRUE else False if word in _FALSE else None
    if isinstance(value, int | Decimal) and value in (0, 1):
        return value == 1
    return None


def _integer(value: Any) -> Any:
    if isinstance(value, int):
        return int(value)
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else None


def _decimal(value: Any) -> Any:
    if isinstance(value, int | Decimal):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else None


def spelled(value: Any) -> str | None:
    """A value as text; None of an object."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plainly(value)
    return str(value) if isinstance(value, str | int | Temporal | Quantity) else None


def _quantity(value: Any) -> Any:
    if isinstance(value, bool):
        return Quantity(Decimal(value))
    if not isinstance(value, str):
        return as_quantity(value)
    match = _QUANTITY.fullmatch(value) if len(value) <= _LONGEST_QUANTITY else None
    if match is None or (match["word"] and match["word"] not in CALENDAR):
        return None
    number = Decimal(match["value"])
    if match["word"]:
        return Quantity(number, CALENDAR[match["word"]], calendar=True)
    return Quantity(number, match["unit"] or "1")


def _date(value: Any) -> Any:
    if isinstance(value, str):
        value = temporal(value)
    if not isinstance(value, Temporal) or value.kind == "Time":
        return None
    return value if value.kind == "Date" else temporal(value.text[:10], "Date")


def _date_time(value: Any) -> Any:
    if isinstance(value, Temporal):
        value = value.text if value.kind != "Time" else None
    return temporal(value, "DateTime") if isinstance(value, str) else None


def _time(value: Any) -> Any:
    if isinstance(value, Temporal):
        return value if value.kind == "Time" else None
    return temporal(value, "Time") if isinstance(value, str) else None


_TO: dict[str, Callable[[Any], Any]] = {
    "Boolean": _boolean,
    "Integer": _integer,
    "Decimal": _decimal,
    "String": spelled,
    "Quantity": _quantity,
    "Date": _date,
    "DateTime": _date_time,
    "Time": _time,
}


def _to(name: str, convert: Callable[[Any], Any]) -> Function:
    def apply(context: Context, items: list[Any], *_: list[Any]) -> list[Any]:
        context.spend(1)
        item = single(items, f"to{name}()")
        result = None if item is None else convert(system(item))
        return [] if result is None else [result]

    return apply


def _converts(name: str, convert: Callable[[Any], Any]) -> Function:
    def apply(_: Context, items: list[Any], *__: list[Any]) -> list[Any]:
        item = single(items, f"convertsTo{name}()")
        return [] if item is None else [convert(system(item)) is not None]

    return apply


CONVERSIONS: dict[str, tuple[int, int, Function]] = {
    **{f"to{name}": (0, int(name == "Quantity"), _to(name, convert)) for name, convert in _TO.items()},
    **{f"convertsTo{name}": (0, int(name == "Quantity"), _converts(name, convert)) for name, convert in _TO.items()},
}
