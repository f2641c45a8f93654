"""One evaluation of a mapping: values of expressions, names in scope, gaps and trace. Never raises for what data lacks.

The shape of the output is built by the functions `gateway.mapping.program` makes of a mapping at load.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.fhir.path import PathFault
from gateway.mapping.expression import Source
from gateway.mapping.findings import Place
from gateway.mapping.functions import Record, compiled
from gateway.mapping.scope import Bound, Scope
from gateway.mapping.values import output
from gateway.model.order import Gap

Origin = tuple[str, Place, str]
At = tuple[Any, str | int]  # the element around and the step into it; (None, "Claim") at the top
# How far input decided a piece of output: constants and counters alone are neutral, an expression that gave nothing is
# empty, one that gave something filled; of several the larger counts.
NEUTRAL, EMPTY, FILLED = 0, 1, 2
Piece = tuple[Any, int]  # a value (None: leave it out) and its life, one of these
Values = tuple[list[Any], tuple[str, ...]]
Evaluate = Callable[[Any, Mapping[str, Any]], list[Any]]  # an expression, with or without FHIR types
_COUNTERS = frozenset({"index", "position"})


@dataclass(frozen=True, slots=True)
class Step:
    """How one output element came about: its path, the expression and the rules or table lines that decided."""

    element: str
    source: Source
    rules: tuple[str, ...]

    @property
    def expression(self) -> str:
        return self.source.text


class Query:
    """An expression made ready: compiled, with what the engine asks of it on every use.

    Attributes:
        typed: the expression that keeps FHIR types.
        is_name: it is `%name` and nothing more.
        filled: the life of what it gives; counters alone fill nothing.
    """

    __slots__ = ("expression", "filled", "is_name", "source", "typed", "variables")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.expression = compiled(source.text)
        self.typed = self.expression.typed
        self.variables = source.variables
        self.is_name = source.text == f"%{source.variables[0]}" if source.variables else False
        self.filled = NEUTRAL if source.variables and _COUNTERS.issuperset(source.variables) else FILLED


class Evaluation:
    """Made anew for every application of a mapping; `programs` are those of all mappings, by name."""

    def __init__(self, programs: Mapping[str, Any], record: Record, reached: set[Origin] | None = None) -> None:
        self.programs = programs
        self.gaps: list[Gap] = []
        self.trace: list[tuple[At, Source, tuple[str, ...], int]] = []
        self.rules = record.rules
        self._reached = reached

    def leaf(self, query: Query, scope: Scope, at: At) -> Piece:
        """The one value of an expression."""
        items: list[Any] = []
        life = self.several(query, scope, at, items)
        if len(items) > 1:
            self.gap(query.source, at, f"one value; {len(items)} were found", "several values")
            return None, FILLED
        return (items[0] if items else None), life

    def several(self, query: Query, scope: Scope, at: At, items: list[Any]) -> int:
        """Adds all values of an expression; the place given is that of the first."""
        source = query.source
        found = self.final(query, scope, at)
        if found is None:
            return FILLED
        values, rules = found
        if values:
            self.trace.append((at, source, rules, len(values)))
            items.extend(values)
            return query.filled
        if not source.required:
            return EMPTY
        self.gap(source, at, source.need or "a value", "required")
        return FILLED

    def final(self, query: Query, scope: Scope, at: At) -> Values | None:
        """The output values of an expression and the rules behind them; None, and a gap, when it fails."""
        bound = self.bound(query, scope, at, query.expression)
        if bound is None:
            return None
        if bound.value:
            self.reach(query.source)
        try:
            return [output(value, query.source) for value in bound.value], bound.rules
        except PathFault:
            self.failed(query.source, at)
            return None

    def holds(self, query: Query, scope: Scope, at: At) -> bool:
        """Whether a condition is true; a gap when it is neither true nor false."""
        bound = self.condition(query, scope, at)
        if bound is None or bound.value in ([], [False]):
            return False
        values = bound.value
        if len(values) > 1 or not all(isinstance(value, bool) for value in values):
            self.gap(query.source, at, "a condition that is true or false", "not a condition")
            return False
        if values != [True]:
            return False
        self.reach(query.source)
        return True

    def condition(self, query: Query, scope: Scope, at: At) -> Bound | None:
        """What the expression of a condition gives; None, and a gap, when it fails."""
        return self.bound(query, scope, at, query.expression)

    def worth(self, query: Query, scope: Scope, at: At) -> Bound:
        """What the expression for a name gives, with its FHIR types; nothing, and a gap, when it fails."""
        bound = self.bound(query, scope, at, query.typed)
        if bound and bound.value:
            self.reach(query.source)
        return bound or Bound([])

    def bound(self, query: Query, scope: Scope, at: At, evaluate: Evaluate) -> Bound | None:
        """What an expression gives; None, and a gap, when it fails.

        `evaluate` is the query's expression, which gives plain data, or its `typed`, for values of names.
        """
        values: dict[str, Any] = {}
        rules: tuple[str, ...] = ()
        for name in query.variables:
            variable = self.lookup(name, scope)
            values[name] = variable.value
            rules = (*rules, *variable.rules)
        self.rules.extend(rules)  # what encloses this expression was decided by them too
        before = len(self.rules)
        try:
            is_known = query.is_name and evaluate is query.typed  # it has its types already
            found = _as_list(values[query.variables[0]]) if is_known else evaluate({}, values)
        except PathFault:
            self.failed(query.source, at)
            return None
        return Bound(found, tuple(dict.fromkeys((*rules, *self.rules[before:]))))

    def lookup(self, name: str, scope: Scope) -> Bound:
        """The value of %name, worked out when this is its first use."""
        found = scope[name]
        if isinstance(found, Bound):
            return found
        if found.bound is None:
            before = len(self.trace)
            found.bound = found.binder(self, found.home, name)
            del self.trace[before:]  # a variable is no output element
        return found.bound

    def reach(self, source: Source) -> None:
        """Note, where somebody asked, that an expression gave a value."""
        if self._reached is not None:
            self._reached.add((source.mapping, source.place, source.text))

    def stands(self, word: str, source: Source, at: At, value: Any, since: int = 0) -> None:
        """Told what a condition or loop put at a place; of a list, the items from `since`."""

    def failed(self, source: Source, at: At) -> None:
        self.gap(source, at, "input on which the expression can be evaluated", "expression failed")

    def gap(self, source: Source, at: At, need: str, rule: str) -> None:
        """An element without the value it must have, or an expression that cannot be used."""
        words = f"mapping {source.mapping}, line {source.line}: {rule}"
        self.gaps.append(Gap(source.text, need, words, element_path(at)))


def _as_list(value: Any) -> list[Any]:
    """What the expression `%name` gives."""
    return value if isinstance(value, list) else [] if value is None else [value]


def element_path(at: At) -> str:
    """`Claim.item[0].quantity`."""
    steps: list[str] = []
    current: Any = at
    while current is not None:
        current, step = current
        steps.append(f"[{step}]" if isinstance(step, int) else f".{step}" if current is not None else step)
    return "".join(reversed(steps))


def trace_steps(trace: Sequence[tuple[At, Source, tuple[str, ...], int]]) -> tuple[Step, ...]:
    """The trace in words: a leaf that gave several list items has a step for each."""
    steps: list[Step] = []
    for at, source, rules, count in trace:
        around, first = at
        places = [(around, first + n) for n in range(count)] if isinstance(first, int) else [at]
        steps.extend(Step(element_path(place), source, rules) for place in places)
    return tuple(steps)
