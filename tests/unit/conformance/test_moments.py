"""A date comes after another only when that is certain, whatever its precision and zone."""

from typing import Any

import pytest

from gateway.conformance.moments import is_after
from tests.unit.conformance.small_guide import checked, found, skipped


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [
        ("2026-01-02", "2026-01-01", True),
        ("2026-01-01", "2026-01-01", False),
        ("2026-01", "2026-01-15", False),
        ("2026-01-15", "2026-01", False),
        ("2026-02", "2026-01-31", True),
        ("2026", "2025-12-31", True),
        ("2024-03-01", "2024-02", True),
        ("2024-02-29", "2024-02", False),
        ("2020-01-02T00:30:00+05:00", "2020-01-01T23:00:00Z", False),
        ("2020-01-01T23:00:00Z", "2020-01-02T00:30:00+05:00", True),
        ("2020-01-01T12:00:00Z", "2020-01-01T10:00:00Z", True),
        ("2020-01-01T12:00:00.5Z", "2020-01-01T12:00:00Z", True),
        ("2020-01-01T12:00:00Z", "2020-01-01T12:00:00Z", False),
        ("2020-01-01T12:00:00-05:00", "2020-01-01T13:00:00-04:00", False),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z", True),
        # one zone is known, the other is anywhere
        ("2020-01-02", "2020-01-01T23:00:00Z", False),
        ("2020-01-02", "2020-01-01T09:59:59Z", True),
        ("2020-01-02", "2020-01-01T10:00:01Z", False),
        ("2020-01-01T23:59:59.9Z", "2020-01-01", False),
        ("2020-01-02T14:00:01Z", "2020-01-01", True),
        ("2020-01-02T13:59:59Z", "2020-01-01", False),
        ("9999-12-31T23:59:59-14:00", "9999", False),
        # no dates at all
        ("soon", "2020-01-01", None),
        ("2020-13", "2020-01-01", None),
        ("0000", "2020-01-01", None),
        ("2020-02-30T10:00:00Z", "2020-01-01T10:00:00Z", None),
    ],
)
def test_one_comes_after_the_other_only_when_that_is_certain(left: str, right: str, answer: bool | None) -> None:
    assert is_after(left, right) is answer


@pytest.mark.parametrize(
    ("value", "bound", "rule"),
    [
        ("2026-01-01", {"minValue": "2026-01-02"}, "min-value"),
        ("2026-01-01", {"minValue": "2026-01"}, None),
        ("2026-02", {"maxValue": "2026-01-31"}, "max-value"),
        ("2026-01", {"maxValue": "2026-01-31"}, None),
    ],
)
def test_a_limit_on_dates_is_passed_only_for_certain(value: str, bound: dict[str, Any], rule: str | None) -> None:
    report = checked({"resourceType": "Patient", "birthDate": value}, {"Patient.birthDate": bound})

    assert [rule for rule, _ in found(report)] == ([rule] if rule else [])
    assert skipped(report) == []
