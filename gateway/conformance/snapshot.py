"""Turns a StructureDefinition snapshot into compact constraints: no narrative, only what is new.

A type of R4 keeps every element. A profile or extension keeps what it adds to the R4 type it constrains, so
a compiled file reads like a list of the guide's demands, and a diff of two versions like a change log.

Compiled element (every key optional):
    card          "1..1"; absent in a profile: as in R4
    types         ["Quantity", {"code": "Reference", "targets": ["Patient", "url|version"]}]
    fixed pattern the value
    binding       {"strength": "required", "set": "url"}; required, extensible and preferred
    rules         [{"key", "severity", "expression"}], without those every element of the type has anyway
    slicing       {"by": [["value", "url"]], "rules": "open", "ordered": true}; absent for extensions, sliced by url
    ceiling       "url"; the value set beyond which no code may be taken (elementdefinition-maxValueSet)
    also          [{"purpose": "extensible", "set": "url"}]; additional bindings that demand something of a value
    maxLength minValue maxValue ms
    ref           the element whose children these are (contentReference); in a profile: as that profile has them
"""

import re
from collections.abc import Callable
from typing import Any

from gateway.conformance.packages import Resource
from gateway.conformance.shelf import R4

Compact = dict[str, Any]
Resolve = Callable[[str], str]
STRING = "http://hl7.org/fhirpath/System.String"
FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
MAX_VALUE_SET = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
ADDITIONAL_BINDING = "http://hl7.org/fhir/tools/StructureDefinition/additional-binding"
# Purposes of additional bindings by which a value can be wrong; the last is ours, for one with a usage.
DEMANDING = ("required", "maximum", "extensible", "current", "conditional")
# Every element has these; the checker holds them in Python.
NATIVE = frozenset({"ele-1", "ext-1", "dom-2", "dom-3", "dom-4", "dom-5", "dom-6", "dom-r4b"})
# `value as boolean` in PAS 2.0.1: the operator is not allowed there, its function is.
_AS = re.compile(r" as (\w+)$")
_BOUNDS = ("fixed", "pattern", "minValue", "maxValue")


class Types:
    """The R4 types as compact elements, and the place of a profile's element in them."""

    def __init__(self, definitions: dict[str, Resource], resolve: Resolve) -> None:
        self._raw = definitions
        self._resolve = resolve
        self._compact: dict[str, dict[str, Compact]] = {}

    def elements(self, name: str) -> dict[str, Compact]:
        """The elements of an R4 type by path; empty for a type that has no definition here."""
        if name not in self._compact:
            raw = self._raw.get(name)
            rows = raw["snapshot"]["element"] if raw else ()
            self._compact[name] = {row["path"]: compact(_without_strangers(row), self._resolve) for row in rows}
            if raw and raw["kind"] == "resource":  # R4 publishes its type as string, by a known mistake
                self._compact[name][f"{name}.id"]["types"] = ["id"]
        return self._compact[name]

    def at(self, path: list[str]) -> Compact:
        """The R4 element a path leads to, going through data types where it must; empty when none is."""
        place, found = path[0], self.elements(path[0]).get(path[0], {})
        for name in path[1:]:
            place, found = self._step(place, found, name)
        return found

    def rules_of(self, element: Compact) -> list[Any]:
        """The rules that the types of an element bring along."""
        return [rule for name in codes(element) for rule in self.elements(name).get(name, {}).get("rules", [])]

    def _step(self, place: str, element: Compact, name: str) -> tuple[str, Compact]:
        for parent in (place, element.get("ref", "").lstrip("#"), *codes(element)):
            found = self.elements(parent.partition(".")[0]).get(f"{parent}.{name}")
            if found is not None:
                return f"{parent}.{name}", found
        return f"{place}.{name}", {}


def _without_strangers(row: Resource) -> Resource:
    """Without targets that are no R4 type: the archive of the core definitions at hand has a vendor's own put in."""
    return row | {
        "type": [
            entry | {"targetProfile": [url for url in entry.get("targetProfile", ()) if url.startswith(R4)]}
            for entry in row.get("type", ())
        ]
    }


def codes(element: Compact) -> list[str]:
    """The type names of a compiled element."""
    return [row if isinstance(row, str) else row["code"] for row in element.get("types", [])]


def value_sets(element: Compact) -> list[str]:
    """The value sets a compiled element is bound to in any way."""
    rows = [element["binding"]["set"]] if "binding" in element else []
    rows += [element["ceiling"]] if "ceiling" in element else []
    return [*rows, *(row["set"] for row in element.get("also", ()))]


def compile_type(raw: Resource, types: Types) -> Compact:
    """An R4 type with all its elements."""
    return {"kind": raw["kind"], "elements": types.elements(raw["type"])}


def compile_profile(raw: Resource, types: Types, resolve: Resolve) -> Compact:
    """A profile or extension: what it adds to its R4 type."""
    rows = {row["id"]: compact(row, resolve) for row in raw["snapshot"]["element"]}
    # `#Provenance.agent`: as in this profile; with a URL before it: as in the R4 type, which says so itself
    within = {row["id"] for row in raw["snapshot"]["element"] if row.get("contentReference", "").startswith("#")}
    elements = {}
    for identity, element in rows.items():
        base = types.at([segment.partition(":")[0] for segment in identity.split(".")])
        new = _added(element, base, types, is_slice=":" in identity.rpartition(".")[2])
        if "card" in new and _implied(identity, rows):
            del new["card"]
        if identity in within:
            new["ref"] = element["ref"]
        if new or ":" in identity.rpartition(".")[2]:
            elements[identity] = new
    result: Compact = {"kind": raw["kind"], "type": raw["type"], "elements": elements}
    if raw.get("baseDefinition", R4 + raw["type"]) != R4 + raw["type"]:
        result["base"] = resolve(raw["baseDefinition"])
    if raw.get("abstract"):
        result["abstract"] = True
    if raw["type"] == "Extension":
        result["context"] = [f"{row['type']}:{row['expression']}" for row in raw.get("context", [])]
        if rules := raw.get("contextInvariant"):
            result["contextRules"] = rules
        if raw["snapshot"]["element"][0].get("isModifier"):
            result["modifier"] = True
    return result


def compact(row: Resource, resolve: Resolve) -> Compact:
    """One ElementDefinition without prose."""
    result: Compact = {"card": f"{row['min']}..{row['max']}"}
    if types := [_type(entry, resolve) for entry in row.get("type", [])]:
        result["types"] = types
    result.update(_bounds(row))
    binding = row.get("binding", {})
    if binding.get("strength") in ("required", "extensible", "preferred") and binding.get("valueSet"):
        result["binding"] = {"strength": binding["strength"], "set": binding["valueSet"].partition("|")[0]}
    result.update(_further_sets(binding))
    if rules := [_rule(entry) for entry in row.get("constraint", []) if entry["key"] not in NATIVE]:
        result["rules"] = rules
    if slicing := _slicing(row):
        result["slicing"] = slicing
    if "maxLength" in row:
        result["maxLength"] = row["maxLength"]
    if row.get("mustSupport"):
        result["ms"] = True
    if "contentReference" in row:
        result["ref"] = "#" + row["contentReference"].partition("#")[2]
    return result


def _further_sets(binding: Resource) -> Compact:
    """The ceiling over a binding and its additional bindings.

    What systems have to be able to do (elementdefinition-minValueSet) or are advised of demands nothing of a value.
    """
    result: Compact = {}
    for entry in binding.get("extension", ()):
        if entry["url"] == MAX_VALUE_SET:
            result["ceiling"] = entry["valueCanonical"].partition("|")[0]
        elif entry["url"] == ADDITIONAL_BINDING:
            parts = {row["url"]: row for row in entry["extension"]}
            purpose = "conditional" if "usage" in parts else parts["purpose"]["valueCode"]
            if purpose in DEMANDING:
                url = parts["valueSet"]["valueCanonical"].partition("|")[0]
                result.setdefault("also", []).append({"purpose": purpose, "set": url})
    return result


def _bounds(row: Resource) -> Compact:
    """fixedUri, patternCodeableConcept, minValueInteger and so on, without their type."""
    return {
        bound: value
        for name, value in row.items()
        for bound in _BOUNDS
        if name.startswith(bound) and name[len(bound) :][:1].isupper()
    }


def _type(entry: Resource, resolve: Resolve) -> Any:
    code = entry["code"]
    if code == STRING:
        said = (row.get("valueUrl") for row in entry.get("extension", []) if row["url"] == FHIR_TYPE)
        code = next(said, None) or "string"
    result: Compact = {"code": code}
    if profiles := [resolve(url) for url in entry.get("profile", [])]:
        result["profiles"] = profiles
    if targets := [resolve(url) for url in entry.get("targetProfile", [])]:
        result["targets"] = targets
    return result if len(result) > 1 else code


def _rule(entry: Resource) -> Compact:
    return {"key": entry["key"], "severity": entry["severity"], "expression": entry.get("expression", "")}


def _slicing(row: Resource) -> Compact:
    raw = row.get("slicing")
    if not raw:
        return {}
    by = [[entry["type"], _AS.sub(r".ofType(\1)", entry["path"])] for entry in raw.get("discriminator", [])]
    if row["path"].endswith(("xtension",)) and by == [["value", "url"]] and raw["rules"] == "open":
        return {}
    result: Compact = {"by": by, "rules": raw["rules"]}
    if raw.get("ordered"):
        result["ordered"] = True
    return result


def _added(element: Compact, base: Compact, types: Types, *, is_slice: bool) -> Compact:
    """What an element says beyond its R4 base; a slice is optional unless it says otherwise."""
    silent = dict(base)
    if is_slice:
        silent["card"] = "0.." + base.get("card", "0..*").partition("..")[2]
    new = {name: value for name, value in element.items() if silent.get(name) != value}
    inherited = [*base.get("rules", []), *types.rules_of(base)]
    if rules := [rule for rule in element.get("rules", []) if rule not in inherited]:
        new["rules"] = rules
    else:
        new.pop("rules", None)
    return new


def _implied(identity: str, rows: dict[str, Compact]) -> bool:
    """Whether the mandatory slices of an element already demand its minimum, so that saying it twice is noise."""
    element = rows[identity]
    low, _, high = element["card"].partition("..")
    minima = [
        int(row["card"].partition("..")[0])
        for other, row in rows.items()
        if other.startswith(f"{identity}:") and "." not in other[len(identity) :]
    ]
    return high == "*" and 0 < int(low) <= sum(minima)
