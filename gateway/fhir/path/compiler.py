"""A syntax tree to closures: each specialised for its constants, so that evaluating inspects no tree."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.fhir.path.closure import BOOLEANS, Function, Run, Test
from gateway.fhir.path.collections_of import COLLECTIONS
from gateway.fhir.path.context import Context
from gateway.fhir.path.conversions import CONVERSIONS
from gateway.fhir.path.fault import PathFault, Trouble, quoted
from gateway.fhir.path.fhir_functions import FHIR
from gateway.fhir.path.loops import LOOPS
from gateway.fhir.path.members import chain, member_equals, type_root
from gateway.fhir.path.node import plain
from gateway.fhir.path.numbers_of import NUMBERS, calculate, concatenate, negate
from gateway.fhir.path.operators import SAME, TESTS, membership, negation, ordering, union
from gateway.fhir.path.syntax import Binary, Call, Index, Literal, Member, Sign, Special, Syntax, TypeTest, Variable
from gateway.fhir.path.texts import TEXTS
from gateway.fhir.path.types_of import exact_test, is_condition, names_a_type, type_test
from gateway.fhir.path.values import number, single, truth

SIMPLE: dict[str, tuple[int, int, Function]] = {**COLLECTIONS, **TEXTS, **NUMBERS, **CONVERSIONS, **FHIR}
_ORDER = ("<", "<=", ">", ">=")
_LOGIC = ("and", "or", "xor", "implies")


class Compiler:
    """Compiles one expression; `functions` are the caller's own, which get plain data."""

    def __init__(self, text: str, functions: Mapping[str, Callable[..., Any]]) -> None:
        self._text = text
        self._functions = functions

    def run(self, node: Syntax) -> Run:
        """The closure that gives a node's collection."""
        match node:
            case Literal():
                values = list(node.values)
                return lambda _this, _context: values
            case Special():
                return _special(node.name)
            case Variable():
                name = node.name
                return lambda _this, context: context.lookup(name)
            case Member():
                return self._member(node)
            case Call():
                return self._call(node)
            case Index():
                return self._index(node)
            case Sign():
                operand = self.run(node.operand)
                return (lambda this, context: negate(operand(this, context))) if node.mark == "-" else operand
            case TypeTest():
                return self._type(node)
        return self._binary(node)

    def test(self, node: Syntax) -> Test:
        """The closure that gives a node as a condition."""
        if isinstance(node, Binary):
            if node.mark in _LOGIC:
                return TESTS[node.mark](self.test(node.left), self.test(node.right))
            if node.mark in TESTS:
                if node.mark in SAME and is_condition(node.left) and is_condition(node.right):
                    return SAME[node.mark](self.test(node.left), self.test(node.right))
                return member_equals(node) or TESTS[node.mark](self.run(node.left), self.run(node.right))
        if isinstance(node, Call) and node.name not in self._functions:
            if node.name in ("exists", "empty") and not node.arguments:
                source = self.run(node.source)
                if node.name == "exists":
                    return lambda this, context: bool(source(this, context))
                return lambda this, context: not source(this, context)
            if node.name == "not" and not node.arguments:
                return negation(self.test(node.source))
        run = self.run(node)  # each part is compiled once: twice would be exponential in the depth
        return lambda this, context: truth(run(this, context))

    def _member(self, node: Member) -> Run:
        names = [node.name]
        start: Syntax = node.source
        first = node
        while isinstance(start, Member):
            first = start
            names.append(start.name)
            start = start.source
        names.reverse()
        if names_a_type(first):
            return chain(type_root(names[0]), names[1:]) if len(names) > 1 else type_root(names[0])
        return chain(None if start == Special("$this", start.column) else self.run(start), names)

    def _index(self, node: Index) -> Run:
        source, index = self.run(node.source), self.run(node.index)

        def run(this: Any, context: Context) -> list[Any]:
            at = number(index(this, context), "an index")
            items = source(this, context)
            return items[at : at + 1] if isinstance(at, int) and at >= 0 else []

        return run

    def _type(self, node: TypeTest) -> Run:
        source = self.run(node.operand)
        try:
            test = (type_test if node.mark == "is" else exact_test)(node.type)
        except Trouble as trouble:
            raise PathFault(f"{quoted(self._text)}: {trouble} at column {node.column}") from None
        if node.mark == "ofType":
            return lambda this, context: [item for item in context.collection(source(this, context)) if test(item)]

        def run(this: Any, context: Context) -> list[Any]:
            items = source(this, context)
            if single(items, f"{node.mark} {node.type}") is None:
                return []
            if node.mark == "is":
                return BOOLEANS[test(items[0])]
            return items if test(items[0]) else []

        return run

    def _call(self, node: Call) -> Run:
        name = node.name
        if name in self._functions:
            return self._own(node, self._functions[name])
        if name in LOOPS:
            self._check_count(node, *LOOPS[name][:2])
            return LOOPS[name][2](self, node)
        if name not in SIMPLE:
            return _unknown(name)
        fewest, most, function = SIMPLE[name]
        self._check_count(node, fewest, most)
        source = self.run(node.source)
        arguments = [self.run(argument) for argument in node.arguments]
        if not arguments:
            return lambda this, context: function(context, source(this, context))
        if len(arguments) == 1:
            only = arguments[0]
            return lambda this, context: function(context, source(this, context), only(this, context))
        return lambda this, context: function(
            context, source(this, context), *[argument(this, context) for argument in arguments]
        )

    def _check_count(self, node: Call, fewest: int, most: int) -> None:
        if not fewest <= len(node.arguments) <= most:
            takes = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise PathFault(f"{quoted(self._text)}: {node.name}() takes {takes} arguments, at column {node.column}")

    def _own(self, node: Call, function: Callable[..., Any]) -> Run:
        source = self.run(node.source)
        arguments = [self.run(argument) for argument in node.arguments]

        def run(this: Any, context: Context) -> list[Any]:
            items = source(this, context)
            context.spend(len(items) + 1)
            found = function(plain(items), *[plain(argument(this, context)) for argument in arguments])
            return list(found) if isinstance(found, list | tuple) else [] if found is None else [found]

        return run

    def _binary(self, node: Binary) -> Run:
        mark = node.mark
        if mark in TESTS:
            test = self.test(node)
            return lambda this, context: BOOLEANS[test(this, context)]
        left, right = self.run(node.left), self.run(node.right)
        if mark == "|":
            return union(left, right)
        if mark == "&":
            return lambda this, context: concatenate(context, left(this, context), right(this, context))
        if mark in _ORDER:
            return ordering(mark, left, right)
        if mark in ("in", "contains"):
            return membership(left, right) if mark == "in" else membership(right, left)
        return lambda this, context: calculate(context, mark, left(this, context), right(this, context))


def _special(name: str) -> Run:
    if name == "$this":
        return lambda this, _context: [] if this is None else [this]
    if name == "$index":
        return lambda _this, context: context.index
    return lambda _this, context: context.total


def _unknown(name: str) -> Run:
    def run(_this: Any, _context: Context) -> list[Any]:
        raise Trouble(f"there is no function {name}()")

    return run
