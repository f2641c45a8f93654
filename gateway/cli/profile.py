"""`pa profile`: check FHIR content against the compiled profiles."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.conformance import NotEvaluated
    from gateway.fhir.outcome import Issue

app = typer.Typer(no_args_is_help=True, help="Profiles: check a resource or a bundle.")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A resource or bundle, as JSON.")],
    profile: Annotated[str, typer.Option(help="Canonical URL; otherwise meta.profile or the type decides.")] = "",
    guide: Annotated[str, typer.Option(help="Version of the PAS guide.")] = "2.2.1",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print each finding with its FHIRPath, rule, severity and fix; exit 1 when there is an error."""
    from dataclasses import asdict

    from gateway.cli import screen
    from gateway.conformance import Profiles
    from gateway.fhir import json
    from gateway.model.errors import BadOrder, NotFound
    from gateway.settings import data_folder, read_settings

    folder = data_folder("profiles", read_settings().data) / "pas" / guide
    if not folder.is_dir():
        installed = ", ".join(sorted(one.name for one in folder.parent.iterdir() if one.is_dir()))
        raise NotFound(f"PAS {guide} is not installed.", fix=f"Installed: {installed}.")
    try:
        resource = json.loads(file.read_bytes())
    except json.JsonFault as fault:
        raise BadOrder(f"{file}: {fault}", fix=fault.fix) from None
    report = Profiles.load(folder).check(resource, profile or None)
    if as_json:
        screen.print_json(
            {
                "profile": report.profile,
                "ok": report.ok,
                "issues": [asdict(one) for one in report.issues],
                "not_evaluated": [asdict(one) for one in report.not_evaluated],
            }
        )
    else:
        errors = sum(issue.is_error for issue in report.issues)
        typer.echo(
            f"{file.name} against {report.profile}: {errors} error(s), {len(report.issues) - errors} other "
            f"finding(s), {len(report.not_evaluated)} not evaluated."
        )
        for issue in report.issues:
            _print_issue(issue)
        if report.not_evaluated:
            typer.echo("\nNot evaluated, so not vouched for:")
        for rule, reason, places in _grouped(report.not_evaluated):
            typer.echo(f"  {rule}: {reason}\n      {places}")
    if not report.ok:
        raise typer.Exit(1)


def _print_issue(issue: "Issue") -> None:
    typer.echo(f"\n{issue.severity:<12}{issue.rule}\n  at {issue.path}\n  {issue.text}")
    if issue.fix:
        typer.echo(f"  fix: {issue.fix}")


def _grouped(rows: "Iterable[NotEvaluated]") -> list[tuple[str, str, str]]:
    """One row for each rule and reason, with the places; long lists of places are counted."""
    places: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        places.setdefault((row.rule, row.reason), []).append(row.path)
    return [
        (rule, reason, paths[0] + (f" and {len(paths) - 1} more" if len(paths) > 1 else ""))
        for (rule, reason), paths in places.items()
    ]
