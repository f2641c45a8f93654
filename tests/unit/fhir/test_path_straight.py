"""An expression as Python text gives what FHIRPath gives, or says that it cannot tell."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir import path
from gateway.fhir.path import straight_data
from gateway.fhir.path.straight import Names, NotStraight, collection, condition
from gateway.fhir.path.straight_data import Unsure, members_of, one, pick, walk

EXPRESSIONS = (
    "%x",
    "%x.a",
    "%x.a.b",
    "%x.value",
    "%x.a.value.coding",
    "%x.occurrence.ofType(Timing)",
    "%x.value.ofType(code)",
    "%x.a.where(b = 'a').coding",
    "%x.where(a = 'a' or b.exists()).first()",
    "%x.a.where(b.exists() and b != 'a').b",
    "%x.a.where(b = %y)",
    "%x.where(value = 'a').empty()",
    "%x.a.exists().not()",
    "%x.a.b = %y.a",
    "%x.a != %y",
    "%x.a = 1",
    "%x.a = true",
    "(%x.a | %y.a).distinct()",
    "%x.a | %y",
    "%x.a.take(1)",
    "%x.a.first().b",
    "%x.a.lower()",
    "iif(%x.a.exists(), %x.a, iif(%y.exists(), %y.b, 'none'))",
    "iif(%x.a.empty(), 'none')",
    "%x.a.exists() and %x.b.exists()",
    "%x.a.exists() or %y",
    "%x.a.select(b)",
    "%x.a.b.told('x')",
)
SCALARS = st.one_of(
    st.sampled_from(["a", "b", "", "2026-01-01", "2026-01-01T10:00:00Z"]),
    st.integers(0, 2),
    st.booleans(),
    st.just(Decimal("1.50")),
    st.none(),
)
KEYS = st.sampled_from(["a", "b", "_a", "extension", "value", "valueCode", "_valueCode", "occurrenceTiming", "coding"])
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


def told(items: list[Any], word: list[str]) -> list[str]:
    """A function of a caller's, which fails on what is no text."""
    return [f"{item.upper()}{word[0]}" for item in items]


def straight(text: str, values: dict[str, Any]) -> Any:
    """What the Python text of an expression gives, or Unsure; of one that is only a condition, whether it is true."""
    expression = path.compile(text, {"told": told})
    space: dict[str, Any] = {name: getattr(straight_data, name) for name in straight_data.__all__}
    names = Names({"x": "x", "y": "y"}, space, {"told": told}, dates=expression.needs_types)
    try:
        written = f"rows({collection(expression.tree, names)})"
    except NotStraight:
        written = condition(expression.tree, names)
    try:
        return eval(written, {**space, **values})  # noqa: S307 - our own text
    except Unsure:
        return Unsure


@pytest.mark.parametrize("text", EXPRESSIONS)
@given(x=TREES, y=TREES, resource=st.booleans())
def test_the_text_gives_what_the_expression_gives_or_is_unsure(text: str, x: Any, y: Any, resource: bool) -> None:
    if resource and isinstance(x, dict):
        x = {"resourceType": "ServiceRequest", **x}
    found = straight(text, {"x": x, "y": y})
    if found is not Unsure:
        expected = path.compile(text, {"told": told})({}, {"x": x, "y": y})
        assert str(found) == str(expected == [True] if isinstance(found, bool) else expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%x.a.where(b = 'a').coding", ["c"]),
        ("%x.occurrence.ofType(Timing)", []),
        ("iif(%x.none.exists(), %x.none, %x.a.b.first())", ["a"]),
        ("%x.a.b = %x.a.b", Unsure),
    ],
)
def test_ordinary_data_is_decided_by_the_text(text: str, expected: Any) -> None:
    x = {"resourceType": "ServiceRequest", "a": [{"b": "a", "coding": "c"}, {"b": "b"}], "occurrenceDateTime": "2026"}
    assert straight(text, {"x": x, "y": None}) == expected


@pytest.mark.parametrize(
    "text", ["%x.a + 1", "%z.a", "%x.a.repeat(b)", "%x.a[0]", "Patient.name", "%x.a.exists(b = 'a')"]
)
def test_what_goes_further_is_not_said_so(text: str) -> None:
    with pytest.raises(NotStraight):
        collection(path.compile(text).tree, Names({"x": "x"}, {}, {}, dates=False))
    with pytest.raises(NotStraight):
        condition(path.compile(text).tree, Names({"x": "x"}, {}, {}, dates=False))


def test_rows_without_number_are_left_to_what_counts_steps() -> None:
    assert straight("%x.where(a = 'a')", {"x": [{"a": "a"}] * 65, "y": None}) is Unsure
    assert straight("%x.a", {"x": [{"a": "a"}] * 1001, "y": None}) is Unsure


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"a": {"b": "x"}}, "x"),
        ([{"a": [{"b": ["x"]}]}], "x"),
        ({"a": {"b": 3}}, 3),
        ({"a": {"b": False}}, False),
        ({"a": {"b": {"c": "x"}}}, {"c": "x"}),
        ({"a": {}}, None),
        ({"a": []}, None),
        ([], None),
        (None, None),
        ({"a": {"b": ["x", "y"]}}, Unsure),
        ({"a": [{"b": "x"}, {"c": "y"}]}, "x"),
        ({"a": {"b": {"extension": []}}}, Unsure),
        ({"a": {"b": Decimal("1.50")}}, Unsure),
        ({"a": {"b": "x", "_b": {}}}, Unsure),
        ({"a": "x"}, Unsure),
    ],
)
def test_a_path_is_followed_to_one_value_and_the_rest_is_left_to_fhirpath(tree: Any, expected: Any) -> None:
    try:
        found = one(walk(straight_data.given(tree), members_of(("a", "b"))))
    except Unsure:
        found = Unsure
    assert found == expected


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"a": "x"}, "x"),
        ({"a": ["x"]}, "x"),
        ([{"a": 1}], 1),
        ({}, None),
        (None, None),
        ({"a": ["x", "y"]}, Unsure),
        ({"a": "x", "_a": {}}, Unsure),
        ({"a": [None]}, Unsure),
        ("x", Unsure),
    ],
)
def test_one_member_of_a_variable_is_picked(tree: Any, expected: Any) -> None:
    try:
        found = pick(tree, "a", "_a")
    except Unsure:
        found = Unsure
    assert found == expected
