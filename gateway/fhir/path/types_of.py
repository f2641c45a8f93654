"""is, as and ofType (FHIRPath N1, section 6.3), and which expressions need types to be evaluated at all."""

from collections.abc import Callable
from typing import Any

from gateway.fhir.path import model
from gateway.fhir.path.fault import Trouble
from gateway.fhir.path.node import type_of
from gateway.fhir.path.syntax import Binary, Call, Literal, Member, Special, Syntax, TypeTest, Variable, walk

_ORDER = frozenset({"<", ">", "<=", ">="})
_EQUALITY = frozenset({"=", "!=", "~", "!~"})
_LOGIC = frozenset({"and", "or", "xor", "implies", "in", "contains", "&", "mod", "div", "*"})
_TYPED_CALLS = frozenset({"type", "lowBoundary", "highBoundary", "precision", "min", "max", "sort"})
# fmt: off
_PLAIN_CALLS = frozenset({
    "exists", "empty", "not", "count", "length", "all", "allTrue", "anyTrue", "allFalse", "anyFalse", "isDistinct",
    "hasValue", "startsWith", "endsWith", "contains", "matches", "matchesFull", "indexOf", "substring", "upper",
    "lower", "trim", "toString", "toInteger", "toDecimal", "toBoolean", "subsetOf", "supersetOf", "replace",
    "replaceMatches", "join", "convertsToInteger", "convertsToDecimal", "convertsToDate",
})
# fmt: on


def needs_types(tree: Syntax) -> bool:
    """Whether any part of an expression gives other results on data whose types are known."""
    return any(map(_asks_for_types, walk(tree)))


def _asks_for_types(node: Syntax) -> bool:
    if isinstance(node, Binary):
        compares = node.mark in _ORDER or node.mark in _EQUALITY or node.mark in ("+", "-")
        return compares and not (_is_plain(node.left) or _is_plain(node.right))
    if isinstance(node, TypeTest):
        return not model.is_a(node.type, "Resource")  # a resource says its type itself
    return isinstance(node, Call) and node.name in _TYPED_CALLS


def _is_plain(node: Syntax) -> bool:
    """Whether an operand is no date of FHIR, so that the operator cannot be about dates of two fields."""
    if isinstance(node, Literal):
        return True
    if isinstance(node, Variable):
        return node.name in model.constants()
    if isinstance(node, Binary):
        return node.mark in _LOGIC | _ORDER | _EQUALITY or (_is_plain(node.left) and _is_plain(node.right))
    if isinstance(node, Special):
        return node.name != "$this"
    return isinstance(node, Call) and node.name in _PLAIN_CALLS


def is_condition(node: Syntax) -> bool:
    """Whether an expression gives true or false and can give nothing else."""
    if isinstance(node, Binary):
        return node.mark in ("and", "or", "xor", "implies")
    return isinstance(node, Call) and node.name in ("exists", "empty", "not")


def type_test(name: str) -> Callable[[Any], bool]:
    """The test of `is`: of the type or based on it. An unqualified name is FHIR's, else System's.

    Raises:
        Trouble: there is no such type.
    """
    namespace, short = _resolve(name)

    def test(item: Any) -> bool:
        its_namespace, its_name = type_of(item)
        if its_name is None:
            return False
        if its_namespace == "System":
            return short == its_name and namespace != "FHIR"
        return namespace != "System" and model.is_a(its_name, short)

    return test


def exact_test(name: str) -> Callable[[Any], bool]:
    """The test of `as` and `ofType`: a primitive type is taken as it is, a `code` is no `string` there.

    Raises:
        Trouble: there is no such type.
    """
    test = type_test(name)
    short = _resolve(name)[1]
    if not model.is_primitive(short):
        return test
    return lambda item: test(item) and type_of(item)[1] == short


def _resolve(name: str) -> tuple[str, str]:
    namespace, _, short = name.rpartition(".")
    if namespace == "System" or (not namespace and not model.known(short) and short in model.SYSTEM):
        if short not in model.SYSTEM and not model.known(short):
            raise Trouble(f"there is no type System.{short}")
        return "System", short
    if not model.known(short):
        raise Trouble(f"there is no type {short} in FHIR R4")
    return namespace or ("" if short in model.SYSTEM else "FHIR"), short


def names_a_type(node: Member) -> bool:
    """Whether a path starts with the name of a type, as in `Patient.name`."""
    return node.first and node.name[:1].isupper() and model.known(node.name)
