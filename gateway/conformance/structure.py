"""The walk by R4 type: JSON shape, unknown properties, cardinality, primitives, R4 bindings and invariants.

Done once per resource, however many profiles it is then held against. A primitive that its element's quick test lets
pass costs nothing more; whatever is out of the ordinary goes through `_property`, which finds the words.
"""

from collections.abc import Callable, Sequence
from typing import Any

from gateway.conformance import extensions, identities, invariants
from gateway.conformance.context import Context, Pointer
from gateway.conformance.items import Field, Item
from gateway.conformance.narrative import check_narrative
from gateway.conformance.primitives import fault
from gateway.conformance.report import looks_like_a_property
from gateway.conformance.resource_types import RESOURCE_TYPES, nearest
from gateway.conformance.terminology import Binding

Check = Callable[[Context, Item], None]


def check_resource(context: Context, item: Item) -> None:
    """A resource and everything in it, other resources included."""
    context.resources[item.path] = item
    if item.type not in RESOURCE_TYPES:
        has_type = isinstance(item.value.get("resourceType"), str)
        text = "R4 has no resource type of this name." if has_type else "The resource does not say what type it is."
        near = nearest(item.value.get("resourceType"))
        fix = f"Send resourceType with the name of an R4 resource type{f', perhaps {near}' if near else ''}."
        context.findings.error("resource-type", item.path, text, fix, code="structure")
    elif context.guide.library.type(item.type) is None:
        context.findings.skip("resource-type", item, "This resource type is not among the definitions at hand.")
        context.scene.leaves_by_shape(item)
    else:
        _object(context, item)
        _resource_rules(item)(context, item)
        invariants.check_domain_resource(context, item)
        identities.check_contained(context, item)


def _resource_rules(item: Item) -> Check:
    shape = item.shape
    if shape.checks is None:
        shape.checks = invariants.check_of(item.node.element.rules)
    check: Check = shape.checks
    return check


def _object(context: Context, item: Item) -> None:
    value = item.value
    if (value.__class__ is not dict or len(value) < 2) and not _is_object(context, item):
        return
    fields = item.shape.fields
    for name, content in value.items():
        field = fields.get(name)
        if field is None:
            _unusual(context, item, name, content)
        elif not field.accepts(content):
            _property(context, item, field, content)
    for node in item.shape.required:
        if not value.get(node.name) and not item.child(node.name):
            context.findings.error(
                "cardinality",
                f"{item.path}.{node.label}",
                f"R4 requires {node.path}.",
                f"Send {node.label}.",
                code="required",
            )


def _property(context: Context, item: Item, field: Field, content: Any) -> None:
    """A property that is no primitive, or a primitive in need of a closer look."""
    has_shape = (content.__class__ is list) is field.is_list and content != []
    if not has_shape and not _has_shape(context, item, field, field.key, content):
        return
    if field.is_choice:
        if field.accepts_alone(content) and field.others.isdisjoint(item.value):
            return
        rows = item.child(field.name)
        if len(rows) > 1:
            _one_type(context, item, field)
        _rows(context, rows, field)
        return
    if content is None:
        _null(context, f"{item.path}.{field.key}")
    _rows(context, item.child(field.name) if field.is_primitive else item.fill(field, content), field)


def _rows(context: Context, rows: Sequence[Item], field: Field) -> None:
    """The values of a property whose type is no primitive, or that have to be looked at one by one."""
    checks: tuple[Check, ...] = _compile(context, field) if field.checks is None else field.checks
    of_value = _primitive if field.is_primitive else _object
    for row in rows:
        if row.home is row:  # a resource in a resource
            check_resource(context, row)
        elif row.type == field.code:
            if row.type == "Extension" and extensions.check_quickly(context, row):
                continue
            of_value(context, row)
            for check in checks:
                check(context, row)


def _is_object(context: Context, item: Item) -> bool:
    """Whether a value without two properties is an object all the same; ele-1 wants more in it than an id."""
    value = item.value
    if not isinstance(value, dict):
        due = "resource" if item.type == "Resource" else f"JSON object ({item.type})"
        fix = "Send an object with the element's properties, a resource with its resourceType."
        context.findings.error("type", item.path, f"A {due} is due here.", fix, code="structure")
    elif not value:
        fix = "Leave the element out, or fill it."
        context.findings.error("empty", item.path, "An object without properties.", fix, code="structure")
    elif "id" in value and item.home is not item and not _stands_beside(item):
        fix = "Leave the element out, or fill it."
        context.findings.error("ele-1", item.path, "There is nothing but an id.", fix, code="invariant")
    return isinstance(value, dict) and bool(value)


def _stands_beside(item: Item) -> bool:
    """Whether it is the object beside a primitive that has a value."""
    return item.parent is not None and item.value is item.parent.shadow and item.parent.value is not None


def _one_type(context: Context, item: Item, field: Field) -> None:
    context.findings.error(
        "cardinality",
        f"{item.path}.{field.node.label}",
        f"{field.node.path} is there more than once.",
        "Send it in one of its types only.",
        code="structure",
    )


def _unusual(context: Context, item: Item, name: str, content: Any) -> None:
    """A property that is no element: the type of a resource, what stands beside a primitive, or an unknown one."""
    if name == "resourceType" and item.home is item:
        return
    field = item.shape.fields.get(name.removeprefix("_"))
    if field is None or not field.is_primitive or not name.startswith("_"):
        shown = f"{item.path}.{name}" if looks_like_a_property(name) else item.path
        context.findings.error(
            "unknown-element",
            shown,
            f"{item.place} has no such property.",
            "Remove it, or correct its spelling.",
            code="structure",
        )
        return
    if field.is_choice and len(item.child(field.name)) > 1:
        _one_type(context, item, field)
    if _is_nothing(content):
        _null(context, f"{item.path}.{field.node.label}")
    elif _has_shape(context, item, field, name, content):
        rows = [row for row in item.child(field.name) if row.type == field.code]
        for row in rows:
            if row.shadow is not None:
                _shadow(context, row)
        if field.key not in item.value:
            _rows(context, rows, field)


def _is_nothing(content: Any) -> bool:
    """What stands beside a primitive and says nothing: null fills up an array, and only one that has more in it."""
    return content is None or (isinstance(content, list) and content != [] and all(row is None for row in content))


def _has_shape(context: Context, item: Item, field: Field, name: str, content: Any) -> bool:
    """Whether there is an array where one is due, and something to judge in it."""
    if (content.__class__ is list) is field.is_list and content != []:
        return True
    if not field.is_list:
        rule, text, fix = "type", "A single value is due here, not an array.", "Send the value without brackets."
    elif content == []:
        rule, text, fix = "empty", "An array without rows.", "Leave the property out, or fill it."
    else:
        rule, text, fix = "type", "An array is due here.", "Send the value in brackets, also when there is only one."
    context.findings.error(rule, f"{item.path}.{name}", text, fix, code="structure")
    return bool(content != [])


def _compile(context: Context, field: Field) -> tuple[Check, ...]:
    """What there is to check on each value of a property, beyond its shape."""
    rules = field.rules
    terminology = context.guide.terminology
    checks: list[Check] = [_bound(binding) for one in field.elements for binding in terminology.bindings(one)]
    if field.name == "id" and field.code == "string":
        checks.append(identities.check_element)
    if rules:
        checks.append(invariants.check_of(rules))
    if field.code == "Extension":
        checks.append(extensions.check)
    elif field.code == "Reference":
        checks.append(_reference(field.type.targets))
    elif field.code == "Narrative":
        checks.append(lambda context, item: check_narrative(context.findings, item))
    field.checks = tuple(checks)
    return tuple(checks)


def _bound(binding: Binding) -> Check:
    return lambda context, item: binding(item, context.findings)


def _reference(targets: tuple[str, ...]) -> Check:
    def check(context: Context, item: Item) -> None:
        if isinstance(item.value, dict):
            context.pointers.append(Pointer(item, targets))
            context.scene.leaves(item)

    return check


def _primitive(context: Context, item: Item) -> None:
    if item.value is None:
        if item.shadow is None:
            _null(context, item.path)
        return
    found = fault(item.type, item.value)
    if found:
        rule, fix = found
        context.findings.error(rule, item.path, f"Not a value of type {item.type}.", fix, code="value")


def _null(context: Context, path: str) -> None:
    fix = "Leave the property out; in an array give the row an extension."
    context.findings.error("empty", path, "null stands where a value is due.", fix, code="structure")


def _shadow(context: Context, item: Item) -> None:
    """The `_name` object beside a primitive: an Element with id and extension, nothing else."""
    beside = context.guide.reader.item(item.shadow, item.node, "Element", item, item.path)
    if beside.value is not None:
        _object(context, beside)
        if item.type == "xhtml" and beside.has("extension"):
            context.findings.error(
                "cardinality",
                f"{item.path}.extension",
                "R4 allows no extension on XHTML (xhtml.extension).",
                "Put it on the Narrative.",
                code="structure",
            )
