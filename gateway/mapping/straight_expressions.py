"""What the Python of a mapping says for one expression: what it reads, its text on plain data, and what else to do.

Each method writes lines that set the names it returns.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gateway.fhir.path.straight import Names, NotStraight, collection, condition, root, single
from gateway.mapping.evaluation import EMPTY, Query
from gateway.mapping.expression import Source
from gateway.mapping.functions import FUNCTIONS

Text = Callable[[Query], str]


class Expressions:
    """The lines of one function and the Python names in it; those that begin with `x` may be values still to come.

    `typed` are the names whose values must keep their FHIR types.
    """

    def __init__(self, variables: Mapping[str, str], typed: frozenset[str]) -> None:
        self.lines: list[str] = []
        self.constants: dict[str, Any] = {}
        self.variables = variables
        self.is_nested = False
        self._typed = typed
        self._settled: set[str] = set()
        self._indent = 1
        self._count = len(variables)

    def write(self, text: str) -> None:
        self.lines.append("    " * self._indent + text)

    @contextmanager
    def under(self, head: str) -> Iterator[None]:
        """What is written inside stands under `head`."""
        self.write(head)
        self._indent += 1
        yield
        self._indent -= 1

    def fresh(self, letter: str) -> str:
        """A Python name of its own."""
        self._count += 1
        return f"{letter}{self._count}"

    def keep(self, value: Any) -> str:
        """A Python name for an object."""
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def leaf(self, source: Source, at: str) -> tuple[str, str]:
        """The one value of an expression and its life."""
        value, life, query = self.fresh("v"), self.fresh("l"), Query(source)
        self._settle(source)
        evaluated = f"{value}, {life} = run.leaf({self._evaluated(query)}, {at})"
        if self._attempt(query, value, self._needed if source.required else self._single, evaluated):
            some = f"{query.filled}" if source.required else f"{EMPTY} if {value} is None else {query.filled}"
            self.write(f"else: {life} = {some}")
        return value, life

    def each(self, source: Source, items: str, at: str) -> str:
        """Adds all values of an expression; the life of what it gives."""
        life, found, query = self.fresh("l"), self.fresh("f"), Query(source)
        self._settle(source)
        evaluated = f"{life} = run.several({self._evaluated(query)}, {at}, {items})"
        if self._attempt(query, found, self._needed_rows if source.required else self._rows, evaluated):
            with self.under("else:"):
                self.write(f"{items}.extend({found})")
                self.write(f"{life} = {query.filled} if {found} else {EMPTY}")
        return life

    def condition(self, source: Source, at: str) -> str:
        """Whether a condition is true."""
        holds, query = self.fresh("c"), Query(source)
        self._settle(source)
        evaluated = f"{holds} = run.holds({self._evaluated(query)}, {at})"
        self._attempt(query, holds, lambda query: condition(query.expression.tree, self._names(query)), evaluated)
        return holds

    def named(self, value: str, name: str, source: Source, at: str) -> None:
        """What an expression gives as the value of a name, worked out here."""
        query = Query(source)
        self._settle(source)
        if query.is_name:
            self.write(f"{value} = {self.variables[query.variables[0]]}")
            return
        evaluated = f"{value} = run.worth({self._evaluated(query)}, {at}).value"
        self._attempt(query, value, self._worth(name), evaluated)

    def soon(self, value: str, name: str, source: Source, at: str) -> None:
        """As `named`, where plain data decides it; else when it is first used."""
        query = Query(source)
        evaluated = f"{value} = Later(lambda: run.worth({self._evaluated(query)}, {at}).value)"
        self._attempt(query, value, self._worth(name), evaluated)

    def _attempt(self, query: Query, value: str, text: Text, evaluated: str) -> bool:
        """The text of an expression, and its evaluation where that cannot tell; whether it has such a text at all."""
        try:
            written = text(query)
        except NotStraight:
            self.write(evaluated)
            return False
        self.write(f"try: {value} = {written}")
        self.write(f"except Unsure: {evaluated}")
        return True

    def _single(self, query: Query) -> str:
        names = self._names(query)
        text, variable = single(query.expression.tree, names), root(query.expression.tree, names)
        return f"{text} if {variable} != [] else None" if variable else text

    def _collection(self, query: Query) -> str:
        names = self._names(query)
        text, variable = collection(query.expression.tree, names), root(query.expression.tree, names)
        return f"({text} if {variable} != [] else [])" if variable else text

    def _needed(self, query: Query) -> str:
        return f"need({self._single(query)})"

    def _rows(self, query: Query) -> str:
        return f"rows({self._collection(query)})"

    def _needed_rows(self, query: Query) -> str:
        return f"need({self._rows(query)} or None)"

    def _worth(self, name: str) -> Text:
        keeps = "nothing" if name in self._typed else "kept"
        return lambda query: f"{keeps}({self._collection(query)})"

    def _names(self, query: Query) -> Names:
        return Names(self.variables, self.constants, FUNCTIONS, dates=query.expression.needs_types)

    def _settle(self, source: Source) -> None:
        """Works out what the expression reads, in the order in which it is read; names with an `x` may wait for it."""
        for name in source.variables:
            variable = self.variables.get(name, "")
            if variable[:1] != "x":
                continue
            if self.is_nested:  # it belongs to the function around
                value = self.fresh("y")
                self.write(f"{value} = settled({variable})")
                self.variables = {**self.variables, name: value}
            elif variable not in self._settled:
                self.write(f"if {variable}.__class__ is Later: {variable} = {variable}()")
                if self._indent == 1:  # else only where this is reached
                    self._settled.add(variable)

    def _evaluated(self, query: Query) -> str:
        """The query and the scope it is evaluated in, as arguments."""
        values = ", ".join(f"{name!r}: {self.variables[name]}" for name in query.variables if name in self.variables)
        return f"{self.keep(query)}, scope({{{values}}})"
