"""Renderings of checks: golden documents, and what must hold of each form."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from gateway.conformance import Report
from gateway.conformance.rendering import FORMATS, Checked, to_html, to_json, to_junit, to_outcome, to_text
from gateway.fhir import json
from gateway.fhir.outcome import Issue, Severity
from tests.unit.conformance.rendered import BROKEN, GOOD, NO_JSON, RUN

GOLDEN = Path(__file__).parent / "golden_renderings"
SUFFIXES = {"text": "txt", "json": "json", "outcome": "outcome.json", "junit": "xml", "html": "html"}
ISSUE_TYPES = {"invalid", "structure", "required", "value", "code-invalid", "informational", "incomplete"}


@pytest.mark.parametrize("form", FORMATS)
def test_a_run_is_rendered_as_the_golden_document(form: str, request: pytest.FixtureRequest) -> None:
    made = FORMATS[form](RUN, Severity.ERROR)
    golden = GOLDEN / f"run.{SUFFIXES[form]}"
    if request.config.getoption("--update-golden"):
        golden.write_text(made, encoding="utf-8")
    assert made == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_tells_each_rule_place_and_fix(form: str) -> None:
    made = FORMATS[form]([BROKEN], Severity.ERROR).replace("<wbr>", "").replace("<b>", "").replace("</b>", "")
    for issue in BROKEN.report.issues:
        assert issue.rule in made
        assert issue.path in made
        assert issue.fix in made
    for row in BROKEN.report.not_evaluated:
        assert row.rule in made
        assert row.reason in made


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_counts_what_was_not_evaluated_by_its_places(form: str) -> None:
    made = FORMATS[form]([BROKEN], Severity.ERROR)
    if form in ("text", "html"):
        assert "3 demands of 2 kinds not evaluated, so not vouched for" in made
    assert form != "json" or len(json.loads(made.encode())["files"][0]["not_evaluated"]) == 3
    assert form != "junit" or made.count("<skipped") == 3


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_says_when_a_finding_is_a_known_defect_of_an_official_example(form: str) -> None:
    first = BROKEN.report.issues[0]
    known = replace(BROKEN, defects={(first.rule, first.path): "a word is missing", ("binding", "Elsewhere"): "no"})
    made = FORMATS[form]([known], Severity.ERROR)
    assert re.sub("<[^>]*>", "", made).count("Known defect of the official example: a word is missing") == 1
    assert "a word is missing" not in FORMATS[form]([BROKEN], Severity.ERROR)
    assert known.failing(Severity.ERROR) == BROKEN.failing(Severity.ERROR)


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_run_and_a_clean_file_are_rendered_too(form: str) -> None:
    assert FORMATS[form]([], Severity.ERROR)
    assert "good.json" in FORMATS[form]([GOOD], Severity.ERROR)


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_name_cannot_move_the_cursor_or_break_the_document(form: str) -> None:
    made = FORMATS[form]([NO_JSON, Checked("\udcff.json", "pas/2.2.1", GOOD.report)], Severity.ERROR)
    assert "\x1b" not in made
    made.encode()


def test_text_is_coloured_only_when_asked() -> None:
    assert "\x1b[" not in to_text(RUN)
    coloured = to_text(RUN, colour=True)
    assert "\x1b[1;31m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == to_text(RUN)


def test_a_warning_fails_a_file_only_when_warnings_do() -> None:
    warned = Checked("w.json", "pas/2.2.1", Report((Issue(Severity.WARNING, "r", "Claim", "t", "f"),), (), "Claim"))
    assert to_text([warned]).startswith("pass")
    assert to_text([warned], Severity.WARNING).startswith("FAIL")
    assert json.loads(to_json([warned], Severity.WARNING).encode())["ok"] is False
    assert _xml(to_junit([warned])).get("failures") == "0"
    assert _xml(to_junit([warned], Severity.WARNING)).get("failures") == "1"
    assert "1 fail" in to_html([warned], Severity.WARNING)


def test_an_operation_outcome_is_r4_and_several_are_a_collection() -> None:
    from fhir.resources.R4B.bundle import Bundle
    from fhir.resources.R4B.operationoutcome import OperationOutcome

    one = json.loads(to_outcome([BROKEN]).encode())
    OperationOutcome.model_validate(one)
    assert {row["code"] for row in one["issue"]} <= ISSUE_TYPES
    assert [row["severity"] for row in one["issue"]].count("information") == 1 + 1 + 2
    (codes, _) = [row for row in one["issue"] if row["code"] == "incomplete"]
    assert codes["expression"] == [row.path for row in BROKEN.report.not_evaluated[:2]]
    several = json.loads(to_outcome(RUN).encode())
    Bundle.model_validate(several)
    assert several["type"] == "collection"
    assert len({row["fullUrl"] for row in several["entry"]}) == len(RUN)


def test_junit_counts_its_cases() -> None:
    root = _xml(to_junit(RUN))
    assert [suite.get("name") for suite in root] == [one.name for one in RUN]
    assert root.get("tests") == str(len(root.findall("testsuite/testcase")))
    assert root.get("failures") == str(len(root.findall("testsuite/testcase/failure"))) == "2"
    assert root.get("skipped") == str(len(root.findall("testsuite/testcase/skipped"))) == "3"
    assert all(suite.findall("testcase") for suite in root)


def _xml(document: str) -> Element:
    return fromstring(document)  # noqa: S314 (our own document)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.outside += [value for name, value in attrs if name in ("src", "href") and value and value[0] != "#"]
        if tag not in ("meta", "wbr", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_escaped_and_needs_nothing_from_elsewhere() -> None:
    page = _Page()
    made = to_html(RUN)
    page.feed(made)
    assert not page.open
    assert not page.outside
    assert not page.seen & {"script", "link", "img", "iframe", "hip", "y"}
    assert "url(" not in made
    assert "@import" not in made
