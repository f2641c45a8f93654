"""Runs the tests that stand beside mappings (`x.test.yaml` for `x.yaml`) and names expressions no test reaches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.fhir import json, path
from gateway.mapping.engine import Mapped, Mappings
from gateway.mapping.evaluation import Origin
from gateway.mapping.findings import Finding, MappingFault, Place, nearest, spell
from gateway.mapping.loader import Document, read

_CASE = ("name", "context", "without", "expect")
_EXPECT = ("produced", "contains", "gaps", "choices")


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One test case; it passed when it has no problems."""

    file: str
    line: int
    name: str
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class CasesReport:
    """All results, and a finding for each expression that gave a value in no case."""

    results: tuple[CaseResult, ...]
    unreached: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        return all(result.passed for result in self.results)


def run_cases(folder: Path, codes: Path) -> CasesReport:
    """Run every `*.test.yaml` under `folder`.

    Raises:
        MappingFault: the mappings cannot be loaded, or a test file cannot be understood.
    """
    mappings = Mappings.load(folder, codes)
    results: list[CaseResult] = []
    findings: list[Finding] = []
    reached: set[Origin] = set()
    for test in sorted(folder.rglob("*.test.yaml")):
        name = test.relative_to(folder).as_posix().removesuffix(".test.yaml")
        try:
            results.extend(_run(mappings, name, test, reached, findings))
        except MappingFault as fault:
            findings.extend(fault.findings)
    if findings:
        raise MappingFault(findings)
    return CasesReport(tuple(results), tuple(_unreached(mappings, reached)))


def _unreached(mappings: Mappings, reached: set[Origin]) -> Iterator[Finding]:
    for definition in mappings.definitions.values():
        for source in definition.sources:
            if (source.mapping, source.place, source.text) not in reached:
                message = f"no test makes this expression give a value: {source.text}"
                yield Finding(definition.file, source.line, spell(source.place), message, advice=True)


def _run(
    mappings: Mappings, name: str, test: Path, reached: set[Origin], findings: list[Finding]
) -> Iterator[CaseResult]:
    """The cases of one file; one that cannot be understood is a finding and the others run."""
    document = read(test, decimals=True)
    if name not in mappings.definitions:
        there = f"there is no mapping {name!r} beside this test{nearest(name, mappings.definitions)}"
        raise _fault(document, (), there)
    top = _object(document, document.value, (), ("context", "cases"))
    cases = top.get("cases")
    if not isinstance(cases, list) or not cases:
        raise _fault(document, ("cases",), "cases is a list of at least one case")
    shared = _object(document, top.get("context", {}), ("context",), None)
    for position, written in enumerate(cases):
        try:
            yield _case(mappings, name, document, shared, (written, ("cases", position)), reached)
        except MappingFault as fault:
            findings.extend(fault.findings)


def _case(
    mappings: Mappings,
    name: str,
    document: Document,
    shared: Mapping[str, Any],
    written: tuple[Any, Place],
    reached: set[Origin],
) -> CaseResult:
    place = written[1]
    case = _object(document, written[0], place, _CASE)
    expect = _object(document, case.get("expect"), (*place, "expect"), _EXPECT)
    if not isinstance(case.get("name"), str):
        raise _fault(document, place, "a case needs a name: one sentence")
    own = _object(document, case.get("context", {}), (*place, "context"), None)
    context = _context(document, shared, ()) | _context(document, own, place)
    for dotted in case.get("without", []):
        if not _remove(context, dotted.split(".")):
            message = f"{dotted!r} is not in the context; nothing to take out"
            raise _fault(document, (*place, "without"), message, dotted)
    try:
        mapped = mappings.observe(name, context, reached=reached)
    except LookupError as fault:
        raise _fault(document, place, str(fault.args[0])) from None
    return CaseResult(document.file, document.line(place), case["name"], tuple(_compare(mapped, expect)))


def _context(document: Document, variables: Mapping[str, Any], place: Place) -> dict[str, Any]:
    return {name: _load(document, value, (*place, "context", name)) for name, value in variables.items()}


def _load(document: Document, value: Any, place: Place) -> Any:
    """`{file: x.json, select: FHIRPath}` as what the file holds there; lists are opened, all else is itself."""
    if isinstance(value, list):
        return [_load(document, item, (*place, position)) for position, item in enumerate(value)]
    if not isinstance(value, dict) or "file" not in value or not value.keys() <= {"file", "select"}:
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


def _compare(mapped: Mapped, expect: Mapping[str, Any]) -> Iterator[str]:
    if "produced" in expect:
        yield from _differences(expect["produced"], mapped.value, "produced", exact=True)
    if "contains" in expect:
        yield from _differences(expect["contains"], mapped.value, "produced", exact=False)
    gaps = [{"path": gap.path, "need": gap.need, "rule": gap.rule, "element": gap.element} for gap in mapped.gaps]
    yield from _rows("gap", expect.get("gaps", []), gaps, complete=True)
    choices = [
        {"what": choice.what, "value": choice.value, "why": choice.why, "rule": choice.rule}
        for choice in mapped.choices
    ]
    yield from _rows("choice", expect.get("choices", []), choices, complete=False)


def _rows(kind: str, wanted: list[Any], found: list[dict[str, str]], *, complete: bool) -> Iterator[str]:
    left = list(found)
    for row in wanted:
        match = next((item for item in left if row.items() <= item.items()), None)
        if match is None:
            yield f"no {kind} {row}"
        else:
            left.remove(match)
    if complete:
        for row in left:
            yield f"{kind} not expected: {row['element']}: {row['need']} ({row['path']})"


def _differences(wanted: Any, found: Any, at: str, *, exact: bool) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in [*wanted, *(key for key in found if exact and key not in wanted)]:
            if key not in found:
                yield f"{at}.{key}: missing"
            elif key not in wanted:
                yield f"{at}.{key}: not expected, found {found[key]!r}"
            else:
                yield from _differences(wanted[key], found[key], f"{at}.{key}", exact=exact)
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(found) < len(wanted) or (exact and len(found) != len(wanted)):
            yield f"{at}: {len(wanted)} items expected, found {len(found)}"
        for position, (one, other) in enumerate(zip(wanted, found, strict=False)):
            yield from _differences(one, other, f"{at}[{position}]", exact=exact)
    elif wanted != found or isinstance(wanted, bool) is not isinstance(found, bool):
        yield f"{at}: expected {wanted!r}, found {found!r}"


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
