"""One evaluation of a mapping: values of expressions, names in scope, gaps and trace. Never raises for what data lacks.

The shape of the output is built by the functions `gateway.mapping.program` makes of a mapping at load.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.fhir.path import PathFault
from gateway.mapping.expression import Source, plain_steps
from gateway.mapping.findings import Place
from gateway.mapping.functions import Record, compiled
from gateway.mapping.scope import Bound, Pending, Scope
from gateway.mapping.values import members_of, output, walk
from gateway.model.order import Gap

Origin = tuple[str, Place, str]
At = tuple[Any, str | int]  # the element around and the step into it; (None, "Claim") at the top
Values = tuple[list[Any], tuple[str, ...]]
Evaluate = Callable[[Any, Mapping[str, Any]], list[Any]]  # an expression, with or without FHIR types
_EXISTS = ".exists()"
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
        root: the one variable it reads, where nothing comes of it when that variable has no value; else empty.
        typed: the expression that keeps FHIR types.
        asked: for `%name.a.b.exists()`, and in a condition `%name.a.b`, the members of the plain path; else None.
    """

    __slots__ = (
        "asked",
        "counts",
        "expression",
        "members",
        "name",
        "root",
        "source",
        "steps",
        "typed",
        "variables",
    )

    def __init__(self, source: Source) -> None:
        self.source = source
        self.expression = compiled(source.text)
        self.typed = self.expression.typed
        self.variables = source.variables
        self.steps = source.steps
        self.name = source.variables[0] if source.variables else ""
        self.members = members_of(source.steps or ())
        self.root = self.expression.root if source.variables == (self.expression.root,) else ""
        path = plain_steps(source.text.removesuffix(_EXISTS))
        self.asked = None if path is None else members_of(path)
        self.counts = bool(source.variables) and _COUNTERS.issuperset(source.variables)


class Evaluation:
    """Made anew for every application of a mapping; `programs` are those of all mappings, by name.

    `typed` are the names whose values keep their FHIR types.
    `direct` allows plain paths to be followed without going through `final`.
    """

    direct = True

    def __init__(
        self,
        programs: Mapping[str, Any],
        typed: frozenset[str],
        record: Record,
        reached: set[Origin] | None = None,
    ) -> None:
        self.programs = programs
        self.typed = typed
        self.gaps: list[Gap] = []
        self.trace: list[tuple[At, Source, tuple[str, ...], int]] = []
        self.rules = record.rules
        self._reached = reached

    def final(self, query: Query, scope: Scope, at: At) -> Values | None:
        """The output values of an expression and the rules behind them; None, and a gap, when it fails."""
        if query.steps is not None:
            variable = self.lookup(query.name, scope)
            found = walk(query.members, variable.value)
            if found is not None:
                if variable.rules:
                    self.rules.extend(variable.rules)
                if found:
                    self.reach(query.source)
                return [output(value, query.source) for value in found], variable.rules
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

    def bound(self, query: Query, scope: Scope, at: At, evaluate: Evaluate) -> Bound | None:
        """What an expression gives; None, and a gap, when it fails.

        `evaluate` is the query's expression, which gives plain data, or its `typed` or `loose`, for values of names.
        """
        values: dict[str, Any] = {}
        rules: tuple[str, ...] = ()
        for name in query.variables:
            known = scope[name]
            variable = known if self.direct and known.__class__ is Bound else self.lookup(name, scope)
            values[name] = variable.value
            if variable.rules:
                rules = (*rules, *variable.rules)
        if rules:
            self.rules.extend(rules)  # what encloses this expression was decided by them too
        before = len(self.rules)
        try:
            is_name = query.steps == () and evaluate is not query.expression  # it has its types already
            found = _as_list(values[query.name]) if is_name else evaluate({}, values)
        except PathFault:
            self.failed(query.source, at)
            return None
        if rules or len(self.rules) > before:
            rules = tuple(dict.fromkeys((*rules, *self.rules[before:])))
        return Bound(found, rules)

    def worth(self, query: Query, scope: Scope, at: At, name: str) -> Bound | None:
        """What the expression for %name gives, with FHIR types if somebody may ask for them."""
        if name in self.typed or query.steps == ():
            return self.bound(query, scope, at, query.typed)
        if query.steps and self.direct:
            variable = self.lookup(query.name, scope)
            found = walk(query.members, variable.value)
            if found is not None:
                if variable.rules:
                    self.rules.extend(variable.rules)
                return Bound(found, variable.rules)
        return self.bound(query, scope, at, query.expression.loose)

    def present(self, query: Query, scope: Scope) -> bool | None:
        """The answer to a condition that asks for a plain path; None where only FHIRPath knows it."""
        if query.asked is None or not self.direct:
            return None
        variable = self.lookup(query.name, scope)
        found: Any = walk(query.asked, variable.value)
        if query.steps is not None and found:  # a condition on the value itself
            found = found[0] if len(found) == 1 and isinstance(found[0], bool) else None
        if found is None:
            return None
        if variable.rules:
            self.rules.extend(variable.rules)
        return bool(found)

    def is_nothing(self, query: Query, scope: Scope) -> bool:
        """Whether an expression gives nothing because the variable it starts from has no value."""
        if not query.root or not self.direct:
            return False
        variable = scope[query.root]
        if not isinstance(variable, Bound):
            variable = self.settle(query.root, variable)
        if variable.value is not None and variable.value != []:
            return False
        if variable.rules:
            self.rules.extend(variable.rules)
        return True

    def lookup(self, name: str, scope: Scope) -> Bound:
        """The value of %name, worked out when this is its first use."""
        found = scope[name]
        return found if isinstance(found, Bound) else self.settle(name, found)

    def settle(self, name: str, pending: Pending) -> Bound:
        """The value of a variable that may not have been worked out yet."""
        if pending.bound is None:
            before = len(self.trace)
            pending.bound = pending.binder(self, pending.home, name)
            del self.trace[before:]  # a variable is no output element
        return pending.bound

    def reach(self, source: Source) -> None:
        """Note, where somebody asked, that an expression gave a value."""
        if self._reached is not None:
            self._reached.add((source.mapping, source.place, source.text))

    def stands(self, word: str, source: Source, at: At, value: Any, since: int = 0) -> None:
        """Told, where `direct` is off, what a condition or loop put at a place; of a list, the items from `since`."""

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
