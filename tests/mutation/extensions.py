"""Mutations of extensions: unknown ones, modifiers nobody knows, known ones in a place they do not belong."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from tests.mutation.guides import Guide, Structure
from tests.mutation.mutation import ANY, ERROR, Mutation, left_out
from tests.mutation.samples import PRIMITIVES, plain
from tests.mutation.shape import Node, children, slice_url

UNKNOWN, CONTEXT = "unknown extension", "wrong extension context"
STRANGE = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-spoiledByTest"
Pool = dict[str, dict[str, Any]]


def pool(resource: Any) -> Pool:
    """One example of each extension used anywhere in a resource, by URL."""
    found: Pool = {}
    _gather(resource, found)
    return found


def _gather(value: Any, found: Pool) -> None:
    if isinstance(value, dict):
        for row in value.get("extension", ()):
            if isinstance(row, dict) and "/" in row.get("url", ""):
                found.setdefault(row["url"], row)
        for inner in value.values():
            _gather(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _gather(inner, found)


def unknown_extensions(here: Guide, nodes: list[Node]) -> Iterator[Mutation]:
    """An extension nobody defined, plain and modifying, at every place that may hold one."""
    for node in nodes:
        if not node.rules or (node.is_resource and node.type in ("Bundle", "Parameters")):
            continue
        names = {name for rule in node.rules for name in children(here, rule)}
        if not isinstance(node.value, dict):
            yield from _on_primitive(node)
            continue
        if "extension" in names and node.type != "Extension":
            yield _added(node, "extension", "plain", STRANGE, ANY, "an extension needs a definition")
        if "modifierExtension" in names:
            yield _added(node, "modifierExtension", "modifier", STRANGE, ERROR, "a modifier that is not understood")
        if node.type == "Extension" and "extension" in node.value:
            rule = "a complex extension has the parts its definition names"
            yield _added(node, "extension", "part of a complex extension", "spoiledByTest", ANY, rule)
        if node.type == "Extension" and "valueString" not in node.value:
            url = STRANGE if "/" in node.value.get("url", "") else "spoiledByTest"
            yield _renamed(node, url)


def _on_primitive(node: Node) -> Iterator[Mutation]:
    if node.parent is None or plain(node.type) not in PRIMITIVES:
        return
    if node.pointer[-1].isdigit():
        yield left_out(UNKNOWN, f"an extension on {node.rules[0].element.label()}", "a primitive in a list")
        return
    head, _, name = node.pointer.rpartition("/")
    if name in ("id", "url") or f"_{name}" in node.parent.value:
        return
    place = f"{head}/_{name}"
    value = {"extension": [{"url": STRANGE, "valueString": "spoiled"}]}
    yield Mutation(
        UNKNOWN,
        "on a primitive",
        (("set", place, value),),
        (f"{place}/extension/0",),
        ANY,
        "an extension needs a definition",
        demand=f"an extension on {node.rules[0].element.label()}",
    )


def _added(node: Node, name: str, variant: str, url: str, severity: str, rule: str) -> Mutation:
    place = f"{node.pointer}/{name}/{len(node.value.get(name, ()))}"
    edit = ("append", f"{node.pointer}/{name}", {"url": url, "valueString": "spoiled"})
    demand = f"{node.rules[0].element.label()}: {rule}"
    return Mutation(UNKNOWN, variant, (edit,), (place,), severity, rule, demand=demand)


def _renamed(node: Node, url: str) -> Mutation:
    rule = "an extension needs a definition"
    return Mutation(UNKNOWN, "url changed", (("set", f"{node.pointer}/url", url),), (node.pointer,), ANY, rule)


def wrong_context(here: Guide, nodes: list[Node], known: Pool) -> Iterator[Mutation]:
    """Each extension of the resource, put where its definition does not let it be."""
    for url, example in sorted(known.items()):
        structure = here.structure(url)
        if structure is None:
            yield left_out(CONTEXT, f"context of {url}", "no package holds its definition")
            continue
        if any(row["type"] != "element" for row in structure.data.get("context", ())):
            yield left_out(CONTEXT, f"context of {url}", "its context is a FHIRPath expression or an extension")
            continue
        for node in nodes:
            yield from _misplaced(here, node, structure, example)


def _misplaced(here: Guide, node: Node, structure: Structure, example: dict[str, Any]) -> Iterator[Mutation]:
    if not isinstance(node.value, dict) or not node.rules or node.type in ("Extension", "Bundle", "Parameters"):
        return
    slots = [children(here, rule).get("extension") for rule in node.rules]
    if not any(slots):
        return
    contexts = {row["expression"] for row in structure.data["context"]}
    names = node.paths | {"Element"} | ({"Resource", "DomainResource"} if node.is_resource else set())
    profiled = {slice_url(piece) for slot in slots if slot for piece in slot.slices}
    modifies = structure.root.data.get("isModifier", False)
    label = f"{structure.name} belongs to {', '.join(sorted(contexts))}"
    if structure.url not in profiled and not contexts & names:
        yield _put(node, "modifierExtension" if modifies else "extension", "elsewhere", example, label)
    modifiers = any("modifierExtension" in children(here, rule) for rule in node.rules)
    if not modifies and modifiers and (structure.url in profiled or contexts & names):
        yield _put(node, "modifierExtension", "not a modifier", example, f"{structure.name} is no modifier")


def _put(node: Node, name: str, variant: str, example: dict[str, Any], rule: str) -> Mutation:
    place = f"{node.pointer}/{name}/{len(node.value.get(name, ()))}"
    edit = ("append", f"{node.pointer}/{name}", deepcopy(example))
    return Mutation(CONTEXT, variant, (edit,), (place,), ERROR, rule)
