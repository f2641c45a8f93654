"""What is behind `pa mapping coverage`: which elements of the request profiles the mappings can fill, read statically.

A static reading says what can come, not what must: an expression fills its element in some order, and fits any slice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.cli.profile_elements import Element, Shelf
from gateway.mapping import Mappings
from gateway.mapping.findings import nearest
from gateway.mapping.shape import Shape, profiles_of, shapes_of
from gateway.model.errors import NotFound

REQUEST = "profile-pas-request-bundle"
_BY_GATEWAY = {"Bundle.entry": "the gateway puts the entries in"}


@dataclass(frozen=True, slots=True)
class Row:
    """One element of a profile.

    Attributes:
        element: its id in the profile, e.g. `Claim.item:first.category`.
        filled: `file:line` of each piece of a mapping that can fill it.
        inside: how many must-support elements below it go unfilled with it.
    """

    element: str
    must_support: bool
    required: bool
    filled: tuple[str, ...]
    inside: int = 0


@dataclass(frozen=True, slots=True)
class ProfileCoverage:
    """One profile: the mappings that make it, and its elements."""

    profile: str
    mappings: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def missing(self) -> tuple[Row, ...]:
        """What no mapping can fill: must-support first, then required, then the rest."""
        return tuple(
            sorted(
                (row for row in self.rows if not row.filled), key=lambda row: (not row.must_support, not row.required)
            )
        )


def coverage(mappings: Mappings, shelf: Shelf) -> Iterator[ProfileCoverage]:
    """Every resource profile of the guide that a request Bundle leads to or a mapping makes."""
    made: dict[str, list[tuple[str, Shape]]] = {}
    for definition in mappings.definitions.values():
        for shape in shapes_of(definition, mappings.definitions):
            for url in profiles_of(shape):
                made.setdefault(shelf.find(url), []).append((definition.file, shape))
    for name in dict.fromkeys((*shelf.reachable(shelf.named(REQUEST)), *filter(None, made))):
        makers = made.get(name, [])
        rows = tuple(_Walk(shelf).rows(shelf.tree(name), [shape for _, shape in makers]))
        yield ProfileCoverage(name, tuple(dict.fromkeys(file for file, _ in makers)), rows)


def chosen(found: Sequence[ProfileCoverage], profile: str) -> list[ProfileCoverage]:
    """Those a name means: the profile of exactly this name, else every one with it in its name; all for no name.

    Raises:
        NotFound: no profile has this in its name.
    """
    named = {one.profile.partition("|")[0].rpartition("/")[2]: one for one in found}
    if profile in named:
        return [named[profile]]
    fitting = [one for one in found if profile in one.profile]
    if not fitting:
        raise NotFound(f"The request has no profile {profile!r}{nearest(profile, named)}")
    return fitting


class _Walk:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def rows(self, element: Element, shapes: Sequence[Shape], prefix: str = "") -> Iterator[Row]:
        """The elements below `element`, each with what fills it."""
        for child in element.children.values():
            if child.forbidden:
                continue
            found = list(_within(child.name, shapes))
            if child.said:
                yield self._row(child, found, prefix)
            if found or not child.said:
                yield from self._deeper(child, found, prefix)
            if found:
                for one in child.slices.values():
                    if not one.forbidden:
                        fits = [shape for shape in found if self._fits(one, shape)]
                        yield self._row(one, fits, prefix)
                        if fits:
                            yield from self._deeper(one, fits, prefix)

    def _row(self, element: Element, found: Sequence[Shape], prefix: str) -> Row:
        known = _BY_GATEWAY.get(element.id.partition(":")[0])
        filled = (known,) if known else tuple(dict.fromkeys(f"{shape.file}:{shape.line}" for shape in found))
        inside = 0 if filled else sum(one.must_support and not one.forbidden for one in element.below())
        return Row(f"{prefix}{element.id}", element.must_support, element.required, filled, inside)

    def _deeper(self, element: Element, found: Sequence[Shape], prefix: str) -> Iterator[Row]:
        yield from self.rows(element, found, prefix)
        for url in element.profiles:
            name = self._shelf.find(url)
            if name and self._shelf.kind_of(name) == "complex-type" and found:
                yield from self.rows(self._shelf.tree(name), found, f"{prefix}{element.id} > ")

    def _fits(self, element: Element, shape: Shape) -> bool:
        """Whether a piece of a mapping can be a row of this slice."""
        if not shape.fields:
            return bool(shape.sources)
        for url in element.profiles if element.name in ("extension", "modifierExtension") else ():
            if not any(_can(one, url.partition("|")[0]) for one in shape.fields.get("url", ())):
                return False
        for child in element.children.values():
            wanted = child.said.get("fixed", child.said.get("pattern"))
            if wanted is not None and not any(_can(one, wanted) for one in _within(child.name, [shape])):
                return False
            for one in child.slices.values():
                if one.required and not any(self._fits(one, inner) for inner in _within(child.name, [shape])):
                    return False
        return True


def _within(name: str, shapes: Iterable[Shape]) -> Iterator[Shape]:
    """What may stand in the element `name` of these; a value taken over whole may hold any element."""
    for shape in shapes:
        if not shape.fields and shape.sources:
            yield shape
        for key, inner in shape.fields.items():
            if key == name or (name.endswith("[x]") and _is_choice(key, name.removesuffix("[x]"))):
                yield from inner


def _is_choice(key: str, stem: str) -> bool:
    return key.startswith(stem) and key[len(stem) : len(stem) + 1].isupper()


def _can(shape: Shape, wanted: Any) -> bool:
    """Whether what stands here can be, or hold, a value a profile fixes."""
    if shape.sources:
        return True
    if isinstance(wanted, Mapping):
        return all(_any_can(shape.fields.get(key, ()), value) for key, value in wanted.items())
    return bool(shape.constant == wanted) and isinstance(shape.constant, bool) is isinstance(wanted, bool)


def _any_can(shapes: Sequence[Shape], wanted: Any) -> bool:
    every = wanted if isinstance(wanted, list) else [wanted]
    return all(any(_can(shape, value) for shape in shapes) for value in every)
