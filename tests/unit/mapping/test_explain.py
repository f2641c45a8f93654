"""Where each value came from: the place in the input, the expression and the row; and what was only looked at."""

from decimal import Decimal
from typing import Any

import pytest

from gateway.mapping.explain import Explaining, Line
from gateway.mapping.marking import Ledger, Marked, mark, places_of

MAPPING = """mapping: m
reads: [order, site]
tables: [kind]
let:
  coding: "{{ %order.code.coding.where(system = 's').first() }}"
  facts: {code: "{{ %coding.code }}"}
produce:
  resourceType: Claim
  use: fixed
  service: "{{ %coding.code }}"
  whole: "{{ %order.code }}"
  amount: "{{ %order.amount }}"
  count: "{{ %order.count }}"
  name: "x {{ %order.id }}-{{ %site.name }}"
  sites: ["{{ %order.sites }}"]
  kind: "{{ %facts.choose('kind') }}"
  rows:
    "for row in %order.rows.where(on = 'y')":
      - {label: first, value: "{{ %row.value }}"}
      - {label: second, value: "{{ %row.value }}"}
  "if %order.priority = 'stat'": {urgent: "yes"}
"""
ORDER = {
    "id": "o1",
    "priority": "stat",
    "amount": Decimal("1.50"),
    "count": 3,
    "code": {"coding": [{"system": "t", "code": "B"}, {"system": "s", "code": "A"}], "text": "words"},
    "sites": ["left", "right"],
    "rows": [{"on": "n", "value": "v0"}, {"on": "y", "value": "v1"}],
    "note": "nobody reads this",
}


@pytest.fixture
def explained(folder: Any) -> tuple[dict[str, Line], Explaining]:
    folder.write("kind.csv", "rule,code,value\nK1,B,W\nK2,A,V\n").write("m", MAPPING)
    ledger = Ledger()
    watched = Explaining(folder.load(), ledger, {})
    made = watched.apply("m", {"order": mark(ORDER, "order", ledger), "site": {"name": "clinic"}})
    return {line.element: line for line in watched.lines(made.value)}, watched


def test_a_value_names_its_place_and_its_expression_the_line(explained: Any) -> None:
    line = explained[0]["Claim.service"]
    assert line.inputs == ("order.code.coding[1].code",)
    assert line.looked_at == ("order.code.coding[0].system", "order.code.coding[1].system")
    assert (line.line, line.expression) == (10, "%coding.code")


def test_numbers_and_list_items_name_theirs(explained: Any) -> None:
    lines = explained[0]
    assert lines["Claim.amount"].inputs == ("order.amount",)
    assert lines["Claim.count"].inputs == ("order.count",)
    assert [lines[f"Claim.sites[{at}]"].inputs for at in (0, 1)] == [("order.sites[0]",), ("order.sites[1]",)]


def test_a_value_taken_over_whole_names_the_place_of_each_leaf(explained: Any) -> None:
    lines = explained[0]
    assert lines["Claim.whole.coding[0].code"].inputs == ("order.code.coding[0].code",)
    assert lines["Claim.whole.text"].inputs == ("order.code.text",)


def test_text_names_all_its_parts_and_a_variable_that_is_not_of_the_order(explained: Any) -> None:
    line = explained[0]["Claim.name"]
    assert line.inputs == ("order.id", "%site.name")
    assert line.expression == "%order.id · %site.name"


def test_what_a_table_decided_names_rule_file_and_line_and_what_was_looked_up(explained: Any) -> None:
    line = explained[0]["Claim.kind"]
    assert line.rules == ("rule K2 of kind.csv line 3",)
    assert line.inputs == ()
    assert "order.code.coding[1].code" in line.looked_at


def test_what_is_written_out_names_its_line_also_where_it_stands_twice(explained: Any) -> None:
    lines = explained[0]
    assert (lines["Claim.use"].line, lines["Claim.use"].expression) == (9, "")
    assert [(lines[f"Claim.rows[{at}].label"].line, lines[f"Claim.rows[{at}].value"].line) for at in (0, 1)] == [
        (19, 19),
        (20, 20),
    ]
    assert lines["Claim.urgent"].line == 21


def test_what_no_expression_read_is_known(explained: Any) -> None:
    read = explained[1].read
    assert {"order.priority", "order.rows[0].on", "order.rows[1].value", "order.code.text"} <= read.keys()
    assert not {"order.note", "order.rows[0].value"} & read.keys()


def test_an_explained_application_makes_the_same_as_an_ordinary_one(folder: Any) -> None:
    folder.write("kind.csv", "rule,code,value\nK1,B,W\nK2,A,V\n").write("m", MAPPING)
    context = {"order": ORDER, "site": {"name": "clinic"}}
    ledger = Ledger()
    watched = Explaining(folder.load(), ledger, {}).apply("m", {**context, "order": mark(ORDER, "order", ledger)})
    ordinary = folder.apply("m", **context)
    assert (watched.value, watched.gaps, watched.choices) == (ordinary.value, ordinary.gaps, ordinary.choices)
    assert not places_of(ordinary.value)


def test_a_marked_text_is_its_text_and_what_is_cut_from_it_keeps_the_place() -> None:
    ledger = Ledger()
    marked = mark({"a": " Ab1 "}, "", ledger)["a"]
    assert not ledger.read
    for made, text in ((marked.strip(), "Ab1"), (marked.upper(), " AB1 "), (marked[1:3], "Ab"), (str(marked), " Ab1 ")):
        assert isinstance(made, Marked)
        assert (str.__str__(made), made.place) == (text, "a")
    assert f"{marked}!" == " Ab1 !"
    assert {" Ab1 ": 1}[marked] == 1
    assert list(ledger.read) == ["a"]


def test_comparing_two_values_of_the_order_is_no_reading() -> None:
    ledger = Ledger()
    one, other = mark(["x", "x"], "", ledger)
    assert one == other
    assert not ledger.read
    assert one != "y"
    assert list(ledger.read) == ["[0]"]


def test_a_boolean_has_no_place_but_what_was_compared_to_find_it_is_told(folder: Any) -> None:
    folder.write(
        "m",
        """mapping: m
reads: [order]
let: {row: "{{ %order.rows.where(on = 'y').first() }}"}
produce: {resourceType: Basic, parts: [x], flag: "{{ %row.flag }}"}
""",
    )
    ledger = Ledger()
    watched = Explaining(folder.load(), ledger, {})
    order = {"rows": [{"on": "n", "flag": False}, {"on": "y", "flag": True}]}
    made = watched.apply("m", {"order": mark(order, "order", ledger)})
    line = watched.lines(made.value)[-1]
    assert (line.value, line.inputs, line.looked_at) == (True, (), ("order.rows[0].on", "order.rows[1].on"))


def test_a_marked_value_is_unequal_to_what_its_value_is_unequal_to() -> None:
    text, number, amount = mark(["3", 3, Decimal("3.0")], "", Ledger())
    assert (text == 3, text != 3, number == "3", number == Decimal(3), amount == 3, amount == number, text == None) == (  # noqa: E711
        False,
        True,
        False,
        True,
        True,
        True,
        False,
    )
    assert (number < 4, amount >= 3, text < "4") == (True, True, True)
    with pytest.raises(TypeError):
        assert text < 4


CONDITIONS = """mapping: m
reads: [order, urgent]
tables: [kind]
let:
  facts: {code: "{{ %order.code }}"}
  level: fixed-level
produce:
  resourceType: Claim
  status: active
  detail:
    "if %urgent": {priority: now}
    else: {priority: later}
  "if %order.code.exists() and %facts.choose('kind') = 'V'":
    parts:
      - if %order.site.exists(): {site: "{{ %order.site }}"}
        else: {site: none}
  level: "{{ %level }}"
  first: {include: part, with: {letter: I}}
  second: {include: part, with: {letter: S}}
  third: {include: part, with: {letter: "{{ iif(%order.code = 'A', 'P', 'Q') }}"}}
  rows:
    - "for row in %order.rows": {label: row}
"""
PART = """mapping: part
reads: [letter]
produce: {code: "{{ %letter }}"}
"""


@pytest.fixture
def conditional(folder: Any) -> dict[str, Line]:
    folder.write("kind.csv", "rule,code,value\nK1,B,W\nK2,A,V\n").write("m", CONDITIONS).write("part", PART)
    ledger = Ledger()
    watched = Explaining(folder.load(), ledger, {"urgent": ("order.priority",)})
    order = mark({"code": "A", "site": "left", "priority": "stat", "rows": ["a", "b"]}, "order", ledger)
    made = watched.apply("m", {"order": order, "urgent": True})
    return {line.element: line for line in watched.lines(made.value)}


def test_what_is_written_out_under_a_condition_names_it_its_line_and_what_it_read(conditional: Any) -> None:
    (condition,) = conditional["Claim.detail.priority"].under
    assert (conditional["Claim.detail.priority"].line, condition.text, condition.line) == (11, "if %urgent", 11)
    assert condition.inputs == ("%urgent", "order.priority")
    assert conditional["Claim.detail.priority"].places == condition.inputs
    assert conditional["Claim.status"].under == ()


def test_the_other_branch_names_the_condition_that_did_not_hold(folder: Any) -> None:
    folder.write("kind.csv", "rule,code,value\nK2,A,V\n").write("m", CONDITIONS).write("part", PART)
    ledger = Ledger()
    watched = Explaining(folder.load(), ledger, {"urgent": ()})
    made = watched.apply("m", {"order": mark({"code": "A"}, "order", ledger), "urgent": False})
    lines = {line.element: line for line in watched.lines(made.value)}
    assert [row.text for row in lines["Claim.detail.priority"].under] == ["else of %urgent"]
    assert [row.text for row in lines["Claim.parts[0].site"].under][1:] == ["else of %order.site.exists()"]


def test_conditions_come_outermost_first_with_the_places_and_rows_that_decided_each(conditional: Any) -> None:
    outer, inner = conditional["Claim.parts[0].site"].under
    assert outer.inputs == ("order.code",)
    assert outer.rules == ("rule K2 of kind.csv line 3",)
    assert (inner.text, inner.inputs, inner.rules) == ("if %order.site.exists()", ("order.site",), ())
    assert not inner.is_loop


def test_an_item_of_a_loop_names_the_loop(conditional: Any) -> None:
    for at in (0, 1):
        (loop,) = conditional[f"Claim.rows[{at}].label"].under
        assert (loop.text, loop.is_loop) == ("for row in %order.rows", True)


def test_a_variable_set_by_with_or_let_names_where_it_was_set(conditional: Any) -> None:
    said = {
        name: [(one.variable, one.by, one.text, one.line) for one in conditional[f"Claim.{name}"].given]
        for name in ("level", "first.code", "second.code", "third.code", "parts[0].site")
    }
    assert said == {
        "level": [("level", "let", "fixed-level", 6)],
        "first.code": [("letter", "with", "I", 18)],
        "second.code": [("letter", "with", "S", 19)],
        "third.code": [("letter", "with", "iif(%order.code = 'A', 'P', 'Q')", 20)],
        "parts[0].site": [],
    }
