"""The YAML reader: text stays text, what readers take differently is refused, lines are kept."""

from decimal import Decimal

import pytest

from gateway.mapping.findings import MappingFault
from gateway.mapping.loader import parse


@pytest.mark.parametrize("text", ["0450", "12:30", "2026-01-01", "0x1f", "1_000", "0o14", "1e3", "J0120", ".inf"])
def test_unquoted_words_that_yaml_would_convert_stay_text(text: str) -> None:
    assert parse(f"code: {text}", "f").value == {"code": text}


@pytest.mark.parametrize("text", ["no", "yes", "on", "Off", "True", "y", "~", "null", "", "1.5", "0.10"])
def test_words_that_readers_take_differently_are_refused_with_their_line(text: str) -> None:
    with pytest.raises(MappingFault) as caught:
        parse(f"a: x\nb:\n  code: {text}", "f.yaml")
    (finding,) = caught.value.findings
    assert (finding.file, finding.line, finding.path) == ("f.yaml", 3, "b.code")


@pytest.mark.parametrize("text", ["no", "0450", "1.5", "true", "", "12"])
def test_quoted_words_are_text(text: str) -> None:
    assert parse(f'code: "{text}"', "f").value == {"code": text}


def test_booleans_and_integers_keep_their_type() -> None:
    value = parse("a: true\nb: false\nc: 12\nd: -3\ne: 0", "f").value
    assert value == {"a": True, "b": False, "c": 12, "d": -3, "e": 0}
    assert [type(item) for item in value.values()] == [bool, bool, int, int, int]


def test_test_files_may_hold_decimals_and_keep_their_digits() -> None:
    assert str(parse("a: 1.50", "f", decimals=True).value["a"]) == str(Decimal("1.50"))


def test_a_key_named_on_stays_text() -> None:
    assert parse("on: x\n12: z", "f").value == {"on": "x", "12": "z"}


def test_all_duplicate_keys_are_found_not_just_the_first() -> None:
    with pytest.raises(MappingFault) as caught:
        parse("a: x\nb: {c: x, c: z}\na: w", "f")
    assert [(finding.line, finding.path) for finding in caught.value.findings] == [(2, "b.c"), (3, "a")]


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: c}\nd: *x",
        "a: !!python/name:os.system x",
        "a: !x z",
        "<<: {a: b}",
        "a: [",
        "- {{ x }}",
        "a: x\n---\nb",
    ],
)
def test_aliases_tags_merges_and_broken_syntax_are_refused(text: str) -> None:
    with pytest.raises(MappingFault):
        parse(text, "f")


def test_the_line_of_a_place_is_that_of_its_key() -> None:
    document = parse("a:\n  b:\n    - c: x\n\n      d: z", "f")
    assert document.line(("a", "b", 0, "d")) == 5
    assert document.line(("a", "b", 0, "d", "deeper")) == 5
