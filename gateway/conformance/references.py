"""What references point at: the right type, and conforming to a profile the reference allows.

Works off what the walks left in the context: pointers become demands on their targets, demands are judged,
judging finds further pointers. Every (resource, profiles) pair is judged once, so that a circle ends.
"""

from collections.abc import Iterable

from gateway.conformance.constraints import best_match
from gateway.conformance.context import Context, Demand, Pointer
from gateway.conformance.items import Item
from gateway.fhir.bundle import Entry, Index


def settle(context: Context, index: Index) -> set[str]:
    """Judge all that is due; returns the paths of the resources that some profile judged."""
    sources = {entry.path: entry for entry in index.entries}
    done: set[tuple[str, tuple[str, ...]]] = set()
    while context.pointers or context.demands:
        pointers, context.pointers = context.pointers, []
        for pointer in pointers:
            _point(context, pointer, index, sources)
        demands, context.demands = context.demands, []
        for demand in demands:
            key = (demand.subject.path, demand.any_of)
            if key not in done:
                done.add(key)
                best_match(context, demand.subject, _preferred(context, demand))
    return {path for path, _ in done}


def claimed(context: Context, items: Iterable[Item]) -> Iterable[Demand]:
    """The demands that resources make on themselves by meta.profile."""
    for item in items:
        for position, canonical in enumerate(declared(item)):
            definition = context.guide.library.find(canonical)
            if definition is None:
                context.findings.skip(
                    "profile", f"{item.path}.meta.profile[{position}]", "The definition of this profile is not at hand."
                )
            elif definition.type == item.type:
                yield Demand(item, (definition.name,))
            else:
                context.findings.error(
                    "profile",
                    f"{item.path}.meta.profile[{position}]",
                    f"This profile is for {definition.type}, the resource is another type.",
                    "Remove the profile, or correct it.",
                )


def declared(item: Item) -> list[str]:
    """The canonicals in meta.profile; a malformed one is reported elsewhere."""
    meta = item.value.get("meta") if isinstance(item.value, dict) else None
    rows = meta.get("profile") if isinstance(meta, dict) else None
    return [row for row in rows if isinstance(row, str)] if isinstance(rows, list) else []


def _point(context: Context, pointer: Pointer, index: Index, sources: dict[str, Entry]) -> None:
    if any(name.startswith(context.guide.structures) for name in pointer.targets):
        context.profiled[pointer.item.path] = pointer.item
    value = pointer.item.value
    reference = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(reference, str) or not pointer.targets:
        return
    home = pointer.item.home
    found = index.resolve(reference, source=sources.get((home.outer or home).path))
    target = context.resources.get(found.entry.path) if found else None
    if target is None:
        return
    library = context.guide.library
    definitions = [library.find(name) or library.type(name) for name in pointer.targets]
    if None in definitions and target.type not in pointer.targets:
        context.findings.skip(
            "reference-target", pointer.item.path, "The definition of an allowed target is not at hand."
        )
        return
    fitting = [one for one in definitions if one and one.type in (target.type, "Resource")]
    if not fitting and target.type not in pointer.targets:
        kinds = sorted({one.type for one in definitions if one})
        context.findings.error(
            "reference-target",
            pointer.item.path,
            "The reference points at the wrong type.",
            f"Point at {' or '.join(kinds)}.",
            code="structure",
        )
    elif fitting and all("/" in one.name for one in fitting):
        context.demands.append(Demand(target, tuple(one.name for one in fitting)))


def _preferred(context: Context, demand: Demand) -> tuple[str, ...]:
    """Of several allowed profiles, the one the resource itself declares."""
    if len(demand.any_of) == 1:
        return demand.any_of
    found = [context.guide.library.find(canonical) for canonical in declared(demand.subject)]
    names = {one.name for one in found if one}
    return tuple(name for name in demand.any_of if name in names) or demand.any_of
