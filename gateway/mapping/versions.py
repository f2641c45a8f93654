"""What differs between the mappings of two guide versions, by output element; file layout and spacing do not count."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.mapping.engine import Mappings
from gateway.mapping.shape import Slot, kind_of, shapes_of, slots

_NAMED = re.compile(r"""^mapping:[ \t]*["']?([^\s"'#]+)""", re.MULTILINE)


def is_version_folder(folder: Path) -> bool:
    """Whether the mappings of one guide version begin here: a mapping in it is named by its path from this folder."""
    return any(_is_named_from(path, folder) for pattern in ("*.yaml", "*/*.yaml") for path in folder.glob(pattern))


def _is_named_from(path: Path, folder: Path) -> bool:
    try:
        named = _NAMED.search(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return False
    return named is not None and named[1] == path.relative_to(folder).with_suffix("").as_posix()


@dataclass(frozen=True, slots=True)
class Side:
    """What one version puts into an element: expressions, written-out values and conditions, tables, and where."""

    content: tuple[str, ...]
    tables: tuple[str, ...]
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """An element that two versions fill differently.

    Attributes:
        mapping: the mapping that makes the resource.
        element: with what tells list items apart in brackets, e.g. `Claim.extension[extension-conditionCode].url`.
        kind: `only in the first`, `only in the second`, `table` or `expression`.
        first, second: what each version does; None where it has no such element.
        within: the outermost extension or row around it of which the other version has nothing at all.
    """

    mapping: str
    element: str
    kind: str
    first: Side | None
    second: Side | None
    within: str = ""


def differences(first: Mappings, second: Mappings, name: str = "") -> Iterator[Difference]:
    """All differences, or those of the mapping `name` alone, in order of mapping and element of the first version.

    Raises:
        LookupError: neither version has a mapping of that name.
    """
    for mapping in [name] if name else _resources(first, second):
        ours, theirs = _sides(first, mapping), _sides(second, mapping)
        if not ours and not theirs:
            raise LookupError(mapping)
        for element in dict.fromkeys((*ours, *theirs)):
            one, other = ours.get(element), theirs.get(element)
            if kind := _kind(one, other):
                within = _within(element, theirs if other is None else ours) if None in (one, other) else ""
                yield Difference(mapping, element, kind, one, other, within)


def _kind(one: Side | None, other: Side | None) -> str:
    if one is None or other is None:
        return "only in the second" if one is None else "only in the first"
    if one.content == other.content:
        return ""
    return "table" if one.tables != other.tables else "expression"


def _within(element: str, others: Mapping[str, Side]) -> str:
    for match in re.finditer(r"\]", element):
        around = element[: match.end()]
        if not any(other.startswith(around) for other in others):
            return around
    return ""


def _resources(*versions: Mappings) -> list[str]:
    """Names of the mappings that make a resource; their parts are seen through them."""
    return list(
        dict.fromkeys(
            definition.name
            for version in versions
            for definition in version.definitions.values()
            if any(kind_of(shape) for shape in shapes_of(definition, version.definitions))
        )
    )


def _sides(version: Mappings, name: str) -> Mapping[str, Side]:
    definition = version.definitions.get(name)
    if definition is None:
        return {}
    found: dict[str, list[Slot]] = {}
    for shape in shapes_of(definition, version.definitions):
        for slot in slots(shape, kind_of(shape) or name):
            found.setdefault(slot.element, []).append(slot)
    return {
        element: Side(
            tuple(sorted({text for slot in rows for text in slot.content})),
            tuple(sorted({table for slot in rows for table in slot.tables})),
            tuple(dict.fromkeys(f"{slot.shape.file}:{slot.shape.line}" for slot in rows)),
        )
        for element, rows in found.items()
    }
