"""The YAML reader: text stays text, what readers take differently is refused, lines are kept."""

from decimal import Decimal

import pytest

from gateway.mapping.findings import MappingFault
from gateway.mapping.loader import parse


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0450", 'YAML would read 0450 as the number 296; write "0450" to mean the text'),
        ("12:30", 'YAML would read 12:30 as the number 750; write "12:30" to mean the text'),
        ("0x1f", 'YAML would read 0x1f as the number 31; write "0x1f" to mean the text'),
        ("1_000", 'YAML would read 1_000 as the number 1000; write "1_000" to mean the text'),
        ("0o14", 'YAML would read 0o14 as a number; write "0o14" to mean the text'),
        ("1e3", 'YAML would read 1e3 as a number; write "1e3" to mean the text'),
        (".inf", 'YAML would read .inf as the number inf; write ".inf" to mean the text'),
        ("2026-01-01", 'YAML would read 2026-01-01 as a date or time object; write "2026-01-01" to mean the text'),
        ("2026-13-77", 'YAML would read 2026-13-77 as a date or time object; write "2026-13-77" to mean the text'),
        ("no", 'YAML would read no as the boolean false; write false to mean that, or "no" to mean the text'),
        ("On", 'YAML would read On as the boolean true; write true to mean that, or "On" to mean the text'),
        ("~", "no value: YAML would read null; write a value, or remove the key"),
    ],
)
def test_a_word_that_yaml_would_convert_is_refused_with_what_it_would_become(text: str, words: str) -> None:
    with pytest.raises(MappingFault) as caught:
        parse(f"code: {text}", "f")
    (finding,) = caught.value.findings
    assert (finding.message, finding.line, finding.column, finding.width) == (words, 1, 7, len(text))


@pytest.mark.parametrize("text", ["J0120", "97110A", "1.2.3", "http://x.org", "a:b", "=x"])
def test_words_that_every_reader_takes_for_text_need_no_quotes(text: str) -> None:
    assert parse(f"code: {text} z", "f").value == {"code": f"{text} z"}


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


def test_a_key_that_yaml_would_convert_is_refused_unless_quoted() -> None:
    with pytest.raises(MappingFault) as caught:
        parse("on: x\n12: z\n2026-01-01: w", "f")
    assert [finding.message for finding in caught.value.findings] == [
        'YAML would read the key on as the boolean true, not as text; write "on"',
        'YAML would read the key 12 as the number 12, not as text; write "12"',
        'YAML would read the key 2026-01-01 as a date or time object, not as text; write "2026-01-01"',
    ]
    assert parse("'on': x", "f").value == {"on": "x"}


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
