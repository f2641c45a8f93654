"""The `pa` command: one file per noun; heavy modules are imported inside the commands."""

import sys
from typing import Annotated

import typer

from gateway import __version__
from gateway.cli import (
    auth,
    chaos,
    client,
    demo,
    mapping,
    order,
    payer,
    profile,
    replay,
    sandbox,
    serve,
    site,
    work,
    worker,
)
from gateway.model.errors import GatewayError

EXIT_CODES = """
Exit codes: 0 done · 1 done, and something needs a person · 2 refused: the input breaks a rule ·
3 not found · 4 configuration · 5 the payer's side failed · 70 a defect of the gateway.
"""
DEFECT = 70

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    epilog=EXIT_CODES,
    help="Prior authorization between EHRs and payers (HL7 Da Vinci PAS).",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False) -> None:
    """Prior authorization between EHRs and payers (HL7 Da Vinci PAS)."""


for noun, commands in (
    ("order", order),
    ("auth", auth),
    ("work", work),
    ("payer", payer),
    ("site", site),
    ("client", client),
    ("mapping", mapping),
    ("profile", profile),
    ("sandbox", sandbox),
    ("chaos", chaos),
):
    app.add_typer(commands.app, name=noun)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("demo")(demo.demo)
app.command("replay")(replay.replay)


def main() -> None:
    """Run `pa`; a GatewayError becomes its message, its fix and its exit code, never a traceback."""
    try:
        app()
    except GatewayError as fault:
        _say(fault)
        sys.exit(fault.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as fault:  # noqa: BLE001 - a traceback would print the message, and that may quote content
        from gateway.adapters.log import describe

        typer.echo(f"pa: a defect of the gateway: {describe(fault)}", err=True)
        sys.exit(DEFECT)


def _say(fault: GatewayError) -> None:
    """Tell what went wrong on standard error, as JSON where the caller asked for JSON."""
    if "--json" in sys.argv:
        from gateway.fhir import json

        typer.echo(json.pretty({"code": fault.code, "message": str(fault), "fix": fault.fix}).decode(), err=True)
        return
    typer.echo(f"pa: {fault}", err=True)
    if fault.fix:
        typer.echo(f"    {fault.fix}", err=True)
