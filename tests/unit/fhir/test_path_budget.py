"""What an evaluation costs is charged: navigating, comparing, text functions, regular expressions, compiling."""

from decimal import Decimal
from time import perf_counter
from typing import Any

import pytest

from gateway.fhir import path
from gateway.fhir.path import Budget, OutOfSteps, PathFault

WIDE = 20_000
ROWS: dict[str, Any] = {"x": [{"a": at} for at in range(WIDE)]}


def ends(text: str, data: Any, seconds: float = 1) -> Any:
    """The result, or the fault, of an evaluation that must not take longer."""
    started = perf_counter()
    try:
        return path.compile(text)(data)
    except PathFault as fault:
        return fault
    finally:
        assert perf_counter() - started < seconds, text


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("x.all(%resource.x.a.count() = 20000)", {}),
        ("x.all(%resource.x.all(%resource.x.a.count() = 2000))", {}),
        ("x.select(%resource.x.a.first()).count()", {}),
        ("x.select(%resource.n.count()).count()", {"n": [None] * WIDE}),
        ("x.select(%resource.y.where($this is Quantity).n.count()).count()", {"y": {"n": [None] * WIDE}}),
        ("x.select(%resource.e.children().count()).count()", {"e": {f"k{at}": [] for at in range(WIDE)}}),
        ("x.select(%resource.e.descendants().count()).count()", {"e": {f"k{at}": [] for at in range(WIDE)}}),
        ("x.select(%resource.x.tail().skip(1).take(9999).count()).count()", {}),
        ("x.select(%resource.b.allTrue()).count()", {"b": [True] * WIDE}),
        ("x.select(%resource.x.a.max()).count()", {}),
        ("x.select(%rows.a.count()).count()", {}),
        ("x.select(%resource.select(b.count())).count()", {"b": [True] * WIDE}),
    ],
)
def test_every_row_that_is_looked_at_is_charged(text: str, more: dict[str, Any]) -> None:
    started = perf_counter()
    with pytest.raises(OutOfSteps):
        path.compile(text)({**ROWS, **more}, {"rows": ROWS["x"]})
    assert perf_counter() - started < 1


def test_looking_for_a_choice_among_many_keys_is_quick() -> None:
    data = {**ROWS, "e": {f"k{at}": at for at in range(WIDE)}}
    assert ends("x.all(%resource.e.value.empty())", data) == [True]
    assert ends("e.value", {"e": {**data["e"], "valueString": "found"}}) == ["found"]


def test_an_item_costs_more_where_more_is_done_with_it() -> None:
    plain, long = "x.all(a >= 0)", "x.all(" + " and ".join(["a >= 0"] * 30) + ")"
    assert path.compile(plain)(ROWS, steps=45_000) == [True]
    with pytest.raises(OutOfSteps):
        path.compile(long)(ROWS, steps=45_000)


def test_honest_paths_over_a_large_resource_stay_within_the_budget() -> None:
    assert path.compile("x.a.exists() and x.where(a > 5).a.count() > 1")(ROWS) == [True]


def test_evaluations_share_a_budget_and_end_at_once_when_it_is_used_up() -> None:
    budget = Budget(50_000)
    expression = path.compile("x.a.count()")
    assert expression(ROWS, budget=budget) == [WIDE]
    assert budget.left < 30_000
    with pytest.raises(OutOfSteps):
        expression(ROWS, budget=budget)
    with pytest.raises(OutOfSteps):
        path.compile("1")(ROWS, budget=budget)


def test_a_list_is_evaluated_within_one_budget() -> None:
    assert path.compile("x.a.count()")([ROWS, ROWS]) == [WIDE, WIDE]
    with pytest.raises(OutOfSteps):
        path.compile("x.a.count()")([ROWS] * 10)


@pytest.mark.parametrize(
    "text",
    [
        "'a'.matches('(){10000000}')",
        "'a'.matches('(){4000000000}')",
        "'a'.matches('((a{0}){30000}){30000}')",
        r"'a'.matches('(\\b){1000000000}')",
        "'a'.matches('(){9999999,}')",
        "'a'.replaceMatches('(a{200}){200}', 'x')",
        "'a'.matches('[a-z]{4294967294}')",
    ],
)
def test_a_regular_expression_that_is_long_once_written_out_is_refused(text: str) -> None:
    assert "written out" in str(ends(text, {}))


def test_the_length_of_a_match_is_part_of_its_price() -> None:
    assert "too costly" in str(ends("t.matches('[ab]{9000}c')", {"t": "a" * 500_000}))


def test_reading_a_regular_expression_is_charged_once_in_an_evaluation() -> None:
    data = {"r": [f"(a|b{at})" + "[a-z]{2}" * 100 for at in range(500)]}
    assert isinstance(ends("r.select('a'.matches($this)).count()", data, 2), OutOfSteps)
    honest = {"x": ["abc"] * 5000}
    assert ends("x.all($this.matches('^[a-z]{3}(ab|cd)?$'))", honest) == [True]


def test_the_last_place_of_a_text_is_found_in_linear_time() -> None:
    data = {"t": "a" * 1_000_000, "p": "ab" + "a" * 500_000}
    assert ends("t.lastIndexOf(%resource.p)", data) == [-1]
    assert ends("'abcabc'.lastIndexOf('bc') | 'abc'.lastIndexOf('') | 'abc'.lastIndexOf('x')", {}) == [4, 3, -1]


@pytest.mark.parametrize(
    "call",
    [
        "upper().length()", "lower().length()", "trim().length()", "toChars().count()", "indexOf('aaaab')",
        "lastIndexOf('baaaa')", "contains('aaaab')", "replace('aaab', 'x').length()", "split('aaab').count()",
        "encode('base64').trim().length()", "escape('html').length()", "unescape('json').length()",
        "substring(1).length()",
        "startsWith(%resource.t)", "matches('b')", "replaceMatches('b', '$1$1').length()", "join(',').length()",
    ],
)  # fmt: skip
def test_a_text_function_costs_by_the_length_of_its_text(call: str) -> None:
    data = {**ROWS, "t": "a" * 700_000}
    assert isinstance(ends(f"x.select(%resource.t.{call}).count()", data, 3), OutOfSteps)


@pytest.mark.parametrize(
    "test", ["%resource.t = %resource.u", "%resource.t ~ %resource.u", "%resource.t >= %resource.u"]
)
def test_comparing_long_texts_costs_by_their_length(test: str) -> None:
    data = {**ROWS, "t": "a" * 900_000, "u": "".join(["a"] * 900_000)}
    assert isinstance(ends(f"x.select(iif({test}, 1)).count()", data, 3), OutOfSteps)


def test_values_of_an_author_s_choosing_do_not_collide() -> None:
    dates = {"d": [f"{1000 + at // 336}-{at // 28 % 12 + 1:02d}-{at % 28 + 1:02d}" for at in range(15_000)]}
    assert ends("d.select(toDate()).distinct().count()", dates) == [15_000]
    numbers = {"n": [Decimal(1 + at * (2**61 - 1)) for at in range(WIDE)]}
    assert ends("n.distinct().count()", numbers) == [WIDE]
    assert ends("(1.0 | 1 | 1.00 | 1.5).count()", {}) == [2]
    assert ends("(@2020-01-01T10:00:00Z | @2020-01-01T11:00:00+01:00).count()", {}) == [1]


@pytest.mark.parametrize(
    "text",
    ["v.toString()", "v.toQuantity().toString()", "w.toString()", "'abc'.substring(0, v)", "'abc'.substring(v)",
     "1.5.lowBoundary(v)", "@2020.lowBoundary(v)", "v.power(v)", "w.exp()", "v * v", "v.round(v)", "v.toInteger()",
     "i * i", "i.power(i)", "(v | w).count()", "v ~ w", "x.take(v)", "x[v]"],
)  # fmt: skip
def test_numbers_beyond_the_door_cost_nothing(text: str) -> None:
    data = {"v": Decimal("1e999999999"), "w": Decimal("1e-999999999"), "i": 10**64, "x": [1]}
    found = ends(text, data)
    assert isinstance(found, PathFault) or all(len(str(one)) < 200 for one in found)


def test_a_large_number_is_spelled_with_an_exponent_and_an_ordinary_one_without() -> None:
    data = {"v": Decimal("1e5000"), "w": Decimal("1e3")}
    assert path.compile("v.toString() | w.toString()")(data) == ["1E+5000", "1000"]


@pytest.mark.parametrize("inner", ["({}  and b).not()", "x.where({}).all(b)", "x.exists({}).not()", "iif({}, b, a)"])
def test_compiling_takes_no_longer_for_being_nested(inner: str) -> None:
    text = "a"
    for _ in range(20):
        text = inner.format(text)
    ends(f"x.all({text})", {"x": []})


def test_a_long_text_is_kept_by_no_cache() -> None:
    long = "2020-01-01T" + "0" * 200_000
    assert path.compile("t.toDateTime() | t.toQuantity() | t.toBoolean() | (1 'mg' = %u)")({"t": long}, {"u": 1}) == [
        False
    ]
    unit = {"value": 1, "unit": "m" * 200_000}
    assert path.compile("q = 1 'mg'")({"q": unit}) == [False]
