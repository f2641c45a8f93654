"""Functions on whole collections (FHIRPath N1, sections 5.1, 5.3, 5.4 and 7.1)."""

from decimal import Decimal
from typing import Any

from gateway.fhir.path.closure import Function
from gateway.fhir.path.context import Context
from gateway.fhir.path.fault import Trouble
from gateway.fhir.path.node import bare, offspring
from gateway.fhir.path.quantity import Quantity, add
from gateway.fhir.path.values import distinct, key, number, order, single, weigh


def _empty(_: Context, items: list[Any]) -> list[Any]:
    return [not items]


def _not(_: Context, items: list[Any]) -> list[Any]:
    value = bare(single(items, "not()"))
    if value is None:
        return []
    return [not value if isinstance(value, bool) else False]  # any other single value counts as true


def _count(_: Context, items: list[Any]) -> list[Any]:
    return [len(items)]


def _booleans(context: Context, items: list[Any], what: str) -> list[bool]:
    context.spend(len(items))
    values = [bare(item) for item in items]
    if not all(isinstance(value, bool) for value in values):
        raise Trouble(f"{what} needs values that are true or false")
    return values


def _all_true(context: Context, items: list[Any]) -> list[Any]:
    return [all(_booleans(context, items, "allTrue()"))]


def _any_true(context: Context, items: list[Any]) -> list[Any]:
    return [any(_booleans(context, items, "anyTrue()"))]


def _all_false(context: Context, items: list[Any]) -> list[Any]:
    return [not any(_booleans(context, items, "allFalse()"))]


def _any_false(context: Context, items: list[Any]) -> list[Any]:
    return [not all(_booleans(context, items, "anyFalse()"))]


def _keys(context: Context, items: list[Any]) -> set[Any]:
    context.spend(len(items) + 1)
    return {key(context, item) for item in items}


def _subset_of(context: Context, items: list[Any], other: list[Any]) -> list[Any]:
    return [_keys(context, items) <= _keys(context, other)]


def _superset_of(context: Context, items: list[Any], other: list[Any]) -> list[Any]:
    return [_keys(context, items) >= _keys(context, other)]


def _is_distinct(context: Context, items: list[Any]) -> list[Any]:
    return [len(_keys(context, items)) == len(items)]


def _single(_: Context, items: list[Any]) -> list[Any]:
    single(items, "single()")
    return items


def _first(_: Context, items: list[Any]) -> list[Any]:
    return items[:1]


def _last(_: Context, items: list[Any]) -> list[Any]:
    return items[-1:]


def _part(context: Context, items: list[Any]) -> list[Any]:
    """A part of a collection, which is cheap to cut out."""
    context.spend(len(items) // 16 + 1)
    return items


def _tail(context: Context, items: list[Any]) -> list[Any]:
    return _part(context, items[1:])


def _whole(values: list[Any], what: str) -> int:
    value = number(values, what)
    if not isinstance(value, int):
        raise Trouble(f"{what} needs a whole number")
    return value


def _skip(context: Context, items: list[Any], count: list[Any]) -> list[Any]:
    return _part(context, items[max(_whole(count, "skip()"), 0) :])


def _take(context: Context, items: list[Any], count: list[Any]) -> list[Any]:
    return _part(context, items[: max(_whole(count, "take()"), 0)])


def _intersect(context: Context, items: list[Any], other: list[Any]) -> list[Any]:
    wanted = _keys(context, other)
    return distinct(context, [item for item in items if key(context, item) in wanted])


def _exclude(context: Context, items: list[Any], other: list[Any]) -> list[Any]:
    unwanted = _keys(context, other)
    return [item for item in items if key(context, item) not in unwanted]


def _combine(context: Context, items: list[Any], other: list[Any]) -> list[Any]:
    return context.collection(items + other)


def _children(context: Context, items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        context.spend(offspring(item, found))
    return found


def _extreme(context: Context, items: list[Any], sign: int) -> list[Any]:
    context.spend(len(items) + 1)
    weigh(context, *items)
    best: list[Any] = items[:1]
    for item in items[1:]:
        if (order(item, best[0]) or 0) * sign > 0:
            best = [item]
    return best


def _min(context: Context, items: list[Any]) -> list[Any]:
    return _extreme(context, items, -1)


def _max(context: Context, items: list[Any]) -> list[Any]:
    return _extreme(context, items, 1)


def _sum(context: Context, items: list[Any]) -> list[Any]:
    context.spend(len(items) + 1)
    if not items:
        return []
    if isinstance(items[0], Quantity):
        total: Any = items[0]
        for item in items[1:]:
            total = add(total, item, 1) if isinstance(item, Quantity) and total is not None else None
        return [] if total is None else [total]
    return [sum(number([item], "sum()") for item in items)]


def _avg(context: Context, items: list[Any]) -> list[Any]:
    if not items:
        return []
    total = _sum(context, items)[0]
    if isinstance(total, Quantity):
        return [Quantity(total.value / len(items), total.unit, total.calendar)]
    return [Decimal(total) / len(items)]


COLLECTIONS: dict[str, tuple[int, int, Function]] = {
    "empty": (0, 0, _empty),
    "not": (0, 0, _not),
    "count": (0, 0, _count),
    "allTrue": (0, 0, _all_true),
    "anyTrue": (0, 0, _any_true),
    "allFalse": (0, 0, _all_false),
    "anyFalse": (0, 0, _any_false),
    "subsetOf": (1, 1, _subset_of),
    "supersetOf": (1, 1, _superset_of),
    "isDistinct": (0, 0, _is_distinct),
    "distinct": (0, 0, distinct),
    "single": (0, 0, _single),
    "first": (0, 0, _first),
    "last": (0, 0, _last),
    "tail": (0, 0, _tail),
    "skip": (1, 1, _skip),
    "take": (1, 1, _take),
    "intersect": (1, 1, _intersect),
    "exclude": (1, 1, _exclude),
    "combine": (1, 1, _combine),
    "children": (0, 0, _children),
    "min": (0, 0, _min),
    "max": (0, 0, _max),
    "sum": (0, 0, _sum),
    "avg": (0, 0, _avg),
}
