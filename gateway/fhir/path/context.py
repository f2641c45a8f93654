"""One evaluation: its variables, its loop counters and what is left of its budget."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.fhir.path.fault import Spent, Trouble
from gateway.fhir.path.model import constants
from gateway.fhir.path.node import light, typed

LONGEST_TEXT = 1_000_000
_CHARACTERS = 1000  # read, copied or compared for a step
_NOTHING: list[Any] = []  # collections are never changed


class Budget:
    """Steps that several evaluations share; `left` counts them down."""

    __slots__ = ("left",)

    def __init__(self, steps: int) -> None:
        self.left = steps


class Context:
    """Made anew for every evaluation; `left` counts steps down."""

    __slots__ = ("index", "left", "met", "root", "total", "types", "variables")

    def __init__(self, root: Any, variables: Mapping[str, Any] | None, steps: int, *, types: bool) -> None:
        self.root = root
        self.variables = variables
        self.left = steps
        self.types = types
        self.index: list[Any] = _NOTHING
        self.total: list[Any] = _NOTHING
        self.met: set[str] | None = None

    def spend(self, steps: int) -> None:
        """Count steps.

        Raises:
            Spent: the budget is used up.
        """
        self.left -= steps
        if self.left < 0:
            raise Spent

    def meet(self, text: str) -> None:
        """Count what preparing a text of a language of its own costs, once in an evaluation."""
        if self.met is None:
            self.met = set()
        if text not in self.met:
            self.met.add(text)
            self.spend(len(text))

    def read(self, *texts: str) -> None:
        """Count what looking through texts costs: nothing for short ones."""
        self.spend(sum(map(len, texts)) // _CHARACTERS)

    def text(self, text: str) -> list[Any]:
        """A text an expression made, which costs by its length."""
        if len(text) > LONGEST_TEXT:
            raise Trouble(f"made a text of more than {LONGEST_TEXT} characters")
        self.spend(len(text) // _CHARACTERS + 1)
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
            self.spend(len(value))
            known = typed if self.types else light
            return [known(item) for item in value if item is not None]
        if value is None:
            return []
        return [typed(value)] if self.types else [light(value)]

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
