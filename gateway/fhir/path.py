"""The only door to FHIRPath: compile once, evaluate within a step budget.

fhirpathpy does the work. It cannot bound a regular expression and accepts broken syntax by recovery, so
this door serves expressions of ours and of the guides only, parses strictly, and counts loop steps.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Never

from antlr4 import CommonTokenStream, InputStream
from antlr4.error.ErrorListener import ErrorListener
from antlr4.tree.Tree import ParseTreeWalker
from fhirpathpy.engine import do_eval
from fhirpathpy.engine.invocations import invocation_registry
from fhirpathpy.engine.invocations.constants import constants
from fhirpathpy.engine.nodes import FP_Type, ResourceNode
from fhirpathpy.engine.util import arraify, get_data, process_user_invocation_table
from fhirpathpy.models import models
from fhirpathpy.parser.ASTPathListener import ASTPathListener
from fhirpathpy.parser.generated.FHIRPathLexer import FHIRPathLexer
from fhirpathpy.parser.generated.FHIRPathParser import FHIRPathParser

Function = Callable[..., Any]
STEPS = 100_000
_CLOCK = re.compile(r"(?<![\w'])(now|today|timeOfDay)\s*\(")


class PathFault(ValueError):
    """The FHIRPath expression cannot be parsed or evaluated, or ran out of steps."""


class Expression:
    """A compiled expression; made by `compile`."""

    def __init__(self, text: str, tree: Any, functions: Mapping[str, Any]) -> None:
        self.text = text
        self._tree = tree
        self._functions = functions

    def __call__(self, node: Any, variables: Mapping[str, Any] | None = None, *, steps: int = STEPS) -> list[Any]:
        """Evaluate on `node`; `variables` are reachable as %name.

        Raises:
            PathFault: evaluation failed, or took more than `steps` loop iterations.
        """
        return plain(self.typed(node, variables, steps=steps))

    def typed(self, node: Any, variables: Mapping[str, Any] | None = None, *, steps: int = STEPS) -> list[Any]:
        """As calling it, but values keep their FHIR type: give them back as variables, or to `plain` for the data.

        Without its type an Extension held in a variable has no `value`, only a `valueCoding`.
        """
        context = _Context(steps)
        root = arraify(node)
        context.update(
            dataRoot=root,
            model=models["r4"],
            userInvocationTable=self._functions,
            vars={"context": node, "resource": node, "ucum": "http://unitsofmeasure.org", **(variables or {})},
            traceFn=_silent,
        )
        constants.reset()
        try:
            result = do_eval(context, root, self._tree)
        except PathFault:
            raise
        except Exception as fault:  # noqa: BLE001  fhirpathpy raises bare Exception for every failure it has
            raise PathFault(f"{self.text!r} failed: {type(fault).__name__}") from None
        return [item for item in result if not _is_shadow(item)]

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def plain(collection: list[Any]) -> list[Any]:
    """The data of a typed collection."""
    return [item if isinstance(item, FP_Type) else get_data(item) for item in collection]


def value_of(node: Any, type_name: str) -> Any:
    """A value together with its FHIR type (`Extension`, `Claim.item`), for evaluating on what is no resource.

    Without its type a choice such as `value` or `serviced` is not found in it.
    """
    return ResourceNode.create_node(node, type_name)


def compile(text: str, functions: Mapping[str, Function] | None = None) -> Expression:  # noqa: A001
    """Parse an expression strictly; `functions` are extra ones, called with the input collection first.

    They receive plain data, one list for the input and one for each argument.

    Raises:
        PathFault: the syntax is wrong, or the expression reads a clock (time is passed in, never read).
    """
    if functions:
        return Expression(text, _parse(text), _table({**_OURS, **functions}))
    return _compile(text)


@lru_cache(maxsize=4096)
def _compile(text: str) -> Expression:
    return Expression(text, _parse(text), _table(_OURS))


def _parse(text: str) -> Any:
    if clock := _CLOCK.search(text):
        raise PathFault(f"{text!r}: {clock.group(1)}() is not allowed, pass the time as a variable")
    listener = _Strict(text)
    lexer = FHIRPathLexer(InputStream(text))
    lexer.removeErrorListeners()
    lexer.addErrorListener(listener)
    parser = FHIRPathParser(CommonTokenStream(lexer))
    parser.removeErrorListeners()
    parser.addErrorListener(listener)
    tree = parser.expression()
    end = parser.getCurrentToken()
    if end.type != -1:
        raise PathFault(f"{text!r}: unexpected {end.text!r} at column {end.column + 1}")
    walker = ASTPathListener()
    ParseTreeWalker().walk(walker, tree)
    return walker.parentStack[0]["children"][0]


class _Strict(ErrorListener):  # type: ignore[misc]
    def __init__(self, text: str) -> None:
        self._text = text

    def syntaxError(self, *details: Any) -> Never:  # noqa: N802  antlr4's name; recognizer, symbol, line, column, text
        raise PathFault(f"{self._text!r}: {details[4]} at column {details[3] + 1}")


class _Context(dict[str, Any]):
    """fhirpathpy's evaluation context; it sets `$this` once per loop iteration, which is what we count."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._left = steps

    def __setitem__(self, key: str, value: Any) -> None:
        if key == "$this":
            self._left -= 1
            if self._left < 0:
                raise PathFault("the expression ran out of steps")
        super().__setitem__(key, value)


def _silent(*_: Any) -> None:
    """trace() must not print: what it would print is content."""


def _is_shadow(item: Any) -> bool:
    """A primitive that exists only as extensions (`_birthDate`) is not a value."""
    data = item.data if isinstance(item, ResourceNode) else None
    return isinstance(data, dict) and list(data) == ["extension"]


def _has_value(inputs: list[Any]) -> list[bool]:
    return [(len(inputs) == 1 and isinstance(inputs[0], str | int | float | bool)) or _is_number(inputs)]


def _is_number(inputs: list[Any]) -> bool:
    return len(inputs) == 1 and hasattr(inputs[0], "as_tuple")


_OURS: dict[str, Function] = {"hasValue": _has_value}
FUNCTIONS = frozenset(name for name in invocation_registry if name.isalpha()) | frozenset(_OURS)
CHOICES = frozenset(path.rpartition(".")[2] for path in models["r4"]["choiceTypePaths"])


def _table(functions: Mapping[str, Function]) -> dict[str, dict[str, Any]]:
    """fhirpathpy's registry form: every function takes any number of values."""
    arity = {n: ["Any"] * n for n in range(5)}
    table = {name: {"fn": _on_plain(function), "arity": arity} for name, function in functions.items()}
    ours: dict[str, dict[str, Any]] = process_user_invocation_table(table)
    return {"single": {"fn": _single, "arity": {0: []}}, **ours}


def _single(_: Any, inputs: list[Any]) -> list[Any]:
    """fhirpathpy answers several values with an error written as data; the specification wants an error."""
    if len(inputs) > 1:
        raise PathFault("single() found several values")
    return inputs


def _on_plain(function: Function) -> Function:
    return lambda inputs, *arguments: function(inputs, *(plain(argument) for argument in arguments))
