"""for, if, include, let, and the numbers that run through a list."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROWS = """
supportingInfo:
  - "for one in %first":
      sequence: "{{ %position }}"
      index: "{{ %index }}"
      valueString: "{{ %one.v }}"
  - "if %flag":
      sequence: "{{ %position }}"
      valueBoolean: true
  - "for one in %later":
      "if %one.v.exists()":
        sequence: "{{ %position }}"
        inner:
          - "for w in %one.v": {sequence: "{{ %position }}", v: "{{ %w }}"}
"""


@given(
    first=st.lists(st.fixed_dictionaries({}, optional={"v": st.just("x")}), max_size=4),
    later=st.lists(st.fixed_dictionaries({}, optional={"v": st.lists(st.just("x"), min_size=1)}), max_size=4),
    flag=st.sampled_from([True, False, None]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_one_sequence_runs_through_all_blocks_of_a_list(folder: Any, first: Any, later: Any, flag: Any) -> None:
    rows = folder.produce(ROWS, first=first, later=later, flag=flag).value.get("supportingInfo", [])
    assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
    expected = sum("v" in one for one in [*first, *later]) + (flag is True)
    assert len(rows) == expected
    assert all(
        [one["sequence"] for one in row["inner"]] == list(range(1, 1 + len(row["inner"])))
        for row in rows
        if "inner" in row
    )


def test_index_counts_the_values_of_the_for_and_position_the_items_of_the_list(folder: Any) -> None:
    made = folder.produce(ROWS, first=[{"v": "a"}, {}, {"v": "c"}], later=[], flag=None)
    assert [(row["sequence"], row["index"]) for row in made.value["supportingInfo"]] == [(1, 1), (2, 3)]


def test_a_for_may_stand_in_a_for(folder: Any) -> None:
    body = """
out:
  "for a in %list":
    "for b in %a.inner": "{{ %b }}{{ %index }}"
"""
    made = folder.produce(body, list=[{"inner": ["p", "q"]}, {"inner": []}, {"inner": ["r"]}])
    assert made.value == {"out": ["p1", "q2", "r1"]}


def test_if_with_else_joins_its_fields_to_the_object(folder: Any) -> None:
    body = """
a: x
"if %order.priority = 'stat'": {b: urgent}
else: {b: routine}
"""
    assert folder.produce(body, order={"priority": "stat"}).value == {"a": "x", "b": "urgent"}
    assert folder.produce(body, order={}).value == {"a": "x", "b": "routine"}


def test_a_condition_that_is_no_condition_is_a_gap(folder: Any) -> None:
    made = folder.produce('a: x\n"if %order.priority": {b: urgent}', order={"priority": "stat"})
    assert made.value == {"a": "x"}
    assert "not a condition" in made.gaps[0].rule


def test_an_included_list_joins_the_list_and_takes_its_numbers(folder: Any) -> None:
    folder.write(
        "part/rows",
        """
mapping: part/rows
reads: [list, first]
produce:
  - "for one in %list": {sequence: "{{ %position }}", number: "{{ %first }}", v: "{{ %one }}"}
""",
    )
    body = """
rows:
  - {sequence: "{{ %position }}", v: top}
  - {include: part/rows, with: {first: "{{ %position }}"}}
  - {sequence: "{{ %position }}", v: "{{ %list.first() }}"}
"""
    made = folder.produce(body, list=["p", "q"])
    assert [(row["sequence"], row["v"]) for row in made.value["rows"]] == [(1, "top"), (2, "p"), (3, "q"), (4, "p")]
    assert [row.get("number") for row in made.value["rows"]] == [None, 2, 2, None]


def test_an_include_sees_what_it_reads_and_gaps_name_the_outer_element(folder: Any) -> None:
    folder.write(
        "item",
        """
mapping: item
reads: [order, patient]
let:
  code: "{{ %order.code }}"
produce:
  code: "{{! %code // a code }}"
  id: "{{ %patient.id }}"
""",
    )
    body = """
resourceType: Claim
item:
  "for one in %orders":
    include: item
    with: {order: "{{ %one }}"}
"""
    made = folder.produce(body, orders=({"code": "a"}, {}), patient={"id": "p"})
    assert made.value["item"] == [{"code": "a", "id": "p"}, {"id": "p"}]
    assert [gap.element for gap in made.gaps] == ["Claim.item[1].code"]


def test_with_may_narrow_a_variable_to_a_part_of_itself(folder: Any) -> None:
    folder.write("item", "mapping: item\nreads: [order]\nproduce: {code: '{{ %order.code }}'}\n")
    body = 'item: [{include: item, with: {order: "{{ %order.inner }}"}}]'
    assert folder.produce(body, order={"inner": {"code": "a"}}).value == {"item": [{"code": "a"}]}


def test_position_of_gives_the_numbers_of_other_list_items(folder: Any) -> None:
    body = """
item:
  "for one in %orders":
    diagnosisSequence: ["{{ %all.positionOf(%one.reason) }}"]
"""
    let = 'all: "{{ %orders.reason }}"'
    orders = [{"reason": [{"code": "a"}, {"code": "b"}]}, {"reason": [{"code": "b"}]}]
    made = folder.produce(body, let=let, orders=orders)
    assert [item["diagnosisSequence"] for item in made.value["item"]] == [[1, 2], [2]]


def test_a_let_that_nobody_needs_on_this_input_is_not_evaluated(folder: Any) -> None:
    folder.write("kind.csv", "rule,a,value\nR1,,V\n")
    body = '"if %flag": {v: "{{ %kind }}"}'
    let = 'facts: {a: "{{ %flag }}"}\nkind: "{{ %facts.choose(\'kind\') }}"'
    assert folder.produce(body, let=let, tables="kind", flag=False).choices == ()
    assert [choice.rule for choice in folder.produce(body, let=let, tables="kind", flag=True).choices] == ["R1"]


def test_a_variable_not_given_is_the_callers_mistake_and_named(folder: Any) -> None:
    folder.produce('a: "{{ %order }}"', order=None)
    with pytest.raises(LookupError, match=r"reads %order.*did you mean 'orders'"):
        folder.load().apply("m", {"orders": []})
    with pytest.raises(LookupError, match="no mapping 'n'"):
        folder.load().apply("n", {})
