"""Primitive types: what is a value of each, and what is not."""

from decimal import Decimal
from typing import Any

import pytest

from gateway.conformance.primitives import fault

GOOD: list[tuple[str, Any]] = [
    ("boolean", True),
    ("integer", -7),
    ("decimal", Decimal("1.00")),
    ("decimal", 3),
    ("positiveInt", 1),
    ("unsignedInt", 0),
    ("date", "2024"),
    ("date", "2024-02"),
    ("date", "2024-02-29"),
    ("dateTime", "2024-02-29"),
    ("dateTime", "2024-02-29T23:59:60Z"),
    ("dateTime", "2024-02-29T10:00:00.123+14:00"),
    ("instant", "2024-02-29T10:00:00-05:00"),
    ("time", "23:59:59"),
    ("id", "a-B.9"),
    ("code", "in use"),
    ("uri", "urn:oid:1.2"),
    ("oid", "urn:oid:1.2.0"),
    ("uuid", "urn:uuid:11111111-1111-4111-8111-111111111111"),
    ("base64Binary", "QUJD\nREVG"),
    ("string", "line\nline\tä"),
]
BAD: list[tuple[str, Any, str]] = [
    ("boolean", "true", "type"),
    ("boolean", 1, "type"),
    ("integer", True, "type"),
    ("integer", Decimal("1.0"), "type"),
    ("integer", 2**31, "primitive-format"),
    ("decimal", "1.0", "type"),
    ("decimal", False, "type"),
    ("positiveInt", 0, "primitive-format"),
    ("unsignedInt", -1, "primitive-format"),
    ("date", "2023-02-29", "primitive-format"),
    ("date", "2024-13", "primitive-format"),
    ("date", "2024-1-1", "primitive-format"),
    ("date", "0000", "primitive-format"),
    ("date", 2024, "type"),
    ("dateTime", "2024-02-29T10:00:00", "primitive-format"),
    ("dateTime", "2024-02-29T10:00Z", "primitive-format"),
    ("dateTime", "2024-02-29T24:00:00Z", "primitive-format"),
    ("instant", "2024-02-29", "primitive-format"),
    ("time", "23:59:59Z", "primitive-format"),
    ("id", "a" * 65, "primitive-format"),
    ("id", "", "primitive-format"),
    ("code", " a", "primitive-format"),
    ("code", "a  b", "primitive-format"),
    ("uri", "a b", "primitive-format"),
    ("oid", "1.2.3", "primitive-format"),
    ("uuid", "urn:uuid:1", "primitive-format"),
    ("base64Binary", "QUJ", "primitive-format"),
    ("string", "", "primitive-format"),
    ("string", "  ", "primitive-format"),
    ("string", "a\x00b", "primitive-format"),
    ("string", ["a"], "type"),
    ("date", "٢٠٢٤", "primitive-format"),
]


@pytest.mark.parametrize(("code", "value"), GOOD)
def test_a_value_of_its_type_passes(code: str, value: Any) -> None:
    assert fault(code, value) is None


@pytest.mark.parametrize(("code", "value", "rule"), BAD)
def test_what_is_no_value_of_the_type_is_named_by_its_rule(code: str, value: Any, rule: str) -> None:
    found = fault(code, value)

    assert found is not None
    assert found[0] == rule
    assert found[1].endswith(".")
