"""The walk by profile: only over the elements a profile says something about.

Each element of a definition is compiled, when first met, into a plan: what to check on a value, and which of its
children to look at. What R4 says of the same elements is checked by gateway.conformance.structure; shapes that are
wrong there are passed over here in silence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.conformance import bounds, invariants, slicing
from gateway.conformance.context import Context, Demand, Pointer
from gateway.conformance.definitions import EXTENSIONS, Definition, Node, Slicing, TypeRef
from gateway.conformance.discriminators import extension_url
from gateway.conformance.items import Item
from gateway.conformance.terminology import Binding

Check = Callable[[Context, Item], None]
Limit = tuple[str, int, int | None]  # url, least and most
_NOTHING: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Rows:
    """What is demanded of the rows of one child element.

    Attributes:
        name: of the element in R4.
        key: its JSON name, and with a `_` its `shadow`; empty for a choice, which has several.
        least: rows that must be there, counting what its slices demand.
        is_counted: whether the number of rows has limits at all.
        is_plain: whether nothing but their number matters.
        takes_any: whether a single string need not be looked at: one row is neither too few nor too many.
        word: the only value there may be, where that is a string and nothing else matters; else None.
        limits: of extensions of which nothing matters but how many there are of each url.
    """

    name: str
    key: str
    shadow: str
    node: Node
    least: int = 0
    is_counted: bool = False
    is_plain: bool = False
    takes_any: bool = False
    word: str | None = None
    slicer: slicing.Slicer | None = None
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """How a value is held against one element of a definition."""

    checks: tuple[Check, ...]
    rows: tuple[Rows, ...]


def conform(context: Context, definition: Definition, item: Item) -> None:
    """Hold a value against a profile or extension definition."""
    hold(context, definition.root, item)
    if definition.partial and definition.base:
        _bases(context, definition, item)


def only_on_value(context: Context, definition: Definition, item: Item, url: str) -> tuple[Node, ...] | None:
    """What an extension definition demands of `value[x]`, where of one with this url and one value it demands no more.

    None where it may have more to say, as of the number of values.
    """
    root = definition.root
    plan: Plan = root.plan or _compile(context, root, item.node)
    nodes = []
    for rows in plan.rows:
        element = rows.node.element
        if rows.name == "value[x]":
            if rows.slicer is not None or element.low > 1 or element.high == 0:
                return None
            nodes += [] if rows.is_plain else [rows.node]
        elif rows.least if rows.key != "url" else rows.word != url:
            return None
    return None if plan.checks else tuple(nodes)


def _bases(context: Context, definition: Definition, item: Item) -> None:
    """Hold a value against what a definition derives from, up to the first that says all its own bases say."""
    missing = definition.base
    for base in context.guide.library.line(definition.base):
        hold(context, base.root, item)
        missing = base.base if base.partial else ""
        if not missing:
            return
    context.findings.skip("profile", item, f"The definition of {missing} is not at hand.")


def hold(context: Context, node: Node, item: Item) -> None:
    """Hold a value against one element of a definition."""
    plan: Plan = node.plan or _compile(context, node, item.node)
    for check in plan.checks:
        check(context, item)
    value = item.value if item.value.__class__ is dict else _NOTHING
    for rows in plan.rows:
        key = rows.key
        if key in value:
            content = value[key]
            if (
                rows.takes_any or content == rows.word
                if content.__class__ is str
                else rows.limits and _are_within(rows, content)
            ):
                continue
        elif key and rows.shadow not in value and item.shadow is None:
            if rows.least:
                _rows(context, rows, item, ())
            continue
        if rows.is_plain and rows.slicer is None:
            _count(context, rows.node, item.count(rows.name), item)
        elif (found := item.child(rows.name)) or rows.least:
            _rows(context, rows, item, found)


def _are_within(rows: Rows, content: Any) -> bool:
    """Whether these are extensions, in all and of each url neither too few nor too many."""
    if content.__class__ is not list:
        return False
    element = rows.node.element
    if len(content) < element.low or (element.high is not None and len(content) > element.high):
        return False
    urls = [row.get("url") if row.__class__ is dict else None for row in content]
    for url, least, most in rows.limits:
        count = urls.count(url)
        if count < least or (most is not None and count > most):
            return False
    return None not in urls


def _rows(context: Context, rows: Rows, parent: Item, found: Sequence[Item]) -> None:
    node = rows.node
    if rows.is_counted:
        _count(context, node, len(found), parent)
    if not rows.is_plain:
        for row in found:
            hold(context, node, row)
    if rows.slicer is not None:
        _slices(context, node, rows.slicer, parent, found)


def _slices(context: Context, node: Node, slicer: slicing.Slicer, parent: Item, found: Sequence[Item]) -> None:
    name = slicer.name_of(found[0]) if len(found) == 1 else ""
    result = slicing.Sorted({name: list(found)}) if name else slicer.sort(context, found)
    for name, members in result.members.items():
        one = node.slices[name]
        _count(context, one, len(members), parent, name, unsure=len(result.unsure))
        for row in members:
            hold(context, one, row)
        if one.slices:
            _slices(context, one, slicing.Slicer(one, slicer.rule, conform), parent, members)
    for row, text, fix in result.strays:
        context.findings.error("slice", row.path, text, fix, code="structure")


def _count(context: Context, node: Node, count: int, parent: Item, name: str = "", *, unsure: int = 0) -> None:
    """Whether there are enough and not too many; `unsure` rows may or may not be further ones."""
    element = node.element
    if element.low <= count and (element.high is None or count <= element.high):
        return
    if count < element.low <= count + unsure:
        return
    place = f"{parent.path}.{node.label}"
    what = f"{node.path} ({name})" if name else node.path
    if count < element.low:
        context.findings.error(
            "cardinality",
            slicing.place(node, place) if name else place,
            f"The profile requires at least {element.low} of {what}; there are {count}.",
            f"Send {name or node.label}.",
            code="required",
        )
    else:
        context.findings.error(
            "cardinality",
            slicing.place(node, place) if name else place,
            f"The profile allows at most {element.high} of {what}; there are {count}.",
            "Remove what is too much.",
            code="structure",
        )


def best_match(context: Context, item: Item, names: tuple[str, ...]) -> None:
    """Hold a value against several profiles, one of which must fit; the best fit's findings count."""
    if len(names) == 1 and (only := context.guide.library.find(names[0])):
        conform(context, only, item)
        return
    definitions = [context.guide.library.find(name) for name in names]
    missing = [name for name, definition in zip(names, definitions, strict=True) if definition is None]
    known = [definition for definition in definitions if definition is not None]
    trials = []
    for definition in known:
        trial = context.trial()
        conform(trial, definition, item)
        if not trial.findings.errors:
            context.adopt(trial)
            return
        trials.append(trial)
    if missing:
        context.findings.skip("profile", item, f"The definition of {missing[0]} is not at hand.")
    elif trials:
        context.adopt(min(trials, key=lambda trial: trial.findings.errors))


def _compile(context: Context, node: Node, base: Node) -> Plan:
    """The plan of an element; `base` is the same element in R4."""
    children, checks = list(node.demanding), _checks(context, node)
    again = _again(node)
    if again is not None:
        own = {child.name for child in children}
        children += [child for child in again.demanding if child.name not in own]
        checks += [invariants.check_of(again.element.rules)] if again.element.rules else []
    plan = Plan(tuple(checks), tuple(_child(context, child, base) for child in children))
    node.plan = plan
    return plan


def _again(node: Node) -> Node | None:
    """The element of the same profile that this one repeats (contentReference): what it demands holds here again.

    A profile that refers to R4's own element instead leaves it at what R4 says, as in the HL7 validator.
    """
    ref = node.element.ref.lstrip("#")
    return node.root.find(ref) if ref and node.root is not None else None


def _child(context: Context, node: Node, base: Node) -> Rows:
    element, checks = node.element, _checks(context, node)
    inner = base.children.get(node.name)
    has_inner = bool(node.demanding or node.element.ref or (inner is not None and inner.children))
    word = element.pattern if element.fixed is None else element.fixed
    is_one = not has_inner and not node.slices and element.high != 0 and element.low < 2
    key = "" if node.name.endswith("[x]") else node.name
    is_plain = not has_inner and not checks
    return Rows(
        name=node.name,
        key=key,
        shadow=f"_{key}",
        node=node,
        least=max([element.low, *(one.element.low for one in node.slices.values())]),
        is_counted=element.low > 0 or element.high is not None,
        is_plain=is_plain,
        takes_any=is_one and not checks and bool(key),
        word=word if is_one and isinstance(word, str) and len(checks) == 1 and key else None,
        slicer=slicing.Slicer(node, None, conform) if node.slices else None,
        limits=_limits(context, node) if is_plain else (),
    )


def _limits(context: Context, node: Node) -> tuple[Limit, ...]:
    """How many there may be of each extension: none, where its slice says more, so that it is looked at."""
    slices = list(node.slices.values())
    urls = [extension_url(one) for one in slices]
    is_by_url = node.name in EXTENSIONS and node.slicing == Slicing((("value", "url"),))
    if not is_by_url or "" in urls or len(set(urls)) < len(urls):
        return ()
    return tuple(
        (url, one.element.low, 0 if _says_more(context, one) else one.element.high)
        for url, one in zip(urls, slices, strict=True)
    )


def _says_more(context: Context, node: Node) -> bool:
    """Whether an element demands more than a number of rows."""
    return bool(node.demanding or node.slices or node.element.ref or _checks(context, node))


def _checks(context: Context, node: Node) -> list[Check]:
    element = node.element
    checks = [*_types(context, node), *bounds.checks(element)]
    checks += [_bound(binding) for binding in context.guide.terminology.bindings(element)]
    if element.rules:
        checks.append(invariants.check_of(element.rules))
    return checks


def _bound(binding: Binding) -> Check:
    return lambda context, item: binding(item, context.findings)


def _types(context: Context, node: Node) -> list[Check]:
    """The types a profile leaves, the profiles it puts on them, and what references may point at."""
    rows = node.element.types
    if not rows:
        return []
    library = context.guide.library
    by_code: dict[str, list[TypeRef]] = {}
    for row in rows:
        by_code.setdefault(row.code, []).append(row)
    any_resource = by_code.get("Resource")
    is_extension, is_choice = node.name in EXTENSIONS, node.name.endswith("[x]")
    # An extension is held against its definition wherever it stands.
    further = any(row.targets or (row.profiles and not is_extension) for row in rows)

    def check(context: Context, item: Item) -> None:
        matching = by_code.get(item.type) or any_resource
        if matching is None:
            if is_choice or item.home is item:
                context.findings.error(
                    "type",
                    item.path,
                    f"A {item.type or 'resource'} may not stand here by the profile.",
                    f"Send {' or '.join(by_code)}.",
                    code="structure",
                )
        elif further:
            for row in matching:
                _type(context, row, item, is_extension=is_extension)

    types = [library.type(code) for code in by_code]
    is_resource = any(one is not None and one.kind == "resource" for one in types) or any_resource is not None
    return [check] if further or is_choice or is_resource else []


def _type(context: Context, row: TypeRef, item: Item, *, is_extension: bool) -> None:
    if row.targets and item.type == "Reference":
        context.pointers.append(Pointer(item, row.targets))
    if not row.profiles or is_extension:
        return
    if item.home is item:
        context.demands.append(Demand(item, row.profiles))
        return
    best_match(context, item, row.profiles)
