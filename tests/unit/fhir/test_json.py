"""The JSON door: what every reader would read alike comes in, everything else is refused with its place."""

import json as standard
import random
import time
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir import json
from tests.worlds import ROOT

BROKEN = ROOT.parent / "shared" / "corpus" / "broken" / "JSONTestSuite"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"{}", {}),
        (b' [1, true, false, null, "x"] \n', [1, True, False, None, "x"]),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('"é😀"'.encode(), "é😀"),
        (b'"\\ud83d\\ude00"', "😀"),
        (b"1.00", Decimal("1.00")),
        (b"0.010", Decimal("0.010")),
        (b"1E5", Decimal("1E+5")),
        (b"-0.0", Decimal("-0.0")),
        (b"12345678901234567.123456789", Decimal("12345678901234567.123456789")),
        (b"18446744073709551615", 2**64 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"18446744073709551616", Decimal("18446744073709551616")),
    ],
)
def test_json_is_read_with_its_exact_values(raw: bytes, value: Any) -> None:
    found = json.loads(raw)
    assert (found, type(found)) == (value, type(value))
    assert str(found) == str(value)


@pytest.mark.parametrize(
    ("raw", "rule", "place"),
    [
        (b"", "json-syntax", "line 1 column 1"),
        (b'{\n  "a": }', "json-syntax", "line 2 column 8"),
        (b"[1,]", "json-syntax", "line 1 column 4"),
        (b"{} x", "json-syntax", "line 1 column 4"),
        (b"{'a': 1}", "json-syntax", "line 1 column 2"),
        (b"// note\n{}", "json-syntax", "line 1 column 1"),
        (b'"a\nb"', "json-syntax", "line 1 column 3"),
        (b"\xff\xfe{\x00}\x00", "json-utf8", "byte 0"),
        (b'{"a": "\xe9"}', "json-utf8", "byte 7"),
        (b'"\xed\xa0\x80"', "json-utf8", "byte 1"),
        (b'{"a": 1, "a": 1}', "json-duplicate-key", "an object"),
        (b'[{"b": {"a": 1, "\\u0061": 2}}]', "json-duplicate-key", "an object"),
        (b"NaN", "json-constant", "a number"),
        (b"[Infinity]", "json-constant", "a number"),
        (b'{"a": -Infinity}', "json-constant", "a number"),
        (b"1" * 65, "json-number", "a number"),
        (b"1." + b"0" * 63, "json-number", "a number"),
        (b"1e1000", "json-number", "a number"),
        (b"1e-1000", "json-number", "a number"),
        (b"1e9999999999999999999", "json-number", "a number"),
        (b'"\\ud800"', "json-surrogate", "a string"),
        (b'{"\\udc00": 1}', "json-surrogate", "a string"),
        (b'[["x\\ud83d"]]', "json-surrogate", "a string"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(raw: bytes, rule: str, place: str) -> None:
    with pytest.raises(json.JsonFault) as fault:
        json.loads(raw)
    assert (fault.value.rule, fault.value.place) == (rule, place)
    assert fault.value.fix.endswith(".")
    assert str(fault.value) == f"{rule} at {place}: {fault.value.text} {fault.value.fix}"


def test_no_fault_quotes_the_content() -> None:
    for raw in (b'{"ssn": "SECRET"', b'{"SECRET": 1, "SECRET": 2}', b'["SECRET\\ud800"]', b"SECRET"):
        with pytest.raises(json.JsonFault) as fault:
            json.loads(raw)
        assert "SECRET" not in str(fault.value)
        assert fault.value.__context__ is None or fault.value.__suppress_context__


def test_a_document_may_be_exactly_as_large_and_as_deep_as_allowed() -> None:
    limits = json.Limits(size=11, depth=3)
    assert json.loads(b'[[["1234"]]]'[:0] + b'[[["123"]]]', limits=limits) == [[["123"]]]
    with pytest.raises(json.JsonFault, match="json-size at byte 11"):
        json.loads(b'[[["1234"]]]', limits=limits)
    with pytest.raises(json.JsonFault, match="json-depth at byte 3"):
        json.loads(b"[[[[]]]]", limits=limits)


@pytest.mark.parametrize("raw", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000])
def test_a_deep_document_is_refused_before_it_is_parsed(raw: bytes) -> None:
    with pytest.raises(json.JsonFault, match="json-depth at byte"):
        json.loads(raw)


@pytest.mark.parametrize("text", ["[" * 200, "{" * 200, '\\"[', "]" * 200, "\\\\", '[\\"', 'a\\\\\\"['])
def test_brackets_inside_strings_do_not_count(text: str) -> None:
    raw = standard.dumps([text] * 3 + [[]] * 100).encode()
    assert json.loads(raw)[0] == text
    nested = b'["' + text.replace("\\", "\\\\").replace('"', '\\"').encode() + b'",' + b"[" * 70 + b"]" * 70 + b"]"
    with pytest.raises(json.JsonFault, match="json-depth"):
        json.loads(nested)


@pytest.mark.parametrize("end", [b"", b"\\", b'"', b'\\"'])
def test_a_string_of_quotes_that_never_ends_costs_no_more_than_its_length(end: bytes) -> None:
    raw = b"[" + b"[]," * 100 + b'"' + b'\\"' * 20_000 + end
    begun = time.process_time()
    with pytest.raises(json.JsonFault, match="json-syntax"):
        json.loads(raw)
    assert time.process_time() - begun < 1


def test_a_large_attachment_costs_little_more_memory_than_its_size() -> None:
    raw = b'{"data": "' + b"QUJD" * 1_000_000 + b'", "rows": [' + b"{}," * 100 + b"{}]}"
    tracemalloc.start()
    try:
        json.loads(raw)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(raw)


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        ({"b": Decimal("1.00"), "a": "é"}, '{"b":1.00,"a":"é"}'.encode()),
        (Decimal("0.010"), b"0.010"),
        (Decimal("1E+5"), b"1E+5"),
        ([1, True, None], b"[1,true,null]"),
        (Decimal(2**70), str(2**70).encode()),
    ],
)
def test_json_is_written_compactly_with_decimals_as_they_were(value: Any, raw: bytes) -> None:
    assert json.dumps(value) == raw
    assert json.loads(json.pretty(value)) == value


@pytest.mark.parametrize("value", [{1, 2}, object(), Decimal("NaN"), Decimal("Infinity"), b"x", {1: 2}])
def test_what_json_has_no_form_for_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        json.dumps(value)


def test_pretty_is_for_people() -> None:
    assert json.pretty({"a": [Decimal("1.0")]}) == b'{\n  "a": [\n    1.0\n  ]\n}'


def test_a_digest_is_the_sha_256_of_the_bytes() -> None:
    assert json.digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert json.digest(b"{}") != json.digest(b"{ }")


def test_what_is_read_can_be_written_and_read_again() -> None:
    dice = random.Random(7)  # noqa: S311
    numbers = ["0", "-1", "1.10", "1e3", "123456789012345678901234567890", "-0.001", "9" * 40, "1E-7"]

    def some(depth: int) -> str:
        kind = dice.randrange(4 if depth else 2)
        if kind == 0:
            return dice.choice(numbers)
        if kind == 1:
            return standard.dumps(
                dice.choice(["", "é", "\\", '"', "\u2028", "x" * 9, "\x7f"]), ensure_ascii=dice.random() < 0.5
            )
        rows = [some(depth - 1) for _ in range(dice.randrange(4))]
        return (
            f"[{','.join(rows)}]" if kind == 2 else "{" + ",".join(f'"{n}":{row}' for n, row in enumerate(rows)) + "}"
        )

    for _ in range(300):
        value = json.loads(some(4).encode())
        assert json.loads(json.dumps(value)) == value


@pytest.mark.skipif(not BROKEN.is_dir(), reason="../shared with the JSON test suite is not here")
@pytest.mark.parametrize(
    "name", ["n_object_trailing_comma", "n_structure_open_array_object", "y_object_duplicated_key"]
)
def test_the_published_hostile_documents_are_refused(name: str) -> None:
    # The suite accepts a duplicated key; this door does not, since two readers would keep different values.
    with pytest.raises(json.JsonFault):
        json.loads((BROKEN / f"{name}.json").read_bytes())


def test_the_bytes_of_a_file_are_left_to_the_caller(tmp_path: Path) -> None:
    raw = b'{"value": 1.00 }\n'
    file = tmp_path / "x.json"
    file.write_bytes(raw)
    json.loads(file.read_bytes())
    assert file.read_bytes() == raw


@pytest.mark.parametrize("around", [2, 3])
def test_depth_is_counted_in_a_long_document_too_and_not_inside_strings(around: int) -> None:
    rows = b",".join([b'["]]}", "[[{[", {}]'] * 20)
    raw = b"[" * (around - 2) + b"[" + rows + b"]" + b"]" * (around - 2)
    limits = json.Limits(depth=3)
    if around == 2:
        assert len(json.loads(raw, limits=limits)) == 20
    else:
        with pytest.raises(json.JsonFault, match="json-depth at byte 18"):
            json.loads(raw, limits=limits)


_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.text(),
        st.decimals(allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000, places=2),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=20,
)


@given(_VALUES)
def test_a_document_written_compactly_is_read_as_one_written_with_spaces(value: Any) -> None:
    compact, spaced = json.dumps(value), json.pretty(value) + b"\n"
    assert repr(json.loads(compact)) == repr(json.loads(spaced)) == repr(value)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a":1.50}', {"a": Decimal("1.50")}),
        (b'{"a":1e2}', {"a": Decimal("1e2")}),
        (b'{"a":18446744073709551616}', {"a": Decimal("18446744073709551616")}),
        (b'{"a":-0}', {"a": 0}),
        (b'{"a":"\\u0041\\/"}', {"a": "A/"}),
    ],
)
def test_numbers_and_escapes_keep_their_meaning_however_compact_the_document(raw: bytes, value: Any) -> None:
    found = json.loads(raw)
    assert (found, repr(found)) == (value, repr(value))


@pytest.mark.parametrize("raw", [b'{"a":1,"a":1}', b'[{"a":"x","b":2,"a":"x"}]'])
def test_a_key_named_twice_is_refused_in_a_compact_document(raw: bytes) -> None:
    with pytest.raises(json.JsonFault, match="json-duplicate-key"):
        json.loads(raw)


@given(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"")), st.integers(60, 70))
def test_no_string_hides_how_deep_a_document_is(text: bytes, depth: int) -> None:
    inner = b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    raw = b"[" * depth + inner + b"]" * depth
    rule = ""
    try:
        json.loads(raw)
    except json.JsonFault as fault:
        rule = fault.rule
    assert (rule == "json-depth") is (depth > 64)
