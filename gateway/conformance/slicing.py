"""Slicing: which rows of an element belong to which slice (ElementDefinition.slicing, R4 profiling 5.1).

All kinds of discriminators: value and pattern (fixed values, patterns, bindings), exists, type, profile; their paths
may use `$this`, `extension('url')`, `ofType(type)` and `resolve()`, which looks inside what is being checked and
fetches nothing. A row whose slice cannot be told is reported as not evaluated.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.conformance.context import Context
from gateway.conformance.definitions import EXTENSIONS, Node, Slicing
from gateway.conformance.discriminators import Conform, Match, every, extension_url, match, steps_of, types_of
from gateway.conformance.items import Item

_NO_SLICE, _UNSURE = -1, -2


@dataclass(slots=True)
class Sorted:
    """Rows by slice.

    Attributes:
        members: by the name of the slice; a slice that needs no rows and has none is left out.
        strays: rows that may not stand where they are, with the reason and what to do.
        unsure: rows whose slice cannot be told, so that a slice may have more rows than are known.
    """

    members: dict[str, list[Item]]
    strays: list[tuple[Item, str, str]] = field(default_factory=list)
    unsure: list[Item] = field(default_factory=list)


class Slicer:
    """Sorts the rows of one sliced element."""

    def __init__(self, node: Node, inherited: Slicing | None, conform: Conform) -> None:
        self.rule = node.slicing or inherited
        self._names = list(node.slices)
        self._needed = [name for name, one in node.slices.items() if one.element.low]
        by = self.rule.by if self.rule is not None else ()
        self._by_url = node.name in EXTENSIONS and by == (("value", "url"),)
        self._urls = {extension_url(one): number for number, one in enumerate(node.slices.values())}
        self._types = types_of(node, by[0][1]) if len(by) == 1 and by[0][0] == "type" else None
        self._child = by[0][1].removeprefix("$this") if self._types else ""
        is_listed = self._by_url or self._types
        self._matches = [] if is_listed else [_all(self.rule, one, conform) for one in node.slices.values()]

    def name_of(self, row: Item) -> str:
        """The slice of the only row, where its type alone tells and nothing else is asked; else empty."""
        number = self._types.get(row.type) if self._types is not None and not self._child else None
        name = "" if number is None else self._names[number]
        return name if name and self._needed in ([], [name]) else ""

    def sort(self, context: Context, rows: Sequence[Item]) -> Sorted:
        """Give each row to the first slice it matches."""
        result = Sorted({})
        places = [self._place(context, row) for row in rows]
        for row, place in zip(rows, places, strict=True):
            if place >= 0:
                result.members.setdefault(self._names[place], []).append(row)
            elif place == _UNSURE:
                result.unsure.append(row)
                context.findings.skip("slice", row, "Which slice the row belongs to cannot be told here.")
        for name in self._needed:
            result.members.setdefault(name, [])
        if self.rule is not None and (self.rule.rules != "open" or self.rule.ordered):
            result.strays = list(self._strays(self.rule, rows, places))
        return result

    def _place(self, context: Context, row: Item) -> int:
        if self._by_url:
            url = row.value.get("url") if isinstance(row.value, dict) else None
            return self._urls.get(url, _NO_SLICE) if isinstance(url, str) else _NO_SLICE
        if self._types is not None:
            rows = (row.child(self._child) or row.child(f"{self._child}[x]")) if self._child else (row,)
            return min((self._types[one.type] for one in rows if one.type in self._types), default=_NO_SLICE)
        unsure = False
        for number, matches in enumerate(self._matches):
            answer = matches(context, row)
            if answer:
                return number
            unsure = unsure or answer is None
        return _UNSURE if unsure else _NO_SLICE

    def _strays(self, rule: Slicing, rows: Sequence[Item], places: list[int]) -> "list[tuple[Item, str, str]]":
        strays: list[tuple[Item, str, str]] = []
        last = max((position for position, place in enumerate(places) if place >= 0), default=-1)
        highest = -1
        for position, (row, place) in enumerate(zip(rows, places, strict=True)):
            if place == _NO_SLICE and rule.rules == "closed":
                text = f"Only {', '.join(self._names)} may stand here."
                strays.append((row, text, "Send a value of one of these kinds."))
            elif place == _NO_SLICE and rule.rules == "openAtEnd" and position < last:
                text = f"Others may come only after {', '.join(self._names)}."
                strays.append((row, text, "Move it to the end."))
            elif rule.ordered and 0 <= place < highest:
                text = f"The rows come in the order {', '.join(self._names)}."
                strays.append((row, text, "Put the rows in that order."))
            highest = max(highest, place)
        return strays


def place(node: Node, path: str) -> str:
    """Where a slice is missed: an extension by its url, any other at its element."""
    url = extension_url(node) if node.name in EXTENSIONS else ""
    if not url:
        return path
    return f"{path}('{url}')" if node.name == "extension" else f"{path}.where(url='{url}')"


def _all(rule: Slicing | None, node: Node, conform: Conform) -> Match:
    """Whether a row matches by every discriminator; without one nobody can tell."""
    if rule is None or not rule.by:
        return lambda _, __: None
    each = [match(kind, node, steps_of(path), conform) for kind, path in rule.by]
    if len(each) == 1:
        return each[0]
    return lambda context, row: every(one(context, row) for one in each)
