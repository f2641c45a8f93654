"""Resources that travel together: index, resolve references, build a collection.

Reading is tolerant of every fullUrl style seen in the field (quirks 1-12); writing is strict
(PAS 2.2.1 spec-14, spec-16: each resource once, fullUrl absolute or a version-4 urn:uuid).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Resource = dict[str, Any]


class Step(StrEnum):
    """How a reference was resolved, from most to least certain."""

    CONTAINED = "contained"
    FULL_URL = "fullUrl"
    RELATIVE = "relative to the entry's own base"
    TYPE_ID = "type and id"
    OTHER_BASE = "type and id under another base"
    ID_ONLY = "id alone"


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource and the address it travels under.

    Attributes:
        path: its FHIRPath in the input.
        type_id: `Type/id`, empty where the resource lacks one of them.
        base: what stands before that in the address it travels under.
    """

    resource: Resource
    full_url: str = ""
    path: str = ""
    type_id: str = field(init=False, repr=False, compare=False)
    base: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        kind, identity = self.resource.get("resourceType"), self.resource.get("id")
        known = f"{kind}/{identity}" if isinstance(kind, str) and isinstance(identity, str) else ""
        object.__setattr__(self, "type_id", known)
        object.__setattr__(self, "base", self.full_url.removesuffix(known) if known else "")


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a reference points at, and how that was found out."""

    entry: Entry
    step: Step


class Index:
    """Finds the target of a reference among entries; never fetches anything."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._urls: dict[str, list[Entry]] = {}
        self._types: dict[str, list[Entry]] = {}
        self._ids: dict[str, list[Entry]] = {}
        self._found: dict[tuple[str, str], Resolved | None] = {}  # entries never change
        self._of_type: dict[tuple[str, ...], tuple[Entry, ...]] = {}
        for entry in self.entries:
            if entry.full_url:
                self._urls.setdefault(entry.full_url, []).append(entry)
            if entry.type_id:
                self._types.setdefault(entry.type_id, []).append(entry)
                self._ids.setdefault(entry.type_id.partition("/")[2], []).append(entry)

    def of_type(self, *kinds: str) -> tuple[Entry, ...]:
        """The entries whose resourceType is one of `kinds`, in their order of arrival."""
        if kinds not in self._of_type:
            found = tuple(entry for entry in self.entries if entry.resource.get("resourceType") in kinds)
            self._of_type[kinds] = found
        return self._of_type[kinds]

    def resolve(self, reference: str, *, source: Entry | None = None) -> Resolved | None:
        """The one entry that `reference`, standing in `source`, points at; None when none or several do."""
        if reference[:1] == "#":
            return _contained(reference[1:], source)
        base = source.base if source else ""
        known = reference, base
        try:
            return self._found[known]
        except KeyError:
            found = self._found[known] = self._resolve(reference, base)
            return found

    def _resolve(self, reference: str, base: str) -> Resolved | None:
        """As `resolve`, for what is not contained and stands in a resource that travels under `base`."""
        target = reference.partition("/_history/")[0]
        if found := _only(self._urls.get(target, [])):
            return Resolved(found, Step.FULL_URL)
        if "?" in target:  # a conditional reference is a search, and searches are not run here
            return None
        kind, _, identity = target.rstrip("/").rpartition("/")
        kind = kind.rpartition("/")[2]
        relative = target == f"{kind}/{identity}"
        if relative and base and (found := _only(self._urls.get(base + target, []))):
            return Resolved(found, Step.RELATIVE)
        if kind and (found := _only(self._types.get(f"{kind}/{identity}", []))):
            return Resolved(found, Step.TYPE_ID if relative else Step.OTHER_BASE)
        bare = target.removeprefix("urn:uuid:")
        if found := _only([*self._urls.get(f"urn:uuid:{identity}", []), *self._ids.get(bare, [])]):
            return Resolved(found, Step.ID_ONLY)
        return None


def _contained(identity: str, source: Entry | None) -> Resolved | None:
    held = source.resource.get("contained", []) if source else []
    for position, resource in enumerate(held if isinstance(held, list) else []):
        if isinstance(resource, dict) and resource.get("id") == identity:
            path = f"{source.path if source else ''}.contained[{position}]"
            return Resolved(Entry(resource, path=path), Step.CONTAINED)
    return None


def _only(entries: list[Entry]) -> Entry | None:
    """The single distinct resource among `entries`: a resource sent twice over is still one."""
    if len(entries) == 1:
        return entries[0]
    if not entries or any(other.resource != entries[0].resource for other in entries[1:]):
        return None
    return entries[0]


def entries_of(value: Any, *, path: str = "") -> tuple[Entry, ...]:
    """The resources in a Bundle of any type, a list, a Parameters, or a single resource.

    Nested Bundles, lists and Parameters are opened; entries without a resource are skipped. A Parameters that holds
    no resource is itself one.
    """
    return tuple(_walk(value, path, ""))


def _walk(value: Any, path: str, full_url: str) -> Iterator[Entry]:
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _walk(item, f"{path}[{position}]", "")
    elif isinstance(value, dict) and value.get("resourceType") == "Bundle":
        rows = value.get("entry")
        for position, row in enumerate(rows if isinstance(rows, list) else []):
            if isinstance(row, dict):
                url = row.get("fullUrl")
                place = f"{path or 'Bundle'}.entry[{position}].resource"
                yield from _walk(row.get("resource"), place, url if isinstance(url, str) else "")
    elif isinstance(value, dict) and isinstance(value.get("resourceType"), str):
        here = path or value["resourceType"]
        held = [entry for row in _parameters(value, here) for entry in row]
        yield from held or [Entry(value, full_url, here)]


def _parameters(value: Resource, path: str) -> Iterator[Iterator[Entry]]:
    """The resources of each parameter and part of a Parameters; nothing for other resources."""
    key = "parameter" if value.get("resourceType") == "Parameters" else "part"
    if key == "part" and "resourceType" in value:
        return
    rows = value.get(key)
    for position, row in enumerate(rows if isinstance(rows, list) else []):
        if isinstance(row, dict):
            place = f"{path}.{key}[{position}]"
            yield _walk(row.get("resource"), f"{place}.resource", "")
            yield from _parameters(row, place)


def references(value: Any, *, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every Reference with a `reference` string inside `value`, contained resources included, with its path."""
    stack: list[tuple[Any, Any]] = [(path, value)]
    while stack:
        place, item = stack.pop()
        if item.__class__ is list:
            for position, child in enumerate(item):
                if child.__class__ is dict or child.__class__ is list:
                    stack.append(((place, position), child))
        elif isinstance(item, dict):
            if isinstance(item.get("reference"), str) and "resourceType" not in item:
                yield _written(place), item
            for key, child in item.items():
                if child.__class__ is dict or child.__class__ is list:
                    stack.append(((place, key), child))


def _written(place: Any) -> str:
    """A path kept as pairs of the path around and a step, written out."""
    steps: list[str] = []
    while not isinstance(place, str):
        place, step = place
        steps.append(f"[{step}]" if isinstance(step, int) else f".{step}")
    return f"{place}{''.join(reversed(steps))}".removeprefix("." if not place else "")


def collection(entries: Iterable[Entry], *, identifier: dict[str, str], timestamp: str, profile: str) -> Resource:
    """A Bundle of type collection, entries in the order given (PAS 2.2.1 request and response bundles)."""
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [profile]},
        "identifier": identifier,
        "type": "collection",
        "timestamp": timestamp,
        "entry": [{"fullUrl": entry.full_url, "resource": entry.resource} for entry in entries],
    }
