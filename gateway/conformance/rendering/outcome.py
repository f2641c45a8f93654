"""A check as an R4 OperationOutcome, what was not evaluated included; several as a Bundle of type collection."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from gateway.conformance.rendering.checked import Checked, counted, unjudged
from gateway.conformance.report import Report
from gateway.fhir import json
from gateway.fhir.outcome import Severity, to_operation_outcome


def to_outcome(files: Sequence[Checked], _: Severity = Severity.ERROR) -> str:
    """One OperationOutcome, or for several files a Bundle of one each; `meta.source` names the file."""
    outcomes = [_of_file(one) for one in files]
    document = outcomes[0] if len(outcomes) == 1 else _bundle(outcomes)
    return json.pretty(document).decode() + "\n"


def outcome(report: Report, against: str) -> dict[str, Any]:
    """The report as an OperationOutcome; a first row of severity information says what was checked against what."""
    found = to_operation_outcome(report.issues)["issue"] if report.issues else []
    errors = sum(issue.is_error for issue in report.issues)
    said = f"Checked against {against}: {counted(errors, 'error')}."
    head = {"severity": "information", "code": "informational", "details": {"text": said}}
    unknown = [
        {
            "severity": "information",
            "code": "incomplete",
            "details": {"text": f"Not evaluated: {group.reason}"},
            "diagnostics": group.rule,
            **({"expression": places} if (places := [place for place in group.places if place]) else {}),
        }
        for group in unjudged(report.not_evaluated)
    ]
    return {"resourceType": "OperationOutcome", "issue": [head, *found, *unknown]}


def _of_file(one: Checked) -> dict[str, Any]:
    made = outcome(one.report, one.against)
    known = [
        {
            "severity": "information",
            "code": "informational",
            "details": {"text": defect},
            "diagnostics": issue.rule,
            **({"expression": [issue.path]} if issue.path else {}),
        }
        for issue in one.report.issues
        if (defect := one.known_defect(issue))
    ]
    return {"resourceType": "OperationOutcome", "meta": {"source": quote(one.name)}, "issue": [*made["issue"], *known]}


def _bundle(outcomes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    rows = [
        {"fullUrl": f"urn:uuid:{uuid5(NAMESPACE_URL, made['meta']['source'])}", "resource": made} for made in outcomes
    ]
    return {"resourceType": "Bundle", "type": "collection", **({"entry": rows} if rows else {})}
