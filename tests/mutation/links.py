"""Mutations of what ties a Bundle together: references to nowhere, to two, to a wrong type; duplicate fullUrls."""

from collections.abc import Iterator

from tests.mutation.guides import Guide
from tests.mutation.mutation import ANY, ERROR, Edit, Mutation, left_out, not_of_class
from tests.mutation.shape import Node, every

DANGLING, AMBIGUOUS, TARGET = "dangling reference", "ambiguous reference", "reference to a wrong type"
DUPLICATE = "duplicate fullUrl"
NOWHERE = "urn:uuid:5b011ed0-0000-4000-8000-0000000000ff"
INCLUDED = "every referenced resource is included (spec-13)"
ONLY_REQUEST = "an answer need not bring the request, nor what only the request refers to"
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
        target = _target(node, urls)
        if target is not None:
            by_target.setdefault(target, []).append(node)
    linked = {node.pointer for sources in by_target.values() for node in sources}
    for node in found:
        if node.pointer not in linked:
            yield _unlinked(root, node)
    for target, sources in sorted(by_target.items()):
        due = [node for node in sources if not _of_a_request(root, node)]
        for node in sources:
            if node not in due:
                label = node.rules[0].element.label()
                yield not_of_class(DANGLING, label, ONLY_REQUEST)
        if due:
            yield from _dangling(entries[target], due)
        yield from _ambiguous(entries, target, sources)
        yield from _wrong_target(here, entries, sources)
    yield from _duplicates(entries)


def _unlinked(root: Node, node: Node) -> Mutation:
    label = node.rules[0].element.label()
    if _of_a_request(root, node):
        return not_of_class(DANGLING, label, ONLY_REQUEST)
    if "reference" in node.value:
        return left_out(DANGLING, label, "it leads to no entry of the Bundle to begin with")
    edit = ("set", f"{node.pointer}/reference", NOWHERE)
    return Mutation(DANGLING, "beside an identifier", (edit,), (node.pointer,), ERROR, INCLUDED, demand=label)


def _of_a_request(root: Node, node: Node) -> bool:
    """Whether, in an answer, the reference leads to the request or stands in it."""
    kinds = [entry["resource"]["resourceType"] for entry in root.value["entry"]]
    index = int(node.pointer.split("/")[2])
    return kinds[0] == "ClaimResponse" and (kinds[index] == "Claim" or node.pointer.endswith("/request"))


def _target(node: Node, urls: dict[str, int]) -> int | None:
    """The entry a reference leads to: by its fullUrl, or from the server its own entry came from."""
    reference = node.value.get("reference", "")
    if reference in urls:
        return urls[reference]
    own = next((url for url, index in urls.items() if node.pointer.startswith(f"/entry/{index}/")), "")
    return urls.get(f"{own.rsplit('/', 2)[0]}/{reference}") if own.startswith("http") else None


def _dangling(entry: Node, sources: list[Node]) -> Iterator[Mutation]:
    for node in sources:
        for variant, url in NOWHERE_ELSE.items():
            edit = ("set", f"{node.pointer}/reference", url)
            demand = node.rules[0].element.label()
            yield Mutation(DANGLING, variant, (edit,), (node.pointer,), ERROR, INCLUDED, demand=demand)
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


def _wrong_target(here: Guide, entries: list[Node], sources: list[Node]) -> Iterator[Mutation]:
    for node in sources:
        allowed, label = _allowed(here, node), node.rules[0].element.label()
        if not allowed or "Resource" in allowed:
            yield not_of_class(TARGET, label, "it may refer to anything")
            continue
        if all(entry.value["resource"]["resourceType"] in allowed for entry in entries):
            yield left_out(TARGET, label, "no entry of another type")
        for entry in entries:
            type_ = entry.value["resource"]["resourceType"]
            if type_ not in allowed:
                edit = ("set", f"{node.pointer}/reference", entry.value["fullUrl"])
                rule = f"{node.rules[0].element.label()} refers to {', '.join(sorted(allowed))}"
                yield Mutation(TARGET, "another type", (edit,), (node.pointer,), ERROR, rule, demand=label)
                break


def _allowed(here: Guide, node: Node) -> set[str]:
    sets = []
    for rule in node.rules:
        urls = [url for row in rule.element.data.get("type", ()) for url in row.get("targetProfile", ())]
        structures = [here.structure(url) for url in urls]
        if urls and all(structures):
            sets.append({str(s.data["type"]) for s in structures if s is not None})
    return set.intersection(*sets) if sets else set()


def _duplicates(entries: list[Node]) -> Iterator[Mutation]:
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
