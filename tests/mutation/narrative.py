"""Mutations of rules that stand in the guide's text alone: prof-1..3, sequence numbers, orphans."""

from collections.abc import Iterator

from tests.mutation.guides import Guide
from tests.mutation.invariants import KIND
from tests.mutation.mutation import ANY, ERROR, Edit, Mutation
from tests.mutation.shape import Node

NUMBERED = ("supportingInfo", "item", "diagnosis", "careTeam")
POINTING = ("careTeamSequence", "diagnosisSequence", "informationSequence")
UCUM = "http://unitsofmeasure.org"
ORPHAN = {
    "fullUrl": "urn:uuid:5b011ed0-0000-4000-8000-0000000000aa",
    "resource": {
        "resourceType": "Organization",
        "id": "5b011ed0-0000-4000-8000-0000000000aa",
        "active": True,
        "name": "Nobody refers to it",
    },
}


def narrative(here: Guide, nodes: list[Node]) -> Iterator[Mutation]:
    """The rules of 2.2.1's text about quantities and timings, and of both versions about sequence numbers."""
    for node in nodes:
        if not isinstance(node.value, dict):
            continue
        if here.version == "2.2.1" and _profiled(node, "profile-quantity"):
            yield from _quantity(node)
        if here.version == "2.2.1" and _profiled(node, "profile-timing", "profile-datatype-timing"):
            yield _timing(node)
        if node.is_resource and node.type == "Claim":
            yield from _sequences(node)


def orphan(root: Node) -> Iterator[Mutation]:
    """An entry of a request that nothing refers to (spec-20); an answer may bring more than it refers to."""
    profiled = root.value.get("meta", {}).get("profile", ())
    if not any("request-bundle" in url for url in profiled):
        return
    place = f"/entry/{len(root.value.get('entry', ()))}"
    watch = (f"={place}", f"={place}/resource", f"={place}/fullUrl")
    yield Mutation(
        KIND, "spec-20", (("append", "/entry", ORPHAN),), watch, ANY, "spec-20: no entry without a reference to it"
    )


def _profiled(node: Node, *names: str) -> bool:
    wanted = [p for r in node.rules for t in r.element.data.get("type", ()) for p in t.get("profile", ())]
    return any(url.split("|")[0].endswith(f"/{name}") for url in wanted for name in names)


def _quantity(node: Node) -> Iterator[Mutation]:
    watch = tuple(f"={node.pointer}{part}" for part in ("", "/unit", "/code", "/system"))
    bare: list[Edit] = [("remove", f"{node.pointer}/{n}", None) for n in ("unit", "code", "system") if n in node.value]
    if bare:
        yield Mutation(KIND, "prof-2", tuple(bare), watch, ERROR, "prof-2: a quantity has a unit or a code")
    if node.value.get("system") == UCUM:
        return
    edits: list[Edit] = [("set", f"{node.pointer}/system", UCUM), ("set", f"{node.pointer}/code", "1")]
    yield Mutation(KIND, "prof-3", tuple(edits), watch, ERROR, "prof-3: a code is of X12 673")


def _timing(node: Node) -> Mutation:
    watch = (f"={node.pointer}", f"={node.pointer}/repeat")
    edit = ("set", node.pointer, {"repeat": {"boundsDuration": {"value": 1}}})
    return Mutation(KIND, "prof-1", (edit,), watch, ERROR, "prof-1: count, frequency with period, or a pattern")


def _sequences(node: Node) -> Iterator[Mutation]:
    for name in NUMBERED:
        rows = node.value.get(name)
        if not isinstance(rows, list) or not rows:
            continue
        place = f"{node.pointer}/{name}/{len(rows)}"
        watch = (f"={node.pointer}/{name}", f"={place}", f"={place}/sequence", f"={node.pointer}/{name}/0/sequence")
        rule = f"Claim.{name}.sequence is unique (spec-22)"
        yield Mutation(
            KIND, "spec-22", (("copy", f"{node.pointer}/{name}", f"{node.pointer}/{name}/0"),), watch, ERROR, rule
        )
    for index, item in enumerate(node.value.get("item", ())):
        for name in POINTING:
            if item.get(name):
                place = f"{node.pointer}/item/{index}/{name}"
                edit = ("set", f"{place}/0", 99)
                places = (f"={place}/0", f"={place}", f"={node.pointer}/item/{index}")
                rule = f"Claim.item.{name} names a row of the Claim"
                yield Mutation(KIND, "sequence resolves", (edit,), places, ERROR, rule)
