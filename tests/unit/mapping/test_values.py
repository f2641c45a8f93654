"""Leaves, what is left out, gaps, and the short way for plain paths."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mapping.expression import scan
from gateway.mapping.functions import compiled
from gateway.mapping.values import UNSURE, follow, members_of, walk

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


SCALARS = st.one_of(st.text("ab", max_size=2), st.integers(0, 3), st.booleans(), st.just(Decimal("1.50")), st.none())
KEYS = st.sampled_from(["a", "b", "_a", "extension", "value", "valueCode", "occurrence", "coding", "id"])
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
STEPS = st.lists(st.sampled_from(["a", "b", "extension", "value", "occurrence", "coding", "id"]), max_size=3)


@given(tree=TREES, steps=STEPS, resource=st.booleans())
def test_the_short_way_gives_what_fhirpath_gives_or_declines(tree: Any, steps: list[str], resource: bool) -> None:
    if resource and isinstance(tree, dict):
        tree = {"resourceType": "ServiceRequest", **tree}
    source = scan(".".join(["%x", *steps]), "m", 1, ())
    short = None if source.steps is None else walk(members_of(source.steps), tree)
    assert short is None or short == compiled(source.text)({}, {"x": tree})


@pytest.mark.parametrize("tree", [{"a": {"extension": [{"url": "u"}]}}, {"a": [{"extension": []}, {"id": "1"}]}])
def test_an_element_that_is_only_an_extension_is_the_same_either_way(tree: Any) -> None:
    source = scan("%x.a", "m", 1, ())
    assert source.steps == ("a",)
    assert walk(members_of(source.steps), tree) is None


def test_the_short_way_is_taken_for_ordinary_paths() -> None:
    source = scan("%patient.contact.id", "m", 1, ())
    assert source.steps is not None
    assert walk(members_of(source.steps), {"contact": [{"id": "1"}, {}, {"id": "2"}]}) == ["1", "2"]


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"a": {"b": "x"}}, "x"),
        ([{"a": [{"b": ["x"]}]}], "x"),
        ({"a": {"b": 3}}, 3),
        ({"a": {"b": False}}, False),
        ({"a": {}}, None),
        ({"a": []}, None),
        ([], None),
        (None, None),
        ({"a": {"b": ["x", "y"]}}, UNSURE),
        ({"a": [{"b": "x"}, {"c": "y"}]}, UNSURE),
        ({"a": {"b": {"c": "x"}}}, UNSURE),
        ({"a": {"b": Decimal("1.50")}}, UNSURE),
        ({"a": {"b": "x", "_b": {}}}, UNSURE),
        ({"a": "x"}, UNSURE),
    ],
)
def test_the_shortest_way_follows_a_path_to_one_primitive_and_declines_the_rest(tree: Any, expected: Any) -> None:
    found = follow(members_of(("a", "b")), tree)
    assert found is expected or found == expected
