"""What an author of mappings reads about each mistake: place, line, caret, what was due and the nearest valid name.

`bad/` holds the mistakes, `bad/expected.txt` the words.
"""

from pathlib import Path

import pytest

from gateway.cli.profile_elements import Shelf
from gateway.mapping.cases import run_cases
from gateway.mapping.lint import lint
from gateway.mapping.loader import parse

BAD = Path(__file__).parent / "bad"
R4 = Path(__file__).parents[3] / "profiles" / "r4" / "4.0.1"


def reports() -> str:
    """Every report about `bad/`, files named from there."""
    findings = lint(BAD / "guide", BAD / "codes", Shelf.load(R4).elements)
    return "\n".join(finding.report for finding in findings if not finding.advice).replace(f"{BAD}/", "") + "\n"


def test_every_mistake_reads_as_it_should() -> None:
    assert reports() == (BAD / "expected.txt").read_text("utf-8")


def test_one_pass_finds_what_is_wrong_in_every_file() -> None:
    words = reports()
    for path in (*BAD.glob("guide/*.yaml"), *BAD.glob("codes/*.csv")):
        if path.name not in ("cases.yaml", "service_type.csv") and not path.name.endswith(".test.yaml"):
            assert f"{path.relative_to(BAD).as_posix()}:" in words, path


def test_a_misspelt_test_file_names_every_case_that_cannot_be_understood(tmp_path: Path) -> None:
    for name in ("cases.yaml", "cases.test.yaml"):
        (tmp_path / name).write_text((BAD / "guide" / name).read_text("utf-8"), "utf-8")
    report = run_cases(tmp_path, BAD / "none")
    assert not report.passed
    said = "\n".join(finding.report for finding in report.faults).replace(f"{tmp_path}/", "") + "\n"
    assert said == (BAD / "expected_cases.txt").read_text("utf-8")


@pytest.mark.parametrize("text", ["a: 'x & y'", "a: b & c", 'a: "*z"', "a: x # &y", "a: >\n  one *two* &three"])
def test_a_mark_that_is_no_anchor_is_text(text: str) -> None:
    parse(text, "f")
