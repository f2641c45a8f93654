"""`pa mapping`: check mapping files, run the tests beside them, explain, compare and start them."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gateway.cli.mapping_explain import Surroundings
    from gateway.cli.profile_elements import Shelf
    from gateway.mapping.findings import Finding

app = typer.Typer(no_args_is_help=True, help="Mappings: check, test, explain, compare, start.")

Folder = Annotated[
    Path | None, typer.Option(exists=True, file_okay=False, help="Mappings of one guide version; otherwise all.")
]
Codes = Annotated[
    Path | None, typer.Option(exists=True, file_okay=False, help="Folder of code tables; otherwise the shipped one.")
]

Guide = Annotated[str, typer.Option(help="Guide and version, such as pas/2.2.1.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def lint(folder: Folder = None, codes: Codes = None, as_json: Json = False) -> None:
    """Print what is wrong in mappings and tables, as file:line: place: message; exit 1 when there is anything."""
    from gateway.cli import screen
    from gateway.mapping.lint import lint as examine

    folders, tables = _places(folder, codes)
    types = _shelf("r4", "4.0.1")
    found = (examine(place, tables, types.elements, types.demands) for place in folders)
    findings = sorted({finding for each in found for finding in each})
    if as_json:
        screen.print_json([_row(finding) for finding in findings])
    else:
        for finding in findings:
            typer.echo(finding.report)
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
    not_run: list[str] = []
    for place in folders:
        try:
            report = run_cases(place, tables)
        except MappingFault as fault:
            findings.extend(one for one in fault.findings if one not in findings)
            not_run.append(f"{place}: none of its tests, until its mappings and tables can be used")
            continue
        findings.extend((*report.faults, *report.unreached))
        ran = {one.file for one in report.results}
        for file in dict.fromkeys(one.file for one in report.faults):
            not_run.append(f"{file}: {'the cases named above' if file in ran else 'none of its cases'}")
        cases.extend(
            {"file": str(one.file), "line": one.line, "name": one.name, "problems": list(one.problems)}
            for one in report.results
        )
    failed = [case for case in cases if case["problems"]]
    if as_json:
        screen.print_json({"cases": cases, "findings": [_row(finding) for finding in findings], "not_run": not_run})
    else:
        _print_cases(failed, findings)
        for line in not_run:
            typer.echo(f"Not run: {line}.")
        typer.echo(f"{len(folders)} folder(s), {len(cases)} case(s), {len(failed) + len(not_run)} failure(s).")
    if failed or not_run:
        raise typer.Exit(1)


@app.command()
def explain(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An order, as for `pa order check`.")],
    completion: Annotated[
        list[Path], typer.Option("--complete", exists=True, help="A completion file; repeatable.")
    ] = [],  # noqa: B006 - typer reads the default, nobody changes it
    guide: Annotated[str, typer.Option(help="Such as pas/2.2.1; otherwise what the payer speaks.")] = "",
    payer: Annotated[str, typer.Option(help="Payer id; otherwise the coverage decides.")] = "",
    element: Annotated[str, typer.Option(help="Only this element and below, e.g. Claim.item[0].quantity.")] = "",
    values: Annotated[bool, typer.Option("--values", help="Show the values too: they are the patient's.")] = False,
    as_json: Json = False,
) -> None:
    """Say for each element of the request where its value came from, and what of the order was not used."""
    from gateway.cli import mapping_screen, screen
    from gateway.cli.mapping_explain import explain_order
    from gateway.flow.prepare import documents

    around = _surroundings()
    parsed = documents(file.read_bytes(), [extra.read_bytes() for extra in completion])
    version = _guide(guide)[0].name if guide else ""
    order, explanation = explain_order(around, parsed, guide=version, payer=payer)
    mapping_screen.refuse_unknown(explanation, element)
    if as_json:
        screen.print_json(mapping_screen.explained_json(order, explanation, element, values))
    else:
        for line in mapping_screen.explained(order, explanation, element, values):
            typer.echo(line)


@app.command()
def coverage(
    guide: Guide = "pas/2.2.1",
    profile: Annotated[str, typer.Option(help="Only the profile of this name, or all with it in theirs.")] = "",
    missing: Annotated[bool, typer.Option("--missing", help="Only what no mapping can fill.")] = False,
    as_json: Json = False,
) -> None:
    """Show which elements of the request's profiles the mappings can fill, must-support first, and which none can."""
    from gateway.cli import mapping_screen, screen
    from gateway.cli.mapping_coverage import chosen
    from gateway.cli.mapping_coverage import coverage as read
    from gateway.mapping import Mappings

    folder, codes = _guide(guide)
    found = chosen(list(read(Mappings.load(folder, codes), _shelf(*folder.parts[-2:]))), profile)
    if as_json:
        screen.print_json([mapping_screen.coverage_json(one) for one in found])
    else:
        for line in mapping_screen.coverage_lines(found, missing):
            typer.echo(line)


@app.command()
def diff(
    first: Annotated[str, typer.Argument(help="Such as pas/2.0.1.")],
    second: Annotated[str, typer.Argument(help="Such as pas/2.2.1.")],
    mapping: Annotated[
        str, typer.Argument(help="One mapping, e.g. claim/item; otherwise all that make resources.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Show what two guide versions put into each element differently: value, condition or table; not text."""
    from gateway.cli import mapping_screen, screen
    from gateway.mapping import Mappings
    from gateway.mapping.findings import nearest
    from gateway.mapping.versions import differences
    from gateway.model.errors import NotFound

    one, other = (Mappings.load(*_guide(name)) for name in (first, second))
    try:
        found = list(differences(one, other, mapping.removesuffix(".yaml")))
    except LookupError:
        known = {*one.definitions, *other.definitions}
        raise NotFound(f"There is no mapping {mapping!r}{nearest(mapping, known)}") from None
    if as_json:
        screen.print_json([mapping_screen.difference_json(row) for row in found])
    else:
        for line in mapping_screen.difference_lines(found, first, second):
            typer.echo(line)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="KIND/NAME: where it goes in the guide's folder, e.g. parties/device.")],
    guide: Guide = "pas/2.2.1",
    source: Annotated[
        str, typer.Option("--from", help="A profile of the guide or an R4 type; otherwise from NAME.")
    ] = "",
) -> None:
    """Write a starting mapping and its test: what the profile demands, as leaves to be corrected."""
    from gateway.cli.mapping_new import start
    from gateway.mapping.findings import nearest
    from gateway.model.errors import Conflict, NotFound, OurFault

    folder, _ = _guide(guide)
    if not re.fullmatch(r"[a-z0-9_]+(/[a-z0-9_]+)*", name):
        raise OurFault("The name of a mapping is small letters, digits, _ and /.", fix="Such as parties/device.")
    shelf = _shelf(*folder.parts[-2:])
    wanted = source or "".join(part.capitalize() for part in name.rpartition("/")[2].split("_"))
    definition = shelf.named(wanted)
    if not definition:
        raise NotFound(f"There is no profile or type {wanted!r}{nearest(wanted, shelf.names())}")
    paths = [folder / f"{name}{ending}" for ending in (".yaml", ".test.yaml")]
    for path in paths:
        if path.exists():
            raise Conflict(f"{path} is there already.", fix="Choose another name.")
    for path, text in zip(paths, start(shelf, definition, name), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        typer.echo(f"{path}")


def _guide(guide: str) -> tuple[Path, Path]:
    """The folder of mappings of `pas/2.2.1` or `2.2.1`, and that of the code tables."""
    from gateway.model.errors import NotFound

    folders, codes = _places(None, None)
    for folder in folders:
        if guide in (folder.name, f"{folder.parent.name}/{folder.name}"):
            return folder, codes
    known = ", ".join(f"{folder.parent.name}/{folder.name}" for folder in folders)
    raise NotFound(f"There are no mappings for {guide}.", fix=f"There are: {known}.")


def _shelf(guide: str, version: str) -> "Shelf":
    """The profiles of a guide version, and the types it leans on."""
    from gateway.cli.profile_elements import Shelf
    from gateway.settings import data_folder, read_settings

    return Shelf.load(data_folder("profiles", read_settings().data) / guide / version)


def _surroundings() -> "Surroundings":
    from gateway.adapters.clock import RandomIds, SystemClock
    from gateway.cli.mapping_explain import Surroundings
    from gateway.mapping import Mappings
    from gateway.orders import OrderTables
    from gateway.payers.profile import load_payers
    from gateway.payers.site import load_site
    from gateway.settings import read_settings

    settings = read_settings()
    folders, codes = _places(None, None)
    return Surroundings(
        site=load_site(settings.site_file),
        payers=load_payers(settings.payers_folder),
        tables=OrderTables.load(codes),
        mappings={place.name: Mappings.load(place, codes) for place in folders},
        now=SystemClock().now(),
        new_id=RandomIds().new,
    )


def _print_cases(failed: "list[dict[str, Any]]", findings: "list[Finding]") -> None:
    for case in failed:
        typer.echo(f"{case['file']}:{case['line']}: {case['name']}")
        for problem in case["problems"]:
            typer.echo(f"    {problem}")
    for finding in findings:
        typer.echo(str(finding) if finding.advice else finding.report)


def _row(finding: "Finding") -> dict[str, Any]:
    return {
        "file": str(finding.file),
        "line": finding.line,
        "column": finding.column,
        "path": finding.path,
        "message": finding.message,
        "advice": finding.advice,
    }


def _places(folder: Path | None, codes: Path | None) -> tuple[list[Path], Path]:
    """The mapping folders meant and the tables they use; by default every guide version shipped."""
    from gateway.mapping.versions import is_version_folder
    from gateway.model.errors import OurFault
    from gateway.settings import data_folder, read_settings

    if folder and not is_version_folder(folder):
        raise OurFault(f"{folder} is not a version folder.", fix="Give one such as mappings/pas/2.2.1.")
    if folder and codes:
        return [folder], codes
    root = data_folder("mappings", read_settings().data)
    every = sorted(path for path in root.glob("*/*") if path.is_dir())
    return [folder] if folder else every, codes or root / "codes"
