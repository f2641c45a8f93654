"""Short ways: the plainest expressions as functions over JSON data in which no type and no extension matters.

A short way gives what its expression gives, or None where only the expression itself can tell.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from gateway.fhir.path.closure import BOOLEANS
from gateway.fhir.path.model import choice_types, choices
from gateway.fhir.path.node import Node
from gateway.fhir.path.parser import parse
from gateway.fhir.path.syntax import Binary, Call, Literal, Member, Special, Syntax, TypeTest, Variable

Values = Mapping[str, Any]
Short = Callable[[Values], list[Any] | None]
_Step = Callable[[list[Any]], list[Any] | None]
_Answer = Callable[[Values], Any]  # True, False, None for neither, or _UNSURE
_UNSURE = object()
_MOST = 200  # more items, or characters of a text compared, count in the budget of steps: the expression keeps it
_PRIMITIVES = frozenset({str, int, bool, Decimal})
_OF_NOTHING = frozenset({"where", "first", "last", "tail", "take", "distinct"})  # of nothing they give nothing


def short_way(text: str, functions: Mapping[str, Callable[..., Any]]) -> Short | None:
    """The short way of an expression with `functions` of its own (given plain data); None when it has none.

    Raises:
        PathFault: the syntax is wrong.
    """
    return _result(parse(text), functions)


def _result(tree: Syntax, functions: Mapping[str, Callable[..., Any]]) -> Short | None:
    match tree:
        case Call(source=Special(), name="iif", arguments=(condition, yes, no)):
            return _either(_test(condition), _result(yes, functions), _result(no, functions))
        case Call(source=source, name=name, arguments=arguments) if name in functions:
            return _called(functions[name], _path(source), arguments)
        case Call(source=source, name="distinct", arguments=()):
            inner = _result(source, {})
            return inner and _distinct(inner)
        case Binary(mark="|", left=left, right=right):
            one, other = _path(left), _path(right)
            return _distinct(_together(one, other)) if one and other else None
    if test := _test(tree):
        return lambda values: None if (answer := test(values)) is _UNSURE else BOOLEANS[answer]
    return _path(tree)


def _either(test: _Answer | None, yes: Short | None, no: Short | None) -> Short | None:
    if not test or not yes or not no:
        return None

    def run(values: Values) -> list[Any] | None:
        answer = test(values)
        return None if answer is _UNSURE else yes(values) if answer else no(values)

    return run


def _called(function: Callable[..., Any], path: Short | None, arguments: Sequence[Syntax]) -> Short | None:
    """A function of the caller's; it is called at most once, since a caller may count its calls."""
    given = [list(argument.values) for argument in arguments if isinstance(argument, Literal)]
    if path is None or len(given) < len(arguments):
        return None

    def run(values: Values) -> list[Any] | None:
        items = path(values)
        if items is None or not all(item.__class__ is dict for item in items):
            return None
        try:
            found = function(items, *given)
        except (ArithmeticError, TypeError, ValueError, AttributeError, LookupError):
            return None  # the expression says what is wrong
        return list(found) if isinstance(found, list | tuple) else None

    return run


def _together(left: Short, right: Short) -> Short:
    def run(values: Values) -> list[Any] | None:
        one, other = left(values), right(values)
        return None if one is None or other is None else one + other

    return run


def _distinct(inner: Short) -> Short:
    def run(values: Values) -> list[Any] | None:
        items = inner(values)
        if items is None or len(items) < 2:
            return items
        seen: dict[frozenset[Any], Any] = {}
        for item in items:
            if item.__class__ is not dict or not all(value.__class__ is str for value in item.values()):
                return None
            seen.setdefault(frozenset(item.items()), item)
        return list(seen.values())

    return run


def _test(tree: Syntax) -> _Answer | None:
    match tree:
        case Binary(mark="and" | "or", left=left, right=right):
            return _joined(tree.mark == "or", _test(left) or _condition(left), _test(right) or _condition(right))
        case Binary(mark="=" | "!=", left=left, right=right):
            return _compared(tree.mark == "=", _operand(left), _operand(right))
        case Call(source=source, name="exists" | "empty", arguments=()) if path := _path(source):
            wanted = tree.name == "exists"
            return lambda values: _UNSURE if (items := path(values)) is None else bool(items) is wanted
    return None


def _condition(tree: Syntax) -> _Answer | None:
    """A path that leads to true or false."""
    path = _path(tree)

    def answer(values: Values) -> Any:
        items = path(values) if path else None
        if items is None or len(items) > 1 or not all(item.__class__ is bool for item in items):
            return _UNSURE
        return items[0] if items else None

    return answer if path else None


def _joined(decisive: bool, left: _Answer | None, right: _Answer | None) -> _Answer | None:
    if not left or not right:
        return None

    def answer(values: Values) -> Any:
        one = left(values)
        if one is decisive or one is _UNSURE:
            return one
        other = right(values)
        if other is decisive or other is _UNSURE:
            return other
        return None if one is None or other is None else not decisive

    return answer


def _operand(tree: Syntax) -> Short | None:
    """One side of a comparison; a type that only the data tells may make a date of a text."""
    if isinstance(tree, Literal):
        literal = list(tree.values)
        return lambda _: literal
    node: Syntax = tree
    while isinstance(node, Member) and node.name not in choice_types():
        node = node.source
    return _path(tree, typeless=True) if isinstance(node, Variable) else None


def _compared(positive: bool, left: Short | None, right: Short | None) -> _Answer | None:
    if not left or not right:
        return None

    def answer(values: Values) -> Any:
        one, other = left(values), right(values)
        if one is None or other is None or len(one) > 1 or len(other) > 1:
            return _UNSURE
        if not one or not other:
            return None
        if one[0].__class__ is not other[0].__class__ or one[0].__class__ not in (str, int):
            return _UNSURE
        if one[0].__class__ is str and len(one[0]) > _MOST:
            return _UNSURE
        return (one[0] == other[0]) is positive

    return answer


def _path(tree: Syntax, *, typeless: bool = False) -> Short | None:
    steps: list[_Step] = []
    while not isinstance(tree, Variable):
        match tree:
            case Member(source=source, name=name):
                steps.append(_member(name, typeless))
            case Call(source=source, name=name, arguments=arguments) if name in _OF_NOTHING:
                steps.append(_filter(*arguments) if name == "where" else _nothing_of_nothing)
            case TypeTest(mark="ofType", operand=source):
                steps.append(_nothing_of_nothing)
            case _:
                return None
        tree = source
    start, path = tree.name, tuple(reversed(steps))

    def run(values: Values) -> list[Any] | None:
        items = _start(values[start], typeless)
        for step in path:
            if not items:
                return items
            items = step(items)
        return items if items is not None and len(items) <= _MOST and all(map(_is_simple, items)) else None

    return run


def _start(value: Any, typeless: bool) -> list[Any] | None:
    if value.__class__ is dict:
        return [value]
    if value is None:
        return []
    if value.__class__ is not list:
        return [value] if value.__class__ in _PRIMITIVES else None
    if len(value) > _MOST:
        return None
    if any(item.__class__ is Node for item in value):
        if typeless or any(item.__class__ is Node and item.extra is not None for item in value):
            return None
        return [item.value if item.__class__ is Node else item for item in value]
    return value


def _is_simple(value: Any) -> bool:
    return value.__class__ in _PRIMITIVES or (value.__class__ is dict and list(value) != ["extension"])


def _member(name: str, typeless: bool) -> _Step:
    shadow, keys = f"_{name}", choices().get(name, {})
    others = frozenset(keys) | {f"_{key}" for key in keys}

    def step(items: list[Any]) -> list[Any] | None:
        found: list[Any] = []
        for item in items:
            if item.__class__ is not dict or shadow in item or (typeless and "resourceType" in item):
                return None
            child = item.get(name)
            if child.__class__ is list:
                found += child
            elif child is not None:
                found.append(child)
            elif others and not others.isdisjoint(item):
                return None
        return found

    return step


def _filter(condition: Syntax) -> _Step:
    """`where(name = 'text')`; any other condition only where there is nothing to try it on."""
    match condition:
        case Binary(mark="=", left=Member(source=Special("$this"), name=name), right=Literal(values=(str(wanted),))):
            if not name[:1].isupper() and name not in choices():
                return _equal_to(name, wanted)
    return _nothing_of_nothing


def _equal_to(name: str, wanted: str) -> _Step:
    shadow = f"_{name}"

    def step(items: list[Any]) -> list[Any] | None:
        found: list[Any] = []
        for item in items:
            if item.__class__ is not dict or shadow in item:
                return None
            child = item.get(name)
            if child.__class__ is not str and child is not None:
                return None
            if child == wanted:
                found.append(item)
        return found

    return step


def _nothing_of_nothing(_: list[Any]) -> None:
    """Called where there is something."""
