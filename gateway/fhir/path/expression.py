"""A compiled expression and how it is called."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from gateway.fhir.path.compiler import Compiler
from gateway.fhir.path.context import Context
from gateway.fhir.path.fault import PathFault, Trouble
from gateway.fhir.path.node import Node, is_shadow, plain, typed
from gateway.fhir.path.parser import parse
from gateway.fhir.path.syntax import Syntax
from gateway.fhir.path.types_of import needs_types

STEPS = 100_000


class Expression:
    """A compiled expression; made by `compile`."""

    __slots__ = ("_run", "_types", "text")

    def __init__(self, text: str, tree: Syntax, functions: Mapping[str, Callable[..., Any]]) -> None:
        self.text = text
        self._run = Compiler(text, functions).run(tree)
        self._types = needs_types(tree)

    def __call__(self, node: Any, variables: Mapping[str, Any] | None = None, *, steps: int = STEPS) -> list[Any]:
        """Evaluate on `node`; `variables` are reachable as %name.

        Raises:
            PathFault: evaluation failed, or took more than `steps` steps.
        """
        found = self._evaluate(node, variables, steps, types=self._types)
        if len(found) == 1 and (type(found[0]) is bool or type(found[0]) is str):
            return [found[0]]
        return plain([item for item in found if not is_shadow(item)])

    def typed(self, node: Any, variables: Mapping[str, Any] | None = None, *, steps: int = STEPS) -> list[Any]:
        """As calling it, but values keep their FHIR type: give them back as variables, or to `plain` for the data.

        Without its type a value cannot be told from others by `is` and `ofType`.
        """
        return [item for item in self._evaluate(node, variables, steps, types=True) if not is_shadow(item)]

    def _evaluate(self, node: Any, variables: Mapping[str, Any] | None, steps: int, *, types: bool) -> list[Any]:
        if isinstance(node, list):
            return self._on_several(node, variables, steps, types=types)
        this = typed(node) if types else _light(node)
        context = Context(node, variables, steps, types=types)
        try:
            return self._run(this, context)
        except Trouble as trouble:
            raise PathFault(f"{self.text!r}: the expression {_sentence(trouble)}") from None
        except RecursionError:
            raise PathFault(f"{self.text!r}: the expression is nested too deeply for this data") from None
        except (ArithmeticError, TypeError, ValueError, AttributeError, LookupError) as fault:
            raise PathFault(f"{self.text!r} failed: {type(fault).__name__}") from None

    def _on_several(self, nodes: list[Any], variables: Any, steps: int, *, types: bool) -> list[Any]:
        """A list is evaluated item by item, as `select` does."""
        return [item for node in nodes for item in self._evaluate(node, variables, steps, types=types)]

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def _light(node: Any) -> Any:
    """Where no type is asked for, a Node without extensions of its own is as good as its value."""
    return node.value if type(node) is Node and node.extra is None else node


def _sentence(trouble: Trouble) -> str:
    text = str(trouble)
    return text if text.startswith(("ran ", "made ")) else f"failed: {text}"


def compile(text: str, functions: Mapping[str, Callable[..., Any]] | None = None) -> Expression:  # noqa: A001
    """Parse an expression strictly; `functions` are extra ones, called with the input collection first.

    They receive plain data, one list for the input and one for each argument.

    Raises:
        PathFault: the syntax is wrong, or the expression reads a clock (time is passed in, never read).
    """
    if functions:
        return Expression(text, parse(text), functions)
    return _compile(text)


@lru_cache(maxsize=4096)
def _compile(text: str) -> Expression:
    return Expression(text, parse(text), {})
