"""The names in force while a mapping is evaluated; a `let` or `with` value is worked out when first used."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Bound:
    """A variable's value (a list from FHIRPath keeps its FHIR types) and the rules that decided it."""

    value: Any
    rules: tuple[str, ...] = ()


class Pending:
    """A variable not worked out yet; its binder is given the scope it was written in. `bound` once it is."""

    __slots__ = ("binder", "bound", "home")

    def __init__(self, binder: "Binder", home: "Scope") -> None:
        self.binder = binder
        self.home = home
        self.bound: Bound | None = None


Scope = dict[str, Bound | Pending]
Binder = Callable[[Any, Scope, str], Bound]


def with_let(scope: Scope, let: Mapping[str, Binder]) -> Scope:
    """Adds the names of a `let` to a scope; each is written in that same scope."""
    for name, binder in let.items():
        scope[name] = Pending(binder, scope)
    return scope
