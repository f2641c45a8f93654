"""An expression as Python text, for the part of FHIRPath that most expressions of a mapping keep to.

Run where `straight_data` is at hand, the text gives of plain data what the expression gives, or raises `Unsure`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.fhir.path.model import SYSTEM, choices, is_a, is_primitive, known
from gateway.fhir.path.straight_data import members_of
from gateway.fhir.path.syntax import Binary, Call, Literal, Member, Special, Syntax, TypeTest, Variable
from gateway.fhir.path.types_of import is_condition, names_a_type

# Functions that give nothing of nothing; what else they give is left to FHIRPath.
_OF_NOTHING = frozenset({"last", "tail", "lower", "upper", "trim", "select"})
_FROM_ROWS = frozenset({"where", "first", "distinct"})


class NotStraight(Exception):
    """The expression uses more of FHIRPath."""


class Names:
    """What an expression may name: variables by their Python names, functions; and where its constants are kept.

    With `dates`, its texts may be moments of FHIR, which are not compared as texts.
    """

    def __init__(
        self,
        variables: Mapping[str, str],
        constants: dict[str, Any],
        functions: Mapping[str, Callable[..., Any]],
        *,
        dates: bool,
    ) -> None:
        self.variables = variables
        self.functions = functions
        self.dates = dates
        self._constants = constants

    def constant(self, value: Any) -> str:
        """A name for an object."""
        name = f"k{len(self._constants)}"
        self._constants[name] = value
        return name


def single(tree: Syntax, names: Names) -> str:
    """Python text for the one value of an expression, None for nothing.

    Raises:
        NotStraight: the expression cannot be said so.
    """
    if isinstance(tree, Member) and isinstance(tree.source, Variable) and tree.name not in choices():
        return f"pick({_variable(tree.source, names)}, {tree.name!r}, {'_' + tree.name!r})"
    return f"one({collection(tree, names)})"


def root(tree: Syntax, names: Names) -> str:
    """The Python name of the variable without whose rows a filter gives none; empty for other expressions."""
    has_filter = False
    while isinstance(tree, Member) or (isinstance(tree, Call) and tree.name in _FROM_ROWS):
        has_filter = has_filter or isinstance(tree, Call)
        tree = tree.source
    return names.variables.get(tree.name, "") if has_filter and isinstance(tree, Variable) else ""


def collection(tree: Syntax, names: Names, this: str = "") -> str:
    """Python text for the collection of an expression; `this` is the name of the row it is asked of.

    Raises:
        NotStraight: the expression cannot be said so.
    """
    match tree:
        case Variable():
            return f"given({_variable(tree, names)})"
        case Special(name="$this") if this:
            return f"[{this}]"
        case Literal(values=(value,)) if value.__class__ in (str, int, bool):
            return f"[{value!r}]"
        case Member():
            return _members(tree, names, this)
        case Binary(mark="|") if not names.dates:
            return f"distinct([*{collection(tree.left, names, this)}, *{collection(tree.right, names, this)}])"
        case TypeTest(mark="ofType"):
            return _of_type(tree, names, this)
        case Call() if not is_condition(tree):
            return _call(tree, names, this)
    if _is_sure(tree):  # others may give nothing
        return f"[{condition(tree, names, this)}]"
    raise NotStraight


def condition(tree: Syntax, names: Names, this: str = "") -> str:
    """Python text for whether an expression is true.

    Raises:
        NotStraight: the expression cannot be said so.
    """
    match tree:
        case Binary(mark="and" | "or") if _is_sure(tree.left) or _is_sure(tree.right) or _is_comparison(tree.right):
            return f"({condition(tree.left, names, this)} {tree.mark} {condition(tree.right, names, this)})"
        case Binary(mark="=" | "!=") if not (is_condition(tree.left) and is_condition(tree.right)):
            return _comparison(tree, names, this)
        case Call(name="exists", arguments=()):
            return f"({collection(tree.source, names, this)} != [])"
        case Call(name="empty", arguments=()):
            return f"({collection(tree.source, names, this)} == [])"
        case Call(name="not", arguments=()) if _is_sure(tree.source):
            return f"(not {condition(tree.source, names, this)})"
        case Member() | Variable():
            return f"true({collection(tree, names, this)})"
    raise NotStraight


def _is_sure(tree: Syntax) -> bool:
    """Whether it is always true or false, and cannot fail."""
    match tree:
        case Call(name="exists" | "empty", arguments=()):
            return True
        case Call(name="not", arguments=()):
            return _is_sure(tree.source)
        case Binary(mark="and" | "or"):
            return _is_sure(tree.left) and _is_sure(tree.right)
    return False


def _is_comparison(tree: Syntax) -> bool:
    return isinstance(tree, Binary) and (
        tree.mark in ("=", "!=")
        or (
            tree.mark in ("and", "or")
            and all(_is_sure(side) or _is_comparison(side) for side in (tree.left, tree.right))
        )
    )


def _comparison(tree: Binary, names: Names, this: str) -> str:
    left, right = tree.left, tree.right
    if tree.mark == "=" and isinstance(left, Member) and isinstance(right, Literal) and len(right.values) == 1:
        is_of_row = isinstance(left.source, Special) and left.source.name == "$this" and this
        if is_of_row and isinstance(right.values[0], str) and left.name not in choices() and not left.name[0].isupper():
            return f"says({this}, {left.name!r}, {'_' + left.name!r}, {right.values[0]!r})"
    one, other = collection(left, names, this), collection(right, names, this)
    return f"same({one}, {other}, {tree.mark == '='}, {names.dates})"


def _variable(tree: Variable, names: Names) -> str:
    if tree.name not in names.variables:
        raise NotStraight
    return names.variables[tree.name]


def _members(tree: Member, names: Names, this: str) -> str:
    found: list[str] = []
    start: Syntax = tree
    first = tree
    while isinstance(start, Member):
        first = start
        found.append(start.name)
        start = start.source
    if names_a_type(first):
        raise NotStraight
    if isinstance(start, Variable) and len(found) == 1 and tree.name not in choices():
        return f"member({_variable(start, names)}, {tree.name!r}, {'_' + tree.name!r})"
    return f"walk({collection(start, names, this)}, {names.constant(members_of(found[::-1]))})"


def _of_type(tree: TypeTest, names: Names, this: str) -> str:
    """`name.ofType(T)` of a choice of types: the JSON name tells the type."""
    member = tree.operand
    if not isinstance(member, Member) or names_a_type(member) or not known(tree.type) or tree.type in SYSTEM:
        raise NotStraight
    source = f"[{this}]" if this and isinstance(member.source, Special) else collection(member.source, names, this)
    kinds = choices().get(member.name, {})
    fits = {
        key for key, kind in kinds.items() if kind == tree.type or (not is_primitive(kind) and is_a(kind, tree.type))
    }
    (made,) = members_of([member.name])
    return f"of_type({source}, {names.constant(made)}, {names.constant(frozenset(fits))})"


def _call(tree: Call, names: Names, this: str) -> str:
    name, arguments = tree.name, tree.arguments
    if name in names.functions:
        return _own(tree, names, this)
    if name == "iif" and isinstance(tree.source, Special) and len(arguments) in (2, 3) and _is_sure(arguments[0]):
        yes, *no = (collection(argument, names, this) for argument in arguments[1:])
        return f"({yes} if {condition(arguments[0], names, this)} else {no[0] if no else '[]'})"
    source = collection(tree.source, names, this)
    match name, arguments:
        case "where", (test,):
            row = f"{this or 'r'}_"
            return f"[{row} for {row} in few({source}) if {condition(test, names, row)}]"
        case "first", ():
            return f"{source}[:1]"
        case "take", (Literal(values=(int(count),)),) if count >= 0:
            return f"{source}[:{count}]"
        case "distinct", () if not names.dates:
            return f"distinct({source})"
    if name in _OF_NOTHING:
        return f"nothing({source})"
    raise NotStraight


def _own(tree: Call, names: Names, this: str) -> str:
    """translate, lookup and choose: they know plain data only."""
    texts = [argument.values for argument in tree.arguments if isinstance(argument, Literal)]
    if len(texts) < len(tree.arguments):
        raise NotStraight
    arguments = "".join(f", {list(values)!r}" for values in texts)
    return f"called({names.constant(names.functions[tree.name])}, {collection(tree.source, names, this)}{arguments})"
