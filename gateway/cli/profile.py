"""`pa profile`: check FHIR content against the compiled profiles."""

import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import profile_import, profile_requirements

if TYPE_CHECKING:
    from gateway.conformance.rendering import Checked
    from gateway.model.errors import OurFault

STDIN = Path("-")

app = typer.Typer(
    no_args_is_help=True, help="Profiles: check files, install guides, list their rules and what shows them."
)
app.command("requirements")(profile_requirements.requirements)
app.command("import")(profile_import.take_in)
app.command("list")(profile_import.show_installed)
app.command("diff")(profile_import.diff)


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    OUTCOME = "outcome"
    JUNIT = "junit"
    HTML = "html"


class FailOn(StrEnum):
    """From which severity on a finding fails a file."""

    ERROR = "error"
    WARNING = "warning"


Files = Annotated[
    list[Path], typer.Argument(help="Resources or bundles as JSON; of a folder every *.json; - is standard input.")
]
Guide = Annotated[str, typer.Option(help="Guide and version, e.g. pas/2.0.1; a version alone means PAS.")]
Canonical = Annotated[str, typer.Option(help="Canonical URL; otherwise meta.profile or the content decides.")]
AsFormat = Annotated[Format, typer.Option("--format", help="How to write the findings.")]
Json = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
Out = Annotated[Path | None, typer.Option(dir_okay=False, help="Write there instead of standard output.")]
Strict = Annotated[bool, typer.Option("--strict", help="Ask fhir.resources (R4B) too, which shares no code with us.")]
Fail = Annotated[FailOn, typer.Option("--fail-on", help="The mildest finding that fails a file.")]


@app.command()
def check(
    files: Files,
    profile: Canonical = "",
    guide: Guide = "pas/2.2.1",
    as_format: AsFormat = Format.TEXT,
    as_json: Json = False,
    out: Out = None,
    strict: Strict = False,
    fail_on: Fail = FailOn.ERROR,
) -> None:
    """Print each finding with its FHIRPath, rule, severity and fix; exit 1 when a file fails."""
    from gateway.conformance.rendering import FORMATS
    from gateway.conformance.rendering.text import to_text
    from gateway.fhir.outcome import Severity

    if out:
        _refuse_unwritable(out)
    checked = list(_check(files, guide, profile, strict=strict))
    least, form = Severity(fail_on), Format.JSON if as_json else as_format
    if form is Format.TEXT:
        colour = out is None and sys.stdout.isatty()
        document = to_text(checked, least, colour=colour)
    else:
        document = FORMATS[form](checked, least)
    if out:
        _write(out, document)
    else:
        sys.stdout.buffer.write(document.encode())
        sys.stdout.flush()
    if any(one.failing(least) for one in checked):
        raise typer.Exit(1)


def _refuse_unwritable(out: Path) -> None:
    """Before anything is checked, which may take its time."""
    if not out.parent.is_dir():
        raise _cannot_write(out, "there is no such folder")
    if not os.access(out if out.exists() else out.parent, os.W_OK):
        raise _cannot_write(out, "permission denied")


def _write(out: Path, document: str) -> None:
    try:
        out.write_text(document, encoding="utf-8")
    except OSError as fault:
        raise _cannot_write(out, str(fault.strerror)) from None


def _cannot_write(out: Path, why: str) -> "OurFault":
    from gateway.model.errors import OurFault

    return OurFault(f"Cannot write {out}: {why}.", fix="Give --out a file in a folder that is there and writable.")


def _check(files: list[Path], guide: str, profile: str, *, strict: bool) -> "Iterator[Checked]":
    from gateway.conformance import UnknownProfile
    from gateway.conformance.checking import check_bytes, full_name, loaded, unreadable
    from gateway.conformance.guides import folder
    from gateway.conformance.known_examples import known_defects
    from gateway.conformance.rendering import Checked
    from gateway.model.errors import NotFound
    from gateway.settings import data_folder, read_settings

    name = full_name(guide)
    root = data_folder("profiles", read_settings().data)
    profiles = loaded(root, name)
    for file in _every(files):
        said = "standard input" if file == STDIN else str(file)
        try:
            raw = sys.stdin.buffer.read() if file == STDIN else file.read_bytes()
        except OSError as fault:
            yield Checked(said, name, unreadable(f"The file cannot be read: {fault.strerror}."))
            continue
        try:
            report = check_bytes(raw, profiles, profile or None, strict=strict)
            yield Checked(said, name, report, known_defects(folder(root, name), raw) if report.issues else {})
        except UnknownProfile:
            fix = "Give the canonical URL of a profile of the guide, or the name of an R4 type."
            raise NotFound(f"{name} has no such profile.", fix=fix) from None


def _every(files: list[Path]) -> list[Path]:
    """The files named, standard input among them, and those in the folders named, each once.

    Raises:
        BadParameter: one of those named is not there.
        NotFound: there is none.
    """
    from gateway.model.errors import NotFound

    for file in files:
        if file != STDIN and not file.exists():
            raise typer.BadParameter(f"path '{file}' does not exist.", param_hint="FILES")
    found = [one for file in files for one in (sorted(file.rglob("*.json")) if file.is_dir() else [file])]
    every = [one for one in dict.fromkeys(found) if one == STDIN or one.is_file()]
    if not every:
        raise NotFound("There is no *.json file in there.", fix="Name a file, or a folder that holds one.")
    return every
