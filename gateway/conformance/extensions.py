"""Extensions against their definitions: known or not, allowed at this place, and shaped as defined."""

from gateway.conformance import constraints, invariants
from gateway.conformance.context import Context
from gateway.conformance.definitions import Definition, Node
from gateway.conformance.discriminators import extension_url
from gateway.conformance.items import Item
from gateway.fhir import path as fhirpath
from gateway.fhir.outcome import Severity


def check_quickly(context: Context, item: Item) -> bool:
    """An extension that is what most are, a url and a value: whether there was no need for more than a look.

    It is known, may stand here, has a value that R4 has nothing to say about, and no other demand than on that value.
    """
    value, parent = item.value, item.parent
    if value.__class__ is not dict or len(value) != 2 or parent is None:
        return False
    url = value.get("url")
    if url.__class__ is not str:
        return False
    quick = context.guide.quick
    key = (url, item.node, parent.node, parent.type)
    if key not in quick:
        quick[key] = _only_on_value(context, item, parent, url)
    demands = quick[key]
    if demands is None:
        return False
    one, other = value
    name = other if one == "url" else one
    field = item.shape.fields.get(name)
    if field is None or field.name != "value[x]" or not field.accepts_alone(value[name]):
        return False
    for node in demands:
        constraints.hold(context, node, item.fill(field, value[name])[0])
    return True


def _only_on_value(context: Context, item: Item, parent: Item, url: str) -> tuple[Node, ...] | None:
    """What the definition of an extension demands of its value; None where it demands anything else here."""
    definition = context.guide.library.find(url)
    if ":" not in url or definition is None or definition.type != "Extension" or parent.type == "Extension":
        return None
    if definition.modifier != (item.node.name == "modifierExtension") or not _may_stand(context, item, definition):
        return None
    if definition.context_rules or (definition.partial and definition.base) or _r4_demands(context, item):
        return None
    return constraints.only_on_value(context, definition, item, url)


def _r4_demands(context: Context, item: Item) -> bool:
    """Whether R4 demands more of an extension than ext-1 and a url."""
    library = context.guide.library
    of_type = library.type("Extension")
    elements = [item.node.element, *([of_type.root.element] if of_type else ())]
    is_plain = all(not one.rules and not one.is_bound for one in elements)
    return not is_plain or [node.name for node in item.shape.required] != ["url"]


def check(context: Context, item: Item) -> None:
    """One Extension value; `item` came through the property extension or modifierExtension."""
    url = item.value.get("url") if isinstance(item.value, dict) else None
    if not isinstance(url, str) or not isinstance(item.value, dict):
        return
    _one_or_the_other(context, item)
    if ":" not in url:
        _part(context, item, url)
        return
    definition = context.guide.library.find(url)
    if definition is None or definition.type != "Extension":
        _unknown(context, item, url)
        return
    is_modifier = item.node.name == "modifierExtension"
    if definition.modifier != is_modifier:
        due = "modifierExtension" if definition.modifier else "extension"
        context.findings.error(
            "extension-modifier", item.path, f"This extension belongs in {due}.", f"Send it in {due}.", code="extension"
        )
    _place(context, item, definition)
    constraints.conform(context, definition, item)


def _part(context: Context, item: Item, url: str) -> None:
    """A relative url names a part of a complex extension; what the part holds, that extension's definition judges."""
    parent = item.parent
    if parent is None or parent.type != "Extension":
        context.findings.error(
            "unknown-extension",
            item.path,
            "The url of an extension is absolute here.",
            "Send the canonical URL of the extension.",
            code="extension",
        )
        return
    whole = parent.value.get("url") if isinstance(parent.value, dict) else None
    definition = context.guide.library.find(whole) if isinstance(whole, str) else None
    if definition is None:
        return
    parts = definition.root.children.get("extension")
    known = sorted(filter(None, map(extension_url, parts.slices.values() if parts else ())))
    if url not in known:
        context.findings.error(
            "unknown-extension",
            item.path,
            f"{definition.url} has no such part.",
            f"Send one of: {', '.join(known) or 'none'}.",
            code="extension",
        )


def _one_or_the_other(context: Context, item: Item) -> None:
    """ext-1: a value or further extensions, not both and not neither."""
    if bool(item.child("value[x]")) == bool(item.value.get("extension")):
        context.findings.error(
            "ext-1",
            item.path,
            "An extension has either a value or extensions of its own.",
            "Send one value[x], or extensions, not both.",
            code="invariant",
        )


def _unknown(context: Context, item: Item, url: str) -> None:
    guide = context.guide
    if url.startswith(guide.overrides.absent):
        context.findings.skip("extension", item, "The definition of this extension is not at hand.")
    elif url.startswith(guide.canonical):
        near = guide.library.nearest(url, "Extension")
        context.findings.error(
            "unknown-extension",
            item.path,
            f"{guide.canonical} {guide.version} defines no such extension.",
            f"Correct the url{f', perhaps to {near}' if near else ''}, or leave the extension out.",
            code="extension",
        )
    elif item.node.name == "modifierExtension":
        context.findings.error(
            "unknown-extension",
            item.path,
            "A modifier extension that is not known here.",
            "Leave it out: whoever does not know a modifier extension must refuse the element.",
            code="extension",
        )
    else:
        context.findings.add(
            Severity.INFORMATION,
            "unknown-extension",
            item.path,
            "An extension the guide does not know; its content is not judged.",
            "",
            code="extension",
        )


def _place(context: Context, item: Item, definition: Definition) -> None:
    """Whether the extension may stand where it stands (StructureDefinition.context, contextInvariant)."""
    parent = item.parent
    if parent is None:
        return
    places = context.guide.places
    key = (definition.name, parent.node, parent.type)
    if key not in places or parent.type == "Extension":  # in an extension, the place depends on that one's url
        places[key] = _may_stand(context, item, definition)
    verdict = places[key]
    if verdict is None:
        context.findings.skip("extension-context", item, "Its context is an expression that is not evaluated here.")
    elif not verdict:
        allowed = sorted(row.partition(":")[2] for row in _allowed(context, definition) if _is_real(context, row))
        context.findings.error(
            "extension-context",
            item.path,
            "The extension may not stand here.",
            f"It belongs to: {', '.join(allowed)}." if allowed else "Leave it out.",
            code="extension",
        )
    for rule in definition.context_rules:
        _context_rule(context, item, parent, rule)


def _context_rule(context: Context, item: Item, parent: Item, expression: str) -> None:
    try:
        holds = invariants.evaluate(context, parent, expression, extension=fhirpath.value_of(item.value, "Extension"))
    except fhirpath.PathFault:
        context.findings.skip("extension-context", item, "A rule about its context cannot be evaluated here.")
        return
    if not holds:
        context.findings.error(
            "extension-context",
            item.path,
            "The extension may not stand here.",
            f"Make this true of the element it stands on: {expression}",
            code="extension",
        )


def _allowed(context: Context, definition: Definition) -> set[str]:
    return {*definition.context, *context.guide.overrides.contexts.get(definition.url, ())}


def _is_real(context: Context, row: str) -> bool:
    """Whether a context names something of R4: a guide may also name its own example pages."""
    kind, _, expression = row.partition(":")
    name = expression.rpartition("#")[2].partition(".")[0]
    return kind != "element" or name == "Element" or context.guide.library.type(name) is not None


def _may_stand(context: Context, item: Item, definition: Definition) -> bool | None:
    """Yes, no, or None: a context by FHIRPath, or by one slice of an element, is not evaluated."""
    allowed = _allowed(context, definition)
    here = _places(item)
    if not allowed or not allowed.isdisjoint(here):
        return True
    for row in allowed:
        kind, _, expression = row.partition(":")
        expression = expression.rpartition("#")[2]  # the element of one profile: url#Claim.item
        element = ".".join(part.partition(":")[0] for part in expression.split("."))
        if kind == "fhirpath" or (
            kind == "element" and element != row.partition(":")[2] and f"element:{element}" in here
        ):
            return None
    return False


def _places(item: Item) -> set[str]:
    """All the ways a definition may name the element an extension stands on."""
    parent = item.parent
    if parent is None:
        return set()
    names = {parent.node.path, parent.type, "Element"}
    if parent.home is parent:
        names = {parent.type, "Resource", "DomainResource", "Element"}
    elif parent.type == "BackboneElement":
        names.add(parent.place)
    if parent.node.element.ref:  # Questionnaire.item.item is a Questionnaire.item
        names.add(parent.node.element.ref.lstrip("#"))
    places = {f"element:{name}" for name in names}
    if parent.type == "Extension" and isinstance(parent.value, dict):
        places.add(f"extension:{parent.value.get('url')}")
        if parent.parent is not None:
            places.add(f"element:{parent.parent.place}.{parent.node.name}")
    return places
