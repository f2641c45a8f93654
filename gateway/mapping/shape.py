"""What a mapping can put on the wire, read from the file without applying it: the ground for coverage and diff.

Includes are followed, both branches of a condition and the body of a loop count as possible, and the items of a list
are told apart by what is written out in them: an extension by its url, others by their first code.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.mapping.expression import Source
from gateway.mapping.language import Array, Constant, Definition, For, If, Include, Leaf, Node, Object, Text

Definitions = Mapping[str, Definition]


@dataclass(frozen=True, slots=True)
class Shape:
    """One thing that may stand at a place.

    Attributes:
        file, line: where it is written.
        constant: the value, when it is written out.
        sources: the expressions that make the value.
        guards: conditions and loops around it that belong to the same list or object.
        fields: of an object, what may stand in each element.
    """

    file: str
    line: int
    constant: Any = None
    sources: tuple[Source, ...] = ()
    guards: tuple[Source, ...] = ()
    fields: Mapping[str, tuple["Shape", ...]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What tells this item of a list from its neighbours; empty when nothing is written out in it."""
        url = next((one.constant for one in self.fields.get("url", ()) if one.constant is not None), None)
        if url is not None:
            return str(url).rpartition("/")[2]
        return next((str(code) for code in _codes(self)), "")


@dataclass(frozen=True, slots=True)
class Slot:
    """One leaf of the output: its element, with what tells list items apart in brackets, and what fills it."""

    element: str
    shape: Shape

    @property
    def content(self) -> tuple[str, ...]:
        """What fills it and when: texts to compare one version with another."""
        guards = [f"when {' '.join(guard.text.split())}" for guard in self.shape.guards]
        if self.shape.sources:
            return (*(" ".join(source.text.split()) for source in self.shape.sources), *guards)
        return (f"fixed: {self.shape.constant}", *guards)

    @property
    def tables(self) -> tuple[str, ...]:
        calls = [call for source in self.shape.sources for call in source.calls]
        return tuple(
            dict.fromkeys(call.arguments[0] for call in calls if call.arguments and _reads_table(call.function))
        )


def shapes_of(definition: Definition, definitions: Definitions) -> tuple[Shape, ...]:
    """What the mapping may produce."""
    return tuple(_expand(definition.produce, definition, definitions, ()))


def slots(shape: Shape, element: str) -> Iterator[Slot]:
    """Every leaf below `shape`, which stands at `element`."""
    if not shape.fields:
        yield Slot(element, shape)
        return
    for key, inner in shape.fields.items():
        labels = [one.label for one in inner] if len(inner) > 1 or key == "extension" else [""] * len(inner)
        for one, label in zip(inner, labels, strict=True):
            yield from slots(one, f"{element}.{key}[{label}]" if label and one.fields else f"{element}.{key}")


def kind_of(shape: Shape) -> str:
    """The resourceType written out in it, or empty."""
    return next((str(one.constant) for one in shape.fields.get("resourceType", ())), "")


def profiles_of(shape: Shape) -> tuple[str, ...]:
    """The canonicals in meta.profile."""
    metas = shape.fields.get("meta", ())
    return tuple(str(one.constant) for meta in metas for one in meta.fields.get("profile", ()) if one.constant)


def _expand(node: Node, home: Definition, definitions: Definitions, guards: tuple[Source, ...]) -> Iterator[Shape]:
    match node:
        case Constant():
            yield Shape(home.file, node.line, constant=node.value, guards=guards)
        case Leaf():
            yield Shape(home.file, node.source.line, sources=(node.source,), guards=guards)
        case Text():
            sources = tuple(part for part in node.parts if isinstance(part, Source))
            yield Shape(home.file, sources[0].line, sources=sources, guards=guards)
        case Object():
            yield _record(node, home, definitions, guards)
        case _:
            for inner, its_home, further in _inside(node, home, definitions):
                yield from _expand(inner, its_home, definitions, (*guards, *further))


def _inside(
    node: Array | For | If | Include, home: Definition, definitions: Definitions
) -> Iterator[tuple[Node, Definition, tuple[Source, ...]]]:
    """What a block may put in its place, the mapping it is written in, and the condition or loop it is under."""
    match node:
        case Array():
            yield from ((item, home, ()) for item in node.items)
        case For():
            yield node.body, home, (node.source,)
        case If():
            yield node.body, home, (node.condition,)
            if node.otherwise is not None:
                yield node.otherwise, home, (node.condition,)
        case Include():
            if target := definitions.get(node.name):
                yield target.produce, target, ()


def _record(node: Object, home: Definition, definitions: Definitions, guards: tuple[Source, ...]) -> Shape:
    fields: dict[str, tuple[Shape, ...]] = {}
    for key, child in node.fields:
        for shape in _expand(child, home, definitions, ()):
            if key:
                fields[key] = (*fields.get(key, ()), shape)
                continue
            for name, inner in shape.fields.items():
                around = tuple(replace(one, guards=(*shape.guards, *one.guards)) for one in inner)
                fields[name] = (*fields.get(name, ()), *around)
    first = min((one.line for inner in fields.values() for one in inner if one.file == home.file), default=1)
    return Shape(home.file, first, guards=guards, fields=fields)


def _codes(shape: Shape) -> Iterator[Any]:
    for key, inner in shape.fields.items():
        for one in inner:
            if key == "code" and one.constant is not None:
                yield one.constant
            elif key != "extension":
                yield from _codes(one)


def _reads_table(function: str) -> bool:
    return function in ("translate", "lookup", "choose")
