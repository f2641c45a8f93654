"""The elements of compiled profiles as a tree, for commands that compare them with the mappings.

Read from the definitions under `profiles/` (see the README there): `card`, `types`, `fixed`, `pattern`, `ms`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.conformance.guides import definitions, layers

Compact = Mapping[str, Any]


@dataclass
class Element:
    """An element of a profile: what the profile says of it, its children by name, its slices by slice name."""

    id: str
    name: str
    said: Compact = field(default_factory=dict)
    children: dict[str, "Element"] = field(default_factory=dict)
    slices: dict[str, "Element"] = field(default_factory=dict)

    @property
    def must_support(self) -> bool:
        return bool(self.said.get("ms"))

    @property
    def required(self) -> bool:
        return not str(self.said.get("card", "0")).startswith("0")

    @property
    def forbidden(self) -> bool:
        return str(self.said.get("card", "")).endswith("..0")

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(row if isinstance(row, str) else row["code"] for row in self.said.get("types", ()))

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles its types must follow."""
        return tuple(
            url for row in self.said.get("types", ()) if isinstance(row, dict) for url in row.get("profiles", ())
        )

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(
            url for row in self.said.get("types", ()) if isinstance(row, dict) for url in row.get("targets", ())
        )

    def below(self) -> Iterator["Element"]:
        """All elements below this one, slices too."""
        for child in (*self.children.values(), *self.slices.values()):
            yield child
            yield from child.below()


class Shelf:
    """The compiled definitions of one guide version and of what it includes."""

    def __init__(self, definitions: Mapping[str, Compact], own: frozenset[str]) -> None:
        self._definitions = definitions
        self._by_url = {name.partition("|")[0]: name for name in definitions}
        self.own = own
        self._trees: dict[str, Element] = {}

    @classmethod
    def load(cls, folder: Path) -> "Shelf":
        """Read `profiles/pas/<version>` and the folders its package.yaml includes.

        Raises:
            FileNotFoundError: a file is missing.
        """
        found: dict[str, Compact] = {}
        own: dict[str, Compact] = {}
        for place in layers(folder):  # its own come last
            own = definitions(place)
            found |= own
        return cls(found, frozenset(own))

    def find(self, canonical: str) -> str:
        """The name of a definition for a canonical with or without version; empty when it is not here."""
        return canonical if canonical in self._definitions else self._by_url.get(canonical.partition("|")[0], "")

    def named(self, name: str) -> str:
        """The definition of a canonical, of the last part of one (`profile-claim`) or of an R4 type; empty for none."""
        ends = (each for each in self.own if each.partition("|")[0].rpartition("/")[2] == name)
        return self.find(name) or next(ends, "")

    def names(self) -> tuple[str, ...]:
        """What `named` finds."""
        return tuple(each.partition("|")[0].rpartition("/")[2] for each in self._definitions)

    def elements(self, kind: str) -> Mapping[str, tuple[str, ...]] | None:
        """The elements of an R4 type or, by its path, of a backbone element, named as in FHIRPath, with their types."""
        element = self._element_of(kind)
        if element is None:
            return None
        return {
            child.name.removesuffix("[x]"): (child.id,) if child.children else child.types
            for child in element.children.values()
        }

    def demands(self, kind: str) -> tuple[str, ...]:
        """Those of the `elements` of a type that a value of it must have."""
        element = self._element_of(kind)
        children = element.children.values() if element else ()
        return tuple(child.name.removesuffix("[x]") for child in children if child.required)

    def _element_of(self, kind: str) -> Element | None:
        name, *steps = kind.split(".")
        if name not in self._definitions or not name[:1].isupper():
            return None
        if name not in self._trees:
            self._trees[name] = self.tree(name)
        element = self._trees[name]
        for step in steps:
            element = element.children[step]
        return element

    def type_of(self, name: str) -> str:
        return str(self._definitions[name].get("type", name))

    def kind_of(self, name: str) -> str:
        return str(self._definitions[name].get("kind", ""))

    def is_abstract(self, name: str) -> bool:
        return bool(self._definitions[name].get("abstract"))

    def tree(self, name: str) -> Element:
        """The elements a definition says something of."""
        root = Element(self.type_of(name), self.type_of(name))
        for identity, said in self._definitions[name]["elements"].items():
            _element(root, identity).said = said
        return root

    def reachable(self, canonical: str) -> tuple[str, ...]:
        """The concrete resource profiles of this guide that a profile's elements lead to, nearest first."""
        seen: dict[str, None] = {}
        waiting = [self.find(canonical)]
        while waiting:
            name = waiting.pop(0)
            if name in seen or name not in self.own:
                continue
            seen[name] = None
            for element in self.tree(name).below():
                if not element.forbidden:
                    waiting.extend(self.find(url) for url in (*element.profiles, *element.targets))
        return tuple(name for name in seen if self.kind_of(name) == "resource" and not self.is_abstract(name))


def _element(root: Element, identity: str) -> Element:
    node, trail = root, root.id
    for part in identity.split(".")[1:]:
        name, _, slice_name = part.partition(":")
        node = node.children.setdefault(name, Element(f"{trail}.{name}", name))
        trail = f"{trail}.{part}"
        if slice_name:
            node = node.slices.setdefault(slice_name, Element(trail, name))
    return node
