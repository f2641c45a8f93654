"""Quantities: a number with a UCUM unit or a calendar duration (FHIRPath N1, sections 4.1.8 and 6.6)."""

from dataclasses import dataclass
from decimal import Decimal

from gateway.fhir.path.units import Unit, unit_of

CALENDAR = {
    name: singular
    for singular in ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
    for name in (singular, f"{singular}s")
}
_UCUM = {"a": "year", "mo": "month", "wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second"}
_UCUM["ms"] = "millisecond"
_AS_UCUM = {word: code for code, word in _UCUM.items()}
_INEXACT = frozenset({"year", "month"})  # a calendar year is not the UCUM year of 365.25 days


_MOST_ZEROS = 1000


def plainly(value: Decimal) -> str:
    """A number in plain digits; with an exponent where that would be all zeros."""
    return f"{value:f}" if abs(value.adjusted()) <= _MOST_ZEROS else str(value)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value with its unit: a UCUM code, or the word of a calendar duration in the singular (`calendar`)."""

    value: Decimal
    unit: str = "1"
    calendar: bool = False

    def __str__(self) -> str:
        unit = self.unit + ("" if self.value == 1 else "s") if self.calendar else f"'{self.unit}'"
        return f"{plainly(self.value)} {unit}"

    def calendar_unit(self) -> str | None:
        """The calendar duration it stands for when added to a date; UCUM years and months stand for none."""
        if self.calendar or self.unit in CALENDAR:
            return CALENDAR[self.unit]
        word = _UCUM.get(self.unit)
        return None if word in _INEXACT else word


def comparable(left: Quantity, right: Quantity, *, loose: bool = False) -> tuple[Decimal, Decimal] | None:
    """Both values in one unit, or None when the units do not convert.

    A calendar year or month converts to the UCUM one only when `loose` (equivalence).
    """
    one, other = _unit(left), _unit(right)
    if left.unit == right.unit and left.calendar is right.calendar:
        return left.value, right.value
    if not loose and left.calendar is not right.calendar:
        words = {left.unit if left.calendar else _UCUM.get(left.unit), right.unit if right.calendar else ""}
        if words & _INEXACT or (right.calendar and right.unit in _INEXACT):
            return None
    if one is None or other is None or one.dimensions != other.dimensions:
        return None
    return left.value * one.factor, right.value * other.factor


def _unit(quantity: Quantity) -> Unit | None:
    return unit_of(_AS_UCUM[quantity.unit] if quantity.calendar else quantity.unit)


def equal(left: Quantity, right: Quantity) -> bool | None:
    """Equality; None when the units do not convert into each other exactly, as a year and a UCUM year do not."""
    pair = comparable(left, right)
    if pair is not None:
        return pair[0] == pair[1]
    inexact = left.calendar is not right.calendar and comparable(left, right, loose=True) is not None
    return None if inexact else False


def alike(left: Quantity, right: Quantity) -> bool:
    """Equivalence: equal once rounded to the less precise of both, each in its own unit."""
    pair = comparable(left, right, loose=True)
    if pair is None:
        return False
    coarse = max(
        _step(left.value) * _factor(left, pair[0]),
        _step(right.value) * _factor(right, pair[1]),
    )
    return abs(pair[0] - pair[1]) < coarse / 2 or pair[0] == pair[1]


def _step(value: Decimal) -> Decimal:
    return Decimal(1).scaleb(int(value.as_tuple().exponent))


def _factor(quantity: Quantity, converted: Decimal) -> Decimal:
    return converted / quantity.value if quantity.value else Decimal(1)


def multiply(left: Quantity, right: Quantity, *, divide: bool) -> Quantity | None:
    """Product or quotient with its unit in base units; None without a common reading of both."""
    one, other = _unit(left), _unit(right)
    if one is None or other is None or (divide and not right.value):
        return None
    unit = one.times(other, -1 if divide else 1)
    a, b = left.value * one.factor, right.value * other.factor
    return Quantity((a / b if divide else a * b), unit.spelled())


def add(left: Quantity, right: Quantity, sign: int) -> Quantity | None:
    """Sum or difference in the unit of the left; None when the units do not convert."""
    pair = comparable(left, right)
    if pair is None:
        return None
    total = pair[0] + sign * pair[1]
    factor = _factor(left, pair[0])
    return Quantity(total / factor if factor != 1 else total, left.unit, left.calendar)
