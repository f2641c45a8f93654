"""Leaves, what is left out, and gaps."""

from decimal import Decimal
from typing import Any

import pytest

ORDER = {
    "resourceType": "ServiceRequest",
    "code": {"coding": [{"system": "s", "code": "c1"}, {"system": "t", "code": "c2"}]},
    "occurrencePeriod": {"start": "2026-03-01"},
    "extension": [{"url": "u", "valueCode": "x"}],
    "quantityQuantity": {"value": Decimal("250.00")},
    "_status": {"extension": [{"url": "absent"}]},
    "status": "active",
}


def test_a_leaf_keeps_the_type_of_its_value(folder: Any) -> None:
    made = folder.produce('a: "{{ %a }}"\nb: "{{ %b }}"\nc: "{{ %c }}"\nd: "{{ %d }}"', a=True, b=3, c="3", d={"x": 1})
    assert made.value == {"a": True, "b": 3, "c": "3", "d": {"x": 1}}
    assert [type(value) for value in made.value.values()] == [bool, int, str, dict]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 1", 2),
        ("4 / 2", 2),
        ("%money", Decimal("250.00")),
        ("%money * 2", Decimal("500.00")),
        ("1 / 4", Decimal("0.25")),
        ("%whole", 7),
        ("@2026-03-01", "2026-03-01"),
    ],
)
def test_whole_numbers_are_int_and_other_decimals_keep_their_digits(
    folder: Any, expression: str, expected: Any
) -> None:
    made = folder.produce(f'a: "{{{{ {expression} }}}}"', money=Decimal("250.00"), whole=Decimal("7"))
    assert (str(made.value["a"]), type(made.value["a"])) == (str(expected), type(expected))


def test_text_around_expressions_gives_text_and_nothing_when_one_is_empty(folder: Any) -> None:
    body = 'a: "urn:x:{{ %d }}/{{ %b }}"\nb: "urn:x:{{ %none }}"'
    assert folder.produce(body, d=Decimal("1.50"), b=True, none=None).value == {"a": "urn:x:1.50/true"}


def test_braces_slashes_and_quotes_inside_text_literals_do_not_end_a_leaf(folder: Any) -> None:
    body = r'''a: "{{ 'http://x/}}' & %m }}"
b: "{{ iif(%m = 'y', {}, 'it\\'s // fine') }}"'''
    made = folder.produce(body, m="n")
    assert made.value == {"a": "http://x/}}n", "b": "it's // fine"}


def test_an_object_whose_expressions_gave_nothing_is_left_out_with_its_constants(folder: Any) -> None:
    body = """
category: {coding: [{system: "urn:s", code: "{{ %none }}"}]}
constant: {coding: [{system: "urn:s", code: x}]}
rows:
  - {sequence: "{{ %position }}", category: x, valueString: "{{ %none }}"}
  - {sequence: "{{ %position }}", category: x, valueString: z}
"""
    made = folder.produce(body, none=[])
    assert made.value == {
        "constant": {"coding": [{"system": "urn:s", "code": "x"}]},
        "rows": [{"sequence": 1, "category": "x", "valueString": "z"}],
    }
    assert [step.element for step in made.trace] == ["m.rows[0].sequence"]


def test_the_object_at_the_top_stays(folder: Any) -> None:
    assert folder.produce('resourceType: Claim\na: "{{ %none }}"', none=None).value == {"resourceType": "Claim"}


def test_every_required_leaf_without_a_value_is_a_gap_with_its_element(folder: Any) -> None:
    body = """
resourceType: Claim
code: "{{! %order.code // the procedure's code }}"
item:
  - {sequence: 1, reference: "Patient/{{! %order.id // an id }}"}
  - "{{! %order.note.text }}"
"""
    made = folder.produce(body, order={"resourceType": "ServiceRequest"})
    assert [(gap.element, gap.path, gap.need) for gap in made.gaps] == [
        ("Claim.code", "%order.code", "the procedure's code"),
        ("Claim.item[0].reference", "%order.id", "an id"),
        ("Claim.item[1]", "%order.note.text", "a value"),
    ]
    assert made.gaps[0].rule == "mapping m, line 6: required"
    assert made.value == {"resourceType": "Claim", "item": [{"sequence": 1}]}


def test_several_values_where_one_belongs_are_a_gap_not_a_choice(folder: Any) -> None:
    made = folder.produce('a: "{{ %order.code.coding.code }}"\nb: ["{{ %order.code.coding.code }}"]', order=ORDER)
    assert made.value == {"b": ["c1", "c2"]}
    assert [(gap.element, gap.need) for gap in made.gaps] == [("m.a", "one value; 2 were found")]


@pytest.mark.parametrize("expression", ["%order.code.coding.code + 'x'", "4 'mg'", "%order.status.single() / 'x'"])
def test_an_expression_that_fails_on_this_input_is_a_gap_and_never_an_exception(folder: Any, expression: str) -> None:
    made = folder.produce(f'a: "{{{{ {expression} }}}}"\nb: x', order=ORDER)
    assert made.value == {"b": "x"}
    (gap,) = made.gaps
    assert (gap.element, gap.path) == ("m.a", expression)
    assert "active" not in str(gap.need)


def test_choice_elements_are_found_directly_and_through_let_and_for(folder: Any) -> None:
    body = """
a: "{{ %order.occurrence.start }}"
b: "{{ %when.start }}"
c:
  "for one in %order.extension": "{{ %one.value }}"
d: "{{ %first.value }}"
"""
    let = 'when: "{{ %order.occurrence }}"\nfirst: "{{ %order.extension.first() }}"'
    made = folder.produce(body, let=let, order=ORDER)
    assert made.value == {"a": "2026-03-01", "b": "2026-03-01", "c": ["x"], "d": "x"}


def test_a_primitive_with_only_an_extension_has_no_value(folder: Any) -> None:
    order = {"resourceType": "ServiceRequest", "_status": {"extension": [{"url": "absent"}]}}
    assert folder.produce('a: "{{ %order.status }}"', order=order).value == {}
    assert folder.produce('a: "{{ %order.status }}"', order=ORDER).value == {"a": "active"}
