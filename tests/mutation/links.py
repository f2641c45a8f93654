"""Mutations of what ties a Bundle together: references to nowhere, to two, to a wrong type; duplicate fullUrls."""

from collections.abc import Iterator

from tests.mutation.guides import Guide
from tests.mutation.mutation import ANY, ERROR, Edit, Mutation
from tests.mutation.shape import Node, every

DANGLING, AMBIGUOUS, TARGET = "dangling reference", "ambiguous reference", "reference to a wrong type"
DUPLICATE = "duplicate fullUrl"
NOWHERE = "urn:uuid:5b011ed0-0000-4000-8000-0000000000ff"
INCLUDED = "every referenced resource is included (spec-13)"
NOWHERE_ELSE = {
    "urn": NOWHERE,
    "relative": "Patient/nobody",
    "absolute": "https://spoiled.example/fhir/Patient/nobody",
    "fragment": "#nobody",
}


def links(here: Guide, root: Node) -> Iterator[Mutation]:
    """The mutations of one Bundle whose references lead to its entries."""
    entries = root.groups["entry"].nodes if "entry" in root.groups else []
    urls = {entry.value["fullUrl"]: index for index, entry in enumerate(entries) if "fullUrl" in entry.value}
    found = [node for node in every(root) if node.type == "Reference" and isinstance(node.value, dict)]
    by_target: dict[int, list[Node]] = {}
    for node in found:
        target = urls.get(node.value.get("reference", ""))
        if target is not None:
            by_target.setdefault(target, []).append(node)
    for target, sources in sorted(by_target.items()):
        yield from _dangling(entries[target], sources)
        yield from _ambiguous(entries, target, sources)
        yield from _wrong_target(here, entries, target, sources)
    yield from _duplicates(entries, by_target)


def _dangling(entry: Node, sources: list[Node]) -> Iterator[Mutation]:
    for node in sources:
        for variant, url in NOWHERE_ELSE.items():
            edit = ("set", f"{node.pointer}/reference", url)
            yield Mutation(DANGLING, variant, (edit,), (node.pointer,), ERROR, INCLUDED)
    places = tuple(node.pointer for node in sources)
    move = ("set", f"{entry.pointer}/fullUrl", NOWHERE)
    yield Mutation(DANGLING, "target renamed", (move,), places, ERROR, INCLUDED)


def _ambiguous(entries: list[Node], target: int, sources: list[Node]) -> Iterator[Mutation]:
    places = (*(node.pointer for node in sources), entries[target].pointer, f"/entry/{len(entries)}")
    again: Edit = ("copy", "/entry", entries[target].pointer)
    yield Mutation(AMBIGUOUS, "same entry twice", (again,), places, ERROR, "bdl-7; one instance once (spec-14)")
    edits = (
        again,
        ("set", f"{entries[target].pointer}/resource/meta/versionId", "1"),
        ("set", f"/entry/{len(entries)}/resource/meta/versionId", "2"),
    )
    if "meta" in entries[target].value["resource"]:
        rule = "an unversioned reference matches two versions; one instance once (spec-14)"
        yield Mutation(AMBIGUOUS, "two versions", edits, places, ANY, rule)
    other = next((e for i, e in enumerate(entries) if i not in (0, target)), None)
    if other is not None:
        edit = ("set", f"{other.pointer}/fullUrl", entries[target].value["fullUrl"])
        places = (*(node.pointer for node in sources), entries[target].pointer, other.pointer)
        yield Mutation(AMBIGUOUS, "two resources", (edit,), places, ERROR, "bdl-7: fullUrl is unique")


def _wrong_target(here: Guide, entries: list[Node], target: int, sources: list[Node]) -> Iterator[Mutation]:
    for node in sources:
        allowed = _allowed(here, node)
        if not allowed or "Resource" in allowed:
            continue
        for entry in entries:
            type_ = entry.value["resource"]["resourceType"]
            if type_ not in allowed:
                edit = ("set", f"{node.pointer}/reference", entry.value["fullUrl"])
                rule = f"{node.rules[0].element.label()} refers to {', '.join(sorted(allowed))}"
                yield Mutation(TARGET, "another type", (edit,), (node.pointer,), ERROR, rule)
                break


def _allowed(here: Guide, node: Node) -> set[str]:
    sets = []
    for rule in node.rules:
        urls = [url for row in rule.element.data.get("type", ()) for url in row.get("targetProfile", ())]
        structures = [here.structure(url) for url in urls]
        if urls and all(structures):
            sets.append({str(s.data["type"]) for s in structures if s is not None})
    return set.intersection(*sets) if sets else set()


def _duplicates(entries: list[Node], by_target: dict[int, list[Node]]) -> Iterator[Mutation]:
    for index, entry in enumerate(entries):
        for other in entries[index + 1 :]:
            if "fullUrl" not in entry.value or "fullUrl" not in other.value:
                continue
            edit = ("set", f"{other.pointer}/fullUrl", entry.value["fullUrl"])
            places = _exactly(entry.pointer, other.pointer)
            yield Mutation(DUPLICATE, "of another entry", (edit,), places, ERROR, "bdl-7: fullUrl is unique")
        if "fullUrl" in entry.value:
            place = f"/entry/{len(entries)}"
            edits = (("copy", "/entry", entry.pointer), ("set", f"{place}/resource/id", "spoiled"))
            yield Mutation(
                DUPLICATE, "of its copy", edits, _exactly(entry.pointer, place), ERROR, "bdl-7: fullUrl is unique"
            )


def _exactly(*entries: str) -> tuple[str, ...]:
    # Not below: an entry whose fullUrl changes leaves references behind, which is another rule.
    return ("=", "=/entry", *(f"={entry}{part}" for entry in entries for part in ("", "/fullUrl")))
