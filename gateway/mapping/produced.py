"""Follows what mappings produce through the FHIR types, so that a misspelt or missing output element is found early.

`produce.resourceType` says the type; an include has the type of the place it stands in. Where a type is not known
nothing is said.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from gateway.mapping.findings import Finding, Place, is_control, nearest
from gateway.mapping.language import Definition
from gateway.mapping.paths import OPEN, Types, type_in_choice

# The elements of a type (or backbone element, by its path) that a value of it must have, named as in FHIRPath.
Demands = Callable[[str], Collection[str]]


def misproduced(
    definitions: Mapping[str, Definition], types: Types, demands: Demands | None = None
) -> Iterator[Finding]:
    """Every output element that its type does not have and, with `demands`, each required one that no line makes."""
    walk = _Walk(definitions, types, demands)
    for name in definitions:
        walk.mapping(name, "", whole=True)
    yield from walk.found.values()


class _Walk:
    def __init__(self, definitions: Mapping[str, Definition], types: Types, demands: Demands | None) -> None:
        self.found: dict[tuple[str, str, str], Finding] = {}
        self._definitions = definitions
        self._types = types
        self._demands = demands
        self._seen: set[tuple[str, str, bool]] = set()
        self._home: Definition

    def mapping(self, name: str, kind: str, *, whole: bool) -> None:
        """Check a mapping put where `kind` is due; `whole` when nothing beside it adds elements to what it makes."""
        if name not in self._definitions or (name, kind, whole) in self._seen:
            return
        self._seen.add((name, kind, whole))
        before = getattr(self, "_home", None)
        self._home = self._definitions[name]
        self._value(_produce(self._home), ("produce",), kind, whole=whole)
        if before is not None:
            self._home = before

    def _value(self, value: Any, place: Place, kind: str, *, whole: bool) -> None:
        if isinstance(value, list):
            for at, item in enumerate(value):
                self._value(item, (*place, at), kind, whole=True)
        elif isinstance(value, dict) and isinstance(value.get("include"), str):
            self.mapping(value["include"], kind, whole=whole)
        elif isinstance(value, dict):
            self._object(value, place, kind, whole=whole)

    def _object(self, value: dict[str, Any], place: Place, kind: str, *, whole: bool) -> None:
        written = value.get("resourceType")
        if isinstance(written, str) and "{{" not in written:
            kind = written
            if self._types(kind) is None:
                self._find((*place, "resourceType"), f"FHIR R4 has no resource type {kind!r}")
        loops = any(key.startswith("for ") for key in value)
        if whole and kind and not loops:
            self._missing(value, place, kind)
        for key, child in value.items():
            here = (*place, key)
            if is_control(key):
                self._value(child, here, kind, whole=loops)
            else:
                self._value(child, here, self._element(key, here, kind), whole=True)

    def _element(self, key: str, place: Place, kind: str) -> str:
        """The type of what stands in an element; empty where it is not known."""
        elements = None if not kind or kind in OPEN else self._types(kind)
        name = key.removeprefix("_")
        if elements is None or name == "resourceType":
            return ""
        kinds = elements.get(name, ())
        if name in elements and len(kinds) <= 1:
            return "" if key != name else "".join(kinds)
        for choice, its in elements.items():
            if len(its) > 1 and (found := type_in_choice(name, choice, its)):
                return "" if key != name else found
        if kinds:
            self._find(place, f"{kind}.{name} is a choice: name its type too, such as {_spellings(name, kinds)[0]}")
            return ""
        valid = [spelt for one, its in elements.items() for spelt in _spellings(one, its)]
        self._find(place, f"{kind} has no element {name}{nearest(name, valid)}")
        return ""

    def _missing(self, value: dict[str, Any], place: Place, kind: str) -> None:
        made = self._keys(value, frozenset())
        elements = self._types(kind)
        if made is None or not made or elements is None or self._demands is None:
            return
        for element in self._demands(kind):
            if not made.intersection(_spellings(element, elements[element])):
                self._find(place, f"{kind} requires {element}; no mapping line makes it")

    def _keys(self, value: Any, passed: frozenset[str]) -> set[str] | None:
        """The elements an object may get from its own lines, conditions and includes; None when that is not known."""
        if not isinstance(value, dict):
            return None
        name = value.get("include")
        if isinstance(name, str):
            target = self._definitions.get(name)
            return self._keys(_produce(target), passed | {name}) if target and name not in passed else None
        made: set[str] = set()
        for key, child in value.items():
            inner = self._keys(child, passed) if is_control(key) else {key}
            if inner is None:
                return None
            made |= inner
        return made

    def _find(self, place: Place, message: str) -> None:
        finding = self._home.document.finding_at_key(place, message)
        self.found.setdefault((finding.file, finding.path, message), finding)


def _produce(definition: Definition) -> Any:
    top = definition.document.value
    return top.get("produce") if isinstance(top, dict) else None


def _spellings(element: str, types: tuple[str, ...]) -> tuple[str, ...]:
    """An element as JSON names it: each form of a choice."""
    return tuple(f"{element}{kind[:1].upper()}{kind[1:]}" for kind in types) if len(types) > 1 else (element,)
