"""From one file to its mutations: all that the definitions offer, then an even, seeded sample per class."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tests.mutation import codes, dates, extensions, invariants, links, narrative, slices, structural
from tests.mutation.guides import Guide, guide
from tests.mutation.mutation import Mutation
from tests.mutation.shape import Node, every, walk

KINDS = (
    structural.MISSING,
    structural.TOO_MANY,
    structural.WRONG_TYPE,
    structural.UNKNOWN,
    structural.EMPTY,
    codes.KIND,
    slices.KIND,
    extensions.UNKNOWN,
    extensions.CONTEXT,
    dates.KIND,
    links.DANGLING,
    links.AMBIGUOUS,
    links.TARGET,
    links.DUPLICATE,
    invariants.KIND,
)
GENERATORS = (
    structural.missing,
    structural.too_many,
    structural.wrong_type,
    structural.unknown_property,
    structural.empty,
    structural.beside,
    codes.bad_codes,
    codes.broken_fixed,
    slices.broken_slices,
    extensions.unknown_extensions,
    dates.impossible_dates,
    invariants.broken_invariants,
    narrative.narrative,
)
# One in so many of the mutations of an entry's resource is checked within its Bundle, the others on their own.
WITHIN = 8


@dataclass(frozen=True, slots=True)
class Planned:
    """A mutation, and of what: the whole file, or the resource of one entry alone."""

    mutation: Mutation
    entry: int | None = None


def sample(version: str, name: str, resource: Any, per_class: int) -> list[Planned]:
    """At most so many mutations of each class, spread over entries and ways of spoiling; the name is the seed."""
    found = list(_all(guide(version), resource))
    chosen: list[Planned] = []
    for kind in KINDS:
        dice = random.Random(f"{name} {kind}")  # noqa: S311 - a sample, not a secret
        candidates = [planned for planned in found if planned.mutation.kind == kind]
        # Each invariant is a rule of its own: the class is many.
        number = per_class * 2 if kind == invariants.KIND else per_class
        chosen += [_placed(planned, dice) for planned in _evenly(candidates, number, dice)]
    return chosen


def _all(here: Guide, resource: Any) -> Iterator[Planned]:
    root = walk(here, resource)
    known = extensions.pool(resource)
    if resource["resourceType"] != "Bundle":
        yield from (Planned(m) for m in _of_nodes(here, list(every(root)), known))
        return
    entries = root.groups["entry"].nodes if "entry" in root.groups else []
    inner = [e.groups["resource"].nodes[0] for e in entries if "resource" in e.groups]
    below = {id(node) for top in inner for node in every(top)}
    yield from (Planned(m) for m in _of_nodes(here, [n for n in every(root) if id(n) not in below], known))
    if resource.get("type") == "collection":
        yield from (Planned(m) for m in [*links.links(here, root), *narrative.orphan(here, root)])
    for index, entry in enumerate(entries):
        if "resource" in entry.groups:
            alone = walk(here, entry.value["resource"])
            yield from (Planned(m, index) for m in _of_nodes(here, list(every(alone)), known))


def _of_nodes(here: Guide, nodes: list[Node], known: extensions.Pool) -> Iterator[Mutation]:
    for generator in GENERATORS:
        yield from generator(here, nodes)
    yield from extensions.wrong_context(here, nodes, known)


def _evenly(candidates: list[Planned], number: int, dice: random.Random) -> list[Planned]:
    """What breaks no rule in its true share; of the rest, round and round the ways of spoiling."""
    idle = [planned for planned in candidates if planned.mutation.excluded]
    number = min(number, len(candidates))
    share = round(number * len(idle) / len(candidates)) if candidates else 0
    rest = [planned for planned in candidates if not planned.mutation.excluded]
    return [*_rounds(rest, number - share, dice), *dice.sample(idle, share)]


def _rounds(candidates: list[Planned], number: int, dice: random.Random) -> list[Planned]:
    heaps: dict[str, list[Planned]] = {}
    for planned in candidates:
        heaps.setdefault(planned.mutation.variant, []).append(planned)
    for heap in heaps.values():
        dice.shuffle(heap)
    order = sorted(heaps)
    dice.shuffle(order)
    chosen: list[Planned] = []
    while len(chosen) < number and any(heaps.values()):
        for variant in order:
            if heaps[variant] and len(chosen) < number:
                chosen.append(heaps[variant].pop())
    return chosen


def _placed(planned: Planned, dice: random.Random) -> Planned:
    if planned.entry is None or dice.randrange(WITHIN):
        return planned
    head, mutation = f"/entry/{planned.entry}/resource", planned.mutation
    edits = tuple(
        (op, head + at, head + value if op in ("copy", "move", "swap") else value) for op, at, value in mutation.edits
    )
    watch = tuple(f"={head}{p[1:]}" if p.startswith("=") else head + p for p in mutation.watch)
    return Planned(replace(mutation, edits=edits, watch=watch))
