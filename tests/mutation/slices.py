"""Mutations of slices: a required member that no longer matches, strays in a closed list, more members than allowed."""

from collections.abc import Iterator
from typing import Any

from tests.mutation.guides import Element, Guide
from tests.mutation.mutation import ERROR, Edit, Mutation, left_out
from tests.mutation.shape import Group, Node, Rule, slice_url

KIND = "broken slice"
UNKNOWN_URL = "https://spoiled.example/extension"


def broken_slices(here: Guide, nodes: list[Node]) -> Iterator[Mutation]:
    """Every slice of every list: too few, too many, and strays where the slicing is closed."""
    for node in nodes:
        for group in node.groups.values():
            if not isinstance(node.value[group.name], list):
                continue
            for rule in group.rules:
                yield from _too_few(group, rule)
                yield from _too_many(group, rule)
                yield from _strays(group, rule)


def _members(group: Group, piece: Element) -> list[Node]:
    return [member for found, member in group.owner.members if found is piece and member in group.nodes]


def _too_few(group: Group, rule: Rule) -> Iterator[Mutation]:
    for piece in rule.element.slices:
        members = _members(group, piece)
        if piece.minimum < 1:
            continue
        text = f"{piece.label()} min {piece.minimum}"
        if len(members) < piece.minimum:
            yield left_out(KIND, text, "this reader finds too few members to begin with")
            continue
        gone: list[Edit] = [("remove", one.pointer, None) for one in reversed(members[piece.minimum - 1 :])]
        if len(group.nodes) == len(gone):
            gone = [("remove", group.pointer, None)]
        yield Mutation(KIND, "required member removed", tuple(gone), (group.pointer,), ERROR, text)
        if len(members) > piece.minimum:
            continue
        watch = (group.pointer, members[0].pointer)
        for row in rule.element.data["slicing"]["discriminator"]:
            edit = _unmatched(members[0], row)
            if edit is not None:
                yield Mutation(KIND, "required member does not match", (edit,), watch, ERROR, text)


def _unmatched(member: Node, row: dict[str, str]) -> Edit | None:
    if row["type"] == "type" or row["path"].startswith("extension("):
        return None
    names = [] if row["path"] == "$this" else row["path"].split(".")
    pointer = "/".join([member.pointer, *names])
    value: Any = member.value
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, str):
        return ("set", pointer, UNKNOWN_URL if names == ["url"] else "spoiled")
    if isinstance(value, dict) and "coding" in value:
        return ("set", pointer, {"coding": [{"system": "https://spoiled.example/codes", "code": "spoiled"}]})
    if isinstance(value, dict) and "code" in value:
        return ("set", pointer, {"system": "https://spoiled.example/codes", "code": "spoiled"})
    return None


def _too_many(group: Group, rule: Rule) -> Iterator[Mutation]:
    content = group.owner.value[group.name]
    for piece in rule.element.slices:
        limit, members = piece.maximum, _members(group, piece)
        if limit is None:
            continue
        text = f"{piece.label()} max {limit}"
        if members:
            edits = _copies(group, members[0], limit + 1 - len(members))
            watch = (group.pointer, f"{group.pointer}/{len(content)}")
            yield Mutation(KIND, "more members than allowed", edits, watch, ERROR, text)
        elif limit == 0 and group.name == "extension":
            extension = {"url": slice_url(piece), "valueString": "spoiled"}
            watch = (group.pointer, f"{group.pointer}/{len(content)}")
            yield Mutation(KIND, "prohibited member", (("append", group.pointer, extension),), watch, ERROR, text)
        elif limit == 0:
            yield left_out(KIND, text, "no member to put there")


def _copies(group: Group, member: Node, number: int) -> tuple[Edit, ...]:
    edits: list[Edit] = []
    for index in range(number):
        edits.append(("copy", group.pointer, member.pointer))
        if isinstance(member.value, dict) and "fullUrl" in member.value:
            place = f"{group.pointer}/{len(group.owner.value[group.name]) + index}"
            edits.append(("set", f"{place}/fullUrl", f"urn:uuid:5b011ed0-0000-4000-8000-00000000000{index}"))
    return tuple(edits)


def _strays(group: Group, rule: Rule) -> Iterator[Mutation]:
    slicing = rule.element.data.get("slicing", {})
    if slicing.get("rules") != "closed":
        return
    if group.name not in ("extension", "modifierExtension"):
        yield left_out(KIND, f"{rule.element.label()} slicing closed", "no stray member at hand")
        return
    place = f"{group.pointer}/{len(group.owner.value[group.name])}"
    edit = ("append", group.pointer, {"url": UNKNOWN_URL, "valueString": "spoiled"})
    text = f"{rule.element.label()} slicing closed"
    yield Mutation(KIND, "stray in a closed list", (edit,), (group.pointer, place), ERROR, text)
