"""The names in force while a mapping is evaluated; a `let` or `with` value is worked out when first used."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.mapping.language import Node


@dataclass(frozen=True, slots=True)
class Bound:
    """A variable's value (a list from FHIRPath keeps its FHIR types) and the rules that decided it."""

    value: Any
    rules: tuple[str, ...] = ()


class Scope:
    """Names in force; a pending one is evaluated when first used, in the scope it was written in."""

    __slots__ = ("bound", "home", "parent", "pending")

    def __init__(
        self,
        parent: "Scope | None",
        bound: dict[str, Bound],
        pending: Mapping[str, Node] | None = None,
        home: "Scope | None" = None,
    ) -> None:
        self.parent = parent
        self.bound = bound
        self.pending = pending or {}
        self.home = home
