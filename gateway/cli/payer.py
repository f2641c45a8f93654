"""`pa payer`: which payers the gateway knows, whether their profiles can be used, whether they answer, how they do."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Never

import typer

from gateway.cli.payer_check import check
from gateway.cli.payer_lanes import pause, resume, status

if TYPE_CHECKING:
    from gateway.payers.profile import Payers

app = typer.Typer(no_args_is_help=True, help="Payers: list and lint profiles, check, pause and resume.")
for command in (check, status, pause, resume):
    app.command()(command)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command(name="list")
def list_(as_json: Json = False) -> None:
    """Print one line per payer: endpoint, how we authenticate, what its orders look like, its clocks."""
    from gateway.cli import screen
    from gateway.payers.profile import load_payers
    from gateway.settings import read_settings

    rows = []
    for one in load_payers(read_settings().payers_folder).values():
        speaks = ", ".join(f"{guide.upper()} {version}" for guide, version in one.speaks.items())
        matches = [f"{row.system}|{row.value}" for row in one.match.identifiers]
        clocks = f"{one.clocks.standard} / {one.clocks.expedited}"
        rows.append((one.id, one.endpoints.fhir, one.auth.method, speaks,
                     ", ".join([*matches, *one.match.names, *one.match.plans]), clocks, one.review))  # fmt: skip
    if as_json:
        names = ("id", "endpoint", "method", "speaks", "matches", "clocks", "review")
        screen.print_json([dict(zip(names, map(str, row), strict=True)) for row in rows])
        return
    columns = ("payer", "endpoint", "authenticates by", "speaks", "matches", "standard / expedited", "review")
    screen.table("", columns, rows)


@app.command()
def lint(
    file: Annotated[Path | None, typer.Argument(exists=True, help="A profile, or a folder of them.")] = None,
    as_json: Json = False,
) -> None:
    """Check payer profiles, and against the site profile, if there is one, that each key is there."""
    from gateway.payers.profile import Payers, load_payers, read_profile
    from gateway.payers.yaml_file import FileFault
    from gateway.settings import read_settings

    path = file or read_settings().payers_folder
    if path.is_dir():
        payers = load_payers(path)
    else:
        try:
            payers = Payers({path.stem: read_profile(path)})
        except FileFault as fault:
            _refuse(fault.problems)
    missing = _key_problems(payers)
    if missing:
        _refuse(missing)
    if as_json:
        from gateway.cli.screen import print_json

        print_json({"path": str(path), "payers": sorted(payers), "problems": []})
    else:
        typer.echo(f"{path}: {len(payers)} profile(s), no problem.")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a payer profile, for editors; it is kept as profiles/payers/schema.json."""
    from gateway.payers.profile_file import schema_text

    typer.echo(schema_text(), nl=False)


def _key_problems(payers: "Payers") -> tuple[str, ...]:
    from gateway.adapters.payer.keys import key_problems, load_keys
    from gateway.payers.site import load_site
    from gateway.settings import read_settings

    site = read_settings().site_file
    if not site.is_file():
        typer.echo(f"There is no site profile at {site}, so keys were not looked at.", err=True)
        return ()
    return tuple(key_problems(payers, load_keys(load_site(site))))


def _refuse(problems: tuple[str, ...]) -> Never:
    from gateway.model.errors import ConfigFault

    raise ConfigFault("Payer profiles cannot be used:", fix="Correct the lines above.", problems=problems)
