"""What the engine does the short way gives what the long way gives: rules by index, names without FHIR types."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mapping.rule_index import RuleIndex
from gateway.mapping.tables import Row, Table
from gateway.mapping.type_needs import names_with_types

_TEXTS = st.sampled_from(["", "1", "2", "10", "12", "20", "A1", "B2"])
_RULES = st.lists(st.fixed_dictionaries({"kind": _TEXTS, "code_from": _TEXTS, "code_to": _TEXTS}), max_size=8)
_GIVEN = st.fixed_dictionaries(
    {}, optional={"kind": st.lists(_TEXTS, max_size=2), "code": st.lists(_TEXTS, max_size=2)}
)


def _fits(cells: dict[str, str], given: dict[str, list[str]]) -> bool:
    low, high = cells["code_from"], cells["code_to"] or cells["code_from"]
    codes = given.get("code", [])
    is_code = not low or any(
        code == low == high or (len(low) == len(code) == len(high) and low <= code <= high) for code in codes
    )
    return is_code and (not cells["kind"] or cells["kind"] in given.get("kind", []))


@given(_RULES, _GIVEN)
def test_the_first_rule_that_fits_is_the_first_of_all_rules_however_they_are_found(
    rules: list[dict[str, str]], given: dict[str, list[str]]
) -> None:
    rows = tuple(Row(line, f"R-{line}", {**cells, "value": "x"}) for line, cells in enumerate(rules))
    table = Table("t", "t.csv", ("rule", "kind", "code_from", "code_to", "value"), rows)
    assert table.choose(given) == next((row for row in rows if _fits(dict(row.cells), given)), None)


def test_the_index_leaves_out_rules_for_other_codes() -> None:
    index = RuleIndex([[("code", "100", "199")], [("kind", "a", "a")], [("code", "200", "200")]])
    assert index.fact == "code"
    assert index.candidates(["150"]) == (0, 1)
    assert index.candidates(["200"]) == (1, 2)
    assert index.candidates(["9999"]) == (1,)
    assert index.candidates([]) == (1,)


def test_the_index_goes_by_the_fact_that_leaves_fewest_rules_not_by_the_one_most_rules_ask_for() -> None:
    rules = [[("kind", "a", "a"), ("code", code, code)] for code in ("100", "200")]
    index = RuleIndex([*rules, [("kind", "a", "a")]])
    assert index.fact == "code"
    assert index.candidates(["200"]) == (1, 2)
    assert index.candidates([]) == (2,)


def test_only_names_that_somebody_asks_the_type_of_keep_it_and_those_their_values_come_from(folder: Any) -> None:
    folder.write("part", 'mapping: part\nreads: [when]\nproduce:\n  start: "{{ %when.ofType(Period).start }}"\n').write(
        "m",
        "mapping: m\nreads: [order]\nlet:\n  said: '{{ %order.note }}'\nproduce:\n"
        "  period: {include: part, with: {when: '{{ %order.occurrence }}'}}\n  note: '{{ %said.text }}'\n",
    )
    assert names_with_types(folder.load().definitions.values()) == {"when", "order"}
    order = {"resourceType": "ServiceRequest", "occurrencePeriod": {"start": "2026-01-01"}, "note": [{"text": "t"}]}
    assert folder.apply("m", order=order).value == {"period": {"start": "2026-01-01"}, "note": "t"}


@pytest.mark.parametrize("let", ["born: '{{ %p.birthDate }}'", "born: '{{ %p.where(active).birthDate }}'"])
def test_a_name_without_type_keeps_the_extensions_of_its_value(folder: Any, let: str) -> None:
    patient = {
        "resourceType": "Patient",
        "active": True,
        "birthDate": "1961-05-02",
        "_birthDate": {"extension": [{"url": "urn:x", "valueString": "noon"}]},
    }
    made = folder.produce("day: '{{ %born }}'\ntime: '{{ %born.extension.value }}'", let=let, p=patient)
    assert made.value == {"day": "1961-05-02", "time": "noon"}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"done": True}, {"a": "said", "b": "there"}),
        ({"done": False}, {"b": "there"}),
        ({}, {}),
        ({"_done": {"extension": [{"url": "urn:x"}]}}, {"b": "there"}),
    ],
)
def test_a_condition_on_a_plain_path_asks_for_the_value_or_whether_there_is_one(
    folder: Any, row: dict[str, Any], expected: dict[str, str]
) -> None:
    made = folder.produce("'if %row.done': {a: said}\n'if %row.done.exists()': {b: there}", row=row)
    assert (made.value, made.gaps) == (expected, ())


def test_a_condition_that_is_no_boolean_is_a_gap(folder: Any) -> None:
    (gap,) = folder.produce("'if %row.done': {a: x}", row={"done": "maybe"}).gaps
    assert "true or false" in gap.need
