"""A run of checks for a terminal, as a good compiler would say it: place, rule, what is wrong, and the fix."""

from collections.abc import Callable, Iterator, Sequence

from gateway.conformance.rendering.checked import Checked, not_judged, summary, unjudged
from gateway.conformance.report import NotEvaluated
from gateway.fhir.outcome import Issue, Severity

_Paint = Callable[[str, str], str]
_COLOURS = {Severity.FATAL: "1;31", Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFORMATION: "1;36"}
_BOLD, _GREEN, _RED, _DIM = "1", "1;32", "1;31", "2"


def to_text(files: Sequence[Checked], fail_on: Severity = Severity.ERROR, *, colour: bool = False) -> str:
    """Each file with its verdict and findings, then what could not be judged; `colour` with ANSI codes."""
    paint = _painted if colour else _plain
    return "\n".join(_lines(files, fail_on, paint)) + "\n"


def _lines(files: Sequence[Checked], fail_on: Severity, paint: _Paint) -> Iterator[str]:
    for one in files:
        failed = one.failing(fail_on)
        verdict = paint("FAIL", _RED) if failed else paint("pass", _GREEN)
        yield f"{verdict}  {paint(one.name, _BOLD)}: {one.counts}, against {one.against}"
        for issue in one.report.issues:
            yield from _issue(issue, paint)
            if defect := one.known_defect(issue):
                yield f"    {paint('note', _DIM)} {defect}"
            yield ""
    rows = [row for one in files for row in one.report.not_evaluated]
    if rows:
        yield from _not_evaluated(rows, paint)
        yield ""
    if len(files) != 1:
        yield summary(files, fail_on)


def _issue(issue: Issue, paint: _Paint) -> Iterator[str]:
    yield f"  {paint(issue.severity.value, _COLOURS[issue.severity])}[{issue.rule}]: {issue.text}"
    if issue.path:
        yield f"    {paint('at', _DIM)}  {issue.path}"
    if issue.fix:
        yield f"    {paint('fix', _DIM)} {issue.fix}"


def _not_evaluated(rows: Sequence[NotEvaluated], paint: _Paint) -> Iterator[str]:
    yield f"{not_judged(rows)}:"
    for group in unjudged(rows):
        yield f"  {paint(f'[{group.rule}]', _DIM)} {group.reason}"
        yield f"    {paint('at', _DIM)}  {group.where}"


def _painted(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


def _plain(text: str, _: str) -> str:
    return text
