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
