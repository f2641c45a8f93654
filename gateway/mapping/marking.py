"""Values of an order that know their place in it and note who looks at them; only `explain` makes them.

A marked text or number is the text or number itself in every other way, so the gateway's own code and FHIRPath work
with it as ever, and where it comes out again says where it came from. `true`, `false` and null cannot be marked.
"""

from decimal import Decimal
from typing import Any


class Ledger:
    """The places read since `read` was last exchanged, in order."""

    __slots__ = ("read",)

    def __init__(self) -> None:
        self.read: dict[str, None] = {}


class Marked:
    """A value with its place. Comparing it with another marked value is bookkeeping, not reading."""

    place: str
    ledger: Ledger

    def _look(self, other: Any = None) -> None:
        if not isinstance(other, Marked):
            self.ledger.read[self.place] = None

    def __eq__(self, other: object) -> Any:  # what the other type says, NotImplemented included
        self._look(other)
        return super().__eq__(other)

    def __ne__(self, other: object) -> Any:
        self._look(other)
        return super().__ne__(other)

    def __hash__(self) -> int:
        self._look()
        return super().__hash__()

    def __lt__(self, other: Any) -> Any:
        self._look(other)
        return super().__lt__(other)  # type: ignore[misc]

    def __le__(self, other: Any) -> Any:
        self._look(other)
        return super().__le__(other)  # type: ignore[misc]

    def __gt__(self, other: Any) -> Any:
        self._look(other)
        return super().__gt__(other)  # type: ignore[misc]

    def __ge__(self, other: Any) -> Any:
        self._look(other)
        return super().__ge__(other)  # type: ignore[misc]


class MarkedText(Marked, str):
    """A text; what is cut or re-cased of it keeps its place."""

    __hash__ = Marked.__hash__

    def __str__(self) -> str:
        return self

    def __getitem__(self, key: Any) -> str:
        return self._derived(super().__getitem__(key))

    def __contains__(self, key: Any) -> bool:
        self._look(key)
        return super().__contains__(key)

    def startswith(self, *arguments: Any) -> bool:
        self._look()
        return super().startswith(*arguments)

    def endswith(self, *arguments: Any) -> bool:
        self._look()
        return super().endswith(*arguments)

    def strip(self, *arguments: Any) -> str:
        return self._derived(super().strip(*arguments))

    def lower(self) -> str:
        return self._derived(super().lower())

    def upper(self) -> str:
        return self._derived(super().upper())

    def replace(self, *arguments: Any) -> str:
        return self._derived(super().replace(*arguments))

    def removeprefix(self, prefix: str, /) -> str:
        return self._derived(super().removeprefix(prefix))

    def removesuffix(self, suffix: str, /) -> str:
        return self._derived(super().removesuffix(suffix))

    def _derived(self, text: str) -> str:
        made = MarkedText(text)
        made.place, made.ledger = self.place, self.ledger
        return made


class MarkedInteger(Marked, int):
    """A whole number."""

    __hash__ = Marked.__hash__


class MarkedDecimal(Marked, Decimal):
    """A decimal."""

    __hash__ = Marked.__hash__


def mark(value: Any, place: str, ledger: Ledger) -> Any:
    """A copy of `value` in which each text and number that has no place yet carries its own, below `place`.

    What a resource is (`resourceType`) stays as it is.
    """
    if isinstance(value, dict):
        return {
            key: item if key == "resourceType" else mark(item, f"{place}.{key}" if place else key, ledger)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [mark(item, f"{place}[{at}]", ledger) for at, item in enumerate(value)]
    if isinstance(value, Marked | bool):
        return value
    for kind, marked in ((str, MarkedText), (int, MarkedInteger), (Decimal, MarkedDecimal)):
        if isinstance(value, kind):
            return _placed(marked(value), place, ledger)
    return value


def places_of(value: Any) -> tuple[str, ...]:
    """The places of all marked values in `value`, each once."""
    return tuple(dict.fromkeys(_places(value)))


def _places(value: Any) -> list[str]:
    if isinstance(value, Marked):
        return [value.place]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [place for item in inner for place in _places(item)]


def _placed(value: Any, place: str, ledger: Ledger) -> Any:
    value.place, value.ledger = place, ledger
    return value
