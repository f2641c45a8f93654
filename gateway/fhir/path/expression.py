"""A compiled expression and how it is called."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from gateway.fhir.path.compiler import Compiler
from gateway.fhir.path.context import Budget, Context
from gateway.fhir.path.fault import OutOfSteps, PathFault, Spent, Trouble, quoted
from gateway.fhir.path.node import is_shadow, light, plain, typed, untied
from gateway.fhir.path.parser import parse
from gateway.fhir.path.syntax import Syntax
from gateway.fhir.path.types_of import needs_types

STEPS = 100_000


class Expression:
    """A compiled expression; made by `compile`.

    `tree` is its syntax; `needs_types` tells whether it can give other results on data whose types are known.
    """

    __slots__ = ("_run", "needs_types", "text", "tree")

    def __init__(self, text: str, tree: Syntax, functions: Mapping[str, Callable[..., Any]]) -> None:
        self.text = text
        self._run = Compiler(text, functions).run(tree)
        self.needs_types = needs_types(tree)
        self.tree = tree

    def __call__(
        self,
        node: Any,
        variables: Mapping[str, Any] | None = None,
        *,
        steps: int = STEPS,
        budget: Budget | None = None,
    ) -> list[Any]:
        """Evaluate on `node`; `variables` are reachable as %name. What it costs is taken from the `budget`, if given.

        Raises:
            OutOfSteps: it took more than `steps` steps, or than are left in the budget.
            PathFault: evaluation failed.
        """
        found = self._evaluate(node, variables, steps, budget, types=self.needs_types)
        if len(found) == 1 and (type(found[0]) is bool or type(found[0]) is str):
            return [found[0]]
        return plain([item for item in found if not is_shadow(item)])

    def typed(self, node: Any, variables: Mapping[str, Any] | None = None, *, steps: int = STEPS) -> list[Any]:
        """As calling it, but values keep their FHIR type: give them back as variables, or to `plain` for the data.

        Without its type a value cannot be told from others by `is` and `ofType`.
        """
        return [untied(item) for item in self._evaluate(node, variables, steps, types=True) if not is_shadow(item)]

    def _evaluate(
        self, node: Any, variables: Mapping[str, Any] | None, steps: int, budget: Budget | None = None, *, types: bool
    ) -> list[Any]:
        if isinstance(node, list):
            shared = budget or Budget(steps)
            return [item for one in node for item in self._evaluate(one, variables, steps, shared, types=types)]
        if budget is None:
            return self._in_context(node, Context(node, variables, steps, types=types))
        steps = min(steps, budget.left)
        if steps <= 0:
            raise OutOfSteps(f"{quoted(self.text)}: the expression ran out of steps")
        context = Context(node, variables, steps, types=types)
        try:
            return self._in_context(node, context)
        finally:
            budget.left -= steps - max(context.left, 0) + 1

    def _in_context(self, node: Any, context: Context) -> list[Any]:
        this = typed(node) if context.types else light(node)
        try:
            return self._run(this, context)
        except Trouble as trouble:
            kind = OutOfSteps if isinstance(trouble, Spent) else PathFault
            raise kind(f"{quoted(self.text)}: the expression {_sentence(trouble)}") from None
        except RecursionError:
            raise PathFault(f"{quoted(self.text)}: the expression is nested too deeply for this data") from None
        except (ArithmeticError, TypeError, ValueError, AttributeError, LookupError, MemoryError) as fault:
            raise PathFault(f"{quoted(self.text)} failed: {type(fault).__name__}") from None

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


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
