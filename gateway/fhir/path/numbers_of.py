"""Arithmetic: the operators and the functions on numbers and quantities (FHIRPath N1, sections 5.7 and 6.6)."""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal, DecimalException
from typing import Any

from gateway.fhir.path import quantity as quantities
from gateway.fhir.path import temporal as temporals
from gateway.fhir.path.closure import Function
from gateway.fhir.path.context import Context
from gateway.fhir.path.fault import Trouble
from gateway.fhir.path.node import system
from gateway.fhir.path.quantity import Quantity
from gateway.fhir.path.temporal import Temporal, temporal
from gateway.fhir.path.values import as_quantity, number, single, text

_LARGEST = 2**63
_MOST_DIGITS = 31  # of a boundary
_SERIES = 10  # steps of a logarithm, an exponential or a power


def _checked(value: Any) -> list[Any]:
    """A result within range; overflow gives nothing."""
    if isinstance(value, int):
        return [value] if -_LARGEST <= value < _LARGEST else []
    return [value] if value is not None else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def calculate(context: Context, mark: str, left: list[Any], right: list[Any]) -> list[Any]:
    """`left mark right` for + - * / div mod; nothing when a side is empty, on overflow and on division by zero.

    Raises:
        Trouble: several values, or types that the operator does not take.
    """
    one, other = system(single(left, mark)), system(single(right, mark))
    if one is None or other is None:
        return []
    if _is_number(one) and _is_number(other):
        try:
            return _checked(_NUMBERS[mark](one, other))
        except (DecimalException, OverflowError):
            return []
    if mark == "+" and isinstance(one, str) and isinstance(other, str):
        return context.text(one + other)
    if mark in ("+", "-"):
        return _shifted(mark, one, other)
    a, b = as_quantity(one), as_quantity(other)
    if mark in ("*", "/") and a and b:
        return _checked(quantities.multiply(a, b, divide=mark == "/"))
    raise Trouble(f"{mark} does not take values of these types")


def _shifted(mark: str, one: Any, other: Any) -> list[Any]:
    sign = 1 if mark == "+" else -1
    if isinstance(one, str):
        one = temporal(one) or one
    amount = as_quantity(other) if not _is_number(other) else None
    if isinstance(one, Temporal) and amount:
        return _checked(temporals.shift(one, amount, sign))
    base = as_quantity(one) if not _is_number(one) else None
    if base and amount:
        return _checked(quantities.add(base, amount, sign))
    raise Trouble(f"{mark} does not take values of these types")


def _divide(one: Any, other: Any) -> Any:
    return Decimal(one) / Decimal(other)


def _div(one: Any, other: Any) -> Any:
    return int(Decimal(one) // Decimal(other))


def _mod(one: Any, other: Any) -> Any:
    rest = Decimal(one) % Decimal(other)
    return int(rest) if isinstance(one, int) and isinstance(other, int) else rest


_NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": _divide,
    "div": _div,
    "mod": _mod,
}


def negate(items: list[Any]) -> list[Any]:
    """`-operand`.

    Raises:
        Trouble: several values, or neither a number nor a quantity.
    """
    value = single(items, "-")
    if isinstance(value, Quantity):
        return [Quantity(-value.value, value.unit, value.calendar)]
    value = number(items, "-")
    return [] if value is None else [-value]


def _on_number(name: str, function: Callable[[Any], Any], *, quantity: bool = False, steps: int = 1) -> Function:
    def apply(context: Context, items: list[Any]) -> list[Any]:
        context.spend(steps)
        value = single(items, f"{name}()")
        if quantity and isinstance(value, Quantity):
            return [Quantity(function(value.value), value.unit, value.calendar)]
        value = number(items, f"{name}()")
        try:
            return [] if value is None else _checked(function(value))
        except (DecimalException, OverflowError):
            return []

    return apply


def _rounding(mode: str) -> Callable[[Any], int]:
    return lambda value: int(Decimal(value).to_integral_value(mode)) if abs(value) < _LARGEST else _LARGEST


def _root(value: Any) -> Decimal | None:
    return Decimal(value).sqrt() if value >= 0 else None


def _ln(value: Any) -> Decimal | None:
    return Decimal(value).ln() if value > 0 else None


def _round(_: Context, items: list[Any], places: list[Any] | None = None) -> list[Any]:
    value = number(items, "round()")
    digits = number(places, "round()") if places is not None else 0
    if value is None:
        return []
    if digits is None or not 0 <= digits <= _MOST_DIGITS:
        raise Trouble(f"round() takes 0 to {_MOST_DIGITS} places")
    try:
        rounded = Decimal(value).quantize(Decimal(1).scaleb(-int(digits)), ROUND_HALF_UP)
    except DecimalException:
        return [value]
    return [int(rounded) if isinstance(value, int) and not digits else rounded]


def _log(context: Context, items: list[Any], base: list[Any]) -> list[Any]:
    context.spend(_SERIES)
    value, root = number(items, "log()"), number(base, "log()")
    if value is None or root is None or value <= 0 or root <= 0 or root == 1:
        return []
    result = Decimal(value).ln() / Decimal(root).ln()
    whole = result.to_integral_value()  # 28 digits cannot tell 3.999… from 4
    return [whole if abs(result - whole) < Decimal("1e-24") else result]


def _power(context: Context, items: list[Any], exponent: list[Any]) -> list[Any]:
    context.spend(_SERIES)
    base, power = number(items, "power()"), number(exponent, "power()")
    if base is None or power is None:
        return []
    try:
        result = Decimal(base) ** Decimal(power)
        whole = isinstance(base, int) and isinstance(power, int) and power >= 0
        return _checked(int(result) if whole and abs(result) < _LARGEST else None if whole else result)
    except DecimalException:
        return []


def _boundary(*, high: bool) -> Function:
    def apply(_: Context, items: list[Any], places: list[Any] | None = None) -> list[Any]:
        value = system(single(items, "a boundary"))
        digits = number(places, "a boundary") if places is not None else None
        if isinstance(value, str):
            value = temporal(value)
        if isinstance(value, Temporal):
            digits = int(digits) if digits is not None and 0 <= digits <= _MOST_DIGITS else digits
            return _checked(temporals.boundary(value, digits, high=high))
        digits = 8 if digits is None else digits
        if not 0 <= digits <= _MOST_DIGITS:
            return []
        digits = int(digits)
        try:
            if isinstance(value, Quantity):
                return [Quantity(_edge(value.value, digits, high=high), value.unit, value.calendar)]
            return [_edge(Decimal(value), digits, high=high)] if _is_number(value) else []
        except DecimalException:  # more digits than a decimal holds here
            return []

    return apply


def _edge(value: Decimal, digits: int, *, high: bool) -> Decimal:
    half = Decimal(5).scaleb(int(value.as_tuple().exponent) - 1)
    return (value + half if high else value - half).quantize(
        Decimal(1).scaleb(-digits), ROUND_CEILING if high else ROUND_FLOOR
    )


def _precision(_: Context, items: list[Any]) -> list[Any]:
    value = system(single(items, "precision()"))
    if isinstance(value, str):
        value = temporal(value)
    if isinstance(value, Temporal):
        return [temporals.precision(value)]
    return [max(-int(Decimal(value).as_tuple().exponent), 0)] if _is_number(value) else []


def _comparable(_: Context, items: list[Any], other: list[Any]) -> list[Any]:
    one, two = as_quantity(system(single(items, "comparable()"))), as_quantity(system(single(other, "comparable()")))
    return [] if one is None or two is None else [quantities.comparable(one, two) is not None]


def concatenate(context: Context, left: list[Any], right: list[Any]) -> list[Any]:
    """`left & right`: an empty side counts as an empty text."""
    return context.text((text(left, "&") or "") + (text(right, "&") or ""))


NUMBERS: dict[str, tuple[int, int, Function]] = {
    "abs": (0, 0, _on_number("abs", abs, quantity=True)),
    "ceiling": (0, 0, _on_number("ceiling", _rounding(ROUND_CEILING))),
    "floor": (0, 0, _on_number("floor", _rounding(ROUND_FLOOR))),
    "truncate": (0, 0, _on_number("truncate", _rounding(ROUND_DOWN))),
    "exp": (0, 0, _on_number("exp", lambda value: Decimal(value).exp(), steps=_SERIES)),
    "ln": (0, 0, _on_number("ln", _ln, steps=_SERIES)),
    "sqrt": (0, 0, _on_number("sqrt", _root)),
    "round": (0, 1, _round),
    "log": (1, 1, _log),
    "power": (1, 1, _power),
    "lowBoundary": (0, 1, _boundary(high=False)),
    "highBoundary": (0, 1, _boundary(high=True)),
    "precision": (0, 0, _precision),
    "comparable": (1, 1, _comparable),
}
