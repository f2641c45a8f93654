"""Expressions of untrusted authors end quickly, with a PathFault, whatever they try."""

from time import perf_counter
from typing import Any

import pytest

from gateway.fhir import path
from gateway.fhir.path import PathFault

NUMBERS = "|".join(map(str, range(1, 33)))
TEN = "(1|2|3|4|5|6|7|8|9|10)"
WIDE: dict[str, Any] = {
    "resourceType": "Bundle",
    "entry": [{"resource": {"resourceType": "Basic", "id": f"r{at}"}} for at in range(400)],
}
HOSTILE = {
    "endless repeat": "(1|2|3).repeat($this+1)",
    "growing repeat": "'a'.repeat($this & 'a')",
    "exponential regex": "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$')",
    "ambiguous regex": "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('(a|a)*b')",
    "polynomial regex": f"'{'a' * 300}!'.matches('a*a*a*a*a*b')",
    "many costly regexes": f"({NUMBERS}).select({TEN}.select('{'a' * 150}'.matches('a*a*b')))",
    "backreference": r"'aa'.matches('(a)\\1')",
    "lookaround": "'a'.matches('(?=a)a')",
    "long regex": f"'a'.matches('{'a?' * 900}')",
    "doubling text": f"({NUMBERS}).aggregate($total & $total, 'xxxxxxxxxx')",
    "replaced text": f"({NUMBERS}).aggregate($total.replace('a', 'aaaaaaaaaaaaa'), 'a')",
    "replaced matches": f"({NUMBERS}).aggregate($total.replaceMatches('a', 'aaaaaaaaaaaaa'), 'a')",
    "doubling collection": f"({NUMBERS}).aggregate($total.combine($total), 1)",
    "nested loops": f"{TEN}.select({TEN}.select({TEN}.select({TEN}.select({TEN}.select(1)))))",
    "descendants of descendants": "descendants().select(%resource.descendants().count())",
    "comparing everything": "entry.select(%resource.entry.where($this ~ %resource.entry[0]).count())",
    "brackets": "(" * 5000 + "1" + ")" * 5000,
    "signs": "-" * 3000 + "1",
    "sums": "1" + "+1" * 3000,
    "steps": "a" + ".a" * 3000,
    "indexes": "a" + "[0]" * 3000,
    "calls": "iif(true," * 300 + "1" + ")" * 300,
    "length": "'" + "x" * 30000 + "'",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_expression_ends_within_a_second_with_a_fault(name: str) -> None:
    started = perf_counter()
    with pytest.raises(PathFault) as fault:
        path.compile(HOSTILE[name])(WIDE)
    assert perf_counter() - started < 1
    assert len(str(fault.value)) < 1200


@pytest.mark.parametrize(
    "text",
    [
        "10.power(1000000)",
        "1000000000.exp()",
        "@9999-12-31 + 9999999999999999 years",
        "@2020-01-01 - 99999999999999999999 'd'",
        "999999999999999999 * 999999999999999999",
        "'99999999999999999999'.toInteger()",
        "1.lowBoundary(31)",
    ],
)
def test_numbers_beyond_range_are_nothing_and_cost_nothing(text: str) -> None:
    started = perf_counter()
    path.compile(text)({})
    assert perf_counter() - started < 1


@pytest.mark.parametrize("regex", ["^[0-9]{10}$", "[A-Z]([A-Za-z0-9_]){0,254}", "([0-9]{3}\\\\.){2}x?", "^(ab|cd)e$"])
def test_ordinary_regular_expressions_are_taken(regex: str) -> None:
    assert path.compile(f"'nothing of it'.matches('{regex}')")({}) == [False]


def test_a_regular_expression_too_costly_for_its_text_is_refused_before_it_runs() -> None:
    with pytest.raises(PathFault, match="too costly"):
        path.compile(f"'{'a' * 300}'.matches('a*a*b')")({})
    assert path.compile(f"'{'a' * 30}'.matches('a*a*b')")({}) == [False]


def test_the_end_of_a_text_is_its_end_and_no_line_break_before_it() -> None:
    assert path.compile("'1234567893\\n'.matches('^[0-9]{10}$')")({}) == [False]
    assert path.compile("'1234567893'.matches('^[0-9]{10}$')")({}) == [True]


def test_resource_types_invented_by_data_are_not_remembered() -> None:
    expression = path.compile("id is string")
    for at in range(200):
        expression({"resourceType": f"Invented{at}", "id": "1"})
    assert path.compile("name.given is string")({"resourceType": "Invented", "name": {"given": "x"}}) == [False]
