"""Runs the tests that stand beside mappings (`x.test.yaml` for `x.yaml`) and names expressions no test reaches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.mapping.case_files import case_files
from gateway.mapping.engine import Mapped, Mappings
from gateway.mapping.evaluation import Origin
from gateway.mapping.findings import Finding, spell


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
    """All results, and a finding for each expression that gave a value in no case.

    Attributes:
        faults: what cannot be understood in test files; the cases they are about did not run.
    """

    results: tuple[CaseResult, ...]
    unreached: tuple[Finding, ...]
    faults: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.faults and all(result.passed for result in self.results)


def run_cases(folder: Path, codes: Path) -> CasesReport:
    """Run every `*.test.yaml` under `folder`.

    Raises:
        MappingFault: the mappings cannot be loaded.
    """
    mappings = Mappings.load(folder, codes)
    results: list[CaseResult] = []
    reached: set[Origin] = set()
    files = case_files(folder, mappings.definitions, mappings.definitions)
    for file in files:
        for case in file.cases:
            mapped = mappings.observe(file.name, case.context, reached=reached)
            problems = tuple(_compare(mapped, case.expect))
            results.append(CaseResult(str(file.path), case.line, case.name, problems))
    faults = tuple(finding for file in files for finding in file.findings)
    return CasesReport(tuple(results), tuple(_unreached(mappings, reached)), faults)


def _unreached(mappings: Mappings, reached: set[Origin]) -> Iterator[Finding]:
    for definition in mappings.definitions.values():
        for source in definition.sources:
            if (source.mapping, source.place, source.text) not in reached:
                message = f"no test makes this expression give a value: {source.text}"
                yield Finding(definition.file, source.line, spell(source.place), message, advice=True)


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
