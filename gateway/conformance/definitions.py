"""The compiled definitions of one guide version, read into trees the checker can walk.

An R4 type says everything about its elements. A profile says only what it adds; the checker therefore walks
a resource once by its type and once by each profile, and the two never repeat each other.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any

Compact = Mapping[str, Any]
EXTENSIONS = ("extension", "modifierExtension")
_BY_URL = {"by": [["value", "url"]], "rules": "open"}


@dataclass(frozen=True, slots=True)
class TypeRef:
    """One type an element may have, with the profiles on it and, for a Reference, its targets."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """An invariant: `expression` must be true on the element."""

    key: str
    severity: str
    expression: str


@dataclass(frozen=True, slots=True)
class Slicing:
    """How the rows of an element are told apart: (kind, path) discriminators, and whether others may come.

    Attributes:
        rules: `open`, `closed`, or `openAtEnd`: others may come, after those of the slices.
        ordered: the rows come in the order of the slices.
    """

    by: tuple[tuple[str, str], ...]
    rules: str = "open"
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Element:
    """What one definition says about one element; what it leaves at the default it does not say.

    Attributes:
        low: least number of rows.
        high: largest number of rows; None when not limited.
        fixed: the value must be exactly this; None when not said (JSON null is no FHIR value).
        pattern: the value must contain this.
        strength: of the binding, `required`, `extensible` or `preferred`; empty when there is none to check.
        ceiling: the value set beyond which no code may be taken, over a weaker binding; empty when there is none.
        also: further bindings, each (purpose, value set); purposes as in ElementDefinition.binding.additional of R5.
        ref: id of the element whose children these are (contentReference).
    """

    low: int = 0
    high: int | None = None
    types: tuple[TypeRef, ...] = ()
    fixed: Any = None
    pattern: Any = None
    strength: str = ""
    value_set: str = ""
    rules: tuple[Rule, ...] = ()
    slicing: Slicing | None = None
    max_length: int | None = None
    min_value: Any = None
    max_value: Any = None
    must_support: bool = False
    ref: str = ""
    ceiling: str = ""
    also: tuple[tuple[str, str], ...] = ()

    @property
    def is_bound(self) -> bool:
        """Whether its codes have to be looked up anywhere."""
        return bool(self.strength or self.ceiling or self.also)


@dataclass(eq=False)
class Node:
    """An element in the tree of its definition.

    Attributes:
        id: e.g. `Claim.item:first.category`; the id of the definition's element.
        name: last part without the slice, e.g. `category` or `value[x]`.
        demanding: its children that demand anything of a resource, themselves or further down.
        root: the top of its tree.
        plan: how values are held against it, worked out by gateway.conformance.constraints when first needed.
    """

    id: str
    name: str
    element: Element = field(default_factory=Element)
    children: dict[str, "Node"] = field(default_factory=dict)
    slices: dict[str, "Node"] = field(default_factory=dict)
    demanding: tuple["Node", ...] = ()
    root: "Node | None" = None
    plan: Any = None

    def find(self, path: str) -> "Node | None":
        """A node of the tree below this one, by its path; None when the definition says nothing of it."""
        node: Node | None = self
        for name in path.split(".")[1:]:
            node = node.children.get(name) if node else None
        return node

    @cached_property
    def path(self) -> str:
        """The id without slice names, e.g. `Claim.item.category`."""
        return ".".join(part.partition(":")[0] for part in self.id.split("."))

    @cached_property
    def label(self) -> str:
        """The name as a path shows it: a choice without `[x]`."""
        return self.name.removesuffix("[x]")

    @property
    def slicing(self) -> Slicing | None:
        if self.element.slicing is None and self.slices and self.name in EXTENSIONS:
            return _slicing(_BY_URL)
        return self.element.slicing


@dataclass
class Definition:
    """One compiled definition.

    Attributes:
        name: R4 type name, or `url|version`.
        type: the R4 type it is or constrains.
        context: for an extension, where it may stand, each `kind:expression`.
        context_rules: for an extension, what must be true (FHIRPath) of the element it stands on; %extension is itself.
        modifier: for an extension, whether it is a modifier extension.
        abstract: whether other profiles derive from it and no resource is only this.
        base: name of the profile it derives from; empty when that is its R4 type.
        partial: whether it says only what it adds to its base (a compiled one says again what its base says).
        added: rules the definition does not hold, each with the id of its element.
        dropped: keys of published rules not to be run.
    """

    name: str
    type: str
    kind: str
    elements: Compact
    context: tuple[str, ...] = ()
    modifier: bool = False
    abstract: bool = False
    base: str = ""
    partial: bool = False
    context_rules: tuple[str, ...] = ()
    added: tuple[tuple[str, Rule], ...] = ()
    dropped: frozenset[str] = frozenset()

    @property
    def url(self) -> str:
        return self.name.partition("|")[0]

    @cached_property
    def root(self) -> Node:
        """The tree of its elements, built when first asked for."""
        root = Node(self.type, self.type)
        for identity, compact in self.elements.items():
            element = _element(compact)
            rules = tuple(rule for rule in element.rules if rule.key not in self.dropped)
            _node(root, identity).element = replace(element, rules=rules)
        for identity, rule in self.added:
            node = _node(root, identity)
            node.element = replace(node.element, rules=(*node.element.rules, rule))
        _link(root, root)
        return root


_SILENT = (Element(), Element(must_support=True))


def read_definition(
    name: str, compact: Compact, *, dropped: frozenset[str] = frozenset(), partial: bool = False
) -> Definition:
    """One entry of a compiled file, or (`partial`) of one by hand, without the rules whose keys are in `dropped`."""
    return Definition(
        name,
        compact.get("type", name),
        compact.get("kind", ""),
        compact["elements"],
        tuple(compact.get("context", ())),
        bool(compact.get("modifier", False)),
        bool(compact.get("abstract", False)),
        compact.get("base", ""),
        partial,
        tuple(compact.get("contextRules", ())),
        dropped=dropped,
    )


class Library:
    """All definitions of a version, found by name, by URL with or without version, or by R4 type."""

    def __init__(self, definitions: Iterable[Definition], fallback_version: str = "") -> None:
        self._by_name: dict[str, Definition] = {}
        self._by_url: dict[str, Definition] = {}
        self._fallback: dict[str, tuple[str, ...]] = {}
        for definition in definitions:
            self._by_name[definition.name] = definition
            if not fallback_version or not definition.name.endswith(f"|{fallback_version}"):
                self._by_url[definition.url] = definition
            elif definition.kind == "resource":
                self._fallback[definition.type] = (*self._fallback.get(definition.type, ()), definition.name)
            self._by_url.setdefault(definition.url, definition)

    def find(self, canonical: str) -> Definition | None:
        """The definition of a canonical URL; an unknown version of a known URL is not met by another one."""
        if "|" in canonical:
            return self._by_name.get(canonical) or self._by_name.get(canonical.partition("|")[0])
        return self._by_url.get(canonical)

    def line(self, name: str) -> Iterator[Definition]:
        """A definition and those it derives from, as far as they are at hand."""
        seen = set()
        while (found := self.find(name)) and found.name not in seen:  # a slip by hand may lead in a circle
            seen.add(found.name)
            yield found
            name = found.base

    def type(self, name: str) -> Definition | None:
        """An R4 type."""
        return self._by_name.get(name) if "/" not in name else None

    def fallback(self, kind: str) -> tuple[str, ...]:
        """The profiles that judge a resource of this type when nothing else does."""
        return self._fallback.get(kind, ())

    def nearest(self, url: str, kind: str) -> str:
        """The canonical that ends most like this one, of the same guide and R4 type; empty when none is like it."""
        base, _, end = url.rpartition("/")
        others = [one.url.rpartition("/") for one in self._by_name.values() if one.type == kind]
        found = get_close_matches(end[:128], sorted({name for place, _, name in others if place == base}), 1, 0.85)
        return f"{base}/{found[0]}" if found else ""

    def update(self, name: str, change: Callable[[Definition], Definition]) -> None:
        """Replace a definition, for overrides and added rules.

        Raises:
            KeyError: no such definition.
        """
        old = self._by_name[name]
        new = change(old)
        self._by_name[name] = new
        if self._by_url.get(old.url) is old:
            self._by_url[old.url] = new


def _node(root: Node, identity: str) -> Node:
    """The node of an element id, made with all above it; an element nobody says a word about may be implied."""
    node, trail = root, [root.id]
    for part in identity.split(".")[1:]:
        name, _, slice_name = part.partition(":")
        trail.append(name)
        node = node.children.setdefault(name, Node(".".join(trail), name))
        for position, one in enumerate(slice_name.split("/") if slice_name else ()):  # a/b: slice b of slice a
            trail[-1] = f"{trail[-1]}/{one}" if position else f"{name}:{one}"
            node = node.slices.setdefault(one, Node(".".join(trail), name))
    return node


def _link(node: Node, root: Node) -> bool:
    """Finish a tree from the bottom up; returns whether anything in it demands something."""
    node.root = root
    for child in node.slices.values():
        _link(child, root)
    node.demanding = tuple(child for child in node.children.values() if _link(child, root))
    target = root.find(node.element.ref.lstrip("#")) if node.element.ref else None
    if target is not None and not node.children:
        node.children = target.children
    return bool(node.demanding or node.slices or node.element != _SILENT[node.element.must_support])


def _element(compact: Compact) -> Element:
    low, _, high = compact.get("card", "0..*").partition("..")
    binding = compact.get("binding", {})
    return Element(
        low=int(low),
        high=None if high == "*" else int(high),
        types=tuple(_type(row) for row in compact.get("types", ())),
        fixed=compact.get("fixed"),
        pattern=compact.get("pattern"),
        strength=binding.get("strength", ""),
        value_set=binding.get("set", ""),
        rules=tuple(Rule(row["key"], row["severity"], row["expression"]) for row in compact.get("rules", ())),
        slicing=_slicing(compact["slicing"]) if "slicing" in compact else None,
        max_length=compact.get("maxLength"),
        min_value=compact.get("minValue"),
        max_value=compact.get("maxValue"),
        must_support=bool(compact.get("ms", False)),
        ref=compact.get("ref", ""),
        ceiling=compact.get("ceiling", ""),
        also=tuple((row["purpose"], row["set"]) for row in compact.get("also", ())),
    )


def _type(row: Any) -> TypeRef:
    if isinstance(row, str):
        return TypeRef(row)
    return TypeRef(row["code"], tuple(row.get("profiles", ())), tuple(row.get("targets", ())))


def _slicing(compact: Compact) -> Slicing:
    by = tuple((kind, path) for kind, path in compact["by"])
    return Slicing(by, compact["rules"], bool(compact.get("ordered", False)))
