"""Reports of checks as text, JSON, OperationOutcome, JUnit or HTML: pure functions from reports to a document."""

from collections.abc import Callable, Mapping, Sequence

from gateway.conformance.rendering.checked import Checked
from gateway.conformance.rendering.data import to_json
from gateway.conformance.rendering.html import to_html
from gateway.conformance.rendering.junit import to_junit
from gateway.conformance.rendering.outcome import outcome, to_outcome
from gateway.conformance.rendering.text import to_text
from gateway.fhir.outcome import Severity

FORMATS: Mapping[str, Callable[[Sequence[Checked], Severity], str]] = {
    "text": to_text,
    "json": to_json,
    "outcome": to_outcome,
    "junit": to_junit,
    "html": to_html,
}
"""By name, what turns the checks of a run into a document, given the severity from which a finding fails a file."""

__all__ = ["FORMATS", "Checked", "outcome", "to_html", "to_json", "to_junit", "to_outcome", "to_text"]
