"""One evaluation: its variables, its loop counters and what is left of its budget."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.fhir.path.fault import Trouble
from gateway.fhir.path.model import constants
from gateway.fhir.path.node import typed

LONGEST_TEXT = 1_000_000
_NOTHING: list[Any] = []  # collections are never changed


class Context:
    """Made anew for every evaluation; `left` counts steps down."""

    __slots__ = ("index", "left", "root", "total", "types", "variables")

    def __init__(self, root: Any, variables: Mapping[str, Any] | None, steps: int, *, types: bool) -> None:
        self.root = root
        self.variables = variables
        self.left = steps
        self.types = types
        self.index: list[Any] = _NOTHING
        self.total: list[Any] = _NOTHING

    def spend(self, steps: int) -> None:
        """Count steps.

        Raises:
            Trouble: the budget is used up.
        """
        self.left -= steps
        if self.left < 0:
            raise Trouble("ran out of steps")

    def text(self, text: str) -> list[Any]:
        """A text an expression made, which costs by its length."""
        if len(text) > LONGEST_TEXT:
            raise Trouble(f"made a text of more than {LONGEST_TEXT} characters")
        self.spend(len(text) // 1000 + 1)
        return [text]

    def collection(self, items: list[Any]) -> list[Any]:
        """A collection an expression made, which costs by its size."""
        self.spend(len(items) + 1)
        return items

    def lookup(self, name: str) -> list[Any]:
        """The value of `%name` as a collection."""
        given = self.variables
        if given is not None and name in given:
            value = given[name]
        elif name in ("context", "resource", "rootResource"):
            value = self.root
        else:
            return [_constant(name)]
        if isinstance(value, list | tuple):
            return [typed(item) for item in value if item is not None] if self.types else list(value)
        if value is None:
            return []
        return [typed(value)] if self.types else [value]

    def resolver(self) -> Callable[[str], Any] | None:
        """What was given as the variable `resolve`: a function from a reference to its resource."""
        found = (self.variables or {}).get("resolve")
        return found if callable(found) else None


def _constant(name: str) -> str:
    known = constants()
    for prefix in ("vs-", "ext-"):
        if name.startswith(prefix):
            return known[prefix] + name[len(prefix) :]
    if name not in known or name.endswith("-"):
        raise Trouble(f"there is no variable %{name}")
    return known[name]
