"""A run of checks as one HTML page that needs nothing else: no script, no font, no picture from anywhere."""

from collections.abc import Iterator, Sequence
from html import escape

from gateway.conformance.rendering.checked import Checked, Unjudged, not_judged, summary, unjudged
from gateway.conformance.rendering.style import STYLE
from gateway.fhir.outcome import Issue, Severity


def to_html(files: Sequence[Checked], fail_on: Severity = Severity.ERROR) -> str:
    """The page: the run in one line, a table of the files, each file's findings, and what was not evaluated."""
    return "\n".join(_page(files, fail_on)) + "\n"


def _page(files: Sequence[Checked], fail_on: Severity) -> Iterator[str]:
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Profile check: {escape(summary(files, fail_on))}</title>\n<style>{STYLE}</style>\n</head>\n<body>"
    failed = any(one.failing(fail_on) for one in files)
    yield f'<header class="{_state(failed)}"><h1>Profile check</h1><p class="verdict">{summary(files, fail_on)}</p>'
    yield "<p>Each finding names the place, the rule and the fix. Content of the files is not shown.</p></header>"
    yield "<main>"
    if len(files) > 1:
        yield from _contents(files, fail_on)
    for number, one in enumerate(files, start=1):
        yield from _file(one, fail_on, number)
    yield "</main>\n</body>\n</html>"


def _contents(files: Sequence[Checked], fail_on: Severity) -> Iterator[str]:
    yield '<table><thead><tr><th scope="col">File</th><th scope="col">Result</th><th scope="col">Findings</th>'
    yield '<th scope="col">Held against</th></tr></thead><tbody>'
    for number, one in enumerate(files, start=1):
        name = f'<a href="#file-{number}">{escape(one.name)}</a>'
        yield (
            f"<tr><td>{name}</td><td>{_badge(one, fail_on)}</td><td>{escape(one.counts)}</td>"
            f"<td>{escape(one.against)}</td></tr>"
        )
    yield "</tbody></table>"


def _file(one: Checked, fail_on: Severity, number: int) -> Iterator[str]:
    yield f'<section id="file-{number}"><h2>{_badge(one, fail_on)} {escape(one.name)}</h2>'
    yield f'<p class="about">{escape(one.counts)}, against {escape(one.against)}</p>'
    if one.report.issues:
        yield "<ol>"
        yield from (_issue(issue, one.known_defect(issue)) for issue in one.report.issues)
        yield "</ol>"
    else:
        yield '<p class="clean">Nothing to report.</p>'
    if groups := unjudged(one.report.not_evaluated):
        yield f"<details><summary>{not_judged(one.report.not_evaluated)}</summary><ul>"
        yield from map(_unjudged, groups)
        yield "</ul></details>"
    yield "</section>"


def _issue(issue: Issue, defect: str) -> str:
    kind = escape(issue.severity.value)
    fix = f'<p class="fix"><b>Fix</b> {escape(issue.fix)}</p>' if issue.fix else ""
    note = f'<p class="note"><b>Note</b> {escape(defect)}</p>' if defect else ""
    return (
        f'<li class="{kind}"><p class="head"><span class="kind">{kind}</span> <code class="rule">{escape(issue.rule)}'
        f'</code></p><p class="text">{escape(issue.text)}</p>{_place(issue.path)}{fix}{note}</li>'
    )


def _place(path: str) -> str:
    """The path with what comes before the element set back; it may wrap after a dot."""
    if not path:
        return ""
    before, dot, element = path.rpartition(".")
    shown = escape(before + dot).replace(".", ".<wbr>")
    return f'<p class="place"><code>{shown}<b>{escape(element)}</b></code></p>'


def _unjudged(group: Unjudged) -> str:
    return f"<li><code>{escape(group.rule)}</code> {escape(group.reason)}<br><small>{escape(group.where)}</small></li>"


def _badge(one: Checked, fail_on: Severity) -> str:
    failed = bool(one.failing(fail_on))
    return f'<span class="badge {_state(failed)}">{"Fail" if failed else "Pass"}</span>'


def _state(failed: bool) -> str:
    return "fail" if failed else "pass"
