"""Elements of a resource: plain data where that is enough, a Node where its type or its extensions are known too."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from gateway.fhir.path.model import choice_types, choices, fields, is_primitive, keys_of, type_at
from gateway.fhir.path.temporal import Temporal, temporal

_TIMES = {"date": "Date", "dateTime": "DateTime", "instant": "DateTime", "time": "Time"}


class Node:
    """A value with its R4 type (None: not known) and, for a primitive, the object that holds its extensions."""

    __slots__ = ("extra", "type", "value")

    def __init__(self, value: Any, type_name: str | None, extra: Any = None) -> None:
        self.value = value
        self.type = type_name
        self.extra = extra

    def __repr__(self) -> str:
        return f"Node({self.type})"  # never the content


class Step:
    """A member name with the keys it may have in JSON."""

    __slots__ = ("generic", "kinds", "name", "shadow")

    def __init__(self, name: str) -> None:
        self.kinds: dict[str | None, str | None] = {}
        self.name = name
        self.shadow = f"_{name}"
        self.generic = choices().get(name)


def value_of(node: Any, type_name: str) -> Any:
    """A value together with its FHIR type (`Extension`, `Claim.item`), for evaluating on what is no resource."""
    return node if isinstance(node, Node) else Node(node, type_name)


def typed(value: Any) -> Any:
    """A value that carries its type: a resource says it itself, of others it is not known."""
    if isinstance(value, Node):
        kind = value.type
        if isinstance(value.value, dict) and "resourceType" in value.value:
            kind = value.value["resourceType"]
        elif kind is not None and "." in kind:
            kind = type_at(kind)
        return value if kind is value.type else Node(value.value, kind if isinstance(kind, str) else None, value.extra)
    if isinstance(value, dict):
        kind = value.get("resourceType")
        return Node(value, kind if isinstance(kind, str) else None)
    return value


def light(value: Any) -> Any:
    """Where no type is asked for, a Node without extensions of its own is as good as its value."""
    return value.value if type(value) is Node and value.extra is None else value


def untied(item: Any) -> Any:
    """An object of which no type is known and that has no extensions beside it is its data and nothing more."""
    is_data = type(item) is Node and item.type is None and item.extra is None and type(item.value) is dict
    return item.value if is_data else item


def bare(item: Any) -> Any:
    """The data of an item."""
    return item.value if type(item) is Node else item


def system(item: Any) -> Any:
    """The item as FHIRPath's own type where it has one: a typed date becomes a Temporal."""
    if type(item) is not Node:
        return item
    kind = _TIMES.get(item.type or "")
    if kind and isinstance(item.value, str):
        return temporal(item.value, kind) or item.value
    return item.value


def plain(collection: list[Any]) -> list[Any]:
    """The data of a typed collection; a date or time literal is its text."""
    return [str(value) if isinstance(value, Temporal) else value for value in map(bare, collection)]


def is_shadow(item: Any) -> bool:
    """A primitive that exists only as extensions (`_birthDate`) is not a value."""
    return type(item) is Node and item.value is None


def children(item: Any, step: Step, found: list[Any]) -> int:
    """Append what an item has under a name, and tell how many rows that took to look at.

    The case most frequent of all is inlined in gateway.fhir.path.members.
    """
    if type(item) is Node:
        value = item.value
        if isinstance(value, dict):
            kind = step.kinds[item.type] if item.type in step.kinds else _learn(step, item.type)
            if kind is None or step.shadow in value:
                return _typed_children(value, item.type, step, found)
            child = value.get(step.name)
            if isinstance(child, list):
                found += [Node(row, kind) for row in child if row is not None]
                return len(child)
            if child is not None:
                found.append(Node(child, kind))
        elif isinstance(item.extra, dict):
            return _append(item.extra, step.name, "Extension" if step.name == "extension" else "string", found)
    elif isinstance(item, Mapping):
        key = step.name
        if step.generic is not None and key not in item and step.shadow not in item:
            key = _generic_key(item, step.generic) or key
        return _append(item, key, None, found)
    return 1


def _generic_key(item: Mapping[str, Any], generic: Mapping[str, Any]) -> str:
    """The key that holds a choice in an object whose type is not known, however many keys it has."""
    if len(item) < len(generic):
        return next((each for each in item if each.removeprefix("_") in generic), "").removeprefix("_")
    return next((each for each in generic if each in item or f"_{each}" in item), "")


def _learn(step: Step, owner: str | None) -> str | None:
    """Note the one type a member of that owner has; None when it must be looked at each time."""
    known = fields(owner) if owner else {}
    kind = known.get(step.name)
    learnt = kind if isinstance(kind, str) and kind != "Resource" else None
    if known:  # a name that only the data gives is not kept
        step.kinds[owner] = learnt
    return learnt


def _typed_children(value: dict[str, Any], owner: str | None, step: Step, found: list[Any]) -> int:
    name = step.name
    kind: Any = fields(owner).get(name) if owner else None
    if kind is None or isinstance(kind, list):
        name, kind = _choice(value, owner, step)
    return _append(value, name, kind or "", found)


def _choice(value: dict[str, Any], owner: str | None, step: Step) -> tuple[str, str | None]:
    if step.name in value or step.shadow in value:
        return step.name, choice_types().get(step.name)
    possible = keys_of(owner, step.name) if owner else tuple((step.generic or {}).items())
    for key, kind in possible:
        if key in value or f"_{key}" in value:
            return key, kind
    return step.name, None


def _append(value: Mapping[str, Any], key: str, kind: str | None, found: list[Any]) -> int:
    """Append the values of a key, of how many rows it tells.

    With a kind (empty: not known) they become typed; None leaves them plain.
    """
    child = value.get(key)
    extra = value.get(f"_{key}")
    if isinstance(child, list) or isinstance(extra, list):
        rows = child if isinstance(child, list) else []
        extras = extra if isinstance(extra, list) else []
        count = max(len(rows), len(extras))
        for at in range(count):
            _one(rows[at] if at < len(rows) else None, extras[at] if at < len(extras) else None, kind, found)
        return count
    _one(child, extra, kind, found)
    return 1


def _one(child: Any, extra: Any, kind: str | None, found: list[Any]) -> None:
    if child is None and not isinstance(extra, dict):
        return
    if kind is None:
        found.append(child if not isinstance(extra, dict) else Node(child, None, extra))
        return
    if isinstance(child, dict) and "resourceType" in child:
        found.append(typed(child))
    else:
        found.append(Node(child, kind or None, extra))


def offspring(item: Any, found: list[Any]) -> int:
    """Append all children of an item, and tell how many rows that took to look at."""
    value = item.value if type(item) is Node else item
    seen = 1
    if isinstance(value, dict):
        names = dict.fromkeys(key.removeprefix("_") for key in value)
        for name in names:
            if name != "resourceType":
                seen += 1 + children(item, Step(name), found)
    elif type(item) is Node and isinstance(item.extra, dict):
        for name in item.extra:
            seen += 1 + children(item, Step(name), found)
    return seen


def type_of(item: Any) -> tuple[str, str | None]:
    """Namespace and name of an item's type; name None when it is not known."""
    if type(item) is Node:
        if item.type is None and isinstance(item.value, bool | int | Decimal):
            return "FHIR", _guess(item.value)
        return "FHIR", item.type
    if isinstance(item, dict):
        kind = item.get("resourceType")
        return "FHIR", kind if isinstance(kind, str) else None
    if isinstance(item, Temporal):
        return "System", item.kind
    if isinstance(item, bool):
        return "System", "Boolean"
    if isinstance(item, int):
        return "System", "Integer"
    return "System", {str: "String", Decimal: "Decimal"}.get(type(item), "Quantity")


def _guess(value: Any) -> str:
    return "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else "decimal"


def has_value(item: Any) -> bool:
    """Whether an item is a primitive with a value of its own."""
    value = item.value if type(item) is Node else item
    if type(item) is Node and item.type and not is_primitive(item.type):
        return False
    return value is not None and not isinstance(value, dict | list)
