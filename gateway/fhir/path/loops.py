"""Functions whose arguments are expressions, evaluated once for each item (FHIRPath N1, sections 5.1 and 5.2)."""

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from gateway.fhir.path.closure import BOOLEANS, Builder, Compiling, Run
from gateway.fhir.path.context import Context
from gateway.fhir.path.fault import Trouble
from gateway.fhir.path.node import bare, offspring
from gateway.fhir.path.syntax import Call, Sign, Special, Syntax, walk
from gateway.fhir.path.values import distinct, key, order, single, weigh

Body = Callable[[Any, Context], Any]


_NODES = 16  # parts of a body for a step


def _weight(*bodies: Syntax) -> int:
    """Steps that evaluating bodies once costs at least: an item costs more where more is done with it."""
    return 1 + sum(1 for body in bodies for _ in walk(body)) // _NODES


def _uses(node: Syntax, *names: str) -> bool:
    return any(isinstance(part, Special) and part.name in names for part in walk(node))


def _indexed(node: Syntax, body: Body) -> Body:
    """A body that reads $index gets it set."""
    return _Indexed(body) if _uses(node, "$index") else body


class _Indexed:
    """Keeps $index for the duration of a loop."""

    __slots__ = ("body",)

    def __init__(self, body: Body) -> None:
        self.body = body

    def __call__(self, this: Any, context: Context) -> Any:
        return self.body(this, context)


def _each(items: list[Any], body: Body, context: Context, weight: int) -> list[Any]:
    """The results of a body on every item."""
    context.spend(len(items) * weight + 1)
    if not isinstance(body, _Indexed):
        return [body(item, context) for item in items]
    before = context.index
    results = []
    for at, item in enumerate(items):
        context.index = [at]
        results.append(body.body(item, context))
    context.index = before
    return results


def _where(compiling: Compiling, call: Call) -> Run:
    source, test = compiling.run(call.source), compiling.test(call.arguments[0])
    weight = _weight(call.arguments[0])
    if _uses(call.arguments[0], "$index"):
        body = _Indexed(test)

        def run_indexed(this: Any, context: Context) -> list[Any]:
            items = source(this, context)
            kept = _each(items, body, context, weight)
            return [item for item, holds in zip(items, kept, strict=True) if holds is True]

        return run_indexed

    def run(this: Any, context: Context) -> list[Any]:
        items = source(this, context)
        context.spend(len(items) * weight + 1)
        return [item for item in items if test(item, context) is True]

    return run


def _select(compiling: Compiling, call: Call) -> Run:
    source = compiling.run(call.source)
    body = _indexed(call.arguments[0], compiling.run(call.arguments[0]))
    weight = _weight(call.arguments[0])

    def run(this: Any, context: Context) -> list[Any]:
        results = _each(source(this, context), body, context, weight)
        context.spend(sum(map(len, results)))
        found: list[Any] = results[0] if len(results) == 1 else [item for result in results for item in result]
        return found

    return run


def _all(compiling: Compiling, call: Call) -> Run:
    source = compiling.run(call.source)
    test = compiling.test(call.arguments[0])
    body = _indexed(call.arguments[0], test)
    weight = _weight(call.arguments[0])
    if isinstance(body, _Indexed):
        return lambda this, context: BOOLEANS[all(_each(source(this, context), body, context, weight))]

    def run(this: Any, context: Context) -> list[Any]:
        items = source(this, context)
        context.spend(len(items) * weight + 1)
        for item in items:
            if not test(item, context):
                return BOOLEANS[False]
        return BOOLEANS[True]

    return run


def _exists(compiling: Compiling, call: Call) -> Run:
    if not call.arguments:
        source = compiling.run(call.source)
        return lambda this, context: BOOLEANS[bool(source(this, context))]
    where = _where(compiling, call)
    return lambda this, context: BOOLEANS[bool(where(this, context))]


def _repeat(compiling: Compiling, call: Call) -> Run:
    source, body = compiling.run(call.source), compiling.run(call.arguments[0])
    weight = _weight(call.arguments[0])

    def run(this: Any, context: Context) -> list[Any]:
        queue = source(this, context)
        found: dict[Any, Any] = {}
        while queue:
            following: list[Any] = []
            for item in queue:
                context.spend(weight)
                for result in body(item, context):
                    context.spend(1)
                    mark = key(context, result)
                    if mark not in found:
                        found[mark] = result
                        following.append(result)
            queue = following
        return list(found.values())

    return run


def _descendants(compiling: Compiling, call: Call) -> Run:
    source = compiling.run(call.source)

    def run(this: Any, context: Context) -> list[Any]:
        found: list[Any] = []
        queue = source(this, context)
        while queue:
            following: list[Any] = []
            for item in queue:
                context.spend(offspring(item, following))
            found += following
            queue = following
        return found

    return run


def _aggregate(compiling: Compiling, call: Call) -> Run:
    source, body = compiling.run(call.source), compiling.run(call.arguments[0])
    start = compiling.run(call.arguments[1]) if len(call.arguments) > 1 else None
    weight = _weight(call.arguments[0])

    def run(this: Any, context: Context) -> list[Any]:
        items = source(this, context)
        before, context.total = context.total, start(this, context) if start else []
        index = context.index
        context.spend(len(items) * weight + 1)
        for at, item in enumerate(items):
            context.index = [at]
            context.total = body(item, context)
        result, context.total, context.index = context.total, before, index
        return result

    return run


def _iif(compiling: Compiling, call: Call) -> Run:
    source = compiling.run(call.source)
    free = isinstance(call.source, Special)
    condition, yes, *rest = (compiling.run(argument) for argument in call.arguments)
    no = rest[0] if rest else None

    def run(this: Any, context: Context) -> list[Any]:
        if not free:
            this = single(source(this, context), "iif()")
        decided = bare(single(condition(this, context), "the condition of iif()"))
        if decided is not None and not isinstance(decided, bool):
            raise Trouble("the condition of iif() is neither true nor false")
        if decided:
            return yes(this, context)
        return no(this, context) if no else []

    return run


def _sort(compiling: Compiling, call: Call) -> Run:
    source = compiling.run(call.source)
    keys: list[tuple[Run, int]] = []
    for argument in call.arguments:
        falling = isinstance(argument, Sign) and argument.mark == "-"
        keys.append((compiling.run(argument.operand if isinstance(argument, Sign) else argument), -1 if falling else 1))

    weight = _weight(*call.arguments)

    def run(this: Any, context: Context) -> list[Any]:
        rows = []
        items = source(this, context)
        comparisons = max(len(items).bit_length(), 1)  # of one item
        context.spend(len(items) * (weight + 4 * comparisons * max(len(keys), 1)) + 1)
        for item in items:
            rows.append(([single(by(item, context), "a sort key") for by, _ in keys] or [item], item))
            for _ in range(comparisons):
                weigh(context, *rows[-1][0])
        signs = [sign for _, sign in keys] or [1]
        for at in reversed(range(len(signs))):
            rows = _sorted(rows, at, signs[at])
        return [item for _, item in rows]

    return run


def _sorted(rows: list[tuple[list[Any], Any]], at: int, sign: int) -> list[tuple[list[Any], Any]]:
    """By one key; an item without it comes last, or first when falling."""

    def compare(one: tuple[list[Any], Any], other: tuple[list[Any], Any]) -> int:
        left, right = one[0][at], other[0][at]
        if left is None or right is None:
            return sign * ((left is None) - (right is None))
        return sign * (order(left, right) or 0)

    return sorted(rows, key=cmp_to_key(compare))


def _trace(compiling: Compiling, call: Call) -> Run:
    """It must not print: what it would print is content."""
    return compiling.run(call.source)


def _union(compiling: Compiling, call: Call) -> Run:
    source, other = compiling.run(call.source), compiling.run(call.arguments[0])
    return lambda this, context: distinct(context, source(this, context) + other(this, context))


def _coalesce(compiling: Compiling, call: Call) -> Run:
    options = [compiling.run(argument) for argument in call.arguments]

    def run(this: Any, context: Context) -> list[Any]:
        for option in options:
            if found := option(this, context):
                return found
        return []

    return run


# name: (fewest and most arguments, builder)
LOOPS: dict[str, tuple[int, int, Builder]] = {
    "where": (1, 1, _where),
    "select": (1, 1, _select),
    "all": (1, 1, _all),
    "exists": (0, 1, _exists),
    "repeat": (1, 1, _repeat),
    "descendants": (0, 0, _descendants),
    "aggregate": (1, 2, _aggregate),
    "iif": (2, 3, _iif),
    "sort": (0, 8, _sort),
    "trace": (1, 2, _trace),
    "union": (1, 1, _union),
    "coalesce": (1, 16, _coalesce),
}
