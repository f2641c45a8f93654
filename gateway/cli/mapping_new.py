"""What is behind `pa mapping new`: a starting mapping with all a profile demands, and a test that says what is missing.

Each required element is a `{{! … }}` leaf that reads the same element of the input: the first guess, to be corrected.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.cli.profile_elements import Element, Shelf
from gateway.mapping import Mapped, MappingFault, Mappings
from gateway.mapping.loader import parse
from gateway.mapping.parser import define

_DEEPEST = 5
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True, slots=True)
class Demand:
    """An element as R4 and the profile together want it."""

    base: Element
    profile: Element

    def said(self, key: str) -> Any:
        return self.profile.said.get(key, self.base.said.get(key))

    @property
    def types(self) -> tuple[str, ...]:
        return self.profile.types or self.base.types

    @property
    def required(self) -> bool:
        return not str(self.said("card") or "0").startswith("0")

    @property
    def repeats(self) -> bool:
        return str(self.base.said.get("card", "")).endswith("*")

    @property
    def name(self) -> str:
        """The element as JSON spells it; of a choice, its first type."""
        kind = self.types[0] if self.types else ""
        return f"{self.base.name.removesuffix('[x]')}{kind[:1].upper()}{kind[1:]}" if self.is_choice else self.base.name

    @property
    def is_choice(self) -> bool:
        return self.base.name.endswith("[x]")

    @property
    def path(self) -> str:
        """The element as FHIRPath spells it."""
        return self.base.name.removesuffix("[x]")

    @property
    def about(self) -> str:
        """The comment: how many, of what type, and how much the guide cares."""
        card = self.said("card") or "0..*"
        wants = f"{card} {' or '.join(self.types) or 'any'}"
        wants += ", must support" if self.profile.must_support else ""
        if self.profile.slices:
            wants += f"; the guide tells apart: {', '.join(self.profile.slices)}"
        return wants


class Starter:
    """Writes the mapping of one profile or R4 type."""

    def __init__(self, shelf: Shelf, definition: str) -> None:
        self._shelf = shelf
        self.type = shelf.type_of(definition)
        self._canonical = definition.partition("|")[0] if "/" in definition else ""
        self._tree = shelf.tree(definition) if self._canonical else Element(self.type, self.type)
        self.variable = "_".join(_WORD.findall(self.type)).lower()

    def text(self, name: str) -> str:
        """The mapping file."""
        made = self._canonical.rpartition("/")[2] or self.type
        lines = [
            f"mapping: {name}",
            f"about: A starting point for {made}; correct what each leaf reads.",
            f"reads: [{self.variable}]",
            "produce:",
            f"  resourceType: {self.type}",
        ]
        if self._canonical:
            lines += ["  meta:", f'    profile: ["{self._canonical}"]']
        base = self._shelf.tree(self.type)
        body = list(self._object(base, self._tree, f"%{self.variable}", 1))
        if not any("{{!" in line for line in body):
            body += self._something(base)
        return "\n".join([*lines, *body, *self._optional()]) + "\n"

    def _something(self, base: Element) -> list[str]:
        """A first leaf for a type of which nothing is required."""
        name = "identifier" if "identifier" in base.children else "id"
        leaf = f'"{{{{ %{self.variable}.{name} }}}}"'
        repeats = str(base.children[name].said.get("card", "")).endswith("*")
        return ["  # nothing is required of it", f"  {name}: {f'[{leaf}]' if repeats else leaf}"]

    def _object(self, base: Element, profile: Element, path: str, depth: int) -> Iterator[str]:
        for name, child in base.children.items():
            demand = Demand(child, profile.children.get(name, Element(child.id, name)))
            if name in ("extension", "modifierExtension"):
                yield from self._extensions(demand, path, depth)
            elif demand.required and not demand.profile.forbidden:
                yield from self._element(demand, f"{path}.{demand.path}", depth)

    def _element(self, demand: Demand, path: str, depth: int) -> Iterator[str]:
        pad = "  " * depth
        yield f"{pad}# {demand.about}"
        written = demand.said("fixed") if demand.said("fixed") is not None else demand.said("pattern")
        if written is not None:
            text = json.dumps(written)
            yield f"{pad}{demand.name}: {f'[{text}]' if demand.repeats else text}"
            return
        one = f"{path}.first()" if demand.repeats else path  # for all of them the author writes a for block
        inside = list(self._inside(demand, one, depth + (2 if demand.repeats else 1)))
        if not inside:
            leaf = self._leaf(path, demand)
            yield f"{pad}{demand.name}: {f'[{leaf}]' if demand.repeats else leaf}"
            return
        yield f"{pad}{demand.name}:"
        if demand.repeats:
            yield f"{pad}  -"
        yield from inside

    def _inside(self, demand: Demand, path: str, depth: int) -> Iterator[str]:
        """The required elements within; none when the value is taken over as it is."""
        kind = demand.types[0] if demand.types else ""
        if kind == "Reference":
            yield f"{'  ' * depth}reference: {self._leaf(f'{path}.reference', demand)}"
        elif demand.base.children:
            yield from self._object(demand.base, demand.profile, path, depth)
        elif kind[:1].isupper() and depth < _DEEPEST * 2 and self._shelf.find(kind):
            held = next((self._shelf.find(url) for url in demand.profile.profiles), "")
            profile = _merged(demand.profile, self._shelf.tree(held)) if held else demand.profile
            yield from self._object(self._shelf.tree(kind), profile, path, depth)

    def _extensions(self, demand: Demand, path: str, depth: int) -> Iterator[str]:
        required = [one for one in demand.profile.slices.values() if one.required and one.profiles]
        pad = "  " * depth
        if required:
            yield f"{pad}{demand.name}:"
        for one in required:
            url = one.profiles[0].partition("|")[0]
            held = self._shelf.find(url)
            value = self._shelf.tree(held).children.get("value[x]") if held else None
            kind = value.types[0] if value and value.types else "string"
            yield f"{pad}  # {one.said.get('card', '1..1')} {kind}"
            yield f'{pad}  - url: "{url}"'
            need = f"{_words(url.rpartition('-')[2])}, as {kind}"
            wanted = f"{path}.{demand.path}.where(url = '{url}').value"
            yield f'{pad}    value{kind[:1].upper()}{kind[1:]}: "{{{{! {wanted} // {need} }}}}"'

    def _leaf(self, path: str, demand: Demand) -> str:
        return f'"{{{{! {path} // {_words(demand.path)}, as {demand.types[0] if demand.types else "any type"} }}}}"'

    def _optional(self) -> Iterator[str]:
        for child in self._tree.children.values():
            if child.must_support and not child.required and not child.forbidden:
                base = self._shelf.tree(self.type).children.get(child.name, child)
                demand = Demand(base, child)
                if not demand.required:
                    yield f"  # may be there: {demand.path}: {demand.about}"


def start(shelf: Shelf, definition: str, name: str) -> tuple[str, str]:
    """The text of a mapping for a definition of the shelf, and that of its test."""
    starter = Starter(shelf, definition)
    mapping = starter.text(name)
    made, problems = define(parse(mapping, f"{name}.yaml"), name, {})
    if made is None or problems:
        raise MappingFault(problems)
    bare = {"resourceType": starter.type}
    mapped = Mappings({name: made}, {}).apply(name, {starter.variable: bare})
    return mapping, _test(starter, mapped)


def _test(starter: Starter, mapped: Mapped) -> str:
    gaps = [f"        - {{element: {json.dumps(gap.element)}}}" for gap in mapped.gaps]
    return "\n".join(
        [
            "context:",
            f"  {starter.variable}: {{resourceType: {starter.type}}}",
            "cases:",
            f"  - name: an empty {starter.type} has a gap for all that is required",
            "    expect:",
            f"      contains: {{resourceType: {starter.type}}}",
            *(["      gaps:", *gaps] if gaps else []),
            "",
        ]
    )


def _merged(one: Element, other: Element) -> Element:
    return Element(one.id, one.name, one.said, {**other.children, **one.children}, one.slices)


def _words(name: str) -> str:
    """`birthDate` as `the birth date`."""
    return f"the {' '.join(_WORD.findall(name)).lower() or name}"
