"""`pa payer check`: can we do business with this payer, and if not, what exactly is in the way?"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gateway.payers.connection import Step
    from gateway.payers.profile import PayerProfile
    from gateway.settings import Settings

_OURS, _THEIRS = 4, 5
_MARKS = {"passed": "ok", "warning": "warning", "failed": "FAILED", "skipped": "skipped"}


def check(
    name: Annotated[str, typer.Argument(help="Payer id, as `pa payer list` shows it.")],
    order: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="An order to build the dry submit from.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask a payer everything that leaves no authorization there; explain each failure, and show what was sent.

    Key, discovery, clock, token, scope, CapabilityStatement, versions and, where the profile names
    endpoints.dry_submit, a request that is judged and not kept. Exit 4 when the fault is ours, 5 when it is not.
    """
    from gateway.adapters.clock import SystemClock
    from gateway.adapters.payer.keys import load_keys
    from gateway.adapters.payer.probe import Probe
    from gateway.bootstrap import Guides
    from gateway.cli import screen
    from gateway.payers.connection import Status
    from gateway.payers.site import load_site
    from gateway.settings import read_settings

    settings = read_settings()
    payer = _profile(settings.payers_folder, name)
    keys = load_keys(load_site(settings.site_file))
    request = _request(settings, order, name) if order else None
    probe = Probe(payer, keys, SystemClock(), tuple(Guides(settings)))
    steps: list[Step] = []
    for step in probe.run(request):
        steps.append(step)
        if not as_json:
            _print(step)
    if as_json:
        screen.print_json({"payer": name, "steps": [{**asdict(one), "sent": dict(one.sent)} for one in steps]})
    failed = [step for step in steps if step.status is Status.FAILED]
    if failed:
        raise typer.Exit(_OURS if any(step.ours for step in failed) else _THEIRS)


def _profile(folder: Path, name: str) -> "PayerProfile":
    """This payer's profile alone: what is wrong with another's does not matter here."""
    from gateway.model.errors import ConfigFault, NotFound
    from gateway.payers.profile import read_profile
    from gateway.payers.yaml_file import FileFault

    known = sorted(file.stem for file in folder.glob("*.yaml"))
    if name not in known:
        raise NotFound(f"There is no profile of payer {name} in {folder}.", fix=f"Name one of: {', '.join(known)}.")
    try:
        return read_profile(folder / f"{name}.yaml")
    except FileFault as fault:
        fix = "Correct the lines above."
        raise ConfigFault("The payer's profile cannot be used:", fix=fix, problems=fault.problems) from None


def _request(settings: "Settings", order: Path, payer: str) -> bytes:
    """The request bundle that the order makes for this payer."""
    from gateway.bootstrap import MEMORY, gateway
    from gateway.flow import intake
    from gateway.flow.prepare import Treatment
    from gateway.model.errors import BadOrder

    with gateway(settings.model_copy(update={"database": MEMORY})) as world:
        made = next((one.body for one in intake.check(world, order.read_bytes(), [], Treatment(payer=payer))), b"")
    if not made:
        raise BadOrder(f"{order} does not make a request yet.", fix=f"See `pa order check {order}`.")
    return made


def _print(step: "Step") -> None:
    typer.echo(f"{step.name:<13} {_MARKS[step.status]:<8} {step.says}")
    if step.fix:
        typer.echo(f"{'':<23}fix: {step.fix}")
    if step.sent and step.status != "passed":
        typer.echo(f"{'':<23}sent:")
        for key, value in step.sent:
            typer.echo(f"{'':<25}{key}: {value}")
