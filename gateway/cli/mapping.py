"""`pa mapping`: check mapping files and run the tests beside them."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Mappings: check the files, run their tests.")

Folder = Annotated[
    Path | None, typer.Option(exists=True, file_okay=False, help="Mappings of one guide version; otherwise all.")
]
Codes = Annotated[
    Path | None, typer.Option(exists=True, file_okay=False, help="Folder of code tables; otherwise the shipped one.")
]


@app.command()
def lint(folder: Folder = None, codes: Codes = None) -> None:
    """Print what is wrong in mappings and tables, as file:line: place: message; exit 1 when there is anything."""
    from gateway.mapping.lint import lint as examine

    folders, tables = _places(folder, codes)
    findings = sorted({finding for place in folders for finding in examine(place, tables)})
    for finding in findings:
        typer.echo(str(finding))
    typer.echo(f"{len(folders)} folder(s), {len(findings)} finding(s).")
    if findings:
        raise typer.Exit(1)


@app.command("test")
def run_tests(folder: Folder = None, codes: Codes = None) -> None:
    """Run every *.test.yaml beside a mapping and name expressions no test reaches; exit 1 when a case fails."""
    from gateway.mapping.cases import run_cases
    from gateway.mapping.findings import MappingFault

    folders, tables = _places(folder, codes)
    failed = total = 0
    for place in folders:
        try:
            report = run_cases(place, tables)
        except MappingFault as fault:
            for finding in fault.findings:
                typer.echo(str(finding))
            failed += 1
            continue
        for result in report.results:
            total += 1
            failed += not result.passed
            if not result.passed:
                typer.echo(f"{result.file}:{result.line}: {result.name}")
                for problem in result.problems:
                    typer.echo(f"    {problem}")
        for finding in report.unreached:
            typer.echo(str(finding))
    typer.echo(f"{len(folders)} folder(s), {total} case(s), {failed} failure(s).")
    if failed:
        raise typer.Exit(1)


def _places(folder: Path | None, codes: Path | None) -> tuple[list[Path], Path]:
    """The mapping folders meant and the tables they use; by default every guide version shipped."""
    from gateway.settings import Settings, data_folder

    if folder and codes:
        return [folder], codes
    root = data_folder("mappings", Settings().data)
    every = sorted(path for path in root.glob("*/*") if path.is_dir())
    return [folder] if folder else every, codes or root / "codes"
