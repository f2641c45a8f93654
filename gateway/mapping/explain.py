"""Where each value of an output came from: the order's place, the expression and the table row behind it.

The order is marked first (`gateway.mapping.marking`), then mapped as ever by `Explaining`, which keeps what it saw.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gateway.mapping.engine import Mapped, Mappings
from gateway.mapping.evaluation import Step
from gateway.mapping.explain_given import Given, givens
from gateway.mapping.explain_watching import Answer, Seen, Watching, leaves
from gateway.mapping.expression import Source
from gateway.mapping.functions import recording
from gateway.mapping.marking import Ledger, mark, places_of
from gateway.mapping.shape import Slot, shapes_of, slots


@dataclass(frozen=True, slots=True)
class Condition:
    """What an element stands under.

    Attributes:
        text: as `if %name.a.exists()`, `else of …` or `for name in …`.
        file, line: where it is written.
        inputs: places it read; `%name` is a variable that is not itself of the order.
        rules: the table rows that decided, as in a line.
    """

    text: str
    file: str
    line: int
    inputs: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def is_loop(self) -> bool:
        return self.text.startswith("for ")


@dataclass(frozen=True, slots=True)
class Line:
    """How one leaf of the output came about.

    Attributes:
        element: its path from the resource, e.g. `Claim.item[0].quantity.value`.
        value: what stands there.
        file, line: where in a mapping it is written; an empty file means the gateway put it there.
        expression: the FHIRPath; empty for a value that is written out.
        inputs: places the value was taken from; `%name…` is a variable that is not itself of the order.
        looked_at: further places the expression, and the variables in it, compared or looked up.
        rules: the table rows that decided, as `RT-03 (request_type.csv line 4)`.
        under: the conditions and loops it stands under, the outermost first.
        given: of an expression that took nothing from the input, where its variables are set.
        rows: elements of the output that a number points to, each with the places of the order in it.
    """

    element: str
    value: Any
    file: str = ""
    line: int = 0
    expression: str = ""
    inputs: tuple[str, ...] = ()
    looked_at: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    under: tuple[Condition, ...] = ()
    given: tuple[Given, ...] = ()
    rows: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """The places its value came from, and those that decided that it is there."""
        return tuple(dict.fromkeys((*self.inputs, *(place for row in self.under for place in row.inputs))))


class Explaining(Mappings):
    """Mappings that keep what each application saw; for one order, used by one thread.

    Attributes:
        ledger: what reads of the marked order are noted in.
        read: the places any expression looked at or took a value from.
    """

    def __init__(self, mappings: Mappings, ledger: Ledger, behind: Mapping[str, tuple[str, ...]]) -> None:
        """`behind` are the places that decide variables which are true or false: those cannot be marked."""
        super().__init__(mappings.definitions, mappings.tables)
        self.ledger = ledger
        self.read: dict[str, None] = {}
        self._behind = behind
        self._made: list[tuple[str, Mapped, Watching]] = []

    def apply(self, name: str, context: Mapping[str, Any]) -> Mapped:
        """As ever; values of the context that are not of the order are marked as the variable they are."""
        outer, self.ledger.read = self.ledger.read, {}
        reads = self.definitions[name].reads
        marked = {key: mark(value, f"%{key}", self.ledger) if key in reads else value for key, value in context.items()}
        with recording(self.tables) as record:
            watching = Watching(self.programs, record, self.ledger, self._behind)
            mapped = self.run(name, marked, watching, record)
        self.read |= {
            **self.ledger.read,
            **dict.fromkeys(place for took, _ in watching.seen.values() for place in took),
        }
        self.ledger.read = outer
        self._made.append((name, mapped, watching))
        return mapped

    def lines(self, resource: Mapping[str, Any]) -> tuple[Line, ...]:
        """How each leaf of a resource that one of the applications made came about."""
        name, mapped, watching = next(row for row in self._made if _is_made_of(resource, row[1].value))
        definition = self.definitions[name]
        root = str(resource["resourceType"])
        steps: dict[str, list[Step]] = {}
        for step in mapped.trace:
            steps.setdefault(step.element, []).append(step)
        written = [slot for shape in shapes_of(definition, self.definitions) for slot in slots(shape, root)]
        lines: list[Line] = []
        for element, value in leaves(resource, root):
            found = _around(element, steps)
            made = (
                self._expressed(element, value, found, watching.seen)
                if found
                else _fixed(element, value, written, lines[-1] if lines else None)
            )
            given = (
                givens(found, value, bool(made.looked_at), self.definitions, name) if found and not made.inputs else ()
            )
            under = tuple(self._condition(row) for row in watching.under.get(element, ()))
            lines.append(replace(made, under=under, given=given))
        return tuple(lines)

    def _expressed(self, element: str, value: Any, steps: list[Step], seen: Mapping[tuple[str, Source], Seen]) -> Line:
        took: dict[str, None] = dict.fromkeys(places_of(value))
        looked: dict[str, None] = {}
        for step in steps:
            its_values, its_reads = seen.get((step.element, step.source), ({}, {}))
            if not took or len(steps) > 1:
                took |= its_values
            looked |= its_reads
        source = steps[0].source
        rules = tuple(dict.fromkeys(rule for step in steps for rule in step.rules))
        return Line(
            element=element,
            value=value,
            file=self.definitions[source.mapping].file,
            line=source.line,
            expression=" · ".join(" ".join(step.source.text.split()) for step in steps),
            inputs=tuple(took),
            looked_at=tuple(sorted(looked.keys() - took.keys())),  # what a table compares first is not told
            rules=tuple(self._row(rule, source.mapping) for rule in rules),
        )

    def _condition(self, answer: Answer) -> Condition:
        source = answer.source
        rules = tuple(self._row(rule, source.mapping) for rule in answer.rules)
        text = f"{answer.word} {' '.join(source.text.split())}"
        return Condition(text, self.definitions[source.mapping].file, source.line, answer.places, rules)

    def _row(self, rule: str, mapping: str) -> str:
        """A rule or table line with its file and line; the mapping's own tables come first."""
        own = self.definitions[mapping].tables
        for name in (*own, *(name for name in self.tables if name not in own)):
            for row in self.tables[name].rows:
                if row.id == rule:
                    label = f"rule {rule} of " if self.tables[name].is_rules else ""
                    return f"{label}{Path(self.tables[name].file).name} line {row.line}"
        return rule


def _is_made_of(resource: Mapping[str, Any], value: Any) -> bool:
    """Whether a resource was put together around this output: they share their parts."""
    return any(isinstance(part, dict | list) and part is resource.get(key) for key, part in value.items())


def _around(element: str, steps: Mapping[str, list[Step]]) -> list[Step]:
    """The steps for an element, or for the nearest element around it that was taken over whole."""
    while element:
        if found := steps.get(element):
            return found
        cut = max(element.rfind("."), element.rfind("["))
        element = element[:cut] if cut > 0 else ""
    return []


def _fixed(element: str, value: Any, written: list[Slot], before: Line | None) -> Line:
    """Where a value is written out; the same written in several rows of a list is taken to be near the line before."""
    generic = _generic(element)
    fits = [
        slot.shape
        for slot in written
        if slot.shape.constant == value and not slot.shape.sources and _generic(slot.element) == generic
    ]
    if not fits:
        return Line(element, value)
    near = before.line if before else 0
    best = min(fits, key=lambda shape: (before is not None and shape.file != before.file, abs(shape.line - near)))
    return Line(element, value, best.file, best.line)


def _generic(element: str) -> str:
    """The path without what tells list items apart."""
    parts = element.split("[")
    return parts[0] + "".join(part.partition("]")[2] for part in parts[1:])
