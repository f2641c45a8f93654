"""`pa profile`: check FHIR content against the compiled profiles."""

import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import profile_import, profile_requirements

if TYPE_CHECKING:
    from gateway.conformance.rendering import Checked

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
    list[Path], typer.Argument(exists=True, help="Resources or bundles as JSON; of a folder every *.json.")
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

    checked = list(_check(files, guide, profile, strict=strict))
    least, form = Severity(fail_on), Format.JSON if as_json else as_format
    if form is Format.TEXT:
        colour = out is None and sys.stdout.isatty()
        document = to_text(checked, least, colour=colour)
    else:
        document = FORMATS[form](checked, least)
    if out:
        out.write_text(document, encoding="utf-8")
    else:
        sys.stdout.buffer.write(document.encode())
        sys.stdout.flush()
    if any(one.failing(least) for one in checked):
        raise typer.Exit(1)


def _check(files: list[Path], guide: str, profile: str, *, strict: bool) -> "Iterator[Checked]":
    from gateway.conformance import UnknownProfile
    from gateway.conformance.checking import check_bytes, full_name, loaded, unreadable
    from gateway.conformance.rendering import Checked
    from gateway.model.errors import NotFound
    from gateway.settings import data_folder, read_settings

    name = full_name(guide)
    profiles = loaded(data_folder("profiles", read_settings().data), name)
    for file in _every(files):
        try:
            raw = file.read_bytes()
        except OSError as fault:
            yield Checked(str(file), name, unreadable(f"The file cannot be read: {fault.strerror}."))
            continue
        try:
            yield Checked(str(file), name, check_bytes(raw, profiles, profile or None, strict=strict))
        except UnknownProfile:
            fix = "Give the canonical URL of a profile of the guide, or the name of an R4 type."
            raise NotFound(f"{name} has no such profile.", fix=fix) from None


def _every(files: list[Path]) -> list[Path]:
    """The files named and those in the folders named, each once.

    Raises:
        NotFound: there is none.
    """
    from gateway.model.errors import NotFound

    found = [one for file in files for one in (sorted(file.rglob("*.json")) if file.is_dir() else [file])]
    every = [one for one in dict.fromkeys(found) if one.is_file()]
    if not every:
        raise NotFound("There is no *.json file in there.", fix="Name a file, or a folder that holds one.")
    return every
