"""How values are compared: equality, equivalence, order, and the singleton rules (FHIRPath N1, sections 4.5 and 6)."""

import re
from collections.abc import Mapping
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Decimal
from decimal import Context as DecimalContext
from typing import Any

from gateway.fhir.path import quantity as quantities
from gateway.fhir.path import temporal as temporals
from gateway.fhir.path.context import Context
from gateway.fhir.path.fault import Trouble
from gateway.fhir.path.model import constants
from gateway.fhir.path.node import Node, bare, system
from gateway.fhir.path.quantity import Quantity
from gateway.fhir.path.temporal import Temporal, temporal

_SMALL = 2**61 - 1  # hashes of numbers repeat from here on
_LONGEST_DATE = 64
_EXACT = DecimalContext(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
_LIKE_A_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?", re.ASCII)


def single(items: list[Any], what: str) -> Any:
    """The one item of a collection, None of an empty one.

    Raises:
        Trouble: there are several.
    """
    if not items:
        return None
    if len(items) > 1:
        raise Trouble(f"{what} needs one value and found several")
    return items[0]


def truth(items: list[Any]) -> bool | None:
    """A collection as a condition: a single value that is no Boolean counts as true.

    Raises:
        Trouble: there are several values.
    """
    if not items:
        return None
    if len(items) > 1:
        raise Trouble("a condition needs one value and found several")
    value = bare(items[0])
    return value if isinstance(value, bool) else True


def number(items: list[Any], what: str) -> Any:
    """The one number of a collection, None of an empty one.

    Raises:
        Trouble: several values, or no number.
    """
    value = bare(single(items, what))
    if value is None or (isinstance(value, int | Decimal) and not isinstance(value, bool)):
        return value
    raise Trouble(f"{what} needs a number")


def text(items: list[Any], what: str) -> str | None:
    """The one text of a collection, None of an empty one.

    Raises:
        Trouble: several values, or no text.
    """
    value = bare(single(items, what))
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Temporal):
        return str(value)
    raise Trouble(f"{what} needs a text")


def as_quantity(value: Any) -> Quantity | None:
    """A FHIR Quantity, a number or a quantity literal as Quantity; None when it is none of them."""
    if isinstance(value, Quantity):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return Quantity(Decimal(value))
    if isinstance(value, Mapping):
        amount = value.get("value")
        unit = value.get("code") if value.get("system") == constants()["ucum"] else value.get("unit")
        if isinstance(amount, int | Decimal) and not isinstance(amount, bool):
            return Quantity(Decimal(amount), unit if isinstance(unit, str) else "1")
    return None


def equal(left: Any, right: Any) -> bool | None:
    """Equality of two items; None when it cannot be told."""
    if isinstance(left, Node):
        left = system(left)
    if isinstance(right, Node):
        right = system(right)
    if isinstance(left, Temporal) or isinstance(right, Temporal):
        return _equal_times(left, right)
    if isinstance(left, Quantity) or isinstance(right, Quantity):
        one, other = as_quantity(left), as_quantity(right)
        return quantities.equal(one, other) if one and other else False
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def _equal_times(left: Any, right: Any) -> bool | None:
    one, other = _as_time(left, right), _as_time(right, left)
    if one is None or other is None or (one.kind == "Time") is not (other.kind == "Time"):
        return False
    order = temporals.compare(one, other)
    return None if order is None else order == 0


def _as_time(value: Any, like: Any) -> Temporal | None:
    """A text compared with a date or time literal is read as one."""
    if isinstance(value, Temporal):
        return value
    if isinstance(value, str) and isinstance(like, Temporal):
        return temporal(value, "Time" if like.kind == "Time" else "")
    return None


def all_equal(left: list[Any], right: list[Any]) -> bool | None:
    """Equality of two collections, in order; None when one is empty or it cannot be told."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    unknown = False
    for one, other in zip(left, right, strict=True):
        same = equal(one, other)
        if same is False:
            return False
        unknown = unknown or same is None
    return None if unknown else True


def alike(context: Context, left: Any, right: Any) -> bool:
    """Equivalence of two items: text without case and extra space, numbers to the coarser precision."""
    left, right = system(left), system(right)
    if isinstance(left, Temporal) or isinstance(right, Temporal):
        one, other = _as_time(left, right), _as_time(right, left)
        return one is not None and other is not None and temporals.alike(one, other)
    if isinstance(left, Quantity) or isinstance(right, Quantity):
        a, b = as_quantity(left), as_quantity(right)
        return a is not None and b is not None and quantities.alike(a, b)
    if isinstance(left, str) and isinstance(right, str):
        context.spend((len(left) + len(right)) // 100)
        return " ".join(left.split()).lower() == " ".join(right.split()).lower()
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | Decimal) and isinstance(right, int | Decimal):
        return _close(Decimal(left), Decimal(right))
    return _alike_objects(context, left, right)


def _close(left: Decimal, right: Decimal) -> bool:
    places = max(int(value.normalize().as_tuple().exponent) for value in (left, right))
    step = Decimal(1).scaleb(min(places, 0))
    return left == right or _round(left, step) == _round(right, step)


def _round(value: Decimal, step: Decimal) -> Decimal:
    return value.quantize(step) if value.adjusted() - step.adjusted() < 28 else value


def _alike_objects(context: Context, left: Any, right: Any) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        context.spend(len(left) + 1)
        keys = left.keys() - {"id"}
        return keys == right.keys() - {"id"} and all(alike(context, left[key], right[key]) for key in keys)
    if isinstance(left, list) and isinstance(right, list):
        context.spend(len(left) + 1)
        return len(left) == len(right) and all(
            alike(context, one, other) for one, other in zip(left, right, strict=True)
        )
    return bool(left == right)


def all_alike(context: Context, left: list[Any], right: list[Any]) -> bool:
    """Equivalence of two collections, in any order."""
    if len(left) != len(right):
        return False
    if len(left) == 1:
        return alike(context, left[0], right[0])
    rest = list(right)
    for one in left:
        context.spend(len(rest))
        at = next((at for at, other in enumerate(rest) if alike(context, one, other)), None)
        if at is None:
            return False
        del rest[at]
    return True


def order(left: Any, right: Any) -> int | None:
    """-1, 0 or 1; None when it cannot be told.

    Raises:
        Trouble: the two are of types that have no common order.
    """
    left, right = system(left), system(right)
    if isinstance(left, str) and isinstance(right, str):
        if len(left) < _LONGEST_DATE and _LIKE_A_DATE.fullmatch(left) and _LIKE_A_DATE.fullmatch(right):
            one, other = temporal(left), temporal(right)
            if one and other:
                return temporals.compare(one, other)
        return (left > right) - (left < right)
    if isinstance(left, Temporal) or isinstance(right, Temporal):
        one, other = _as_time(left, right), _as_time(right, left)
        if one is None or other is None:
            raise Trouble("a date or time can be compared with another only")
        return temporals.compare(one, other)
    if isinstance(left, bool) or isinstance(right, bool) or isinstance(left, str) or isinstance(right, str):
        raise Trouble("values of different types have no order")
    if isinstance(left, int | Decimal) and isinstance(right, int | Decimal):
        return (left > right) - (left < right)
    a, b = as_quantity(left), as_quantity(right)
    if a is None or b is None:
        raise Trouble("these values have no order")
    pair = quantities.comparable(a, b)
    return None if pair is None else (pair[0] > pair[1]) - (pair[0] < pair[1])


def key(context: Context, item: Any) -> Any:
    """A hashable stand-in: equal items have equal keys."""
    value = system(item)
    if isinstance(value, str):
        context.read(value)
        return value
    if isinstance(value, Temporal):
        return value
    if isinstance(value, Quantity):
        return (_number_key(value.value), value.unit, value.calendar)
    if value is None:
        return (None, _freeze(context, item.extra))
    return (isinstance(value, bool), _freeze(context, value))


def _number_key(value: int | Decimal) -> Any:
    """A number that hashes well: those of an author's choosing could all have one hash."""
    if -_SMALL < value < _SMALL and value == int(value):
        return int(value)
    return str(Decimal(value).normalize(_EXACT))


def weigh(context: Context, *items: Any) -> None:
    """Count what comparing items costs: a step for everything in an object, and texts by their length."""
    for item in items:
        value = item.value if type(item) is Node else item
        if isinstance(value, dict | list):
            context.spend(len(value))
            weigh(context, *(value.values() if isinstance(value, dict) else value))
        elif isinstance(value, str):
            context.read(value)


def _freeze(context: Context, value: Any) -> Any:
    if isinstance(value, dict):
        context.spend(len(value))
        return frozenset((name, _freeze(context, child)) for name, child in value.items())
    if isinstance(value, list):
        context.spend(len(value))
        return tuple(_freeze(context, child) for child in value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return _number_key(value)
    return value


def distinct(context: Context, items: list[Any]) -> list[Any]:
    """The items without repetitions, in order."""
    context.spend(len(items) + 1)
    if len(items) < 2:
        return items
    seen: dict[Any, Any] = {}
    for item in items:
        seen.setdefault(item if type(item) is str and len(item) < 1000 else key(context, item), item)
    return list(seen.values())
