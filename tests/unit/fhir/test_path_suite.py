"""The official FHIRPath test suite, test by test; the exceptions are named here with their reasons."""

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from gateway.fhir import json, path
from gateway.fhir.path import PathFault, Temporal
from gateway.fhir.path.node import system

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus" / "fhirpath"
CLOCK = "an expression reads no clock: the time is passed in as a variable"
STRICT = "paths are not checked against types: the guides' own rules use valueQuantity, and a misspelt name is empty"
PROFILES = "conformsTo needs the profile checker, which is not below this door"
ENCLOSES = "the bound must enclose what was written: -0.00345 lies below -0.0, 0.00345 above 0.0"
MINUTES = "an hour whose minutes are not known ends at 59:59.999"
NO_AGE = "the JSON form of the example lacks the extension of the XML one"
EXCEPTIONS = {
    "testDateNotEqualToday": CLOCK,
    "testDateTimeGreaterThanDate1": CLOCK,
    "testDateGreaterThanDate": CLOCK,
    "testDateTimeGreaterThanDate2": CLOCK,
    "testToday1": CLOCK,
    "testToday2": CLOCK,
    "testNow1": CLOCK,
    "testNow2": CLOCK,
    "testSimpleFail": STRICT,
    "testSimpleWithWrongContext": STRICT,
    "testPolymorphismB": STRICT,
    "testPolymorphismAsB": STRICT,
    "testDollarOrderNotAllowed": STRICT,
    "testPolymorphicsB": STRICT,
    "testConformsTo1": PROFILES,
    "testConformsTo2": PROFILES,
    "LowBoundaryDecimal15": ENCLOSES,
    "HighBoundaryDecimal15": ENCLOSES,
    "HighBoundaryDecimal16": ENCLOSES,
    "HighBoundaryDateTimeMillisecond1": MINUTES,
    "HighBoundaryDateTimeMillisecond3": MINUTES,
    "testFHIRPathIsFunction8": NO_AGE,
    "testFHIRPathIsFunction9": NO_AGE,
    "testFHIRPathIsFunction10": NO_AGE,
}
pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the official suite is not beside the repository")


@cache
def _input(name: str) -> Any:
    return json.loads((CORPUS / name.replace(".xml", ".json")).read_bytes())


def _cases() -> list[Any]:
    if not CORPUS.exists():
        return []
    return list(ElementTree.parse(CORPUS / "tests.xml").getroot().iter("test"))  # noqa: S314  a file of ours


def _has_input(case: Any) -> bool:
    name = case.get("inputfile")
    return not name or (CORPUS / name.replace(".xml", ".json")).exists()


def _spelled(item: Any) -> str:
    value = system(item)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Temporal):
        return f"@{'T' if value.kind == 'Time' else ''}{value}"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _passes(case: Any) -> bool:
    expression = case.find("expression")
    data = _input(case.get("inputfile")) if case.get("inputfile") else {}
    try:
        found = path.compile(expression.text).typed(data)
    except PathFault:
        return expression.get("invalid") is not None
    if expression.get("invalid"):
        return False
    got = [_spelled(item) for item in found]
    wanted = [output.text or "" for output in case.findall("output")]
    if case.get("predicate") == "true":
        got = [str(bool(found)).lower()]
    return got == wanted or (case.get("ordered") == "false" and sorted(got) == sorted(wanted))


@pytest.mark.parametrize("case", [case for case in _cases() if _has_input(case)], ids=lambda case: case.get("name"))
def test_the_official_suite_passes_or_the_exception_is_named(case: Any) -> None:
    assert _passes(case) is (case.get("name") not in EXCEPTIONS)


def test_the_suite_is_whole_and_every_exception_is_one_of_its_tests() -> None:
    cases = _cases()
    assert len(cases) == 935
    assert sum(map(_has_input, cases)) == 915
    assert EXCEPTIONS.keys() <= {case.get("name") for case in cases}
