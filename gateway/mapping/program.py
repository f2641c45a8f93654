"""A mapping as functions, made once at load: each builds one piece of the output.

This is what a mapping means, and what `explain` watches; `gateway.mapping.straight` makes the same output of it faster.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.mapping.evaluation import EMPTY, FILLED, NEUTRAL, At, Evaluation, Piece, Query
from gateway.mapping.expression import Source
from gateway.mapping.language import Array, Constant, Definition, For, If, Include, Leaf, Node, Object, Text
from gateway.mapping.scope import Binder, Bound, Pending, Scope, with_let
from gateway.mapping.values import word

Build = Callable[[Evaluation, Scope, At], Piece]
Append = Callable[[Evaluation, Scope, At, list[Any]], int]


class Program:
    """A mapping made ready: `value` builds it in an object, `items` adds it to a list, `let` binds its names."""

    __slots__ = ("_root", "_whole", "items", "let", "reads", "value")

    def __init__(self, definition: Definition) -> None:
        self.reads = definition.reads
        self.value = build(definition.produce)
        self.items = append(definition.produce)
        self.let: Mapping[str, Binder] = {name: _binder(node) for name, node in definition.let.items()}
        self._root: At = (None, root_of(definition))
        self._whole = _object(definition.produce, top=True) if isinstance(definition.produce, Object) else self.value

    def produce(self, run: Evaluation, context: Mapping[str, Any]) -> Any:
        """The output; an object at the top stays even when nothing filled it."""
        bound: Scope = {}
        for name in self.reads:
            value = context[name]
            bound[name] = Bound(list(value) if isinstance(value, tuple) else value)
        return self._whole(run, with_let(bound, self.let), self._root)[0]

    def scope(self, given: Mapping[str, Binder], around: Scope) -> Scope:
        """The names in force where it is included: what it reads, from `given` or else from around, and its own."""
        names: Scope = {name: Pending(given[name], around) if name in given else around[name] for name in self.reads}
        return with_let(names, self.let)


def build(node: Node) -> Build:
    """The function that makes the value of `node` at a place in an object."""
    match node:
        case Constant():
            return _constant(node)
        case Leaf():
            return _leaf(node.source)
        case Text():
            return _text(node)
        case Object():
            return _object(node)
        case Array() | For():
            return _list(append(node))
        case If():
            return _condition(node)
        case Include():
            return _included(node)


def append(node: Node) -> Append:
    """The function that adds what `node` gives to a list."""
    if isinstance(node, Array):
        return _row([append(item) for item in node.items])
    add = _append(node)
    return _numbered(add) if asks_position(node) else add


def _append(node: Node) -> Append:
    match node:
        case Leaf():
            return _each(node.source)
        case For():
            return _loop(node)
        case If():
            return _choice(node)
        case Include():
            return _part(node)
    return _one(build(node))


def asks_position(node: Node) -> bool:
    """Whether `node` asks for %position; what it includes has a scope of its own."""
    match node:
        case Leaf():
            return "position" in node.source.variables
        case Text():
            return any(isinstance(part, Source) and "position" in part.variables for part in node.parts)
        case Object():
            return any(asks_position(child) for _, child in node.fields)
        case Array():
            return any(map(asks_position, node.items))
        case For():
            return "position" in node.source.variables or asks_position(node.body)
        case If():
            branches = (node.body, *([node.otherwise] if node.otherwise else []))
            return "position" in node.condition.variables or any(map(asks_position, branches))
        case Include():
            return any(map(asks_position, node.values.values()))
    return False


def _constant(node: Constant) -> Build:
    piece = (node.value, NEUTRAL)
    return lambda *_: piece


def _one(value: Build) -> Append:
    def add(run: Evaluation, scope: Scope, at: At, items: list[Any]) -> int:
        made, life = value(run, scope, (at, len(items)))
        if made is not None:
            items.append(made)
        return life

    return add


def _each(source: Source) -> Append:
    query = Query(source)
    return lambda run, scope, at, items: run.several(query, scope, (at, len(items)), items)


def _object(node: Object, *, top: bool = False) -> Build:
    """An object; at the `top` it stays even when nothing filled it."""
    parts = [
        (key or "", child.value, None) if isinstance(child, Constant) else (key or "", None, build(child))
        for key, child in node.fields
        if key or not isinstance(child, Constant)
    ]

    def make(run: Evaluation, scope: Scope, at: At) -> Piece:
        before = len(run.trace)
        result: dict[str, Any] = {}
        life = NEUTRAL
        for key, constant, child in parts:
            if child is None:
                result[key] = constant
                continue
            value, its_life = child(run, scope, (at, key) if key else at)
            if its_life > life:
                life = its_life
            if value is None:
                pass
            elif key:
                result[key] = value
            elif isinstance(value, dict):
                result.update(value)
        if top:
            return result, life
        if life == EMPTY:  # what is left out leaves no trace: a counter may have been filled
            del run.trace[before:]
            return None, EMPTY
        return (result, life) if result else (None, life or EMPTY)

    return make


def _list(add: Append) -> Build:
    def make(run: Evaluation, scope: Scope, at: At) -> Piece:
        items: list[Any] = []
        life = add(run, scope, at, items)
        return (items, life) if items else (None, life or EMPTY)

    return make


def _row(adders: list[Append]) -> Append:
    def add(run: Evaluation, scope: Scope, at: At, items: list[Any]) -> int:
        life = NEUTRAL if adders else EMPTY
        for each in adders:
            its_life = each(run, scope, at, items)
            if its_life > life:
                life = its_life
        return life

    return add


def _numbered(inner: Append) -> Append:
    """What adds to a list sees %position, the place of the item it may add."""

    def add(run: Evaluation, scope: Scope, at: At, items: list[Any]) -> int:
        return inner(run, {**scope, "position": Bound(len(items) + 1)}, at, items)

    return add


def _loop(node: For) -> Append:
    query, name, body = Query(node.source), node.name, append(node.body)

    def add(run: Evaluation, scope: Scope, at: At, items: list[Any]) -> int:
        bound = run.worth(query, scope, at)
        life = EMPTY
        for index, value in enumerate(bound.value, start=1):
            names = {**scope, name: Bound([value], bound.rules), "index": Bound(index)}
            before = len(items)
            life = max(life, body(run, names, at, items) or FILLED)
            run.stands(f"for {name} in", query.source, at, items, before)
        return life

    return add


def _condition(node: If) -> Build:
    query = Query(node.condition)
    body, otherwise = build(node.body), build(node.otherwise) if node.otherwise else None

    def make(run: Evaluation, scope: Scope, at: At) -> Piece:
        branch = body if run.holds(query, scope, at) else otherwise
        if branch is None:
            return None, EMPTY
        value, life = branch(run, scope, at)
        run.stands("if" if branch is body else "else of", query.source, at, value)
        return value, life or FILLED  # input chose this piece, so constants in it count as filled

    return make


def _choice(node: If) -> Append:
    query = Query(node.condition)
    body, otherwise = append(node.body), append(node.otherwise) if node.otherwise else None

    def add(run: Evaluation, scope: Scope, at: At, items: list[Any]) -> int:
        branch = body if run.holds(query, scope, at) else otherwise
        if branch is None:
            return EMPTY
        before = len(items)
        life = branch(run, scope, at, items)
        run.stands("if" if branch is body else "else of", query.source, at, items, before)
        return life or FILLED

    return add


def _included(node: Include) -> Build:
    name, given = node.name, {key: _binder(value) for key, value in node.values.items()}

    def make(run: Evaluation, scope: Scope, at: At) -> Piece:
        target: Program = run.programs[name]
        return target.value(run, target.scope(given, scope), at)

    return make


def _part(node: Include) -> Append:
    name, given = node.name, {key: _binder(value) for key, value in node.values.items()}

    def add(run: Evaluation, scope: Scope, at: At, items: list[Any]) -> int:
        target: Program = run.programs[name]
        return target.items(run, target.scope(given, scope), at, items)

    return add


def _leaf(source: Source) -> Build:
    query = Query(source)
    return lambda run, scope, at: run.leaf(query, scope, at)


def _text(node: Text) -> Build:
    parts = [part if isinstance(part, str) else _leaf(part) for part in node.parts]

    def make(run: Evaluation, scope: Scope, at: At) -> Piece:
        words: list[str] = []
        life = NEUTRAL
        for part in parts:
            if isinstance(part, str):
                words.append(part)
                continue
            value, its_life = part(run, scope, at)
            life = max(life, its_life)
            if value is None:
                return None, life or EMPTY
            words.append(word(value))
        return "".join(words), life

    return make


def _binder(node: Node) -> Binder:
    """The function that works out a `let` or `with` value in the scope it was written in."""
    if isinstance(node, Leaf):
        query = Query(node.source)
        return lambda run, home, name: run.worth(query, home, (None, f"%{name}"))
    value = build(node)

    def bind(run: Evaluation, home: Scope, name: str) -> Bound:
        before = len(run.rules)
        made, _ = value(run, home, (None, f"%{name}"))
        return Bound(made, tuple(dict.fromkeys(run.rules[before:])))

    return bind


def root_of(definition: Definition) -> str:
    if isinstance(definition.produce, Object):
        for key, node in definition.produce.fields:
            if key == "resourceType" and isinstance(node, Constant):
                return str(node.value)
    return definition.name
