"""The parts a mapping is made of, once read; `mappings/README.md` is the language in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.mapping.expression import Source
from gateway.mapping.loader import Document


@dataclass(frozen=True, slots=True)
class Constant:
    """A value written out, and the line it is written in."""

    value: str | int | bool
    line: int = 0


@dataclass(frozen=True, slots=True)
class Leaf:
    """`{{ expression }}`: the value itself; in a list, all its values."""

    source: Source


@dataclass(frozen=True, slots=True)
class Text:
    """Text around expressions: `urn:x:{{ a }}`; empty when one of them is."""

    parts: tuple[str | Source, ...]


@dataclass(frozen=True, slots=True)
class Object:
    """An object; a field without a key is an if or include whose own fields are merged in here."""

    fields: tuple[tuple[str | None, "Node"], ...]


@dataclass(frozen=True, slots=True)
class Array:
    """A list whose items may be for, if and include blocks."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class For:
    """`for name in source`: the body once for each value; %index counts from 1."""

    name: str
    source: Source
    body: "Node"


@dataclass(frozen=True, slots=True)
class If:
    """`if condition`, with an optional `else`."""

    condition: Source
    body: "Node"
    otherwise: "Node | None"


@dataclass(frozen=True, slots=True)
class Include:
    """Another mapping put in this place; `values` are the variables it is given by `with`, `names` those in scope."""

    name: str
    values: Mapping[str, "Node"]
    names: frozenset[str]
    line: int


Node = Constant | Leaf | Text | Object | Array | For | If | Include


@dataclass(frozen=True, slots=True)
class Definition:
    """One mapping file; `document` knows where everything in it is written."""

    name: str
    file: str
    reads: tuple[str, ...]
    tables: tuple[str, ...]
    let: Mapping[str, Node]
    produce: Node
    sources: tuple[Source, ...]
    includes: tuple[Include, ...]
    document: Document
