"""Mutations that break an invariant: one way per key, tried wherever a definition states the key."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.mutation.guides import Element, Guide
from tests.mutation.mutation import ERROR, WARNING, Edit, Mutation, left_out
from tests.mutation.shape import Node, typed

KIND = "broken invariant"
Way = Callable[[Node], list[Edit]]
MB = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MB"}
NOT_HANDLED = {
    "ImmediateLevelOfCare": "dead as written: it asks a CodeableConcept for `.code` (ig.md 2.10)",
    "dom-6": "advice alone: every resource had better have a narrative, and hardly any has",
}
NO_WAY = "no way of breaking it is known"
NOTHING_TO_BREAK = "nothing here that its ways of breaking change"


def _set(name: str, value: Any) -> Way:
    return lambda node: [("set", f"{node.pointer}/{name}", value)]


def _without(*names: str) -> Way:
    def way(node: Node) -> list[Edit]:
        return [("remove", f"{node.pointer}/{name}", None) for name in names if name in node.value]

    return way


def _both(first: Way, second: Way) -> Way:
    def way(node: Node) -> list[Edit]:
        one, two = first(node), second(node)
        return [*one, *two] if one and two else []

    return way


def _if(condition: Callable[[dict[str, Any]], Any], way: Way) -> Way:
    return lambda node: way(node) if condition(node.value) else []


def _ext_1(node: Node) -> list[Edit]:
    if "extension" in node.value:
        return [("set", f"{node.pointer}/valueString", "spoiled")]
    inner = [{"url": "spoiled", "valueString": "spoiled"}]
    return [("set", f"{node.pointer}/extension", inner)]


def _ext_1_hollow(node: Node) -> list[Edit]:
    names = [name for name in node.value if name.startswith("value") or name == "extension"]
    return [("remove", f"{node.pointer}/{name}", None) for name in names]


def _hollow(node: Node) -> list[Edit]:
    return [] if node.is_resource else [("set", node.pointer, {"id": "only-an-id"})]


def _self(node: Node) -> list[Edit]:
    codings = node.value.get("relationship", {}).get("coding", [])
    kept = [coding for coding in codings if coding.get("code") != "18"]
    if "subscriber" in node.value or len(kept) == len(codings):
        return []
    return [("set", f"{node.pointer}/relationship", {"coding": kept} if kept else {"text": "other"})]


def _member(node: Node) -> list[Edit]:
    numbers = [{k: v for k, v in i.items() if k != "type"} for i in node.value.get("identifier", ())]
    edits: list[Edit] = [("set", f"{node.pointer}/identifier", numbers)] if numbers else []
    return [*edits, ("remove", f"{node.pointer}/subscriberId", None)] if "subscriberId" in node.value else edits


def _luhn(node: Node) -> list[Edit]:
    value = node.value.get("value", "")
    if not value.isdigit() or len(value) != 10:
        return []
    return [("set", f"{node.pointer}/value", value[:-1] + str((int(value[-1]) + 3) % 10))]


def _swap(node: Node) -> list[Edit]:
    entries = node.value.get("entry", [])
    return [("swap", f"{node.pointer}/entry/0", f"{node.pointer}/entry/1")] if len(entries) > 1 else []


def _entry(name: str, value: Any) -> Way:
    return lambda node: [("set", f"{node.pointer}/entry/0/{name}", value)] if node.value.get("entry") else []


def _twin(node: Node) -> list[Edit]:
    entries = node.value.get("entry", [])
    return [("set", f"{node.pointer}/entry/1/fullUrl", entries[0]["fullUrl"])] if len(entries) > 1 else []


def _loose_contained(node: Node) -> list[Edit]:
    stray = {"resourceType": "Organization", "id": "stray", "active": True, "name": "Nobody refers to it"}
    return [] if node.type == "Bundle" else [("append", f"{node.pointer}/contained", stray)]


def contained(**content: Any) -> Way:
    """Puts an Organization with this content into a resource, and a reference to it."""

    def way(node: Node) -> list[Edit]:
        # Something must refer to it, or dom-3 is broken as well.
        link = next((g.pointer for g in node.groups.values() if not g.is_list and g.nodes[0].type == "Reference"), None)
        if link is None or node.type == "Bundle":
            return []
        inner = {"resourceType": "Organization", "id": "outer", "active": True, "name": "Outer", **content}
        return [("append", f"{node.pointer}/contained", inner), ("set", f"{link}/reference", "#outer")]

    return way


def _task_without(code: str) -> Way:
    """A Task that asks for what the code stands for, and has no input of it."""

    def way(node: Node) -> list[Edit]:
        first = node.value.get("code", {}).get("coding", [{}])[0]
        rows = [row for row in node.value.get("input", ()) if row["type"]["coding"][0].get("code") != code]
        asked = "attachment-request-code" if code == "attachments-needed" else "attachment-request-questionnaire"
        coding = {"coding": [{**first, "code": asked}]}
        return [("set", f"{node.pointer}/code", coding), ("set", f"{node.pointer}/input", rows)] if rows else []

    return way


def _document(*without: str) -> Way:
    """A Bundle that calls itself a document, without what a document needs."""
    return lambda node: [("set", f"{node.pointer}/type", "document"), *_without(*without)(node)]


def _collection(value: dict[str, Any]) -> bool:
    return value.get("type") == "collection"


def _codes(value: dict[str, Any], name: str) -> set[str]:
    return {str(c.get("code")) for m in value.get(name, ()) for c in m.get("coding", ())}


# Key of the invariant: a way to break it at the element that states it, and the severity the definition gives it.
UCUM = "http://unitsofmeasure.org"
GRAMS = {code: {"unit": code, "system": UCUM, "code": code} for code in ("g", "kg")}
WAYS: dict[str, tuple[Way, ...]] = {
    "ele-1": (_hollow,),
    "ext-1": (_ext_1, _ext_1_hollow),
    "per-1": (
        _both(_set("start", "2026-12-31"), _set("end", "2026-01-01")),
        # Read as texts, or without their zones, these do not end before they start.
        _both(_set("start", "2026-12-31T08:00:00-05:00"), _set("end", "2026-12-31T12:00:00Z")),
        _both(_set("start", "2026-12-31T09:00:00.5Z"), _set("end", "2026-12-31T09:00:00.25Z")),
        _both(_set("start", "2026-12-31"), _set("end", "2026-11")),
    ),
    "ref-1": (_set("reference", "#nobody"),),
    "qty-3": (_if(lambda v: "code" in v, _without("system")),),
    "sqty-1": (_set("comparator", "<"),),
    "cpt-2": (_if(lambda v: "value" in v, _without("system")),),
    "att-1": (_if(lambda v: "data" in v, _without("contentType")),),
    "rng-2": (
        _both(_set("low", {"value": 9}), _set("high", {"value": 1})),
        _both(_set("low", {"value": 2, **GRAMS["kg"]}), _set("high", {"value": 500, **GRAMS["g"]})),
    ),
    "dom-2": (contained(contained=[{"resourceType": "Organization", "id": "in", "active": True, "name": "Inner"}]),),
    "dom-3": (_loose_contained,),
    "dom-4": (contained(meta={"versionId": "1"}), contained(meta={"lastUpdated": "2026-11-30T10:00:00Z"})),
    "dom-5": (contained(meta={"security": [{"system": "urn:example:security", "code": "R"}]}),),
    "bdl-1": (_if(_collection, _set("total", 1)),),
    "bdl-2": (_if(_collection, _entry("search", {"mode": "match"})),),
    "bdl-3": (_if(_collection, _entry("request", {"method": "GET", "url": "Claim/1"})),),
    "bdl-4": (_if(_collection, _entry("response", {"status": "200"})),),
    "bdl-5": (_if(lambda v: not {"request", "response"} & set(v), _without("resource")),),
    "bdl-7": (_if(_collection, _twin),),
    "bdl-8": (_set("fullUrl", "https://spoiled.example/Claim/1/_history/2"),),
    "bdl-9": (_document("identifier"), _both(_document(), _set("identifier", {"system": "urn:example:spoiled"}))),
    "bdl-10": (_document("timestamp"),),
    "bdl-11": (_set("type", "document"),),
    "bdl-12": (_set("type", "message"),),
    "ClaimFirst": (_swap,),
    "ClaimResponseFirst": (_swap,),
    "self-beneficiary": (_self,),
    "us-core-6": (_without("family", "given"),),
    "us-core-8": (_without("family", "given"),),
    "us-core-13": (_without("practitioner", "organization", "healthcareService", "location"),),
    "us-core-15": (_member,),
    "us-core-16": (_set("value", "123456789"), _set("value", "12345678AB")),
    "us-core-17": (_luhn,),
    "us-core-18": (_set("value", "12X3456789"),),
    "us-core-19": (_set("value", "1234"),),
    "us-core-21": (_if(lambda v: v.get("intent") == "order", _without("requester")),),
    "pd-1": (_without("telecom", "endpoint"),),
    "org-1": (_without("name", "identifier"),),
    "org-2": (_set("use", "home"),),
    "org-3": (_set("use", "home"),),
    "pat-1": (_without("name", "telecom", "address", "organization"),),
    "prr-1": (_both(_set("orderDetail", [{"text": "spoiled"}]), _without("code")),),
    "nor-1": (_without("oralDiet", "supplement", "enteralFormula"),),
    "inv-1": (_both(_set("authoredOn", "2026-11-30"), _set("lastModified", "2026-11-01")),),
    "tim-1": (_both(_set("duration", 1), lambda n: _without("durationUnit")(n) or _set("durationMax", 2)(n)),),
    "tim-2": (_if(lambda v: "period" in v, _without("periodUnit")),),
    "tim-4": (_both(_set("duration", -1), _set("durationUnit", "h")),),
    "tim-5": (_if(lambda v: "period" in v, _set("period", -1)),),
    "tim-6": (_both(_set("periodMax", 9), _without("period")),),
    "tim-7": (_if(lambda v: "duration" not in v, _set("durationMax", 2)),),
    "tim-8": (_if(lambda v: "count" in v, _both(_set("countMax", 9), _without("count"))),),
    "tim-9": (_if(lambda v: "when" not in v, _set("offset", 10)),),
    "tim-10": (_both(_set("timeOfDay", ["10:00:00"]), _set("when", ["MORN"])),),
    "IdentifierUnlessVO": (_if(lambda v: "VO" not in _codes(v, "medium"), _without("identifier")),),
    "AttachmentNeeded": (_task_without("attachments-needed"),),
    "QuestionnaireContext": (_task_without("questionnaire-context"),),
    "QuestionnaireNeeded": (_task_without("questionnaires-needed"),),
}
XHTML = '<div xmlns="http://www.w3.org/1999/xhtml">'
PRIMITIVE_WAYS: dict[str, tuple[Way, ...]] = {
    "txt-1": (
        lambda node: [("set", node.pointer, f"{XHTML}<script>alert(1)</script></div>")],
        lambda node: [("set", node.pointer, f"{XHTML}<p onclick='go()'>text</p></div>")],
        lambda node: [("set", node.pointer, f"{XHTML}<p>not closed</div>")],
        lambda node: [("set", node.pointer, "<div>of no namespace</div>")],
    ),
    "ele-1": (lambda node: [("set", node.pointer, "")] if isinstance(node.value, str) else [],),
    "FullDateRule": (
        lambda node: [("set", node.pointer, "2026-12")],
        lambda node: [("set", node.pointer, "2026")],
    ),
    "txt-2": (lambda node: [("set", node.pointer, f"{XHTML} </div>")],),
}
# Where it is more than the element itself: the finding may name what was changed.
AT_ENTRY = {"bdl-2": "search", "bdl-3": "request", "bdl-4": "response"}


def broken_invariants(here: Guide, nodes: list[Node]) -> Iterator[Mutation]:
    """Each invariant of each place, broken where a way is known."""
    for node in nodes:
        for key, (element, severity) in _stated(here, node).items():
            label = f"{element.label()} {key}"
            ways = (WAYS if isinstance(node.value, dict) else PRIMITIVE_WAYS).get(key, ())
            broken = {_named(key, number): edits for number, way in enumerate(ways) if (edits := way(node))}
            for variant, edits in broken.items():
                yield Mutation(KIND, variant, tuple(edits), _watched(node, key, edits), severity, label, demand=key)
            if not broken:
                reason = NOT_HANDLED.get(key, NOTHING_TO_BREAK if key in WAYS or key in PRIMITIVE_WAYS else NO_WAY)
                yield left_out(KIND, label, reason, demand=key)
            if key == "tim-1" and not any(name.startswith("bounds") for name in node.value):
                yield from _range_the_wrong_way(node)


def _named(key: str, number: int) -> str:
    """Each way of breaking an invariant is seen by itself."""
    return f"{key} {number + 1}" if number else key


def _range_the_wrong_way(node: Node) -> Iterator[Mutation]:
    """No example has a Range: one is put where a Timing may have it."""
    place = f"{node.pointer}/boundsRange"
    inner = replace(node, pointer=place, value={})
    for number, way in enumerate(WAYS["rng-2"]):
        edits = [("set", place, {}), *way(inner)]
        yield Mutation(
            KIND, _named("rng-2", number), tuple(edits), (f"={place}",), ERROR, "Range Range rng-2", demand="rng-2"
        )


def _stated(here: Guide, node: Node) -> dict[str, tuple[Element, str]]:
    """The invariants of a place by key: those of its elements, of their data types, of the profiles they name."""
    found: dict[str, tuple[Element, str]] = {}
    for rule in node.rules:
        structure = None if node.is_resource else typed(here, rule.element, rule.type)
        for element in (rule.element, *((structure.root,) if structure else ())):
            for row in element.data.get("constraint", ()):
                found.setdefault(row["key"], (element, ERROR if row["severity"] == "error" else WARNING))
    return found


def _watched(node: Node, key: str, edits: list[Edit]) -> tuple[str, ...]:
    # At the element that states it, or at a property that was changed; not anywhere below or above.
    changed = [pointer for _, pointer, _ in edits]
    if key in AT_ENTRY:
        changed = [f"{node.pointer}/entry", f"{node.pointer}/entry/0", *changed]
    if key.startswith("dom-"):
        inner = {"dom-2": "/contained", "dom-4": "/meta", "dom-5": "/meta"}.get(key, "")
        place = f"{node.pointer}/contained/{len(node.value.get('contained', ()))}"
        changed = [f"{node.pointer}/contained", place, f"{place}{inner}"]
    if key in ("bdl-9", "bdl-10"):
        changed = []
    if key.endswith("First") or key == "bdl-11" or key == "bdl-12":
        changed = [f"{node.pointer}/entry", f"{node.pointer}/entry/0", f"{node.pointer}/entry/0/resource"]
    return tuple(dict.fromkeys([f"={node.pointer}", *(f"={pointer}" for pointer in changed)]))
