"""Writes the Python of one mapping: straight on from what it reads to what it makes.

Each method writes what sets the names it returns: of a value and of its life, as `gateway.mapping.evaluation` has it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.mapping.evaluation import EMPTY, FILLED, NEUTRAL, Query
from gateway.mapping.expression import Source
from gateway.mapping.functions import TABLE_ARGUMENTS
from gateway.mapping.language import Array, Constant, Definition, For, If, Include, Leaf, Node, Object, Text
from gateway.mapping.program import asks_position
from gateway.mapping.straight_expressions import Expressions

Make = Callable[..., Any]


def _display(fields: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{key!r}: {value}' for key, value in fields.items())}}}"


def _is_one(node: Node) -> bool:
    """Whether it gives one item at most, and asks for no number of it."""
    return isinstance(node, Object | Text | Constant) and not asks_position(node)


class Writer(Expressions):
    """Writes the function of one mapping; `function` gives those of the mappings it includes."""

    def __init__(
        self,
        definitions: Mapping[str, Definition],
        typed: frozenset[str],
        function: Callable[[str, str], Make],
        *,
        is_top: bool,
    ) -> None:
        super().__init__({}, typed)
        self._definitions = definitions
        self._function = function
        self._letter = "y" if is_top else "x"  # nothing that a caller gives is still to come

    def text(self, name: str, form: str) -> str:
        """A function `made` of the run, the place, for `items` the list to add to, and what the mapping reads."""
        definition = self._definitions[name]
        self.variables = {variable: self.fresh(self._letter) for variable in definition.reads}
        adds = ["items"] if form == "items" else []
        head = f"def made({', '.join(['run', 'at', *adds, *self.variables.values()])}):"
        for variable, node in definition.let.items():
            self._bind(variable, node)
        produce = definition.produce
        if form == "items":
            self.write(f"return {self._append(produce, 'items', 'at')}")
        else:
            if form == "top" and isinstance(produce, Object):
                value, life = self._object(produce, "at", top=True)
            else:
                value, life = self._value(produce, "at")
            self.write(f"return {value}, {life}")
        return "\n".join([head, *self.lines])

    def _value(self, node: Node, at: str) -> tuple[str, str]:
        """What makes a value in an object: the names of the value and of its life."""
        before = self.variables
        made = self._made(node, at)
        self.variables = before  # what was settled in a branch is not settled after it
        return made

    def _made(self, node: Node, at: str) -> tuple[str, str]:
        match node:
            case Constant():
                return repr(node.value), str(NEUTRAL)
            case Leaf():
                return self.leaf(node.source, at)
            case Text():
                return self._text(node, at)
            case Object():
                return self._object(node, at)
            case Array() | For():
                return self._list(node, at)
            case If():
                return self._if(node, at)
            case Include():
                return self._include(node, at)

    def _append(self, node: Node, items: str, at: str) -> str:
        """What adds to a list: the name of its life."""
        if isinstance(node, Array):
            return self._row(node, items, at)
        before = self.variables
        if asks_position(node):
            position = self.fresh("p")
            self.write(f"{position} = len({items}) + 1")
            self.variables = {**before, "position": position}
        life = self._add(node, items, at)
        self.variables = before
        return life

    def _add(self, node: Node, items: str, at: str) -> str:
        match node:
            case Leaf():
                return self.each(node.source, items, f"({at}, len({items}))")
            case For():
                return self._for(node, items, at)
            case If():
                return self._choice(node, items, at)
            case Include():
                life = self.fresh("l")
                self.write(f"{life} = {self._call(node, 'items', at, items)}")
                return life
        value, life = self._value(node, f"({at}, len({items}))")
        if isinstance(node, Constant):
            self.write(f"{items}.append({value})")
            return life
        with self.under(f"if {value} is not None:"):
            self.write(f"{items}.append({value})")
        return life

    def _row(self, node: Array, items: str, at: str) -> str:
        life = self.fresh("l")
        self.write(f"{life} = {NEUTRAL if node.items else EMPTY}")
        for item in node.items:
            self._raise(life, self._append(item, items, at))
        return life

    def _raise(self, life: str, other: str) -> None:
        """The larger life wins."""
        if other != str(NEUTRAL):
            self.write(f"if {other} > {life}: {life} = {other}")

    def _object(self, node: Object, at: str, *, top: bool = False) -> tuple[str, str]:
        worked_out = [(key, child) for key, child in node.fields if not isinstance(child, Constant)]
        if not top and len(worked_out) < 2 and all(key for key, _ in worked_out):
            return self._wrapping(node, worked_out, at)
        value, life = self.fresh("o"), self.fresh("l")
        self.write(f"{value} = {{}}")
        self.write(f"{life} = {NEUTRAL}")
        for key, child in node.fields:
            if isinstance(child, Constant):
                if key:
                    self.write(f"{value}[{key!r}] = {child.value!r}")
                continue
            part, its_life = self._value(child, f"({at}, {key!r})" if key else at)
            with self.under(f"if {part} is not None:" if key else f"if {part}.__class__ is dict:"):
                self.write(f"{value}[{key!r}] = {part}" if key else f"{value}.update({part})")
            self._raise(life, its_life)
        if not top:
            self.write(f"if {life} == {EMPTY} or not {value}: {value} = None; {life} = {life} or {EMPTY}")
        return value, life

    def _wrapping(self, node: Object, worked_out: Sequence[tuple[str | None, Node]], at: str) -> tuple[str, str]:
        """An object of constants around at most one part that is worked out: none without it."""
        value = self.fresh("o")
        constants = {key: repr(child.value) for key, child in node.fields if key and isinstance(child, Constant)}
        if not worked_out:
            self.write(f"{value} = {_display(constants) if constants else None}")
            return value, str(NEUTRAL if constants else EMPTY)
        key, child = worked_out[0]
        part, life = self._value(child, f"({at}, {key!r})")
        whole = _display({name: constants.get(name or "", part) for name, _ in node.fields if name})
        self.write(f"{value} = {whole} if {part} is not None else None")
        if constants:  # they stay where there is a gap
            self.write(f"if {value} is None and {life} != {EMPTY}: {value} = {_display(constants)}")
        return value, life

    def _list(self, node: Node, at: str) -> tuple[str, str]:
        if isinstance(node, Array) and len(node.items) == 1 and _is_one(node.items[0]):
            made, its_life = self._value(node.items[0], f"({at}, 0)")
            value = self.fresh("v")
            is_certain = isinstance(node.items[0], Constant)
            self.write(f"{value} = [{made}]" if is_certain else f"{value} = [{made}] if {made} is not None else None")
            return value, its_life
        items = self.fresh("i")
        self.write(f"{items} = []")
        life = self._append(node, items, at)
        value, its_life = self.fresh("v"), self.fresh("l")
        self.write(f"{value} = {items} or None")
        self.write(f"{its_life} = {life} if {items} else {life} or {EMPTY}")
        return value, its_life

    def _for(self, node: For, items: str, at: str) -> str:
        rows, life, index, row = self.fresh("r"), self.fresh("l"), self.fresh("n"), self.fresh("y")
        self.named(rows, node.name, node.source, at)
        self.write(f"{life} = {EMPTY}")
        with self.under(f"for {index}, {row} in enumerate(listed({rows}), 1):"):
            before = self.variables
            self.variables = {**before, node.name: row, "index": index}
            its_life = self._append(node.body, items, at)
            self.variables = before
            self._raise(life, f"({its_life} or {FILLED})")
        return life

    def _if(self, node: If, at: str) -> tuple[str, str]:
        value, life = self.fresh("v"), self.fresh("l")
        with self.under(f"if {self.condition(node.condition, at)}:"):
            self._branch(node.body, at, value, life)
        with self.under("else:"):
            if node.otherwise:
                self._branch(node.otherwise, at, value, life)
            else:
                self.write(f"{value} = None; {life} = {EMPTY}")
        return value, life

    def _branch(self, node: Node, at: str, value: str, life: str) -> None:
        made, its_life = self._value(node, at)
        self.write(f"{value} = {made}; {life} = {its_life} or {FILLED}")

    def _choice(self, node: If, items: str, at: str) -> str:
        life = self.fresh("l")
        with self.under(f"if {self.condition(node.condition, at)}:"):
            self.write(f"{life} = {self._append(node.body, items, at)} or {FILLED}")
        with self.under("else:"):
            other = f"{self._append(node.otherwise, items, at)} or {FILLED}" if node.otherwise else str(EMPTY)
            self.write(f"{life} = {other}")
        return life

    def _include(self, node: Include, at: str) -> tuple[str, str]:
        value, life = self.fresh("v"), self.fresh("l")
        self.write(f"{value}, {life} = {self._call(node, 'value', at)}")
        return value, life

    def _call(self, node: Include, form: str, at: str, *more: str) -> str:
        target = self._definitions[node.name]
        before = self.variables
        values = {name: self._given(name, child) for name, child in node.values.items()}
        self.variables = before
        names = [values.get(name) or before[name] for name in target.reads]
        return f"{self.keep(self._function(node.name, form))}(run, {', '.join([at, *more, *names])})"

    def _text(self, node: Text, at: str) -> tuple[str, str]:
        """Text around expressions: the first that gives nothing ends it."""
        value, life = self.fresh("v"), self.fresh("l")
        self.write(f"{value} = None; {life} = {NEUTRAL}")
        self._join(list(node.parts), [], at, value, life)
        self.write(f"if {value} is None: {life} = {life} or {EMPTY}")
        return value, life

    def _join(self, parts: list[str | Source], words: list[str], at: str, value: str, life: str) -> None:
        if not parts:
            self.write(f"{value} = ''.join([{', '.join(words)}])")
            return
        part, *rest = parts
        if isinstance(part, str):
            self._join(rest, [*words, repr(part)], at, value, life)
            return
        found, its_life = self.leaf(part, at)
        self._raise(life, its_life)
        with self.under(f"if {found} is not None:"):
            self._join(rest, [*words, f"word({found})"], at, value, life)

    def _bind(self, name: str, node: Node) -> None:
        """A name of `let`, which sees those before it."""
        self.variables = {**self.variables, name: self._given(name, node)}

    def _given(self, name: str, node: Node) -> str:
        """The Python name of what a `let` or `with` gives; it is worked out now where nobody could tell."""
        if isinstance(node, Constant):
            return repr(node.value)
        at = f"(None, {f'%{name}'!r})"
        if isinstance(node, Leaf) and Query(node.source).is_name:
            return self.variables[node.source.variables[0]]
        value = self.fresh("x")
        if isinstance(node, Leaf) and not any(call.function in TABLE_ARGUMENTS for call in node.source.calls):
            self.soon(value, name, node.source, at)
        else:
            self.write(f"{value} = Later({self._worker(name, node, at)})")
        return value

    def _worker(self, name: str, node: Node, at: str) -> str:
        """A function that works out the value of a name when it is asked for."""
        work, made = self.fresh("g"), self.fresh("v")
        before, was_nested, self.is_nested = self.variables, self.is_nested, True
        with self.under(f"def {work}():"):
            if isinstance(node, Leaf):
                self.named(made, name, node.source, at)
            else:
                self.write(f"{made} = {self._value(node, at)[0]}")
            self.write(f"return {made}")
        self.variables, self.is_nested = before, was_nested
        return work
