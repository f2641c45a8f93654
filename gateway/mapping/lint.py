"""Everything worth correcting in a folder of mappings: what forbids its use, and what its author would want to know."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from gateway.mapping.case_files import case_files
from gateway.mapping.engine import Mappings, examine
from gateway.mapping.findings import Finding, MappingFault, nearest
from gateway.mapping.language import Definition, Object
from gateway.mapping.loader import read
from gateway.mapping.paths import Types, misspelt
from gateway.mapping.produced import Demands, misproduced
from gateway.mapping.table_checks import unreachable


def lint(folder: Path, codes: Path, types: Types | None = None, demands: Demands | None = None) -> list[Finding]:
    """All findings of the mappings in `folder` and the tables in `codes`, in order of file and line.

    Files that pass are also checked against `schema.json`, when there is one beside `codes`: it is what
    editors complete from, so it must agree. With `types`, the R4 types, misspelt elements are found too,
    of expressions and of the output; with `demands` also required elements of the output that no line makes.
    """
    mappings, findings = examine(folder, codes)
    broken = {finding.file for finding in findings}
    for definition in mappings.definitions.values():
        findings.extend(_advice(definition, mappings))
        if definition.file not in broken:  # where a name is misspelt, the one it means looks unused
            findings.extend(_unused(definition, mappings))
    findings.extend(_strays(folder))
    names = {_name(path, folder) for path in folder.rglob("*.yaml") if not path.name.endswith(".test.yaml")}
    for file in case_files(folder, mappings.definitions, names):
        findings.extend(file.findings)
    for table in mappings.tables.values():
        findings.extend(unreachable(table))
    if types:
        findings.extend(misspelt(mappings.definitions, types))
        findings.extend(misproduced(mappings.definitions, types, demands))
    schema = codes.parent / "schema.json"
    if schema.exists():
        validator = Draft202012Validator(json.loads(schema.read_text("utf-8")))
        for path in sorted(folder.rglob("*.yaml")):
            if str(path) not in broken and not path.name.endswith(".test.yaml"):
                findings.extend(_against(validator, path))
    return sorted(findings)


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()


def _strays(folder: Path) -> Iterator[Finding]:
    """Files that look like a mapping or a test but are never read, because their name ends otherwise."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in (".yml", ".yaml") and path.suffix != ".yaml" and path.is_file():
            message = f"is not read: the name of a mapping ends in .yaml; rename it to {path.stem}.yaml, or remove it"
            yield Finding(str(path), 1, "", message)


def _advice(definition: Definition, mappings: Mappings) -> Iterator[Finding]:
    test = Path(definition.file).with_suffix(".test.yaml")
    if not test.exists():
        yield Finding(definition.file, 1, "", f"has no test; write {test.name} beside it", advice=True)
    for source in definition.sources:
        if source.required and not source.need:
            message = f"say after // what would satisfy it: {{{{! {source.text} // … }}}}"
            yield definition.document.finding(source.place, message, "{{!", advice=True)
    yield from _facts(definition, mappings)


def _unused(definition: Definition, mappings: Mappings) -> Iterator[Finding]:
    used = {name for source in definition.sources for name in source.variables}
    for include in definition.includes:
        if target := mappings.definitions.get(include.name):
            used |= set(target.reads) - include.values.keys()
    tables = {call.arguments[0] for source in definition.sources for call in source.calls if call.arguments}
    for key, names, known in (
        ("reads", definition.reads, used),
        ("let", definition.let, used),
        ("tables", definition.tables, tables),
    ):
        for name in names:
            if name not in known:
                place = ("let", name) if key == "let" else (key,)
                message = f"{name!r} is never used; remove it"
                yield replace(definition.document.finding(place, message, name, advice=True), path=key)


def _facts(definition: Definition, mappings: Mappings) -> Iterator[Finding]:
    """Columns of a rule table that the object `choose` is called on does not have: they could never fit."""
    for source in definition.sources:
        for call in source.calls:
            facts = definition.let.get(call.receiver)
            table = mappings.tables.get(call.arguments[0]) if call.arguments else None
            if call.function != "choose" or table is None or not isinstance(facts, Object):
                continue
            names = {key for key, _ in facts.fields if key}
            for column in table.facts:
                if column not in names:
                    message = f"{table.name}.csv looks at {column!r}, which %{call.receiver} does not have"
                    yield definition.document.finding(source.place, message + nearest(column, names), "choose")


def _against(validator: Any, path: Path) -> Iterator[Finding]:
    try:
        document = read(path)
    except MappingFault as fault:
        yield from fault.findings
        return
    for error in validator.iter_errors(document.value):
        place = tuple(error.absolute_path)
        yield document.finding(place, f"schema.json: {error.message}")
