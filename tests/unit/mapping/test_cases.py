"""Tests beside mappings: what passes, what fails and says why, what no test reaches, and the commands."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.mapping.cases import run_cases

MAPPING = """mapping: m
reads: [order]
tables: [t]
produce:
  resourceType: MedicationKnowledge
  code: "{{! %order.code.translate('t') // a known code }}"
  amount: "{{ %order.amount }}"
  "if %order.stat = true":
    status: "{{ %order.status }}"
"""
GOOD = """
context:
  order: {code: "1", amount: 1.50, stat: true, status: high}
cases:
  - name: everything is there
    expect:
      produced: {resourceType: MedicationKnowledge, code: A, amount: 1.50, status: high}
      choices: [{rule: "t.csv:2"}]
  - name: no code
    without: [order.code, order.stat]
    expect:
      contains: {resourceType: MedicationKnowledge}
      gaps: [{element: MedicationKnowledge.code, need: a known code}]
"""


@pytest.fixture
def mapped(folder: Any) -> Any:
    return folder.write("t.csv", "from_code,to_code\n1,A\n").write("m", MAPPING)


def test_good_cases_pass_and_reach_every_expression(mapped: Any) -> None:
    report = run_cases(mapped.write("m.test", GOOD).guide, mapped.codes)
    assert [result.problems for result in report.results] == [(), ()]
    assert (report.passed, report.unreached) == (True, ())


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        (
            "produced: {resourceType: MedicationKnowledge, code: A, amount: 1.50}",
            "produced.status: not expected, found 'high'",
        ),
        ("contains: {code: B}", "produced.code: expected 'B', found 'A'"),
        ("contains: {amount: 1.50, x: z}", "produced.x: missing"),
        ('contains: {amount: "1.50"}', "produced.amount: expected '1.50'"),
        ("contains: {status: [high]}", "produced.status: expected ['high'], found 'high'"),
        ("gaps: [{element: MedicationKnowledge.code}]", "no gap {'element': 'MedicationKnowledge.code'}"),
        ("choices: [{rule: R1}]", "no choice {'rule': 'R1'}"),
    ],
)
def test_a_case_that_fails_says_what_differs(mapped: Any, expect: str, problem: str) -> None:
    text = GOOD.partition("cases:")[0] + f"cases:\n  - name: one\n    expect: {{{expect}}}\n"
    report = run_cases(mapped.write("m.test", text).guide, mapped.codes)
    (result,) = report.results
    assert not report.passed
    assert any(found.startswith(problem) for found in result.problems)


def test_a_gap_nobody_expected_fails_the_case(mapped: Any) -> None:
    report = run_cases(
        mapped.write("m.test", "cases: [{name: a, context: {order: {}}, expect: {}}]").guide, mapped.codes
    )
    assert report.results[0].problems[0].startswith("gap not expected: MedicationKnowledge.code: a known code")


def test_true_is_not_one_and_decimals_compare_as_numbers(folder: Any) -> None:
    folder.write("m", 'mapping: m\nreads: [a]\nproduce: {a: "{{ %a }}"}\n')
    folder.write("m.test", "cases: [{name: a, context: {a: true}, expect: {produced: {a: 1}}}]")
    assert not run_cases(folder.guide, folder.codes).passed
    folder.write("m.test", "cases: [{name: a, context: {a: 1.50}, expect: {produced: {a: 1.5}}}]")
    assert run_cases(folder.guide, folder.codes).passed


def test_expressions_that_gave_no_value_in_any_case_are_named(mapped: Any) -> None:
    text = 'cases: [{name: a, context: {order: {code: "1", stat: false}}, expect: {}}]'
    report = run_cases(mapped.write("m.test", text).guide, mapped.codes)
    assert report.passed
    assert [(finding.line, finding.message.partition(": ")[2]) for finding in report.unreached] == [
        (7, "%order.amount"),
        (8, "%order.stat = true"),
        (9, "%order.status"),
    ]


def test_a_context_may_come_from_a_file_whole_or_by_fhirpath(mapped: Any) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Basic", "code": "1"}}]}
    (mapped.guide / "bundle.json").write_text(json.dumps(bundle), "utf-8")
    text = """
cases:
  - name: from a bundle
    context: {order: {file: bundle.json, select: "Bundle.entry.resource.ofType(Basic)"}}
    expect: {contains: {code: A}}
"""
    assert run_cases(mapped.write("m.test", text).guide, mapped.codes).passed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cases: [{name: a, expcet: {}}]", "did you mean 'expect'?"),
        ("cases: []", "at least one case"),
        ("cases: [{expect: {}, context: {order: {}}}]", "needs a name"),
        ("cases: [{name: a, expect: {}}]", "reads %order"),
        ("cases: [{name: a, context: {order: {}}, without: [order.x], expect: {}}]", "nothing to take out"),
        ("cases: [{name: a, context: {order: {file: none.json}}, expect: {}}]", "no file 'none.json'"),
    ],
)
def test_a_test_file_that_cannot_be_understood_is_a_fault_with_its_line(mapped: Any, text: str, words: str) -> None:
    (fault,) = run_cases(mapped.write("m.test", text).guide, mapped.codes).faults
    assert words in fault.message
    assert fault in mapped.lint()


def test_the_commands_exit_0_when_all_is_well_and_1_when_not(mapped: Any) -> None:
    from gateway.cli.mapping import app

    mapped.write("m.test", GOOD)
    places = ["--folder", str(mapped.guide), "--codes", str(mapped.codes)]
    for command in ("lint", "test"):
        outcome = CliRunner().invoke(app, [command, *places])
        assert outcome.exit_code == 0, outcome.output
    mapped.write("m.test", GOOD.replace("code: A,", "code: B,"))
    assert CliRunner().invoke(app, ["lint", *places]).exit_code == 0
    outcome = CliRunner().invoke(app, ["test", *places])
    assert outcome.exit_code == 1
    assert "m.test.yaml:5: everything is there" in outcome.output
    mapped.write("m", MAPPING.replace("%order.amount", "%odrer.amount"))
    for command in ("lint", "test"):
        outcome = CliRunner().invoke(app, [command, *places])
        assert outcome.exit_code == 1
        assert "m.yaml:7:15: produce.amount: %odrer is not declared" in outcome.output
