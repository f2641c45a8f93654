"""A run of checks as JUnit XML, which build servers show: a suite per file, a case per finding."""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from gateway.conformance.rendering.checked import Checked
from gateway.fhir.outcome import Issue, Severity

# XML 1.0 section 2.2: these cannot stand in a document, not even escaped.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def to_junit(files: Sequence[Checked], fail_on: Severity = Severity.ERROR) -> str:
    """Findings from `fail_on` up fail; milder ones pass with their words as output; what was not judged is skipped."""
    root = Element("testsuites", name="pa profile check")
    for one in files:
        root.append(_suite(one, fail_on))
    for total in ("tests", "failures", "errors", "skipped"):
        root.set(total, str(sum(int(suite.get(total, "0")) for suite in root)))
    return to_xml(root)


def to_xml(root: Element) -> str:
    """A JUnit report as a document; characters that XML cannot hold, as a file's name may have, are left out."""
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + _FORBIDDEN.sub("", tostring(root, encoding="unicode")) + "\n"


def _suite(one: Checked, fail_on: Severity) -> Element:
    suite = Element("testsuite", name=one.name)
    failing = one.failing(fail_on)
    for issue in one.report.issues:
        case = _case(suite, one, f"{issue.rule} at {issue.path or 'the file'}")
        if issue in failing:
            SubElement(case, "failure", type=issue.rule, message=issue.text).text = _words(one, issue)
        else:
            SubElement(case, "system-out").text = f"{issue.severity.value}: {issue.text}\n{_words(one, issue)}"
    skipped = one.report.not_evaluated
    for row in skipped:
        case = _case(suite, one, f"{row.rule} at {row.path or 'the file'}")
        SubElement(case, "skipped", message=f"Not evaluated: {row.reason}")
    if not failing:
        _case(suite, one, f"conforms to {one.against}")
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(failing)))
    suite.set("errors", "0")
    suite.set("skipped", str(len(skipped)))
    return suite


def _case(suite: Element, one: Checked, name: str) -> Element:
    return SubElement(suite, "testcase", classname=one.name, name=name)


def _words(one: Checked, issue: Issue) -> str:
    rows = {"at": issue.path, "rule": issue.rule, "fix": issue.fix, "note": one.known_defect(issue)}
    return "\n".join(f"{name}: {text}" for name, text in rows.items() if text)
