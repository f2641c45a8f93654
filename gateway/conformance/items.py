"""A resource read along its R4 type: every value with its FHIRPath, its type and its children.

Both walks of the checker (by type, by profile) go over the same items, so that a resource is taken apart
once however many profiles it is held against. Reading never fails: what has the wrong shape has no children.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.conformance.definitions import Library, Node, TypeRef
from gateway.conformance.primitives import is_primitive

UNKNOWN = Node("Resource", "Resource")


@dataclass(frozen=True, slots=True)
class Field:
    """The element and type that a JSON property name stands for."""

    node: Node
    type: TypeRef


class Reader:
    """Makes items; remembers which properties each element may have."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._fields: dict[tuple[Node, str], dict[str, Field]] = {}
        self._required: dict[tuple[Node, str], tuple[Node, ...]] = {}

    def resource(self, value: dict[str, Any], path: str, outer: "Item | None" = None) -> "Item":
        """A resource as an item; `outer` is the resource it is contained in."""
        kind = value.get("resourceType")
        definition = self._library.type(kind) if isinstance(kind, str) else None
        node = definition.root if definition else UNKNOWN
        return Item(self, value, path, kind if isinstance(kind, str) else "", node, outer=outer)

    def fields(self, item: "Item") -> dict[str, Field]:
        """JSON property name to element, for the children of an item; empty when its type is not known."""
        key = (item.node, item.type)
        if key not in self._fields:
            self._fields[key] = dict(_fields(self.elements(item)))
        return self._fields[key]

    def required(self, item: "Item") -> tuple[Node, ...]:
        """The child elements R4 demands of an item."""
        key = (item.node, item.type)
        if key not in self._required:
            self._required[key] = tuple(node for node in self.elements(item).values() if node.element.low)
        return self._required[key]

    def elements(self, item: "Item") -> dict[str, Node]:
        """The child elements of an item: its own, else those of its type."""
        if item.node.children:
            return item.node.children
        # A primitive has the children of Element: an id and extensions, in the object beside it.
        definition = self._library.type("Element" if is_primitive(item.type) else item.type)
        return definition.root.children if definition else {}


def _fields(elements: dict[str, Node]) -> Iterator[tuple[str, Field]]:
    for name, node in elements.items():
        if name.endswith("[x]"):
            for row in node.element.types:
                yield name.removesuffix("[x]") + row.code[0].upper() + row.code[1:], Field(node, row)
        else:
            types = node.element.types or (TypeRef("Element"),)
            yield name, Field(node, types[0])


class Item:
    """One value.

    Attributes:
        value: the JSON value; None for a primitive that has only extensions.
        shadow: the `_name` object beside a primitive, or None.
        path: FHIRPath with indexes, e.g. `Claim.item[0].serviced`.
        type: R4 type name; for a resource its resourceType, for a backbone element `BackboneElement`.
        node: its element in the R4 definition.
        parent: what it stands in; None for a resource.
        home: the resource it stands in (itself for a resource).
        outer: for a contained resource, the one that contains it.
    """

    __slots__ = ("_children", "home", "node", "outer", "parent", "path", "reader", "shadow", "type", "value")

    def __init__(
        self,
        reader: Reader,
        value: Any,
        path: str,
        type_: str,
        node: Node,
        *,
        shadow: Any = None,
        parent: "Item | None" = None,
        outer: "Item | None" = None,
    ) -> None:
        self.reader = reader
        self.value, self.shadow, self.path, self.type, self.node = value, shadow, path, type_, node
        self.parent, self.outer = parent, outer
        self.home: Item = parent.home if parent else self
        self._children: dict[str, list[Item]] | None = None

    @property
    def place(self) -> str:
        """Where its children are declared: an element path (`Claim.item`) or a type name (`Identifier`)."""
        return self.node.path if self.node.children and self.home is not self else self.type

    @property
    def fields(self) -> dict[str, Field]:
        return self.reader.fields(self)

    @property
    def required(self) -> tuple[Node, ...]:
        return self.reader.required(self)

    @property
    def children(self) -> dict[str, list["Item"]]:
        """Its children by element name (`value[x]`, not `valueString`)."""
        if self._children is None:
            self._children = {}
            content = self.value if isinstance(self.value, dict) else self.shadow
            for name, item in self._read(content) if isinstance(content, dict) else ():
                self._children.setdefault(name, []).append(item)
        return self._children

    def child(self, name: str) -> list["Item"]:
        """Its children of one element name; empty when there are none."""
        return self.children.get(name) or []

    def _read(self, content: dict[str, Any]) -> Iterator[tuple[str, "Item"]]:
        fields = self.fields
        for key, value in content.items():
            field = fields.get(key)
            rows: Iterator[Item] = iter(())
            if field is not None:
                beside = content.get(f"_{key}") if is_primitive(field.type.code) else None
                rows = self._rows(field, value, beside)
            elif key.startswith("_") and key[1:] not in content:  # a primitive that has extensions only
                field = fields.get(key[1:])
                if field is not None and is_primitive(field.type.code):
                    rows = self._rows(field, None, value)
            if field is not None:
                yield from ((field.node.name, row) for row in rows)

    def _rows(self, field: Field, value: Any, shadows: Any) -> Iterator["Item"]:
        name = field.node.name.removesuffix("[x]")
        path = f"{self.path}.{name}" if self.path else name
        if not isinstance(value, list) and not (value is None and isinstance(shadows, list)):
            yield self._item(field, value, shadows, path)
            return
        values = value if isinstance(value, list) else [None] * len(shadows)
        others = shadows if isinstance(shadows, list) else []
        for position in range(max(len(values), len(others))):
            one = values[position] if position < len(values) else None
            other = others[position] if position < len(others) else None
            yield self._item(field, one, other, f"{path}[{position}]")

    def _item(self, field: Field, value: Any, shadow: Any, path: str) -> "Item":
        if field.type.code == "Resource" and isinstance(value, dict):
            return self.reader.resource(value, path, self.home if field.node.name == "contained" else None)
        return Item(self.reader, value, path, field.type.code, field.node, shadow=shadow, parent=self)
