"""`pa chaos`: proves on this machine that no order is authorized twice, lost, or left unrecorded."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gateway.chaos.run import Options, Outcome

app = typer.Typer(no_args_is_help=True, help="Faults on purpose: a faulty payer, kills, and three ledgers compared.")

_Orders = Annotated[int, typer.Option(min=1, help="How many orders.")]
_Faults = Annotated[str, typer.Option(help="all, or fault classes such as F8,F16.")]
_Version = Annotated[str, typer.Option(help="PAS version the payer speaks.")]


@app.command()
def run(
    orders: _Orders = 60,
    faults: _Faults = "all",
    payer_model: Annotated[
        int, typer.Option(min=1, max=4, help="1 deduplicates; 2 inquiry up to date; 3 inquiry lags; 4 no inquiry.")
    ] = 2,
    database: Annotated[str, typer.Option(help="sqlite, postgresql (a private one), or a URL.")] = "sqlite",
    seed: Annotated[int, typer.Option(help="The same seed gives the same faults.")] = 1,
    trace: Annotated[bool, typer.Option("--trace/--no-trace", help="Whether the payer echoes our trace.")] = True,
    version: _Version = "2.2.1",
    kills: Annotated[int, typer.Option(min=0, help="kill -9 at crash points, so many times.")] = 0,
    stops: Annotated[int, typer.Option(min=0, help="Freeze a process beyond its lease, so many times.")] = 0,
    restarts: Annotated[bool, typer.Option("--restarts", help="Restart and kill the private PostgreSQL.")] = False,
    disk: Annotated[bool, typer.Option("--disk", help="SQLite's disk full, failing, and held by others.")] = False,
    warm: Annotated[bool, typer.Option("--warm", help="Fork the gateway, instead of starting Python anew.")] = False,
    only: Annotated[list[int] | None, typer.Option(help="Send only this order; repeatable.")] = None,
    lease: Annotated[int, typer.Option(help="PA_LEASE_SECONDS of the gateway.")] = 20,
    limit: Annotated[float, typer.Option(help="Seconds after which the run ends.")] = 300.0,
    home: Annotated[Path | None, typer.Option(help="Folder that keeps all ledgers and logs.")] = None,
    result: Annotated[Path | None, typer.Option(help="Write the figures to this JSON file.")] = None,
) -> None:
    """Send orders through the real gateway to a faulty payer; compare the three ledgers, exit 1 when they differ."""
    from gateway.chaos.payer_side import fault_classes
    from gateway.chaos.run import Options

    options = Options(
        orders=orders,
        faults=fault_classes(faults),
        payer_model=payer_model,
        database=database,
        seed=seed,
        trace=trace,
        version=version,
        only=tuple(only or ()),
        kills=kills,
        stops=stops,
        restarts=restarts,
        disk=disk,
        warm=warm,
        lease=lease,
        limit=limit,
    )
    if not _run_and_show(options, home, result):
        raise typer.Exit(1)


@app.command()
def faults() -> None:
    """List the fault classes: id, label, and what the payer does in each."""
    from gateway.chaos.payer_side import fault_lines

    for line in fault_lines():
        typer.echo(line)


@app.command()
def campaign(
    out: Annotated[Path, typer.Option(help="JSON file of results; finished runs in it are not done again.")],
    orders: _Orders = 21_600,
    per_run: Annotated[int, typer.Option(min=1, help="Orders in one run.")] = 900,
    models: Annotated[str, typer.Option(help="Payer models, e.g. 1,2,3.")] = "1,2,3",
    databases: Annotated[str, typer.Option(help="Databases, e.g. sqlite,postgresql.")] = "sqlite,postgresql",
    faults: _Faults = "all",
    seed: Annotated[int, typer.Option(help="Seed of the first runs; the next ones count on.")] = 1,
    kills: Annotated[int, typer.Option(min=0, help="kill -9 at crash points, in all.")] = 1000,
    stops: Annotated[int, typer.Option(min=0, help="Freezes beyond the lease, in all.")] = 100,
    others: Annotated[
        bool, typer.Option("--others/--no-others", help="Also payers that cannot tell, the older PAS, sick databases.")
    ] = True,
) -> None:
    """Run as many orders over payer models and databases, in runs that can be gone on with; print one table."""
    from gateway.chaos.campaign import Scope, go_on, slices, total_lines
    from gateway.chaos.payer_side import fault_classes

    scope = Scope(
        orders=orders,
        per_run=per_run,
        models=tuple(int(one) for one in models.split(",")),
        databases=tuple(databases.split(",")),
        faults=fault_classes(faults),
        seed=seed,
        kills=kills,
        stops=stops,
        others=others,
    )
    results = go_on(slices(scope), out, _run_in_temporary_folder, typer.echo)
    for line in total_lines(results):
        typer.echo(line)
    if not all(kept["good"] for kept in results.values()):
        raise typer.Exit(1)


@app.command()
def simulate(
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds for each model.")] = 200,
    first: Annotated[int, typer.Option("--from", min=0, help="The first of them.")] = 0,
    seed: Annotated[int | None, typer.Option(min=0, help="This one only.")] = None,
    trace: Annotated[bool, typer.Option("--trace", help="With --seed: print everything that happened.")] = False,
    model: Annotated[str, typer.Option(help="all, or a payer model: 1, 2, 3, 4, no-trace.")] = "all",
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Run the send path under a virtual clock and a seeded scheduler; exit 1 when a seed breaks a promise."""
    from gateway.chaos.seeds import lines, replay, simulate_all
    from gateway.chaos.simulation.payer import Model

    if model != "all" and model not in set(Model):
        raise typer.BadParameter(f"write all, or one of {', '.join(Model)}.", param_hint="--model")
    if trace and seed is None:
        raise typer.BadParameter("it prints the account of one seed; add --seed N.", param_hint="--trace")
    models = tuple(Model) if model == "all" else (Model(model),)
    if trace and seed is not None:
        for line in (line for one in models for line in replay(one, seed)):
            typer.echo(line)
        return
    wanted = range(first, first + seeds) if seed is None else range(seed, seed + 1)
    wrong = False
    for summary in simulate_all(models, wanted, jobs):
        wrong = wrong or bool(summary.problems)
        for line in lines(summary):
            typer.echo(line)
    if wrong:
        raise typer.Exit(1)


def _run_in_temporary_folder(options: "Options") -> "Outcome":
    from tempfile import TemporaryDirectory

    from gateway.chaos.run import run as run_once

    with TemporaryDirectory(prefix="pa-chaos-") as folder:
        return run_once(options, Path(folder).resolve(), _progress())


def _run_and_show(options: "Options", home: Path | None, result: Path | None) -> bool:
    from tempfile import TemporaryDirectory

    from gateway.chaos.report import figures, lines
    from gateway.chaos.run import run as run_once
    from gateway.fhir import json

    with ExitStack() as stack:
        folder = home or Path(stack.enter_context(TemporaryDirectory(prefix="pa-chaos-")))
        kept = figures(run_once(options, folder.resolve(), _progress()))
    if result:
        result.write_bytes(json.pretty(kept))
    for line in lines(kept):
        typer.echo(line)
    return bool(kept["good"])


def _progress() -> Callable[[str], None]:
    """Says how far a run is, when something has changed, every few seconds."""
    import time

    begun, last, next_at = time.monotonic(), "", 0.0

    def say(text: str) -> None:
        nonlocal last, next_at
        if text != last and time.monotonic() >= next_at:
            last, next_at = text, time.monotonic() + 3.0
            typer.echo(f"{time.monotonic() - begun:4.0f} s  {text}", err=True)

    return say
