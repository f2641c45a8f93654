"""What a replay tells: a table for people, JUnit for a CI, and the drift against an earlier report."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import typer

Row = dict[str, Any]
_STATES = {"documenting": "needs information", "handed_off": "pharmacy benefit"}
_NOTHING = "no result"


def read_report(document: Any) -> list[Row]:
    """The rows of an earlier report.

    Raises:
        OurFault: it is none.
    """
    from gateway.model.errors import OurFault

    rows = document.get("files") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "file" in row for row in rows):
        raise OurFault("What --expect names is no report of a replay.", fix="Write one with --report.")
    return rows


def drift(rows: Sequence[Row], earlier: Sequence[Row]) -> list[Row]:
    """Files whose result is not that of an earlier report, or that only one run has: what was, and what is."""
    before, now = ({row["file"]: row for row in each} for each in (earlier, rows))
    names = sorted(before.keys() | now.keys())
    return [
        {"file": name, "before": _said(before.get(name)), "now": _said(now.get(name))}
        for name in names
        if before.get(name) != now.get(name)
    ]


def junit(rows: Sequence[Row], seconds: Mapping[str, float], drifted: Sequence[Row] | None) -> str:
    """A JUnit report: one case a file. Without an earlier report (`drifted` None) a refused file is a failure."""
    from gateway.conformance.rendering.junit import to_xml

    changed = {row["file"]: row for row in drifted or ()}
    suite = ElementTree.Element("testsuite", name="pa replay")
    counts = {"failure": 0, "error": 0, "skipped": 0}
    for row in rows:
        case = ElementTree.SubElement(
            suite, "testcase", classname="replay", name=row["file"], time=f"{seconds.get(row['file'], 0.0):.3f}"
        )
        kind, words = _judged(row, changed.get(row["file"]), expected=drifted is not None)
        if kind:
            counts[kind] += 1
            ElementTree.SubElement(case, kind, message=words)
        ElementTree.SubElement(case, "system-out").text = "; ".join(_said(row))
    gone = [row for name, row in changed.items() if name not in {one["file"] for one in rows}]
    for row in gone:
        case = ElementTree.SubElement(suite, "testcase", classname="replay", name=row["file"], time="0.000")
        counts["failure"] += 1
        ElementTree.SubElement(case, "failure", message="the file is gone; before: " + "; ".join(row["before"]))
    suite.set("tests", str(len(rows) + len(gone)))
    for kind, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(name, str(counts[kind]))
    return to_xml(suite)


def show(rows: Sequence[Row], drifted: Sequence[Row], seconds: float) -> None:
    """Print the table and the drift."""
    from gateway.cli import screen

    lines = [line for row in rows for line in _lines(row)]
    rate = f"{len(rows) / seconds:.1f} a second" if seconds else ""
    screen.table(
        f"{len(rows)} file(s), {seconds:.1f} s, {rate}", ("file", "orders or profile", "state", "result"), lines
    )
    for row in drifted:
        typer.echo(f"drift: {row['file']}")
        typer.echo(f"    before: {'; '.join(row['before'])}\n    now:    {'; '.join(row['now'])}")


def needs_person(row: Row) -> bool:
    """A file that could not be read, or at which we failed."""
    return "refused" in row or "defect" in row


def _judged(row: Row, changed: Row | None, *, expected: bool) -> tuple[str, str]:
    if changed:
        return "failure", f"before: {'; '.join(changed['before'])}; now: {'; '.join(changed['now'])}"
    if "defect" in row:
        return "error", row["defect"]
    if "refused" in row and not expected:
        return "failure", row["why"]
    if "unsupported" in row:
        return "skipped", f"{row['unsupported']} is not supported"
    return "", ""


def _said(row: Row | None) -> list[str]:
    """A result in a few words a claim; the same for the table, the drift and the JUnit report."""
    return [" ".join(part for part in line[1:] if part) for line in _lines(row)] if row else [_NOTHING]


def _lines(row: Row) -> Iterator[tuple[str, str, str, str]]:
    from gateway.cli import screen

    name = row["file"] + (" + completion" if row.get("completion") else "")
    if "refused" in row:
        yield name, "", "refused", row["why"]
    elif "defect" in row:
        yield name, "", "DEFECT", row["defect"]
    elif "unsupported" in row:
        yield name, "", "unsupported", row["unsupported"]
    elif "checked" in row:
        rules = f": {', '.join(row['rules'])}" if row["rules"] else ""
        yield name, row["checked"].rpartition("/")[2], "checked", f"{row['errors']} error(s){rules}"
    for claim in row.get("claims", ()):
        detail = screen.words(claim.get("determination", "none"))
        if claim["gaps"] or claim["blockers"]:
            detail = f"{claim['gaps']} gap(s), {claim['blockers']} profile error(s)"
        yield name, ", ".join(claim["orders"]), _STATES.get(claim["state"]) or screen.words(claim["state"]), detail
