"""A resource walked beside the definitions that rule it: for every place, the elements that speak of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.mutation.guides import Element, Guide, Structure

SYSTEM_TYPE = "http://hl7.org/fhirpath/System."


@dataclass(slots=True, eq=False)
class Rule:
    """An element that speaks of a place, and the data type its value has there."""

    element: Element
    type: str
    of_slice: bool = False


@dataclass(slots=True, eq=False)
class Group:
    """One property of an object: its definitions and its values."""

    name: str
    owner: "Node"
    rules: list[Rule]
    nodes: "list[Node]" = field(default_factory=list)

    @property
    def pointer(self) -> str:
        return f"{self.owner.pointer}/{self.name}"

    @property
    def is_list(self) -> bool:
        return any(rule.element.is_list for rule in self.rules)

    @property
    def maximum(self) -> int | None:
        return min((rule.element.maximum for rule in self.rules if rule.element.maximum is not None), default=None)


@dataclass(slots=True, eq=False)
class Node:
    """One value at a JSON pointer, with every rule on it and, for objects, its properties."""

    pointer: str
    value: Any
    rules: list[Rule]
    parent: "Node | None"
    paths: set[str]
    groups: dict[str, Group] = field(default_factory=dict)
    members: list[tuple[Element, "Node"]] = field(default_factory=list)
    slices: list[Element] = field(default_factory=list)

    @property
    def type(self) -> str:
        return self.rules[0].type if self.rules else ""

    @property
    def is_resource(self) -> bool:
        return isinstance(self.value, dict) and "resourceType" in self.value

    @property
    def resource(self) -> "Node":
        node = self
        while not node.is_resource and node.parent is not None:
            node = node.parent
        return node

    def absent(self, here: Guide) -> Iterator[tuple[str, Rule]]:
        """The properties a definition names that the object lacks."""
        present = set(self.groups)
        for rule in self.rules:
            for name, child in children(here, rule).items():
                base = name.removesuffix("[x]")
                if not any(other == base or (name != base and other.startswith(base)) for other in present):
                    yield name, Rule(child, child.types[0] if child.types else "", rule.of_slice)


def walk(here: Guide, resource: Any) -> Node:
    """The tree of a resource, judged by its R4 definition and by every profile it claims that is at hand."""
    return _resource(here, "", resource, None)


def every(node: Node) -> Iterator[Node]:
    """A node and all below it, in document order."""
    yield node
    for group in node.groups.values():
        for child in group.nodes:
            yield from every(child)


def children(here: Guide, rule: Rule) -> dict[str, Element]:
    """The child elements one rule brings: its own, those it refers to, or those of its data type."""
    element = rule.element
    if element.children:
        return element.children
    reference = element.data.get("contentReference")
    if reference:
        # With a URL in front it leads to that definition, the base: a profile's own demands do not come along.
        url, _, name = reference.partition("#")
        structure = here.structure(url) if url else element.structure
        target = structure.by_id.get(name) if structure else None
        return target.children if target else {}
    definition = typed(here, element, rule.type)
    return definition.root.children if definition else {}


def typed(here: Guide, element: Element, type_: str) -> Structure | None:
    """The definition of the data type of a value: the profile the element names, else the type itself."""
    for entry in element.data.get("type", ()):
        if entry["code"] == type_ and len(entry.get("profile", ())) == 1:
            return here.structure(entry["profile"][0])
    return here.structure(type_) if type_ and not type_.startswith(SYSTEM_TYPE) else None


def _resource(here: Guide, pointer: str, value: Any, parent: Node | None) -> Node:
    names = [value["resourceType"], *value.get("meta", {}).get("profile", ())]
    found = [structure for structure in map(here.structure, names) if structure is not None]
    rules = [Rule(structure.root, value["resourceType"]) for structure in found]
    node = Node(pointer, value, rules, parent, {value["resourceType"]})
    _descend(here, node)
    return node


def _descend(here: Guide, node: Node) -> None:
    if not isinstance(node.value, dict):
        return
    for name, content in node.value.items():
        if name.startswith("_") or name == "resourceType":
            continue
        rules = _rules_for(here, node, name)
        if not rules:
            continue
        group = node.groups[name] = Group(name, node, rules)
        items = list(enumerate(content)) if isinstance(content, list) else [(None, content)]
        for index, item in items:
            pointer = group.pointer if index is None else f"{group.pointer}/{index}"
            group.nodes.append(_child(here, node, group, pointer, item))


def _child(here: Guide, node: Node, group: Group, pointer: str, item: Any) -> Node:
    if isinstance(item, dict) and "resourceType" in item:
        return _resource(here, pointer, item, node)
    paths = {rule.element.data["path"] for rule in group.rules}
    paths |= {
        r.element.data["contentReference"].split("#")[-1] for r in group.rules if "contentReference" in r.element.data
    }
    child = Node(pointer, item, list(group.rules), node, paths | {group.rules[0].type})
    for rule in group.rules:
        for piece in rule.element.slices:
            if matches(rule, piece, item, child.type):
                child.rules.append(Rule(piece, child.type, of_slice=True))
                child.slices.append(piece)
                node.members.append((piece, child))
    _descend(here, child)
    return child


def _rules_for(here: Guide, node: Node, name: str) -> list[Rule]:
    found = []
    for rule in node.rules:
        for label, element in children(here, rule).items():
            type_ = type_of(element, label, name)
            if type_ is not None:
                found.append(Rule(element, type_, rule.of_slice))
    return found


def type_of(element: Element, label: str, name: str) -> str | None:
    """The data type of a property under an element, or None if the element is not about it."""
    if label == name:
        types = element.types
        return types[0] if types else ""
    if not label.endswith("[x]") or not name.startswith(label[:-3]):
        return None
    suffix = name[len(label) - 3 :]
    return next((t for t in element.types if t[0].upper() + t[1:] == suffix), None)


def matches(rule: Rule, piece: Element, item: Any, type_: str) -> bool:
    """Whether an item belongs to a slice, as far as this reader can tell."""
    slicing = rule.element.data.get("slicing", {})
    answers = [_discriminates(row, piece, item, type_) for row in slicing.get("discriminator", ())]
    return bool(answers) and all(answers)


def _discriminates(row: dict[str, str], piece: Element, item: Any, type_: str) -> bool | None:
    if row["type"] == "type":
        if row["path"] == "$this":
            return type_ in piece.types
        inner = item.get("resource", {}).get("resourceType") if isinstance(item, dict) else None
        wanted = piece.children.get("resource")
        return inner in wanted.types if wanted and wanted.types and inner else None
    if row["type"] not in ("value", "pattern"):
        return None
    if row["path"].startswith("extension("):
        return _by_extension(row["path"], piece, item)
    if row["path"] == "url":
        return bool(isinstance(item, dict) and item.get("url") == slice_url(piece))
    names = [] if row["path"] == "$this" else row["path"].split(".")
    wanted_value = _demanded(piece, names)
    return None if wanted_value is None else _holds(_at(item, names), wanted_value)


def slice_url(piece: Element) -> str | None:
    """The URL that makes an extension a member of this slice."""
    child = piece.children.get("url")
    if child is not None and child.fixed:
        return str(child.fixed)
    for entry in piece.data.get("type", ()):
        for profile in entry.get("profile", ()):
            return str(profile).split("|")[0]
    return None


def _by_extension(path: str, piece: Element, item: Any) -> bool | None:
    url = path.split("'")[1]
    slot = piece.children.get("extension")
    for inner in slot.slices if slot else ():
        profiles = [p for t in inner.data.get("type", ()) for p in t.get("profile", ())]
        value = inner.children.get("value[x]")
        if url in profiles and value is not None and value.fixed is not None:
            held = [e.get("valueBoolean") for e in item.get("extension", ()) if e.get("url") == url]
            return value.fixed in held
    return None


def _demanded(element: Element, names: list[str]) -> Any:
    if element.fixed is not None:
        return _wrapped(element.fixed, names)
    if not names:
        return _below(element)
    child = element.children.get(names[0])
    return None if child is None else _demanded(child, names[1:])


def _below(element: Element) -> Any:
    # A concept fixed piece by piece: coding.system and coding.code have their own fixed values.
    coding = element.children.get("coding")
    if coding is None:
        return None
    if coding.fixed is not None:
        return {"coding": [coding.fixed]}
    parts = {name: child.fixed for name, child in coding.children.items() if child.fixed is not None}
    return {"coding": [parts]} if parts else None


def _wrapped(value: Any, names: list[str]) -> Any:
    for name in names:
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return value


def _at(item: Any, names: list[str]) -> Any:
    for name in names:
        item = item.get(name) if isinstance(item, dict) else None
    return item


def _holds(value: Any, wanted: Any) -> bool:
    """FHIR's pattern rule: all that is wanted is there, lists in any order."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(_holds(value.get(k), v) for k, v in wanted.items())
    if isinstance(wanted, list):
        return isinstance(value, list) and all(any(_holds(v, w) for v in value) for w in wanted)
    return bool(value == wanted)


def on_discriminator(node: Node) -> bool:
    """Whether changing this place may only make a slice of its surroundings stop to match."""
    at: Node | None = node
    while at is not None and not at.is_resource:
        for piece in at.slices:
            base = piece.parent.children.get(piece.id.rsplit(".", 1)[-1].split(":")[0]) if piece.parent else None
            for row in (base.data.get("slicing", {}) if base else {}).get("discriminator", ()):
                stem = at.pointer if row["path"] == "$this" else f"{at.pointer}/{row['path'].split('.')[0]}"
                if row["path"].startswith("extension("):
                    stem = f"{at.pointer}/extension"
                if row["type"] != "type" and (node.pointer == stem or node.pointer.startswith(stem + "/")):
                    return True
        at = at.parent
    return False
