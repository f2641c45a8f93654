"""Where the variables of an expression are set that took nothing from the order: in a `with`, or in a `let`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.mapping.evaluation import Step
from gateway.mapping.language import Constant, Definition, Leaf, Node
from gateway.mapping.reaching import reachable

Definitions = Mapping[str, Definition]


@dataclass(frozen=True, slots=True)
class Given:
    """One place that sets a variable: its name, whether by `with` or `let`, what is written there, and where."""

    variable: str
    by: str
    text: str
    file: str
    line: int


def givens(steps: Sequence[Step], value: Any, read: bool, definitions: Definitions, root: str) -> tuple[Given, ...]:
    """Where the variables of these steps are set, seen from the mapping `root` that was applied.

    Of several places only those are kept that can have given this value: what is written out gives itself, and an
    expression where the order was `read`. More than one may be left.
    """
    found: dict[Given, None] = {}
    within = reachable(root, definitions)
    for step in steps:
        for name in step.source.variables:
            rows = dict(_set(name, step.source.mapping, definitions, within))
            plain = step.source.text == f"%{name}"
            fitting = [
                given for given, written in rows.items() if (written is None) is read and written in (None, value)
            ]
            found |= dict.fromkeys(fitting if plain and fitting else rows)
    return tuple(found)


def _set(name: str, mapping: str, definitions: Definitions, within: set[str]) -> Iterator[tuple[Given, Any]]:
    definition = definitions[mapping]
    if name in definition.let:
        yield from _written(name, "let", definition.let[name], definition)
    elif name in definition.reads:
        for other in map(definitions.__getitem__, sorted(within)):
            for include in other.includes:
                if include.name == mapping and name in include.values:
                    yield from _written(name, "with", include.values[name], other)
                elif include.name == mapping:
                    yield from _set(name, other.name, definitions, within)


def _written(name: str, by: str, node: Node, home: Definition) -> Iterator[tuple[Given, Any]]:
    if isinstance(node, Constant):
        yield Given(name, by, str(node.value), home.file, node.line), node.value
    elif isinstance(node, Leaf):
        yield Given(name, by, " ".join(node.source.text.split()), home.file, node.source.line), None
