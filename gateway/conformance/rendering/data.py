"""A run of checks as JSON for programs."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from gateway.conformance.rendering.checked import Checked
from gateway.fhir import json
from gateway.fhir.outcome import Severity


def to_json(files: Sequence[Checked], fail_on: Severity = Severity.ERROR) -> str:
    """`ok` of the run; per file: `file`, `guide`, `profile`, `ok`, `issues`, `not_evaluated` and `known_defects`."""
    rows = [_row(one, fail_on) for one in files]
    return json.pretty({"ok": all(row["ok"] for row in rows), "files": rows}).decode() + "\n"


def _row(one: Checked, fail_on: Severity) -> dict[str, Any]:
    return {
        "file": one.name,
        "guide": one.guide,
        "profile": one.report.profile,
        "ok": not one.failing(fail_on),
        "issues": [asdict(issue) for issue in one.report.issues],
        "not_evaluated": [asdict(row) for row in one.report.not_evaluated],
        "known_defects": [
            {"rule": issue.rule, "path": issue.path, "defect": defect}
            for issue in one.report.issues
            if (defect := one.known_defect(issue))
        ],
    }
