"""`pa profile import`, `list` and `diff`: which guides are installed, and what a package or a version changes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gateway.conformance.differences import Difference
    from gateway.conformance.importing import Import

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def take_in(
    file: Annotated[Path, typer.Argument(metavar="PACKAGE", exists=True, dir_okay=False, help="A FHIR package, .tgz.")],
    into: Annotated[
        Path | None, typer.Option(file_okay=False, help="Version folder, e.g. profiles/pas/2.2.1; else by its name.")
    ] = None,
    packages: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Where the packages it needs are; else beside it."),
    ] = None,
    without: Annotated[list[str] | None, typer.Option(help="A package that a new guide may do without.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Compile a guide's package into its version folder, and show what that changes; exit 2 when it cannot be done."""
    from gateway.cli import screen
    from gateway.conformance.importing import plan

    root = _root()
    planned = plan(file, root, into=into, source=packages, without=tuple(without or ()))
    if not dry_run:
        planned.write()
    if as_json:
        screen.print_json({"guide": planned.name(root) or None} | _plan_json(planned, is_written=not dry_run))
        return
    typer.echo(f"{planned.package}  sha256 {planned.sha256}")
    for name, digest in planned.digests.items():
        if name != planned.package:
            typer.echo(f"  with {name}  sha256 {digest}")
    for need in planned.needs:
        if not need.is_exact:
            met = f"{need.met_by} stands in" if need.met_by else "done without"
            _say(f"  {need.name}#{need.version}, needed by {need.needed_by}: {met}")
    _show(planned.difference)
    typer.echo(f"{'Would write' if dry_run else 'Wrote'} {planned.folder}: {', '.join(sorted(planned.files))}.")
    if name := planned.name(root):
        typer.echo(f"Its name here: {name}, as in pa profile check FILE --guide {name}")
    else:
        typer.echo(f"It is outside of {root}, where --guide looks.")


def show_installed(as_json: Json = False) -> None:
    """List the guide versions installed, with the digest of each package."""
    from gateway.cli import screen
    from gateway.conformance.guides import installed

    guides = installed(_root())
    if as_json:
        screen.print_json(
            [
                {
                    "guide": one.name,
                    "canonical": one.canonical,
                    "package": one.package or None,
                    "sha256": one.sha256 or None,
                    "profiles": one.profiles,
                }
                for one in guides
            ]
        )
        return
    rows = [(one.name, str(one.profiles), one.package or "written by hand", one.sha256[:12]) for one in guides]
    screen.table("", ("guide", "definitions", "package", "sha256"), rows, whole=4)


def diff(
    old: Annotated[str, typer.Argument(help="Guide and version, e.g. pas/2.0.1; a version alone means PAS.")],
    new: Annotated[str, typer.Argument(help="Guide and version, e.g. pas/2.2.1; a version alone means PAS.")],
    as_json: Json = False,
) -> None:
    """Show what differs between two installed versions of a guide."""
    from gateway.cli import screen
    from gateway.conformance.checking import full_name
    from gateway.conformance.differences import compare
    from gateway.conformance.guides import definitions, folder, installed

    root = _root()
    places = [folder(root, full_name(name)) for name in (old, new)]
    canonical = next(one.canonical for one in installed(root) if one.folder == places[1])
    difference = compare(definitions(places[0]), definitions(places[1]), canonical)
    if as_json:
        screen.print_json(_difference_json(difference))
    else:
        _show(difference)


def _root() -> Path:
    from gateway.settings import data_folder, read_settings

    return data_folder("profiles", read_settings().data)


def _show(difference: "Difference") -> None:
    """The difference for a person: what is new, what is gone, and per definition each demand that changed."""
    if difference.is_empty:
        _say("No definition changes.")
    for sign, names in (("+", difference.added), ("-", difference.removed)):
        for name in names:
            _say(f"{sign} {name}")
    for name, changes in difference.changed.items():
        _say(f"\n~ {name}")
        for change in changes:
            _say(f"    {change.element or 'as a whole'}: {change.aspect}")
            for sign, text in (("-", change.old), ("+", change.new)):
                if text:
                    _say(f"      {sign} {text}")


def _say(text: str) -> None:
    """Print what a package says, with what would move a cursor replaced."""
    from gateway.conformance.packages import printable

    typer.echo("\n".join(map(printable, text.split("\n"))))


def _plan_json(planned: "Import", *, is_written: bool) -> dict[str, Any]:
    return {
        "package": planned.package,
        "sha256": planned.sha256,
        "folder": str(planned.folder),
        "written": is_written,
        "files": sorted(planned.files),
        "sources": dict(planned.digests),
        "dependencies": [
            {
                "name": need.name,
                "version": need.version,
                "needed_by": need.needed_by,
                "met_by": need.met_by or None,
                "done_without": need.is_waived,
            }
            for need in planned.needs
        ],
        "difference": _difference_json(planned.difference),
    }


def _difference_json(difference: "Difference") -> dict[str, Any]:
    return {
        "added": list(difference.added),
        "removed": list(difference.removed),
        "changed": {
            name: [
                {"element": one.element, "aspect": one.aspect, "old": one.old or None, "new": one.new or None}
                for one in changes
            ]
            for name, changes in difference.changed.items()
        },
    }
