"""Applies mappings: variables in, one output value out, with its gaps, its choices and its trace. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from gateway.mapping.evaluation import At, Evaluation, Origin, Step, trace_steps
from gateway.mapping.expression import Source
from gateway.mapping.findings import Finding, MappingFault, nearest
from gateway.mapping.functions import Record, recording
from gateway.mapping.language import Definition, Include
from gateway.mapping.loader import examine as examine_file
from gateway.mapping.parser import define
from gateway.mapping.program import Program
from gateway.mapping.reaching import reachable
from gateway.mapping.straight import Straight
from gateway.mapping.table_checks import faults
from gateway.mapping.tables import Table, read_tables
from gateway.mapping.type_needs import names_with_types
from gateway.model.order import Choice, Gap


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a mapping made.

    Attributes:
        value: the output; where there are gaps it is incomplete and must not be sent. Parts of the input
            that were taken over whole are shared with it, not copied.
        gaps: required elements without a value, in output order.
        choices: what tables decided, once each, in the order it was first used.
        noted: each output element that came from an expression, where somebody observes; `trace` says it in words.
    """

    value: Any
    gaps: tuple[Gap, ...]
    choices: tuple[Choice, ...]
    noted: tuple[tuple[At, Source, tuple[str, ...], int], ...] = field(default=(), repr=False)

    @property
    def trace(self) -> tuple[Step, ...]:
        """Each output element that came from an expression."""
        return trace_steps(self.noted)


class Mappings:
    """The mappings of one folder, checked and compiled; share it between threads."""

    def __init__(self, definitions: Mapping[str, Definition], tables: Mapping[str, Table]) -> None:
        self.definitions = definitions
        self.tables = tables

    @cached_property
    def programs(self) -> Mapping[str, Program]:
        """The mappings as functions."""
        return {name: Program(definition) for name, definition in self.definitions.items()}

    @cached_property
    def straight(self) -> Straight:
        """The same as Python functions, written when they are first used."""
        return Straight(self.definitions, names_with_types(self.definitions.values()))

    @classmethod
    def load(cls, folder: Path, codes: Path) -> "Mappings":
        """Read every `*.yaml` under `folder` (tests excepted) and every table in `codes`.

        Raises:
            MappingFault: anything is wrong in any file; everything is listed.
        """
        mappings, findings = examine(folder, codes)
        if findings:
            raise MappingFault(findings)
        _ = mappings.straight  # made here once, not by the first order
        return mappings

    def apply(self, name: str, context: Mapping[str, Any]) -> Mapped:
        """Produce the output of the mapping `name` from the variables it reads; others are ignored.

        A variable that may be absent is given as None or an empty list.

        Raises:
            LookupError: there is no such mapping, or a variable it reads is not given.
        """
        with recording(self.tables) as record:
            evaluation = Evaluation(self.programs, record)
            try:
                make, values = self.straight.ready(name, context)
            except LookupError:
                self._check_given(name, context)
                raise
            value = make(evaluation, *values)[0]
        return Mapped(value, tuple(evaluation.gaps), tuple(record.choices.values()))

    def observe(self, name: str, context: Mapping[str, Any], *, reached: set[Origin] | None = None) -> Mapped:
        """As `apply`, with the trace, and adds to `reached` the expressions that gave a value."""
        with recording(self.tables) as record:
            return self.run(name, context, Evaluation(self.programs, record, reached), record)

    def run(self, name: str, context: Mapping[str, Any], evaluation: Evaluation, record: Record) -> Mapped:
        """As `observe`, by an evaluation of the caller's."""
        self._check_given(name, context)
        value = self.programs[name].produce(evaluation, context)
        return Mapped(value, tuple(evaluation.gaps), tuple(record.choices.values()), tuple(evaluation.trace))

    def _check_given(self, name: str, context: Mapping[str, Any]) -> None:
        if name not in self.definitions:
            raise LookupError(f"there is no mapping {name!r}{nearest(name, self.definitions)}")
        for variable in self.definitions[name].reads:
            if variable not in context:
                raise LookupError(
                    f"mapping {name!r} reads %{variable}, which was not given{nearest(variable, context)}"
                )


def examine(folder: Path, codes: Path) -> tuple[Mappings, list[Finding]]:
    """The mappings as far as they can be read, and everything that forbids their use."""
    known, findings = read_tables(codes)
    tables = {name: table for name, table in known.items() if table}
    for table in tables.values():
        findings.extend(faults(table))
    definitions: dict[str, Definition] = {}
    paths = sorted(path for path in folder.rglob("*.yaml") if not path.name.endswith(".test.yaml"))
    if not paths:
        findings.append(Finding(str(folder), 1, "", "holds no mapping (*.yaml); give the folder of one guide version"))
    for path in paths:
        name = path.relative_to(folder).with_suffix("").as_posix()
        document, problems = examine_file(path)
        findings.extend(problems)
        if document is None:
            continue
        definition, problems = define(document, name, known)
        findings.extend(problems)
        if definition:
            definitions[name] = definition
    names = {path.relative_to(folder).with_suffix("").as_posix() for path in paths}
    findings.extend(_includes(definitions, names))
    return Mappings(definitions, tables), findings


def _includes(definitions: Mapping[str, Definition], names: Collection[str]) -> list[Finding]:
    found: list[Finding] = []
    for definition in definitions.values():
        for include in definition.includes:
            if include.name not in names:
                message = f"there is no mapping {include.name!r}{nearest(include.name, names)}"
                found.append(_at(definition, include, "include", message, include.name))
            elif definition.name in reachable(include.name, definitions):
                message = f"{include.name!r} includes this again"
                found.append(_at(definition, include, "include", message, include.name))
            elif include.name in definitions:
                found.extend(_variables(definition, include, definitions[include.name]))
    return found


def _variables(definition: Definition, include: Include, target: Definition) -> list[Finding]:
    found = []
    for name in target.reads:
        if name not in include.values and name not in include.names:
            message = f"{target.name!r} reads %{name}, which is not in scope here; give it under 'with'"
            found.append(_at(definition, include, "include", message, include.name))
    for name in include.values:
        if name not in target.reads:
            message = f"{target.name!r} does not read %{name}{nearest(name, target.reads)}"
            found.append(_at(definition, include, f"with.{name}", message, name))
    return found


def _at(definition: Definition, include: Include, path: str, message: str, word: str) -> Finding:
    text = definition.document.written[include.line - 1]
    column = text.find(word) + 1
    return Finding(definition.file, include.line, path, message, False, column, text, len(word))
