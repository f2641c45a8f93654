"""Findings about FHIR content, and their OperationOutcome form (R4 OperationOutcome.issue)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """R4 IssueSeverity."""

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


_SEVERITIES = {severity.value: severity for severity in Severity}


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding: the place, the rule and the fix.

    `text` and `fix` never quote the content they are about, so an Issue may be logged or shown.

    Attributes:
        severity: how bad it is.
        rule: stable id of the rule, e.g. `cardinality`, `ClaimFirst`, `prof-1`.
        path: FHIRPath of the place, e.g. `Bundle.entry[0].resource.item[1].quantity`.
        text: what is wrong, in one sentence.
        fix: what to do about it, in one sentence; empty when there is nothing to do.
        code: R4 IssueType.
    """

    severity: Severity
    rule: str
    path: str
    text: str
    fix: str = ""
    code: str = "invalid"

    @property
    def is_error(self) -> bool:
        return self.severity in (Severity.FATAL, Severity.ERROR)


def to_operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """The issues as an R4 OperationOutcome; no issue gives one of severity information."""
    rows = [_row(issue) for issue in issues]
    if not rows:
        rows = [{"severity": "information", "code": "informational", "diagnostics": "No issue found."}]
    return {"resourceType": "OperationOutcome", "issue": rows}


def _row(issue: Issue) -> dict[str, Any]:
    row: dict[str, Any] = {
        "severity": issue.severity.value,
        "code": issue.code,
        "details": {"text": issue.text},
        "diagnostics": f"{issue.rule}: {issue.fix}" if issue.fix else issue.rule,
    }
    if issue.path:
        row["expression"] = [issue.path]
    return row


def from_operation_outcome(outcome: dict[str, Any]) -> tuple[Issue, ...]:
    """Read someone else's OperationOutcome, tolerantly: a row of the wrong shape is kept as text-less.

    An unknown severity reads as `error`: a sender who bothered to say something is not ignored.
    """
    rows = outcome.get("issue")
    return tuple(_read(row) for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()


def _read(row: dict[str, Any]) -> Issue:
    severity = row.get("severity")
    details = row.get("details")
    text = _string(details.get("text")) if isinstance(details, dict) else ""
    places = row.get("expression") or row.get("location") or []
    return Issue(
        severity=_SEVERITIES.get(severity, Severity.ERROR) if isinstance(severity, str) else Severity.ERROR,
        rule="operation-outcome",
        path=_string(places[0]) if isinstance(places, list) and places else "",
        text=text or _string(row.get("diagnostics")),
        code=_string(row.get("code")) or "unknown",
    )


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
