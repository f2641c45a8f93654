"""A resource read along its R4 type: every value with its FHIRPath, its type and its children.

Both walks of the checker (by type, by profile) go over the same items, so that a resource is taken apart
once however many profiles it is held against. Only what is asked for becomes an item, and a path is written out only
when somebody wants to show it. Reading never fails: what has the wrong shape has no children.
"""

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

from gateway.conformance.definitions import Element, Library, Node, Rule, TypeRef
from gateway.conformance.primitives import Check, is_primitive, never

UNKNOWN = Node("Resource", "Resource")
# Types whose values are never passed over: what they hold is judged beyond R4's own rules.
_LOOKED_AT = ("Resource", "Extension", "Reference", "Narrative")
# Gives the quick test of an element that has a primitive type; what the test lets pass needs no further look.
Acceptor = Callable[[Node, str], Check]


class Field:
    """The element, in one of its types, that a JSON property stands for.

    Attributes:
        key: the JSON name, e.g. `valueString`.
        name: of the element, e.g. `value[x]`.
        accepts: quick test of all there is under the name; what it lets pass needs no further look.
        accepts_alone: for a choice, the same where it is there in no other type.
        others: for a choice, the JSON names of all its other types.
        checks: what R4 demands of each value as a whole, worked out by gateway.conformance.structure when first needed.
    """

    __slots__ = (
        "_reader",
        "_shape",
        "accepts",
        "accepts_alone",
        "checks",
        "code",
        "is_choice",
        "is_list",
        "is_primitive",
        "key",
        "name",
        "node",
        "others",
        "type",
    )

    def __init__(self, reader: "Reader", node: Node, type_: TypeRef, key: str) -> None:
        self._reader = reader
        self._shape: Shape | None = None
        self.checks: Any = None
        self.node, self.type, self.key = node, type_, key
        self.name, self.code = node.name, type_.code
        self.is_list = node.element.high != 1
        self.is_choice = node.name.endswith("[x]")
        self.is_primitive = is_primitive(type_.code)
        self.accepts: Check = never if self.is_choice else self._decide
        self.accepts_alone: Check = self._decide_alone if self.is_choice else never
        self.others: frozenset[str] = frozenset()

    def _decide(self, content: Any) -> bool:
        """The first use of the quick test: now it is worth making it."""
        one = self._acceptor()
        self.accepts = _each(one) if self.is_list and one is not never else one
        return self.accepts(content)

    def _decide_alone(self, content: Any) -> bool:
        self.accepts_alone = self._acceptor()
        return self.accepts_alone(content)

    def _acceptor(self) -> Check:
        if self.name == "id" and self.code == "string":  # of an element; that of a resource is an id
            return never
        if self.is_primitive:
            return self._reader.acceptor(self.node, self.code)
        has_more = self.node.children or any(one.is_bound for one in self.elements) or self.code in _LOOKED_AT
        if has_more or self.rules or self.shape.required:
            return never
        return _whole(self.shape.fields)

    @property
    def shape(self) -> "Shape":
        if self._shape is None:
            self._shape = self._reader.shape(self.node, self.code)
        return self._shape

    @property
    def elements(self) -> tuple[Element, ...]:
        """What R4 says of the element, and of its type as a whole."""
        definition = self._reader.library.type(self.code)
        return (self.node.element, definition.root.element) if definition else (self.node.element,)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Invariants of the element and of its type."""
        return tuple(rule for one in self.elements for rule in one.rules)

    def items(self, parent: "Item", value: Any, shadows: Any) -> list["Item"]:
        """One item for each value; `shadows` is what stands beside a primitive, under the name with a `_`."""
        if shadows is None and self.code != "Resource":
            code, node, shape = self.code, self.node, self.shape
            if value.__class__ is not list:
                return [Item(value, code, node, shape, parent)]
            if len(value) == 1:
                return [Item(value[0], code, node, shape, parent, 0)]
            return [Item(one, code, node, shape, parent, position) for position, one in enumerate(value)]
        if not isinstance(value, list) and not (value is None and isinstance(shadows, list)):
            return [self._item(parent, value, shadows, -1)]
        values = value if isinstance(value, list) else []
        others = shadows if isinstance(shadows, list) else []
        pairs = enumerate(zip_longest(values, others))
        return [self._item(parent, one, other, position) for position, (one, other) in pairs]

    def _item(self, parent: "Item", value: Any, shadow: Any, position: int) -> "Item":
        item = Item(value, self.code, self.node, self.shape, parent, position, shadow)
        if self.code == "Resource" and isinstance(value, dict):
            return self._reader.resource(value, item.path, parent.home if self.name == "contained" else None)
        return item


def _each(one: Check) -> Check:
    def accepts(content: Any) -> bool:
        if content.__class__ is not list:
            return False
        if len(content) == 1:  # most of all
            return one(content[0])
        return content != [] and all(map(one, content))

    return accepts


def _whole(fields: dict[str, Field]) -> Check:
    """An object of a data type on which R4 demands nothing as a whole: all its properties pass."""

    def accepts(value: Any) -> bool:
        if value.__class__ is not dict or not value or (len(value) == 1 and "id" in value):
            return False
        for name, content in value.items():
            field = fields.get(name)
            if field is None or not field.accepts(content):
                return False
        return True

    return accepts


class Shape:
    """What a value may hold.

    Attributes:
        fields: by JSON name.
        required: the elements R4 demands.
        choices: the elements that have a choice of types, without `[x]`.
        checks: for a resource, its invariants, worked out by gateway.conformance.structure when first needed.
    """

    __slots__ = ("_forms", "_named", "checks", "choices", "fields", "required")

    def __init__(self, reader: "Reader", elements: dict[str, Node]) -> None:
        self.fields: dict[str, Field] = {}
        self.checks: Any = None
        self._named: dict[str, Field] = {}
        self._forms: dict[str, dict[str, Field]] = {}  # of a choice, by JSON name, what stands beside a primitive too
        self.required = tuple(node for node in elements.values() if node.element.low)
        self.choices = frozenset(node.label for name, node in elements.items() if name.endswith("[x]"))
        for name, node in elements.items():
            if name.endswith("[x]"):
                forms = self._forms[name] = {}
                for row in node.element.types:
                    key = node.label + row.code[0].upper() + row.code[1:]
                    self.fields[key] = forms[key] = forms[f"_{key}"] = Field(reader, node, row, key)
                for one in forms.values():
                    one.others = frozenset(forms.keys() - {one.key, f"_{one.key}"})
            else:
                types = node.element.types or (TypeRef("Element"),)
                self._named[name] = self.fields[name] = Field(reader, node, types[0], name)

    def read(self, item: "Item", name: str) -> Sequence["Item"]:
        """The values of one element of an item."""
        content = item.value if item.value.__class__ is dict else item.shadow
        if content.__class__ is not dict:
            return ()
        field = self._named.get(name)
        if field is not None:
            if field.is_primitive:
                return _rows(field, item, content)
            return field.items(item, content[name], None) if name in content else ()
        forms = self._forms.get(name)
        if forms is None or forms.keys().isdisjoint(content):
            return ()
        rows: list[Item] = []
        for key in content:
            one = forms.get(key)
            if one is not None and (key == one.key or one.key not in content):
                rows += _rows(one, item, content)
        return rows


def _rows(field: Field, item: "Item", content: dict[str, Any]) -> Sequence["Item"]:
    key = field.key
    if field.is_primitive and f"_{key}" in content:
        return field.items(item, content.get(key), content[f"_{key}"])
    return field.items(item, content[key], None) if key in content else ()


class Reader:
    """Makes items; remembers what each element may hold."""

    def __init__(self, library: Library, acceptor: Acceptor) -> None:
        self.library = library
        self.acceptor = acceptor
        self._shapes: dict[tuple[Node, str], Shape] = {}

    def resource(self, value: dict[str, Any], path: str, outer: "Item | None" = None) -> "Item":
        """A resource as an item; `outer` is the resource it is contained in."""
        kind = value.get("resourceType")
        definition = self.library.type(kind) if isinstance(kind, str) else None
        node = definition.root if definition else UNKNOWN
        type_ = kind if isinstance(kind, str) else ""
        return Item(value, type_, node, self.shape(node, type_), outer=outer, path=path)

    def item(self, value: Any, node: Node, type_: str, parent: "Item", path: str) -> "Item":
        """A value that no property stands for: the object beside a primitive."""
        return Item(value, type_, node, self.shape(node, type_), parent, path=path)

    def shape(self, node: Node, type_: str) -> Shape:
        """What a value of an element and type may hold; nothing when its type is not known."""
        found = self._shapes.get((node, type_))
        if found is None:
            found = self._shapes[node, type_] = Shape(self, self._elements(node, type_))
        return found

    def _elements(self, node: Node, type_: str) -> dict[str, Node]:
        if node.children:
            return node.children
        # A primitive has the children of Element: an id and extensions, in the object beside it.
        definition = self.library.type("Element" if is_primitive(type_) else type_)
        return definition.root.children if definition else {}


_NOBODY_ASKED: dict[str, Sequence["Item"]] = {}  # never added to


class Item:
    """One value.

    Attributes:
        value: the JSON value; None for a primitive that has only extensions.
        shadow: the `_name` object beside a primitive, or None.
        type: R4 type name; for a resource its resourceType, for a backbone element `BackboneElement`.
        node: its element in the R4 definition.
        parent: what it stands in; None for a resource.
        home: the resource it stands in (itself for a resource).
        outer: for a contained resource, the one that contains it.
        known: its children that somebody asked for, by element name.
    """

    __slots__ = (
        "_contained",
        "_path",
        "_position",
        "home",
        "known",
        "node",
        "outer",
        "parent",
        "shadow",
        "shape",
        "type",
        "value",
    )

    def __init__(
        self,
        value: Any,
        type_: str,
        node: Node,
        shape: Shape,
        parent: "Item | None" = None,
        position: int = -1,
        shadow: Any = None,
        *,
        outer: "Item | None" = None,
        path: str | None = None,
    ) -> None:
        self.value, self.type, self.node, self.shape = value, type_, node, shape
        self.parent, self._position, self.shadow = parent, position, shadow
        self.outer, self._path = outer, path
        self.home: Item = parent.home if parent is not None else self
        self.known = _NOBODY_ASKED
        self._contained: frozenset[str] | None = None

    @property
    def contained_ids(self) -> frozenset[str]:
        """The ids of the resources it contains."""
        if self._contained is None:
            held = self.value.get("contained")
            ids = [row.get("id") for row in held if isinstance(row, dict)] if isinstance(held, list) else []
            self._contained = frozenset(one for one in ids if isinstance(one, str))
        return self._contained

    @property
    def path(self) -> str:
        """FHIRPath with indexes, e.g. `Claim.item[0].serviced`."""
        if self._path is None:
            above = self.parent.path if self.parent is not None else ""
            name = self.node.label if self._position < 0 else f"{self.node.label}[{self._position}]"
            self._path = f"{above}.{name}" if above else name
        return self._path

    @property
    def place(self) -> str:
        """Where its children are declared: an element path (`Claim.item`) or a type name (`Identifier`)."""
        return self.node.path if self.node.children and self.home is not self else self.type

    def child(self, name: str) -> Sequence["Item"]:
        """Its children of one element name (`value[x]`, not `valueString`); empty when there are none."""
        found = self.known.get(name)
        if found is None:
            found = self.shape.read(self, name)
            self._keep(name, found)
        return found

    def _keep(self, name: str, rows: Sequence["Item"]) -> None:
        if self.known is _NOBODY_ASKED:  # of most values nobody ever asks
            self.known = {name: rows}
        else:
            self.known[name] = rows

    def count(self, name: str) -> int:
        """The number of children of one element name."""
        value = self.value
        if value.__class__ is dict:
            content = value.get(name)
            if content is not None and f"_{name}" not in value:
                return len(content) if content.__class__ is list else 1
        return len(self.child(name))

    def has(self, name: str) -> bool:
        """Whether an element is there, in whatever form and type."""
        value = self.value
        if value.__class__ is dict and (name in value or f"_{name}" in value):
            return True
        return name in self.shape.choices and bool(self.child(f"{name}[x]"))

    def fill(self, field: Field, content: Any) -> Sequence["Item"]:
        """Its children of one element, of which `content` is all there is."""
        rows = self.known.get(field.name)
        if rows is None:
            rows = field.items(self, content, None)
            self._keep(field.name, rows)
        return rows

    def release(self) -> None:
        """Let go of all below it: child and parent hold each other, and nobody should have to look for such circles."""
        waiting = [self]
        while waiting:
            item = waiting.pop()
            known, item.known = item.known, _NOBODY_ASKED
            waiting += [row for rows in known.values() for row in rows if row.known]
