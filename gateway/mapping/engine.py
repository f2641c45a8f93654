"""Applies mappings: variables in, one output value out, with its gaps, its choices and its trace. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.mapping.evaluation import Evaluation, Origin, Step
from gateway.mapping.findings import Finding, MappingFault, nearest
from gateway.mapping.functions import recording
from gateway.mapping.language import Definition, Include
from gateway.mapping.loader import read
from gateway.mapping.parser import define
from gateway.mapping.table_checks import faults
from gateway.mapping.tables import Table, read_tables
from gateway.model.order import Choice, Gap


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a mapping made.

    Attributes:
        value: the output; where there are gaps it is incomplete and must not be sent. Parts of the input
            that were taken over whole are shared with it, not copied.
        gaps: required elements without a value, in output order.
        choices: what tables decided, once each, in the order it was first used.
        trace: each output element that came from an expression.
    """

    value: Any
    gaps: tuple[Gap, ...]
    choices: tuple[Choice, ...]
    trace: tuple[Step, ...]


class Mappings:
    """The mappings of one folder, checked and compiled; share it between threads."""

    def __init__(self, definitions: Mapping[str, Definition], tables: Mapping[str, Table]) -> None:
        self.definitions = definitions
        self.tables = tables

    @classmethod
    def load(cls, folder: Path, codes: Path) -> "Mappings":
        """Read every `*.yaml` under `folder` (tests excepted) and every table in `codes`.

        Raises:
            MappingFault: anything is wrong in any file; everything is listed.
        """
        mappings, findings = examine(folder, codes)
        if findings:
            raise MappingFault(findings)
        return mappings

    def apply(self, name: str, context: Mapping[str, Any]) -> Mapped:
        """Produce the output of the mapping `name` from the variables it reads; others are ignored.

        A variable that may be absent is given as None or an empty list.

        Raises:
            LookupError: there is no such mapping, or a variable it reads is not given.
        """
        return self.observe(name, context, reached=None)

    def observe(self, name: str, context: Mapping[str, Any], *, reached: set[Origin] | None) -> Mapped:
        """As `apply`, and adds to `reached` the expressions that gave a value."""
        definition = self.definitions.get(name)
        if definition is None:
            raise LookupError(f"there is no mapping {name!r}{nearest(name, self.definitions)}")
        for variable in definition.reads:
            if variable not in context:
                raise LookupError(
                    f"mapping {name!r} reads %{variable}, which was not given{nearest(variable, context)}"
                )
        with recording(self.tables) as record:
            evaluation = Evaluation(self.definitions, record, reached)
            value = evaluation.produce(definition, context)
        return Mapped(value, tuple(evaluation.gaps), tuple(record.choices), tuple(evaluation.trace))


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
        try:
            definition, problems = define(read(path), name, known)
        except MappingFault as fault:
            findings.extend(fault.findings)
            continue
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
                found.append(Finding(definition.file, include.line, "include", message))
            elif definition.name in _reachable(include.name, definitions):
                found.append(Finding(definition.file, include.line, "include", f"{include.name!r} includes this again"))
            elif include.name in definitions:
                found.extend(_variables(definition, include, definitions[include.name]))
    return found


def _variables(definition: Definition, include: Include, target: Definition) -> list[Finding]:
    found = []
    for name in target.reads:
        if name not in include.values and name not in include.names:
            message = f"{target.name!r} reads %{name}, which is not in scope here; give it under 'with'"
            found.append(Finding(definition.file, include.line, "include", message))
    for name in include.values:
        if name not in target.reads:
            message = f"{target.name!r} does not read %{name}{nearest(name, target.reads)}"
            found.append(Finding(definition.file, include.line, f"with.{name}", message))
    return found


def _reachable(name: str, definitions: Mapping[str, Definition]) -> set[str]:
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in seen and current in definitions:
            seen.add(current)
            waiting.extend(include.name for include in definitions[current].includes)
    return seen
