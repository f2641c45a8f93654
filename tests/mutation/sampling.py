"""From one file to its mutations: all that the definitions offer, then an even, seeded sample per class."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
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
class Demands:
    """Of one class, what the definitions demand of a file: how much could be spoiled, and why the rest could not.

    Attributes:
        spoiled: demands with at least one mutation.
        excluded: the others, by reason.
        outside: demands the class does not speak of, by reason.
    """

    spoiled: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Planned:
    """A mutation, and of what: the whole file, or the resource of one entry alone."""

    mutation: Mutation
    entry: int | None = None


def planned(
    version: str, name: str, resource: Any, per_class: int, seen: Counter[tuple[str, str]]
) -> tuple[list[Planned], dict[str, Demands]]:
    """At most so many mutations of each class, spread over entries and ways of spoiling; the name is the seed.

    The ways of spoiling that were `seen` least in other files come first. Beside the mutations, of each class, all
    that the definitions demand of the file.
    """
    found = list(_all(guide(version), resource))
    return _chosen(found, name, per_class, seen), {kind: demands(found, kind) for kind in KINDS}


def demands(found: list[Planned], kind: str) -> Demands:
    """What the definitions demand of a file, each once; one that could be spoiled somewhere counts as spoiled."""
    best: dict[str, tuple[int, str]] = {}
    for mutation in (one.mutation for one in found if one.mutation.kind == kind):
        rank = 1 if mutation.excluded else 2 if mutation.outside else 0
        key = mutation.demand or mutation.rule
        best[key] = min(best.get(key, (9, "")), (rank, mutation.excluded or mutation.outside or ""))
    counted = [Counter(reason for rank, reason in best.values() if rank == wanted) for wanted in (0, 1, 2)]
    return Demands(counted[0].total(), counted[1], counted[2])


def _chosen(found: list[Planned], name: str, per_class: int, seen: Counter[tuple[str, str]]) -> list[Planned]:
    chosen: list[Planned] = []
    for kind in KINDS:
        dice = random.Random(f"{name} {kind}")  # noqa: S311 - a sample, not a secret
        candidates = [one for one in found if one.mutation.kind == kind and one.mutation.is_real]
        # Each invariant is a rule of its own: the class is many.
        number = per_class * 2 if kind == invariants.KIND else per_class
        chosen += [_placed(one, dice) for one in _rounds(candidates, min(number, len(candidates)), dice, seen)]
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
        yield from (Planned(m) for m in [*links.links(here, root), *narrative.orphan(root)])
    for index, entry in enumerate(entries):
        if "resource" in entry.groups:
            alone = walk(here, entry.value["resource"])
            yield from (Planned(m, index) for m in _of_nodes(here, list(every(alone)), known))


def _of_nodes(here: Guide, nodes: list[Node], known: extensions.Pool) -> Iterator[Mutation]:
    for generator in GENERATORS:
        yield from generator(here, nodes)
    yield from extensions.wrong_context(here, nodes, known)


def _rounds(
    candidates: list[Planned], number: int, dice: random.Random, seen: Counter[tuple[str, str]]
) -> list[Planned]:
    heaps: dict[str, list[Planned]] = {}
    for planned in candidates:
        heaps.setdefault(planned.mutation.variant, []).append(planned)
    for heap in heaps.values():
        dice.shuffle(heap)
    order = sorted(heaps)
    dice.shuffle(order)
    order.sort(key=lambda variant: seen[candidates[0].mutation.kind, variant])
    chosen: list[Planned] = []
    while len(chosen) < number and any(heaps.values()):
        for variant in order:
            if heaps[variant] and len(chosen) < number:
                chosen.append(heaps[variant].pop())
                seen[chosen[-1].mutation.kind, variant] += 1
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
