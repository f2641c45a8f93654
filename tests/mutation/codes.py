"""Mutations of codes: another code or another system where a binding holds."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.mutation.guides import CodeSet, Element, Guide, code_set, whole_system
from tests.mutation.mutation import ANY, ERROR, UNMATCHED, Mutation, left_out, not_of_class
from tests.mutation.shape import Node, on_discriminator

KIND = "bad code or system"
CODE, SYSTEM = "ZZ-spoiled", "https://spoiled.example/codes"
MAXIMUM = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
UNKNOWN_SET = "no package holds the value set, or it draws on what nobody may list"
# Their members are a grammar, not a list.
OPEN = {
    "http://hl7.org/fhir/ValueSet/mimetypes",
    "http://hl7.org/fhir/ValueSet/languages",
    "http://hl7.org/fhir/ValueSet/all-languages",
}


def bad_codes(here: Guide, nodes: list[Node]) -> Iterator[Mutation]:
    """Every place with a required or extensible binding, given a code or a system from outside of the set."""
    for node in nodes:
        for element in [rule.element for rule in node.rules]:
            binding = element.data.get("binding", {})
            strength, url = binding.get("strength"), binding.get("valueSet", "").split("|")[0]
            if strength not in ("required", "extensible") or not url:
                continue
            yield from _bound(here, node, element, strength, url)
            for row in binding.get("extension", ()):
                if row["url"] == MAXIMUM:
                    most = row["valueCanonical"].split("|")[0]
                    for mutation in _bound(here, node, element, "required", most):
                        yield replace(mutation, variant=f"maximum: {mutation.variant}")


def _bound(here: Guide, node: Node, element: Element, strength: str, url: str) -> Iterator[Mutation]:
    label = f"{element.label()} bound {strength} to {url.rsplit('/', 1)[-1]}"
    if node.type in ("code", "string"):
        yield from _plain(here, node, element, strength, url, label)
    elif node.type in ("CodeableConcept", "Coding") and isinstance(node.value, dict):
        found = list(_concept(here, node, strength, url, label))
        yield from found
        if not found:
            yield _untouched(here, node, url, label)
    else:
        yield left_out(KIND, label, f"a binding of a {node.type or 'value without a type'}")


def _untouched(here: Guide, node: Node, url: str, label: str) -> Mutation:
    if code_set(here.version, url) is None:
        return not_of_class(KIND, label, UNKNOWN_SET)
    coded = node.type == "Coding" or node.value.get("coding")
    reason = "it holds nothing of the set to begin with" if coded else "it holds words alone, which may stand there"
    return left_out(KIND, label, reason)


def _plain(here: Guide, node: Node, element: Element, strength: str, url: str, label: str) -> Iterator[Mutation]:
    known = code_set(here.version, url)
    # Sets of R4 itself are not in the packages, but the definitions of R4 list the shorter ones beside the element.
    listed = " | " in element.data.get("short", "")
    if url in OPEN:
        yield not_of_class(KIND, label, "the members are a grammar, not a list")
        return
    if known is None and not listed:
        yield not_of_class(KIND, label, UNKNOWN_SET)
        return
    severity = ERROR if strength == "required" else ANY
    values = {"code": CODE}
    if isinstance(node.value, str) and node.value.swapcase() != node.value:
        values["case"] = node.value.swapcase()
    for variant, value in values.items():
        edit = ("set", node.pointer, value)
        yield Mutation(KIND, f"{variant} {strength}", (edit,), (node.pointer,), severity, label)


def _concept(here: Guide, node: Node, strength: str, url: str, label: str) -> Iterator[Mutation]:
    stem = node.pointer if node.type == "Coding" else None
    codings = [node.value] if stem else node.value.get("coding", [])
    places = [stem] if stem else [f"{node.pointer}/coding/{index}" for index in range(len(codings))]
    if not codings or not all(isinstance(coding, dict) for coding in codings):
        return
    known = code_set(here.version, url)
    if known is not None and all(known.holds(c.get("system"), c.get("code")) is False for c in codings):
        return  # what is outside already would only stay outside
    severity = ERROR if strength == "required" else ANY
    for variant, edits, reason in _spoilt(here, known, strength, list(zip(places, codings, strict=True))):
        idle = UNMATCHED if on_discriminator(node) else reason
        yield Mutation(KIND, f"{variant} {strength}", tuple(edits), (node.pointer,), severity, label, idle)
    if stem is None and strength == "required":
        idle = UNMATCHED if on_discriminator(node) else None
        for variant, value in (("text alone", {"text": "spoiled"}), ("text and id", {"id": "only", "text": "spoiled"})):
            edit = ("set", node.pointer, value)
            yield Mutation(KIND, variant, (edit,), (node.pointer,), severity, label, idle)


def _outside(here: Guide, known: CodeSet, coding: Any) -> str | None:
    """A code of the coding's own, complete system that the set leaves out."""
    allowed = known.systems.get(coding.get("system"))
    every = whole_system(here.version, coding.get("system", ""))
    return min(every - allowed, default=None) if every and allowed else None


def _spoilt(
    here: Guide, known: CodeSet | None, strength: str, codings: list[tuple[str, Any]]
) -> Iterator[tuple[str, list[tuple[str, str, Any]], str | None]]:
    systems: list[tuple[str, str, Any]] = [("set", f"{place}/system", SYSTEM) for place, _ in codings]
    if known is not None or strength == "required":
        yield "system", systems, None
        yield "no system", [("remove", f"{place}/system", None) for place, c in codings if "system" in c], None
    if known is None:
        return
    codes: list[tuple[str, str, Any]] = [
        ("set", f"{place}/code", CODE)
        for place, coding in codings
        if known.holds(coding.get("system"), CODE) is False and coding.get("system") in known.systems
    ]
    others = [c for _, c in codings if known.holds(c.get("system"), CODE) is None]
    if codes and not others:
        yield "code", codes, None
    neighbours = [(f"{place}/code", _outside(here, known, coding)) for place, coding in codings]
    if neighbours and all(code for _, code in neighbours):
        yield "code of the system", [("set", place, code) for place, code in neighbours], None


def broken_fixed(here: Guide, nodes: list[Node]) -> Iterator[Mutation]:
    """Every value a definition fixes, changed to another of its type."""
    for node in nodes:
        demand = next((r.element for r in node.rules if r.element.fixed is not None and not r.of_slice), None)
        if demand is None:
            continue
        rule = f"{demand.label()} has a fixed value or pattern"
        if node.pointer.endswith("/url"):
            yield not_of_class(KIND, rule, "the url says which extension it is: class unknown extension")
            continue
        value = _another(demand.fixed)
        if value is None:
            yield left_out(KIND, rule, "no other value of the kind of the fixed one")
        else:
            reason = UNMATCHED if on_discriminator(node) else None
            yield Mutation(KIND, "fixed value", (("set", node.pointer, value),), (node.pointer,), ERROR, rule, reason)


def _another(fixed: Any) -> Any:
    if isinstance(fixed, bool):
        return not fixed
    if isinstance(fixed, str):
        return "spoiled"
    if isinstance(fixed, dict) and "coding" in fixed:
        return {"coding": [{"system": SYSTEM, "code": CODE}]}
    return None
