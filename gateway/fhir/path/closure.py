"""What the compiler and the functions it knows agree on."""

from collections.abc import Callable
from typing import Any, Protocol

from gateway.fhir.path.context import Context
from gateway.fhir.path.syntax import Call, Syntax

# Both take `$this` (None: nothing) and the evaluation. Collections are never changed once made.
Run = Callable[[Any, Context], list[Any]]
Test = Callable[[Any, Context], bool | None]
Function = Callable[..., list[Any]]


class Compiling(Protocol):
    """The compiler, as functions that take expressions see it."""

    def run(self, node: Syntax) -> Run:
        """The closure of an expression."""

    def test(self, node: Syntax) -> Test:
        """The closure of an expression used as a condition."""


Builder = Callable[[Compiling, Call], Run]
BOOLEANS: dict[bool | None, list[Any]] = {True: [True], False: [False], None: []}
