"""One evaluation of a mapping: walks its nodes, builds the output, collects gaps. Never raises for what data lacks."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from gateway.fhir.path import PathFault, plain
from gateway.mapping.expression import Source
from gateway.mapping.findings import Place
from gateway.mapping.functions import Record, compiled
from gateway.mapping.language import Array, Constant, Definition, For, If, Include, Leaf, Node, Object, Text
from gateway.mapping.scope import Bound, Scope
from gateway.mapping.values import output, walk, word
from gateway.model.order import Gap

Origin = tuple[str, Place, str]
_COUNTERS = frozenset({"index", "position"})


@dataclass(frozen=True, slots=True)
class Step:
    """How one output element came about: its path, the expression and the rules or table lines that decided."""

    element: str
    expression: str
    rules: tuple[str, ...]


class _Life(IntEnum):
    """Whether input decided a piece of output; constants and counters alone are NEUTRAL. The larger wins."""

    NEUTRAL = 0
    EMPTY = 1
    FILLED = 2


class Evaluation:
    """Made anew for every application of a mapping."""

    def __init__(
        self, definitions: Mapping[str, Definition], record: Record, reached: set[Origin] | None = None
    ) -> None:
        self.gaps: list[Gap] = []
        self.trace: list[Step] = []
        self._definitions = definitions
        self._record = record
        self._reached = reached

    def produce(self, definition: Definition, context: Mapping[str, Any]) -> Any:
        """The output of `definition`; an object at the top stays even when nothing filled it."""
        given = {name: context[name] for name in definition.reads}
        outer = Scope(
            None, {name: Bound(list(value) if isinstance(value, tuple) else value) for name, value in given.items()}
        )
        scope = Scope(outer, {}, definition.let)
        element = _root(definition)
        if isinstance(definition.produce, Object):
            return self._fields(definition.produce, scope, element)[0]
        return self._value(definition.produce, scope, element)[0]

    def _value(self, node: Node, scope: Scope, element: str) -> tuple[Any, _Life]:
        """The value at `element` (None: leave it out) and its life."""
        match node:
            case Constant():
                return node.value, _Life.NEUTRAL
            case Leaf():
                return self._leaf(node.source, scope, element)
            case Text():
                return self._text(node, scope, element)
            case Object():
                return self._object(node, scope, element)
            case Array() | For():
                items: list[Any] = []
                life = self._items(node, scope, element, items)
                return (items, life) if items else (None, max(life, _Life.EMPTY))
            case If():
                branch = self._branch(node, scope, element)
                if branch is None:
                    return None, _Life.EMPTY
                value, life = self._value(branch, scope, element)
                return value, _decided(life)
            case Include():
                target, inner = self._included(node, scope)
                return self._value(target.produce, inner, element)

    def _object(self, node: Object, scope: Scope, element: str) -> tuple[Any, _Life]:
        before = len(self.trace)
        fields, life = self._fields(node, scope, element)
        if life is _Life.EMPTY:  # what is left out leaves no trace: a counter may have been filled
            del self.trace[before:]
            return None, life
        return (fields, life) if fields else (None, max(life, _Life.EMPTY))

    def _fields(self, node: Object, scope: Scope, element: str) -> tuple[dict[str, Any], _Life]:
        result: dict[str, Any] = {}
        life = _Life.NEUTRAL
        for key, child in node.fields:
            value, its_life = self._value(child, scope, f"{element}.{key}" if key else element)
            life = max(life, its_life)
            if key and value is not None:
                result[key] = value
            elif isinstance(value, dict):
                result.update(value)
        return result, life

    def _items(self, node: Node, scope: Scope, element: str, items: list[Any]) -> _Life:
        """Append what `node` gives to the list at `element`."""
        if isinstance(node, Array):
            return max((self._items(child, scope, element, items) for child in node.items), default=_Life.EMPTY)
        scope = Scope(scope, {"position": Bound(len(items) + 1)})
        match node:
            case For():
                return self._loop(node, scope, element, items)
            case If():
                branch = self._branch(node, scope, element)
                return _decided(self._items(branch, scope, element, items)) if branch else _Life.EMPTY
            case Include():
                target, inner = self._included(node, scope)
                return self._items(target.produce, inner, element, items)
        place = f"{element}[{len(items)}]"
        if isinstance(node, Leaf):
            return self._values(node.source, scope, place, items)
        value, life = self._value(node, scope, place)
        if value is not None:
            items.append(value)
        return life

    def _loop(self, node: For, scope: Scope, element: str, items: list[Any]) -> _Life:
        bound = self._collection(node.source, scope, element)
        life = _Life.EMPTY
        for index, value in enumerate(bound.value if bound else (), start=1):
            names = {node.name: Bound([value], bound.rules if bound else ()), "index": Bound(index)}
            life = max(life, _decided(self._items(node.body, Scope(scope, names), element, items)))
        return life

    def _branch(self, node: If, scope: Scope, element: str) -> Node | None:
        bound = self._evaluate(node.condition, scope, element)
        values = plain(bound.value) if bound else []
        if len(values) > 1 or not all(isinstance(value, bool) for value in values):
            self._gap(node.condition, element, "a condition that is true or false", "not a condition")
            return None
        if values != [True]:
            return node.otherwise
        self._reach(node.condition)
        return node.body

    def _included(self, node: Include, scope: Scope) -> tuple[Definition, Scope]:
        target = self._definitions[node.name]
        given = Scope(scope, {}, node.values, home=scope)
        return target, Scope(given, {}, target.let)

    def _leaf(self, source: Source, scope: Scope, element: str) -> tuple[Any, _Life]:
        items: list[Any] = []
        life = self._values(source, scope, element, items)
        if len(items) > 1:
            self._gap(source, element, f"one value; {len(items)} were found", "several values")
            return None, _Life.FILLED
        return (items[0] if items else None), life

    def _values(self, source: Source, scope: Scope, element: str, items: list[Any]) -> _Life:
        """Append all values of an expression; the element named is that of the first."""
        bound = self._collection(source, scope, element, final=True)
        if bound is None:
            return _Life.FILLED
        if not bound.value:
            if not source.required:
                return _Life.EMPTY
            self._gap(source, element, source.need or "a value", "required")
            return _Life.FILLED
        items.extend(bound.value)
        if not element.startswith("%"):
            self.trace.append(Step(element, source.text, bound.rules))
        counter = source.variables and _COUNTERS.issuperset(source.variables)
        return _Life.NEUTRAL if counter else _Life.FILLED

    def _text(self, node: Text, scope: Scope, element: str) -> tuple[Any, _Life]:
        words: list[str] = []
        life = _Life.NEUTRAL
        for part in node.parts:
            if isinstance(part, str):
                words.append(part)
                continue
            value, its_life = self._leaf(part, scope, element)
            life = max(life, its_life)
            words.append("" if value is None else word(value))
            if value is None:
                return None, max(life, _Life.EMPTY)
        return "".join(words), life

    def _collection(self, source: Source, scope: Scope, element: str, *, final: bool = False) -> Bound | None:
        bound = self._evaluate(source, scope, element, final=final)
        if bound and bound.value:
            self._reach(source)
        return bound

    def _evaluate(self, source: Source, scope: Scope, element: str, *, final: bool = False) -> Bound | None:
        """What an expression gives; None, and a gap, when it fails. `final` asks for plain output values."""
        bound = {name: self._lookup(name, scope) for name in source.variables}
        rules = tuple(dict.fromkeys(rule for variable in bound.values() for rule in variable.rules))
        self._record.rules.extend(rules)  # what encloses this expression was decided by them too
        before = len(self._record.rules)
        try:
            found = None
            if final and source.steps is not None:
                found = walk(source.steps, bound[source.variables[0]].value)
            if found is None:
                found = compiled(source.text).typed({}, {name: variable.value for name, variable in bound.items()})
            if final:
                found = [output(value, source) for value in plain(found)]
        except PathFault:
            self._gap(source, element, "input on which the expression can be evaluated", "expression failed")
            return None
        return Bound(found, tuple(dict.fromkeys((*rules, *self._record.rules[before:]))))

    def _reach(self, source: Source) -> None:
        if self._reached is not None:
            self._reached.add((source.mapping, source.place, source.text))

    def _lookup(self, name: str, scope: Scope) -> Bound:
        current: Scope | None = scope
        while current is not None:
            if name in current.bound:
                return current.bound[name]
            if name in current.pending:
                bound = self._bind(name, current)
                current.bound[name] = bound
                return bound
            current = current.parent
        raise LookupError(f"%{name} is not in scope")

    def _bind(self, name: str, scope: Scope) -> Bound:
        node, home = scope.pending[name], scope.home or scope
        if isinstance(node, Leaf):
            return self._collection(node.source, home, f"%{name}") or Bound([])
        before = len(self._record.rules)
        value, _ = self._value(node, home, f"%{name}")
        return Bound(value, tuple(dict.fromkeys(self._record.rules[before:])))

    def _gap(self, source: Source, element: str, need: str, rule: str) -> None:
        self.gaps.append(Gap(source.text, need, f"mapping {source.mapping}, line {source.line}: {rule}", element))


def _root(definition: Definition) -> str:
    if isinstance(definition.produce, Object):
        for key, node in definition.produce.fields:
            if key == "resourceType" and isinstance(node, Constant):
                return str(node.value)
    return definition.name


def _decided(life: _Life) -> _Life:
    """A condition or a loop over input chose this piece, so constants in it count as filled."""
    return _Life.FILLED if life is _Life.NEUTRAL else life
