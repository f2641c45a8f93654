"""Boolean logic of three values, equality, order, membership and union as closures (FHIRPath N1, section 6)."""

from collections.abc import Callable
from typing import Any

from gateway.fhir.path.closure import BOOLEANS, Run, Test
from gateway.fhir.path.context import Context
from gateway.fhir.path.values import all_alike, all_equal, distinct, equal, order, single, weigh


def _and(left: Test, right: Test) -> Test:
    def test(this: Any, context: Context) -> bool | None:
        one = left(this, context)
        if one is False:
            return False
        other = right(this, context)
        return other if one else False if other is False else None

    return test


def _or(left: Test, right: Test) -> Test:
    def test(this: Any, context: Context) -> bool | None:
        one = left(this, context)
        if one:
            return True
        other = right(this, context)
        return other if one is False else True if other else None

    return test


def _xor(left: Test, right: Test) -> Test:
    def test(this: Any, context: Context) -> bool | None:
        one, other = left(this, context), right(this, context)
        return None if one is None or other is None else one is not other

    return test


def _implies(left: Test, right: Test) -> Test:
    def test(this: Any, context: Context) -> bool | None:
        one = left(this, context)
        if one is False:
            return True
        other = right(this, context)
        return other if one else True if other else None

    return test


def negation(inner: Test) -> Test:
    """`not()` of a condition."""

    def test(this: Any, context: Context) -> bool | None:
        value = inner(this, context)
        return None if value is None else not value

    return test


def _equals(left: Run, right: Run) -> Test:
    return lambda this, context: _cheap_equal(context, left(this, context), right(this, context))


def _cheap_equal(context: Context, left: list[Any], right: list[Any]) -> bool | None:
    if len(left) == 1 and len(right) == 1:
        one, other = left[0], right[0]
        if type(one) is str and type(other) is str:
            if len(one) > 1000:
                context.read(one)
            return one == other
    if len(left) == len(right):
        context.spend(len(left))
        weigh(context, *left)
    return all_equal(left, right)


def _differs(left: Run, right: Run) -> Test:
    def test(this: Any, context: Context) -> bool | None:
        same = _cheap_equal(context, left(this, context), right(this, context))
        return None if same is None else not same

    return test


def _alike(left: Run, right: Run) -> Test:
    return lambda this, context: all_alike(context, left(this, context), right(this, context))


def _unlike(left: Run, right: Run) -> Test:
    return lambda this, context: not all_alike(context, left(this, context), right(this, context))


TESTS: dict[str, Callable[[Any, Any], Test]] = {
    "and": _and,
    "or": _or,
    "xor": _xor,
    "implies": _implies,
    "=": _equals,
    "!=": _differs,
    "~": _alike,
    "!~": _unlike,
}
# for two sides that are conditions themselves
SAME: dict[str, Callable[[Test, Test], Test]] = {"=": lambda left, right: negation(_xor(left, right)), "!=": _xor}
_ORDERS: dict[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def ordering(mark: str, left: Run, right: Run) -> Run:
    """`left < right` and its like."""
    decide = _ORDERS[mark]

    def run(this: Any, context: Context) -> list[Any]:
        one, other = single(left(this, context), mark), single(right(this, context), mark)
        if one is None or other is None:
            return []
        weigh(context, one, other)
        found = order(one, other)
        return [] if found is None else BOOLEANS[decide(found)]

    return run


def membership(item: Run, collection: Run) -> Run:
    """`item in collection`."""

    def run(this: Any, context: Context) -> list[Any]:
        wanted = single(item(this, context), "in")
        if wanted is None:
            return []
        items = collection(this, context)
        context.spend(len(items) + 1)
        weigh(context, *items)
        return [any(equal(each, wanted) for each in items)]

    return run


def union(left: Run, right: Run) -> Run:
    """`left | right`."""
    return lambda this, context: distinct(context, left(this, context) + right(this, context))
