"""Reads the tests beside mappings: what each case gives and expects, and what in them cannot be understood."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.fhir import json, path
from gateway.mapping.findings import Finding, MappingFault, Place, nearest
from gateway.mapping.language import Definition
from gateway.mapping.loader import Document, examine

_ENDING = ".test.yaml"
_CASE = ("name", "context", "without", "expect")
_EXPECT = ("produced", "contains", "gaps", "choices")


@dataclass(frozen=True, slots=True)
class Case:
    """One case, ready to run: the variables it gives and what it expects."""

    line: int
    name: str
    context: Mapping[str, Any]
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A test file: the mapping it is for, its cases that can run, and what is wrong with the others."""

    path: Path
    name: str
    cases: tuple[Case, ...]
    findings: tuple[Finding, ...]


def case_files(folder: Path, definitions: Mapping[str, Definition], names: Collection[str]) -> list[CaseFile]:
    """Every `*.test.yaml` under `folder`; `names` are the mappings there are, also those that cannot be read."""
    return [_file(test, folder, definitions, names) for test in sorted(folder.rglob(f"*{_ENDING}"))]


def _file(test: Path, folder: Path, definitions: Mapping[str, Definition], names: Collection[str]) -> CaseFile:
    name = test.relative_to(folder).as_posix().removesuffix(_ENDING)
    cases: list[Case] = []
    document, findings = examine(test, decimals=True)
    if document and not findings:
        try:
            for written in _written(document, name, names):
                try:
                    cases.append(_case(document, definitions.get(name), *written))
                except MappingFault as fault:
                    findings.extend(fault.findings)
        except MappingFault as fault:
            findings.extend(fault.findings)
    return CaseFile(test, name, tuple(cases), tuple(findings))


def _written(document: Document, name: str, names: Collection[str]) -> Iterator[tuple[Mapping[str, Any], Any, Place]]:
    """The shared context, the case as written and its place, for each case."""
    if name not in names:
        there = f"there is no mapping {name!r} beside this test; rename or remove it{nearest(name, names)}"
        raise _fault(document, (), there)
    top = _object(document, document.value, (), ("context", "cases"))
    cases = top.get("cases")
    if not isinstance(cases, list) or not cases:
        raise _fault(document, ("cases",), "cases is a list of at least one case")
    shared = _object(document, top.get("context", {}), ("context",), None)
    yield from ((shared, case, ("cases", position)) for position, case in enumerate(cases))


def _case(
    document: Document, definition: Definition | None, shared: Mapping[str, Any], written: Any, place: Place
) -> Case:
    case = _object(document, written, place, _CASE)
    if "expect" not in case:
        raise _fault(document, place, "a case needs an expect: what the mapping makes of its context")
    expect = _object(document, case["expect"], (*place, "expect"), _EXPECT)
    for key in ("gaps", "choices"):
        rows = expect.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise _fault(document, (*place, "expect", key), f"{key} is a list of objects")
    if not isinstance(case.get("name"), str):
        raise _fault(document, place, "a case needs a name: one sentence")
    own = _object(document, case.get("context", {}), (*place, "context"), None)
    context = _context(document, shared, ()) | _context(document, own, place)
    _take_out(document, case.get("without", []), context, (*place, "without"))
    for variable in definition.reads if definition else ():
        if variable not in context:
            message = f"mapping {definition.name!r} reads %{variable}, which was not given" if definition else ""
            raise _fault(document, place, message + nearest(variable, context))
    return Case(document.line(place), case["name"], context, expect)


def _take_out(document: Document, without: Any, context: dict[str, Any], place: Place) -> None:
    if not isinstance(without, list) or not all(isinstance(dotted, str) for dotted in without):
        raise _fault(document, place, "without is a list of places in the context, such as order.code")
    for dotted in without:
        if not _remove(context, dotted.split(".")):
            raise _fault(document, place, f"{dotted!r} is not in the context; nothing to take out", dotted)


def _context(document: Document, variables: Mapping[str, Any], place: Place) -> dict[str, Any]:
    return {name: _load(document, value, (*place, "context", name)) for name, value in variables.items()}


def _load(document: Document, value: Any, place: Place) -> Any:
    """`{file: x.json, select: FHIRPath}` as what the file holds there; lists are opened, all else is itself."""
    if isinstance(value, list):
        return [_load(document, item, (*place, position)) for position, item in enumerate(value)]
    if not isinstance(value, dict) or not isinstance(value.get("file"), str) or not value.keys() <= {"file", "select"}:
        return _copy(value)
    source = Path(document.file).parent / value["file"]
    try:
        content = json.loads(source.read_bytes())
        if "select" not in value:
            return content
        found = path.compile(value["select"])(content)
    except OSError:
        raise _fault(document, place, f"there is no file {value['file']!r} from here", value["file"]) from None
    except (json.JsonFault, path.PathFault) as fault:
        raise _fault(document, place, f"{value['file']}: {fault}") from None
    if len(found) != 1:
        raise _fault(document, place, f"select finds {len(found)} values in {value['file']}, it must find one")
    return found[0]


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _remove(value: Any, steps: list[str]) -> bool:
    """Take a dotted path out of nested objects; a number steps into a list."""
    *way, last = steps
    for step in way:
        value = value[int(step)] if isinstance(value, list) and _within(value, step) else value
        value = value.get(step) if isinstance(value, dict) else value
    if isinstance(value, list) and _within(value, last):
        del value[int(last)]
        return True
    return isinstance(value, dict) and value.pop(last, None) is not None


def _within(items: list[Any], step: str) -> bool:
    return step.isdecimal() and int(step) < len(items)


def _object(document: Document, value: Any, place: Place, keys: tuple[str, ...] | None) -> dict[str, Any]:
    if not isinstance(value, dict):
        what = f"the keys {', '.join(keys)}" if keys else "a name and its value on each line"
        raise _fault(document, place, f"must be an object with {what}")
    for key in value:
        if keys is not None and key not in keys:
            raise _fault(document, (*place, key), f"{key!r} is not a key here{nearest(key, keys)}", key)
    return value


def _fault(document: Document, place: Place, message: str, word: str = "") -> MappingFault:
    return MappingFault([document.finding(place, message, word)])
