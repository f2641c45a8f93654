"""What differs between two compiled versions of a guide: profiles, and per profile the demands on each element."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Compact = Mapping[str, Any]

# What is compared of an element, in the words of a report; the keys are those of the compiled files.
ASPECTS = {
    "card": "cardinality",
    "ms": "must support",
    "types": "types and targets",
    "binding": "binding",
    "ceiling": "largest value set",
    "also": "additional bindings",
    "fixed": "fixed value",
    "pattern": "pattern",
    "minValue": "least value",
    "maxValue": "largest value",
    "maxLength": "longest value",
    "slicing": "slicing",
    "rules": "invariants",
    "ref": "content",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One demand that is not the same in both.

    Attributes:
        element: id of the element, or empty for what is said of the definition as a whole.
        aspect: what of it changed, e.g. `cardinality`, `slice`.
        old, new: the demand as text; empty where nothing is demanded beyond R4.
    """

    element: str
    aspect: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Attributes:
    added, removed: canonicals of the profiles and extensions only one side has.
    changed: canonical to what changed in it, in the order of its elements.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: Mapping[str, tuple[Change, ...]]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed)


def compare(old: Mapping[str, Compact], new: Mapping[str, Compact], canonical: str) -> Difference:
    """Compare the compiled definitions of two versions, by name.

    The versions on names of the guide itself, whose URLs start with `canonical`, are no difference.
    """
    before, after = _by_url(old), _by_url(new)
    own = f"{canonical}/"
    changed = {
        url: changes for url in before if url in after and (changes := tuple(_changes(before[url], after[url], own)))
    }
    return Difference(tuple(sorted(after.keys() - before.keys())), tuple(sorted(before.keys() - after.keys())), changed)


def _by_url(definitions: Mapping[str, Compact]) -> dict[str, Compact]:
    return {name.partition("|")[0]: definitions[name] for name in sorted(definitions)}


def _changes(old: Compact, new: Compact, own: str) -> Iterator[Change]:
    for part in ("type", "base", "context", "contextRules", "modifier", "abstract"):
        sides = _text(old.get(part), own), _text(new.get(part), own)
        if sides[0] != sides[1]:
            yield Change("", part, *sides)
    before, after = old["elements"], new["elements"]
    for identity in dict.fromkeys((*before, *after)):
        one_sided = _slice_above(identity, before, after)
        if one_sided == identity:
            yield Change(identity, "slice", *(("yes", "") if identity in before else ("", "yes")))
        elif not one_sided:
            yield from _aspects(identity, before.get(identity, {}), after.get(identity, {}), own)


def _slice_above(identity: str, before: Compact, after: Compact) -> str:
    """The outermost slice an element is or lies in that only one side has; its own demands then are no news."""
    parts = identity.split(".")
    for length in range(1, len(parts) + 1):
        whole = ".".join(parts[:length])
        if ":" in parts[length - 1] and (whole in before) != (whole in after):
            return whole
    return ""


def _aspects(identity: str, before: Compact, after: Compact, own: str) -> Iterator[Change]:
    for key, aspect in ASPECTS.items():
        if key == "rules":
            yield from _rules(identity, before, after)
            continue
        sides = _text(before.get(key), own), _text(after.get(key), own)
        if sides[0] != sides[1]:
            yield Change(identity, aspect, *sides)


def _rules(identity: str, before: Compact, after: Compact) -> Iterator[Change]:
    """Invariants one by one, by their keys."""
    sides = [
        {row["key"]: f"{row['severity']}: {row['expression']}" for row in one.get("rules", ())}
        for one in (before, after)
    ]
    for key in dict.fromkeys((*sides[0], *sides[1])):
        old, new = (one.get(key, "") for one in sides)
        if old != new:
            yield Change(identity, f"{ASPECTS['rules']} {key}", old, new)


def _text(value: Any, own: str) -> str:
    """A demand as text, without the version on the guide's own names."""
    if value is None:
        return ""
    return value if isinstance(value, str) and "/" not in value else _plain(_unversioned(value, own))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _unversioned(value: Any, own: str) -> Any:
    if isinstance(value, str):
        return value.partition("|")[0] if value.startswith(own) else value
    if isinstance(value, Mapping):
        return {name: _unversioned(inner, own) for name, inner in value.items()}
    return [_unversioned(inner, own) for inner in value] if isinstance(value, list | tuple) else value
