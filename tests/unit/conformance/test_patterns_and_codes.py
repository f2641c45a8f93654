"""Fixed values, patterns, and how a coding stands to a value set."""

from decimal import Decimal
from typing import Any

import pytest

from gateway.conformance.patterns import contains, equals
from gateway.conformance.terminology import ValueSet, Verdict

CODED = {"coding": [{"system": "s", "code": "a"}]}


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("active", "active", True),
        ("active", "draft", False),
        (True, True, True),
        (True, 1, False),
        (1, True, False),
        (1, Decimal("1.0"), True),
        (CODED, {"coding": [{"system": "x"}, {"system": "s", "code": "a", "display": "d"}]}, True),
        (CODED, {"coding": [{"system": "s"}, {"code": "a"}]}, False),
        (CODED, {"coding": "a"}, False),
        (CODED, [], False),
        (CODED, None, False),
    ],
)
def test_a_pattern_is_contained_in_the_value(pattern: Any, value: Any, expected: bool) -> None:
    assert contains(pattern, value) is expected


def test_a_fixed_value_allows_nothing_beside_it() -> None:
    assert equals(CODED, {"coding": [{"code": "a", "system": "s"}]})
    assert not equals(CODED, {"coding": [{"code": "a", "system": "s"}], "text": "x"})
    assert not equals([1, 2], [2, 1])


@pytest.mark.parametrize(
    ("system", "code", "verdict"),
    [
        ("s", "a", Verdict.MEMBER),
        ("s", "b", Verdict.OUTSIDE),
        ("o", "b", Verdict.UNKNOWN),
        ("x", "a", Verdict.OTHER_SYSTEM),
        (None, "a", Verdict.MEMBER),
        (None, "b", Verdict.UNKNOWN),
        ("s", ["a"], Verdict.OUTSIDE),
        ({}, "a", Verdict.OUTSIDE),
    ],
)
def test_a_coding_is_judged_by_system_and_code(system: Any, code: Any, verdict: Verdict) -> None:
    value_set = ValueSet.read("u", {"codes": {"s": ["a"]}, "open": ["o"]})

    assert value_set.judge(system, code) is verdict


def test_a_set_of_which_a_part_is_unknown_refuses_nothing() -> None:
    value_set = ValueSet.read("u", {"codes": {"s": ["a"]}, "unknown": True})

    assert value_set.judge("x", "y") is Verdict.UNKNOWN
