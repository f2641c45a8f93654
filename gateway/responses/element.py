"""A value in a payer's answer together with its FHIRPath: reading that never fails and always knows where it was.

The answer may have any shape (quirks 1-12, 25-36), so every step gives an element, if need be an empty one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_GUIDE = "/davinci-pas/"


@dataclass(frozen=True, slots=True)
class Element:
    """A JSON value, None when absent, and its path in the answer."""

    value: Any
    path: str

    @property
    def text(self) -> str:
        """The string itself without surrounding space; empty when it is none."""
        return self.value.strip() if isinstance(self.value, str) else ""

    @property
    def number(self) -> int | None:
        """A whole number greater than zero (positiveInt), or None."""
        number = self.value
        return number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else None

    def one(self, name: str) -> "Element":
        """The child called `name`; a list of one where none belongs is that one, a longer list says nothing."""
        child = self.value.get(name) if isinstance(self.value, dict) else None
        if isinstance(child, list):
            return Element(child[0] if len(child) == 1 else None, f"{self.path}.{name}[0]")
        return Element(child, f"{self.path}.{name}")

    def each(self, name: str) -> tuple["Element", ...]:
        """The rows of the list called `name`; a single value that should have been a list is its one row."""
        child = self.value.get(name) if isinstance(self.value, dict) else None
        if isinstance(child, list):
            rows = enumerate(child)
            return tuple(Element(row, f"{self.path}.{name}[{place}]") for place, row in rows if row is not None)
        return () if child is None else (Element(child, f"{self.path}.{name}"),)

    def choice(self, name: str, kind: str) -> "Element":
        """The child `name[x]` in its form `kind`, e.g. `valuePeriod`; its path is the FHIRPath one, `.value`."""
        return Element(self.one(f"{name}{kind}").value, f"{self.path}.{name}")

    def extensions(self, name: str) -> tuple["Element", ...]:
        """The extensions of the PAS guide called `name` (`reviewAction`), or relative ones inside such (`number`).

        Spelling of case and of the prefix `extension-` is tolerated (quirk 40); another guide's extension is not.
        """
        return tuple(row for row in self.each("extension") if _names(row.one("url").text, name))

    def extension(self, name: str) -> "Element":
        """The first of `extensions`, or an empty element."""
        return next(iter(self.extensions(name)), Element(None, f"{self.path}.extension"))


NOTHING = Element(None, "")


def _names(url: str, name: str) -> bool:
    base, _, last = url.rpartition("/")
    if base and _GUIDE not in f"{base.casefold()}/":
        return False
    return last.casefold().removeprefix("extension-") == name.casefold()


def modifiers(element: Element, *, but: tuple[str, ...] = ()) -> Iterator[str]:
    """The paths of all modifier extensions inside, not looking into the children named in `but`.

    PAS 2.2.1 defines none for an answer, so each may change the meaning of what holds it (R4 2.4.1).
    """
    stack = [element]
    while stack:
        here = stack.pop()
        if isinstance(here.value, dict):
            if here.value.get("modifierExtension"):
                yield f"{here.path}.modifierExtension"
            names = [name for name in here.value if here is not element or name not in but]
            stack.extend(row for name in names for row in here.each(name))
        elif isinstance(here.value, list):
            stack.extend(Element(row, f"{here.path}[{place}]") for place, row in enumerate(here.value))
