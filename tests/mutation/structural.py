"""Mutations of shape: missing, too many, wrong type, unknown property, empty."""

from collections.abc import Iterator
from typing import Any

from tests.mutation.guides import Guide
from tests.mutation.invariants import contained
from tests.mutation.mutation import ERROR, UNMATCHED, Mutation, left_out
from tests.mutation.samples import NUMBERS, PRIMITIVES, STRINGS, TIMES, VALUES, plain
from tests.mutation.shape import Group, Node, on_discriminator

MISSING, TOO_MANY, WRONG_TYPE = "missing required element", "too many", "wrong type"
UNKNOWN, EMPTY = "unknown property", "empty array, object or string"
LEXICAL = {
    "positiveInt": (0, "positiveInt starts at 1"),
    "unsignedInt": (-1, "unsignedInt starts at 0"),
    "integer": (1.5, "an integer has no fraction"),
    "id": ("not an id", "id: [A-Za-z0-9-.]{1,64}"),
    "code": ("two  spaces ", "code: no leading, trailing or double spaces"),
    "uri": ("a uri with spaces", "uri: no spaces"),
    "url": ("a url with spaces", "url: no spaces"),
    "canonical": ("a canonical with spaces", "canonical: no spaces"),
    "base64Binary": ("not*base64!", "base64Binary: its alphabet"),
}


def missing(here: Guide, nodes: list[Node]) -> Iterator[Mutation]:
    """Each property whose minimum is one or more, taken away."""
    for node in nodes:
        for group in node.groups.values():
            demand = next(
                (r.element for r in group.rules if r.element.minimum > 0 and not _may_unmatch(r, group)), None
            )
            if demand is None:
                demands = [rule.element for rule in group.rules if rule.element.minimum > 0]
                yield from (left_out(MISSING, f"{one.label()} min {one.minimum}", UNMATCHED) for one in demands)
                continue
            edits = [("remove", group.pointer, None)]
            if f"_{group.name}" in node.value:
                edits.append(("remove", f"{node.pointer}/_{group.name}", None))
            yield Mutation(
                MISSING,
                demand.id.split(":")[0],
                tuple(edits),
                (group.pointer,),
                ERROR,
                f"{demand.label()} min {demand.minimum}",
            )
        if node.is_resource:
            edit = ("remove", f"{node.pointer}/resourceType", None)
            yield Mutation(
                MISSING, "resourceType", (edit,), (node.pointer,), ERROR, "FHIR JSON: resourceType names the type"
            )


def _may_unmatch(rule: Any, group: Group) -> bool:
    return bool(rule.of_slice and group.nodes and on_discriminator(group.nodes[0]))


def too_many(here: Guide, nodes: list[Node]) -> Iterator[Mutation]:
    """More members than the maximum, an array where one value belongs, an element that is prohibited."""
    for node in nodes:
        for group in node.groups.values():
            yield from _beyond(group)
        for name, rule in node.absent(here):
            if rule.element.maximum == 0:
                yield from _prohibited(node, name, rule)


def _beyond(group: Group) -> Iterator[Mutation]:
    content = group.owner.value[group.name]
    if not group.is_list:
        edit = ("twice", group.pointer, None)
        yield Mutation(
            TOO_MANY, "array where single", (edit,), (group.pointer,), ERROR, f"{group.rules[0].element.label()} max 1"
        )
        return
    limit = group.maximum
    if limit is None or not isinstance(content, list):
        return
    bound = next(r.element for r in group.rules if r.element.maximum == limit)
    edits = (("copy", group.pointer, f"{group.pointer}/0"),) * (limit + 1 - len(content))
    yield Mutation(TOO_MANY, "beyond maximum", edits, (group.pointer,), ERROR, f"{bound.label()} max {limit}")


def _prohibited(node: Node, name: str, rule: Any) -> Iterator[Mutation]:
    element, type_ = rule.element, plain(rule.type)
    label = f"{element.label()} max 0"
    if type_ not in VALUES:
        yield left_out(TOO_MANY, label, f"no sample of the data type {type_ or 'that another element has'}")
        return
    if name.endswith("[x]"):
        name = name[:-3] + type_[0].upper() + type_[1:]
    value = [VALUES[type_]] if element.is_list else VALUES[type_]
    if isinstance(node.value, dict):
        pointer = f"{node.pointer}/{name}"
        yield Mutation(TOO_MANY, "prohibited", (("set", pointer, value),), (pointer,), ERROR, label)
    elif node.pointer[-1].isdigit():
        yield left_out(TOO_MANY, label, "a primitive in a list")
    else:
        head, _, own = node.pointer.rpartition("/")
        beside = f"{head}/_{own}"
        edit = ("set", beside, {name: value})
        yield Mutation(TOO_MANY, "prohibited beside a primitive", (edit,), (f"{beside}/{name}",), ERROR, label)


def wrong_type(here: Guide, nodes: list[Node]) -> Iterator[Mutation]:
    """A value of another JSON type, of another data type, or with a form its data type does not have."""
    for node in nodes:
        for group in node.groups.values():
            yield from _list_as_one(group)
            for child in group.nodes:
                type_ = plain(child.type)
                for variant, value in _others(type_, child.value):
                    rule = f"{child.rules[0].element.label()} is {type_ or 'an object'}"
                    yield Mutation(WRONG_TYPE, variant, (("set", child.pointer, value),), (child.pointer,), ERROR, rule)
        yield from _other_choice(node)
        if node.is_resource:
            for variant, name in (("no such resource", "Spoiled"), ("data type for resource", "HumanName")):
                pointer, rule = f"{node.pointer}/resourceType", f"{name} is no resource of R4"
                yield Mutation(WRONG_TYPE, variant, (("set", pointer, name),), (pointer, node.pointer), ERROR, rule)


def _list_as_one(group: Group) -> Iterator[Mutation]:
    content = group.owner.value[group.name]
    if group.is_list and isinstance(content, list):
        edit = ("first", group.pointer, None)
        label = group.rules[0].element.label()
        yield Mutation(
            WRONG_TYPE, "one where array", (edit,), (group.pointer,), ERROR, f"{label} repeats: a JSON array"
        )


def _others(type_: str, value: Any) -> Iterator[tuple[str, Any]]:
    if type_ in STRINGS:
        yield "number for string", 17
        yield "boolean for string", True
        yield "object for string", {"value": value}
    elif type_ in TIMES:
        yield "number for date", 2026
        yield "object for date", {"value": value}
    elif type_ in NUMBERS:
        yield "string for number", str(value)
        yield "boolean for number", True
    elif type_ == "boolean":
        yield "text for boolean", "true" if value else "false"
        yield "number for boolean", int(bool(value))
    elif isinstance(value, dict):
        yield "string for object", "spoiled"
        yield "number for object", 17
    if type_ in LEXICAL:
        yield f"form of {type_}", LEXICAL[type_][0]


def _other_choice(node: Node) -> Iterator[Mutation]:
    for name, group in list(node.groups.items()):
        element = group.rules[0].element
        if not element.data["path"].endswith("[x]"):
            continue
        stem = element.data["path"].rsplit(".", 1)[-1][:-3]
        allowed = set(element.types)
        for rule in group.rules:
            allowed &= set(rule.element.types)
        wrong = (
            next(t for t in ("Range", "Attachment", "boolean", "Period") if t not in allowed)
            if len(allowed) < 20
            else None
        )
        if wrong is None or not name.startswith(stem):
            continue
        pointer = f"{node.pointer}/{stem}{wrong[0].upper()}{wrong[1:]}"
        value = {"Range": {"low": {"value": 1}}}.get(wrong, VALUES.get(wrong))
        edits = (("remove", group.pointer, None), ("set", pointer, value))
        rule_text = f"{element.label()} is one of {', '.join(sorted(allowed))}"
        yield Mutation(WRONG_TYPE, "another data type", edits, (pointer, group.pointer), ERROR, rule_text)


def unknown_property(here: Guide, nodes: list[Node]) -> Iterator[Mutation]:
    """A property no definition names: added, misspelt, or beside a primitive that has none."""
    for node in nodes:
        if not isinstance(node.value, dict) or not node.rules:
            continue
        for variant, name in (("added", "spoiledByTest"), ("resource in datatype", "resourceTypes"), ("capital", "Id")):
            pointer = f"{node.pointer}/{name}"
            rule = f"{node.rules[0].element.label()} has no {name}"
            yield Mutation(UNKNOWN, variant, (("set", pointer, "spoiled"),), (pointer,), ERROR, rule)
        for group in node.groups.values():
            yield from _misspelt(node, group)
        inside = contained(spoiledByTest=True)(node) if node.is_resource else []
        if inside and "contained" not in node.value:
            place = f"{node.pointer}/contained/0/spoiledByTest"
            rule = "Organization has no spoiledByTest"
            yield Mutation(UNKNOWN, "in a contained resource", tuple(inside), (place,), ERROR, rule)


def _misspelt(node: Node, group: Group) -> Iterator[Mutation]:
    wrong = group.name + "s" if not group.name.endswith("s") else group.name[:-1]
    if wrong in node.groups:
        return
    pointer = f"{node.pointer}/{wrong}"
    edits = (("move", pointer, group.pointer),)
    rule = f"{node.rules[0].element.label()} has no {wrong}"
    yield Mutation(UNKNOWN, "misspelt", edits, (pointer,), ERROR, rule)


def empty(here: Guide, nodes: list[Node]) -> Iterator[Mutation]:
    """FHIR JSON: no property is null or empty, no string is empty, an object has content."""
    for node in nodes:
        for group in node.groups.values():
            if group.is_list:
                yield _emptied("array", group.pointer, [])
            else:
                yield _emptied("null", group.pointer, None)
            for child in group.nodes:
                yield from _hollow(child)


def _hollow(child: Node) -> Iterator[Mutation]:
    if isinstance(child.value, str):
        yield _emptied("string", child.pointer, "")
        yield _emptied("blank string", child.pointer, "  ")
    elif isinstance(child.value, dict) and not child.is_resource:
        yield _emptied("object", child.pointer, {})
    if plain(child.type) not in PRIMITIVES and child.pointer[-1].isdigit() and not child.is_resource:
        yield _emptied("null in array", child.pointer, None)


def _beside(node: Node, name: str) -> Iterator[Mutation]:
    """What may stand beside a primitive, spoiled: `_name` holds an id and extensions, and something at all."""
    place = f"{node.pointer}/_{name}"
    yield _emptied("object beside a primitive", place, {})
    yield _emptied("null beside a primitive", place, None)
    rule = "FHIR JSON: beside a primitive stand an id and extensions"
    yield Mutation(
        UNKNOWN, "beside a primitive", (("set", place, {"spoiled": True}),), (place, f"{place}/spoiled"), ERROR, rule
    )
    yield Mutation(WRONG_TYPE, "string beside a primitive", (("set", place, "spoiled"),), (place,), ERROR, rule)


def beside(here: Guide, nodes: list[Node]) -> Iterator[Mutation]:
    """The companions of primitives, of each kind of spoiling."""
    for node in nodes:
        for name, group in node.groups.items():
            if group.is_list or plain(group.nodes[0].type) not in PRIMITIVES or f"_{name}" in node.value:
                continue
            if name not in ("id", "url") or (node.is_resource and name == "id"):
                yield from _beside(node, name)


def _emptied(variant: str, pointer: str, value: Any) -> Mutation:
    return Mutation(
        EMPTY, variant, (("set", pointer, value),), (pointer,), ERROR, f"FHIR JSON: no empty {variant} (ele-1)"
    )
