"""What references point at: the right type, and conforming to a profile the reference allows.

Works off what the walks left in the context: pointers become demands on their targets, demands are judged,
judging finds further pointers. Every (resource, profiles) pair is judged once, so that a circle ends.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.conformance.constraints import best_match
from gateway.conformance.context import Context, Demand, Guide, Pointer
from gateway.conformance.items import Item
from gateway.conformance.resource_types import RESOURCE_TYPES

# What Reference.type is relative to.
_TYPES = "http://hl7.org/fhir/StructureDefinition/"
_TYPED = re.compile(r"(?:^|/)(?P<type>[A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?$")


@dataclass(frozen=True, slots=True)
class Targets:
    """What a reference may point at.

    Attributes:
        types: names of the R4 types; `Resource` for any.
        by_type: R4 type to the profiles, one of which a target of that type must meet; no row where any will do.
        unknown: some of it has no definition at hand.
        own: the guide wants a resource of one of its own profiles.
    """

    types: frozenset[str]
    by_type: Mapping[str, tuple[str, ...]]
    unknown: bool
    own: bool

    @classmethod
    def read(cls, names: tuple[str, ...], guide: Guide) -> "Targets":
        """From the names of types and profiles."""
        library = guide.library
        definitions = [library.find(name) or library.type(name) for name in names]
        by_type: dict[str, tuple[str, ...]] = {}
        for one in definitions:
            if one and "/" in one.name:
                by_type[one.type] = (*by_type.get(one.type, ()), one.name)
        plain = {name for name in names if "/" not in name}
        types = frozenset(plain | {one.type for one in definitions if one})
        by_type = {kind: found for kind, found in by_type.items() if kind not in plain}
        own = any(name.startswith(guide.structures) for name in names)
        return cls(types, by_type, None in definitions, own)

    def may_be(self, kind: str) -> bool:
        return self.unknown or self.takes(kind)

    def takes(self, kind: str) -> bool:
        return kind in self.types or "Resource" in self.types


def settle(context: Context) -> set[str]:
    """Judge all that is due; returns the paths of the resources that some profile judged."""
    done: set[tuple[Item, tuple[str, ...]]] = set()
    while context.pointers or context.demands:
        pointers, context.pointers = context.pointers, []
        for pointer in pointers:
            _point(context, pointer)
        demands, context.demands = context.demands, []
        for demand in demands:
            key = (demand.subject, _preferred(context, demand))
            if key not in done:
                done.add(key)
                best_match(context, *key)
    return {item.path for item, _ in done}


def claimed(context: Context, items: Iterable[Item]) -> Iterable[Demand]:
    """The demands that resources make on themselves by meta.profile."""
    for item in items:
        for position, canonical in enumerate(declared(item)):
            definition = context.guide.library.find(canonical)
            if definition is None:
                _undefined(context, item, position, canonical)
            elif definition.type == item.type:
                yield Demand(item, (definition.name,))
            elif item.type in RESOURCE_TYPES:
                context.findings.error(
                    "profile",
                    f"{item.path}.meta.profile[{position}]",
                    f"This profile is for {definition.type}, the resource is another type.",
                    "Remove the profile, or correct it.",
                )


def _undefined(context: Context, item: Item, position: int, canonical: str) -> None:
    """A profile that is not at hand: of the guide's own there are no others, of other guides there may be."""
    guide, url = context.guide, canonical.partition("|")[0]
    is_own = url.startswith(guide.structures) and not url.startswith(guide.overrides.absent)
    if not is_own or guide.library.find(url):
        rows = item.child("meta")[0].child("profile") if item.child("meta") else ()
        place = rows[position] if rows else item
        context.findings.skip("profile", place, "The definition of this profile is not at hand.")
        return
    near = guide.library.nearest(url, item.type)
    context.findings.error(
        "profile",
        f"{item.path}.meta.profile[{position}]",
        f"{guide.canonical} {guide.version} defines no such profile.",
        f"Correct it, perhaps to {near}, or leave it out." if near else "Correct it, or leave it out.",
        code="value",
    )


def declared(item: Item) -> list[str]:
    """The canonicals in meta.profile; a malformed one is reported elsewhere."""
    meta = item.value.get("meta") if isinstance(item.value, dict) else None
    rows = meta.get("profile") if isinstance(meta, dict) else None
    return [row if isinstance(row, str) else "" for row in rows] if isinstance(rows, list) else []


def _point(context: Context, pointer: Pointer) -> None:
    guide, item = context.guide, pointer.item
    if item.value.__class__ is dict and "type" in item.value:
        _same_type(context, item)
    if not pointer.targets:
        return
    targets = guide.targets.get(pointer.targets)
    if targets is None:
        targets = guide.targets[pointer.targets] = Targets.read(pointer.targets, guide)
    if targets.own:
        context.profiled[item.path] = item
    target = context.scene.target(item)
    if target is None:
        _unresolved(context, item, targets)
    elif target.type not in RESOURCE_TYPES:
        return  # a resource of no type is reported itself; whoever refers to it may mean the right one
    elif not targets.may_be(target.type):
        context.findings.error(
            "reference-target",
            item.path,
            "The reference points at the wrong type.",
            f"Point at {' or '.join(sorted(targets.types))}.",
            code="structure",
        )
    elif not targets.takes(target.type):
        context.findings.skip("reference-target", item, "The definition of an allowed target is not at hand.")
    elif names := targets.by_type.get(target.type) or targets.by_type.get("Resource"):
        context.demands.append(Demand(target, names))


def _same_type(context: Context, item: Item) -> None:
    """Reference.type, where it is said, is the type of what the reference leads to, or of what it names."""
    value = item.value if isinstance(item.value, dict) else {}
    kind = value.get("type")
    if not isinstance(kind, str):
        return
    target, reference = context.scene.target(item), value.get("reference")
    typed = _TYPED.search(reference) if isinstance(reference, str) else None
    named = target.type if target else typed["type"] if typed else ""
    if named and kind.removeprefix(_TYPES) != named and context.guide.library.type(named):
        context.findings.error(
            "reference-type",
            f"{item.path}.type",
            "The reference leads to a resource of another type.",
            f"Send {named}, or leave the type out.",
            code="structure",
        )


def _unresolved(context: Context, item: Item, targets: Targets) -> None:
    """A target that is not here says its type all the same: in the reference itself, or in Reference.type."""
    value = item.value if isinstance(item.value, dict) else {}
    reference, kind = value.get("reference"), value.get("type")
    typed = _TYPED.search(reference) if isinstance(reference, str) else None
    named = typed["type"] if typed else kind if isinstance(kind, str) else ""
    if named and context.guide.library.type(named) and not targets.may_be(named):
        context.findings.error(
            "reference-target",
            item.path,
            "The reference names the wrong type.",
            f"Point at {' or '.join(sorted(targets.types))}.",
            code="structure",
        )


def _preferred(context: Context, demand: Demand) -> tuple[str, ...]:
    """Of several allowed profiles, the one the resource itself declares."""
    if len(demand.any_of) == 1:
        return demand.any_of
    found = [context.guide.library.find(canonical) for canonical in declared(demand.subject)]
    names = {one.name for one in found if one}
    return tuple(name for name in demand.any_of if name in names) or demand.any_of
