"""The syntax tree of an expression (FHIRPath N1, appendix A)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; `values` is the collection it stands for, empty for `{}`."""

    values: tuple[Any, ...]
    column: int


@dataclass(frozen=True, slots=True)
class Special:
    """`$this`, `$index` or `$total`, and the place an implicit path starts (`$this`)."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Variable:
    """`%name`."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Member:
    """`source.name`; a path that starts with a name has `$this` as source and is `first`."""

    source: "Syntax"
    name: str
    column: int
    first: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """`source.name(arguments)`."""

    source: "Syntax"
    name: str
    arguments: tuple["Syntax", ...]
    column: int


@dataclass(frozen=True, slots=True)
class Index:
    """`source[index]`."""

    source: "Syntax"
    index: "Syntax"
    column: int


@dataclass(frozen=True, slots=True)
class Sign:
    """`-operand` or `+operand`."""

    mark: str
    operand: "Syntax"
    column: int


@dataclass(frozen=True, slots=True)
class Binary:
    """`left mark right`."""

    mark: str
    left: "Syntax"
    right: "Syntax"
    column: int


@dataclass(frozen=True, slots=True)
class TypeTest:
    """`operand is type` and `operand as type`; the functions is, as and ofType are read into it as well."""

    mark: str
    operand: "Syntax"
    type: str
    column: int


Syntax = Literal | Special | Variable | Member | Call | Index | Sign | Binary | TypeTest


def parts(node: Syntax) -> tuple[Syntax, ...]:
    """The direct parts of a node."""
    match node:
        case Member():
            return (node.source,)
        case Call():
            return (node.source, *node.arguments)
        case Index():
            return (node.source, node.index)
        case Sign() | TypeTest():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
    return ()


def walk(node: Syntax) -> Iterator[Syntax]:
    """A node and everything below it."""
    yield node
    for part in parts(node):
        yield from walk(part)
