"""Issues, and their OperationOutcome form in both directions."""

from typing import Any

import pytest

from gateway.fhir.outcome import Issue, Severity, from_operation_outcome, to_operation_outcome

FOUND = Issue(
    Severity.ERROR, "cardinality", "Claim.item[0]", "The item is missing a sequence.", "Number it.", "required"
)


@pytest.mark.parametrize(
    ("severity", "is_error"),
    [(Severity.FATAL, True), (Severity.ERROR, True), (Severity.WARNING, False), (Severity.INFORMATION, False)],
)
def test_fatal_and_error_are_errors(severity: Severity, is_error: bool) -> None:
    assert Issue(severity, "r", "p", "t").is_error is is_error


def test_an_issue_is_written_with_place_rule_and_fix() -> None:
    assert to_operation_outcome([FOUND]) == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "required",
                "details": {"text": "The item is missing a sequence."},
                "diagnostics": "cardinality: Number it.",
                "expression": ["Claim.item[0]"],
            }
        ],
    }


def test_what_an_issue_does_not_have_is_left_out() -> None:
    [row] = to_operation_outcome([Issue(Severity.WARNING, "r", "", "t")])["issue"]
    assert row == {"severity": "warning", "code": "invalid", "details": {"text": "t"}, "diagnostics": "r"}


def test_no_issue_is_said_to_be_none() -> None:
    [row] = to_operation_outcome([])["issue"]
    assert (row["severity"], row["code"]) == ("information", "informational")


def test_an_outcome_of_ours_reads_back() -> None:
    [found] = from_operation_outcome(to_operation_outcome([FOUND]))
    assert (found.severity, found.path, found.text, found.code) == (
        Severity.ERROR,
        "Claim.item[0]",
        "The item is missing a sequence.",
        "required",
    )


@pytest.mark.parametrize(
    ("row", "severity", "path", "text", "code"),
    [
        ({"severity": "fatal", "code": "x", "details": {"text": "a"}, "diagnostics": "b"}, "fatal", "", "a", "x"),
        ({"severity": "information", "diagnostics": "b"}, "information", "", "b", "unknown"),
        ({"severity": "success"}, "error", "", "", "unknown"),
        ({"severity": 5, "code": 5, "details": "a", "diagnostics": 5}, "error", "", "", "unknown"),
        ({"severity": ["error"], "details": {"text": ["a"]}}, "error", "", "", "unknown"),
        ({"expression": ["Claim.item", "x"], "location": ["/f"]}, "error", "Claim.item", "", "unknown"),
        ({"location": ["/f:Claim"]}, "error", "/f:Claim", "", "unknown"),
        ({"expression": "Claim"}, "error", "", "", "unknown"),
        ({"expression": [None]}, "error", "", "", "unknown"),
        ({}, "error", "", "", "unknown"),
    ],
)
def test_someone_elses_row_is_read_whatever_its_shape(row: Any, severity: str, path: str, text: str, code: str) -> None:
    assert from_operation_outcome({"issue": [row]}) == (
        Issue(Severity(severity), "operation-outcome", path, text, code=code),
    )


@pytest.mark.parametrize("rows", [None, "x", {}, [], [None, 5, "x", []]])
def test_rows_that_are_none_are_no_issues(rows: Any) -> None:
    assert from_operation_outcome({"issue": rows}) == ()
