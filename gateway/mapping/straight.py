"""A mapping as one Python function, written when it is first used: the same output as `gateway.mapping.program` makes.

It notes gaps and choices, but not how each element came about. An expression that plain data does not decide is
evaluated as the program would.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.fhir.path import straight_data
from gateway.mapping.language import Definition
from gateway.mapping.program import root_of
from gateway.mapping.scope import Bound
from gateway.mapping.straight_writer import Make, Writer
from gateway.mapping.values import word


class Later:
    """The value of a name that is worked out when first used."""

    __slots__ = ("_known", "_value", "_work")

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._known = False
        self._value: Any = None

    def __call__(self) -> Any:
        if not self._known:
            self._value, self._known = self._work(), True
        return self._value


def _settled(value: Any) -> Any:
    return value() if value.__class__ is Later else value


def _scope(values: dict[str, Any]) -> dict[str, Bound]:
    return {name: Bound(_settled(value)) for name, value in values.items()}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


_AT_HAND: Mapping[str, Any] = {
    **{name: getattr(straight_data, name) for name in straight_data.__all__},
    "Later": Later,
    "settled": _settled,
    "scope": _scope,
    "listed": _listed,
    "word": word,
}


class Straight:
    """The functions of some mappings; `typed` are the names whose values must keep their FHIR types."""

    def __init__(self, definitions: Mapping[str, Definition], typed: frozenset[str]) -> None:
        self.definitions = definitions
        self.typed = typed
        self._made: dict[tuple[str, str], Make] = {}

    def ready(self, name: str, context: Mapping[str, Any]) -> tuple[Make, list[Any]]:
        """The function of a mapping and what to give it after the run; an object it makes stays even when it is empty.

        Raises:
            LookupError: there is no such mapping, or a variable it reads is not given.
        """
        definition = self.definitions[name]
        given = [context[variable] for variable in definition.reads]
        values = [list(value) if value.__class__ is tuple else value for value in given]
        return self.function(name, "top"), [(None, root_of(definition)), *values]

    def function(self, name: str, form: str) -> Make:
        """The function that makes the value of a mapping (`value`, `top`) or adds it to a list (`items`)."""
        if (name, form) not in self._made:
            writer = Writer(self.definitions, self.typed, self.function, is_top=form == "top")
            text = writer.text(name, form)
            space: dict[str, Any] = {**_AT_HAND, **writer.constants}
            exec(compile(text, f"<{self.definitions[name].file}>", "exec"), space)  # noqa: S102 - our own text
            self._made[name, form] = space["made"]
        return self._made[name, form]
