"""`pa mapping`: check mapping files and run the tests beside them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gateway.mapping.findings import Finding

app = typer.Typer(no_args_is_help=True, help="Mappings: check the files, run their tests.")

Folder = Annotated[
    Path | None, typer.Option(exists=True, file_okay=False, help="Mappings of one guide version; otherwise all.")
]
Codes = Annotated[
    Path | None, typer.Option(exists=True, file_okay=False, help="Folder of code tables; otherwise the shipped one.")
]

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def lint(folder: Folder = None, codes: Codes = None, as_json: Json = False) -> None:
    """Print what is wrong in mappings and tables, as file:line: place: message; exit 1 when there is anything."""
    from gateway.cli import screen
    from gateway.mapping.lint import lint as examine

    folders, tables = _places(folder, codes)
    findings = sorted({finding for place in folders for finding in examine(place, tables)})
    if as_json:
        screen.print_json([_row(finding) for finding in findings])
    else:
        for finding in findings:
            typer.echo(str(finding))
        typer.echo(f"{len(folders)} folder(s), {len(findings)} finding(s).")
    if findings:
        raise typer.Exit(1)


@app.command("test")
def run_tests(folder: Folder = None, codes: Codes = None, as_json: Json = False) -> None:
    """Run every *.test.yaml beside a mapping and name expressions no test reaches; exit 1 when a case fails."""
    from gateway.cli import screen
    from gateway.mapping.cases import run_cases
    from gateway.mapping.findings import MappingFault

    folders, tables = _places(folder, codes)
    cases: list[dict[str, Any]] = []
    findings: list[Finding] = []
    broken = 0
    for place in folders:
        try:
            report = run_cases(place, tables)
        except MappingFault as fault:
            findings.extend(fault.findings)
            broken += 1
            continue
        findings.extend(report.unreached)
        cases.extend(
            {"file": str(one.file), "line": one.line, "name": one.name, "problems": list(one.problems)}
            for one in report.results
        )
    failed = [case for case in cases if case["problems"]]
    if as_json:
        screen.print_json({"cases": cases, "findings": [_row(finding) for finding in findings]})
    else:
        _print_cases(failed, findings)
        typer.echo(f"{len(folders)} folder(s), {len(cases)} case(s), {len(failed) + broken} failure(s).")
    if failed or broken:
        raise typer.Exit(1)


def _print_cases(failed: "list[dict[str, Any]]", findings: "list[Finding]") -> None:
    for case in failed:
        typer.echo(f"{case['file']}:{case['line']}: {case['name']}")
        for problem in case["problems"]:
            typer.echo(f"    {problem}")
    for finding in findings:
        typer.echo(str(finding))


def _row(finding: "Finding") -> dict[str, Any]:
    return {
        "file": str(finding.file),
        "line": finding.line,
        "path": finding.path,
        "message": finding.message,
        "advice": finding.advice,
    }


def _places(folder: Path | None, codes: Path | None) -> tuple[list[Path], Path]:
    """The mapping folders meant and the tables they use; by default every guide version shipped."""
    from gateway.settings import data_folder, read_settings

    if folder and codes:
        return [folder], codes
    root = data_folder("mappings", read_settings().data)
    every = sorted(path for path in root.glob("*/*") if path.is_dir())
    return [folder] if folder else every, codes or root / "codes"
