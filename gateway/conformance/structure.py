"""The walk by R4 type: JSON shape, unknown properties, cardinality, primitives, R4 bindings and invariants.

Done once per resource, however many profiles it is then held against.
"""

from typing import Any

from gateway.conformance import extensions, invariants
from gateway.conformance.context import Context, Pointer
from gateway.conformance.items import Field, Item
from gateway.conformance.narrative import check_narrative
from gateway.conformance.primitives import fault, is_primitive

_REFERENCES = ("Reference", "canonical")


def check_resource(context: Context, item: Item) -> None:
    """A resource and everything in it, other resources included."""
    kind = item.value.get("resourceType")
    context.resources[item.path] = item
    if context.guide.library.type(item.type) is None:
        if not isinstance(kind, str) or not kind:
            context.findings.error(
                "resource-type",
                item.path,
                "The resource does not say what type it is.",
                "Send resourceType with the name of an R4 resource type.",
                code="structure",
            )
        else:
            context.findings.skip(
                "resource-type", item.path, "This resource type is not among the definitions at hand."
            )
        return
    _object(context, item)
    invariants.check_all(context, item, item.node.element.rules)
    invariants.check_domain_resource(context, item)


def _object(context: Context, item: Item) -> None:
    if not isinstance(item.value, dict):
        context.findings.error(
            "type",
            item.path,
            f"A JSON object is due here ({item.type}).",
            "Send an object with the element's properties.",
            code="structure",
        )
        return
    if not item.value:
        context.findings.error(
            "empty", item.path, "An object without properties.", "Leave the element out, or fill it.", code="structure"
        )
        return
    fields = item.fields
    for name, content in item.value.items():
        _property(context, item, fields, name, content)
    _children(context, item)


def _children(context: Context, item: Item) -> None:
    for node in item.required:
        if not item.child(node.name):
            name = node.name.removesuffix("[x]")
            context.findings.error(
                "cardinality", f"{item.path}.{name}", f"R4 requires {node.path}.", f"Send {name}.", code="required"
            )
    for name, rows in item.children.items():
        if len(rows) > 1 and name.endswith("[x]"):
            place = rows[0].path
            context.findings.error(
                "cardinality",
                place,
                f"{rows[0].node.path} is there more than once.",
                "Send it in one of its types only.",
                code="structure",
            )
        for row in rows:
            _value(context, row)


def _property(context: Context, item: Item, fields: dict[str, Field], name: str, content: Any) -> None:
    if name == "resourceType" and item.home is item:
        return
    is_shadow = name.startswith("_")
    field = fields.get(name.removeprefix("_"))
    path = f"{item.path}.{name}"
    if field is None or (is_shadow and not is_primitive(field.type.code)):
        # An unknown name is content: it may be anything, so it is shown only if it looks like a property.
        shown = path if name.isascii() and name.isidentifier() and len(name) <= 64 else item.path
        context.findings.error(
            "unknown-element",
            shown,
            f"{item.place} has no such property.",
            "Remove it, or correct its spelling.",
            code="structure",
        )
    elif field.node.element.high == 1 and isinstance(content, list):
        context.findings.error(
            "type",
            path,
            "A single value is due here, not an array.",
            "Send the value without brackets.",
            code="structure",
        )
    elif field.node.element.high != 1 and not isinstance(content, list):
        context.findings.error(
            "type",
            path,
            "An array is due here.",
            "Send the value in brackets, also when there is only one.",
            code="structure",
        )
    elif content == []:
        context.findings.error(
            "empty", path, "An array without rows.", "Leave the property out, or fill it.", code="structure"
        )


def _value(context: Context, item: Item) -> None:
    if item.home is item:  # a resource in a resource
        check_resource(context, item)
        return
    if is_primitive(item.type):
        _primitive(context, item)
    elif item.type == "Resource":
        context.findings.error(
            "type", item.path, "A resource is due here.", "Send a JSON object with resourceType.", code="structure"
        )
        return
    else:
        _object(context, item)
    _constraints(context, item)


def _constraints(context: Context, item: Item) -> None:
    element = item.node.element
    if element.strength:
        context.guide.terminology.check(item, element.strength, element.value_set, context.findings)
    definition = context.guide.library.type(item.type)
    own = definition.root.element.rules if definition else ()
    invariants.check_all(context, item, (*element.rules, *own))
    if item.type == "Extension":
        extensions.check(context, item)
    elif item.type == "Narrative":
        check_narrative(context.findings, item)
    elif item.type in _REFERENCES:
        _reference(context, item)


def _reference(context: Context, item: Item) -> None:
    targets = tuple(target for row in item.node.element.types if row.code == item.type for target in row.targets)
    if item.type == "Reference" and isinstance(item.value, dict):
        context.pointers.append(Pointer(item, targets))


def _primitive(context: Context, item: Item) -> None:
    if item.shadow is not None:
        _shadow(context, item)
    if item.value is None:
        if item.shadow is None:
            context.findings.error(
                "empty",
                item.path,
                "null stands where a value is due.",
                "Leave the property out; in an array give the row an extension.",
                code="structure",
            )
        return
    found = fault(item.type, item.value)
    if found:
        rule, fix = found
        context.findings.error(rule, item.path, f"Not a value of type {item.type}.", fix, code="value")


def _shadow(context: Context, item: Item) -> None:
    """The `_name` object beside a primitive: an Element with id and extension, nothing else."""
    beside = Item(item.reader, item.shadow, item.path, "Element", item.node, parent=item)
    if beside.value is not None:
        _object(context, beside)
