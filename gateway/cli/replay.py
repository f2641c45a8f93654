"""`pa replay`: a folder of orders through the live path, with a report that a later run is compared to."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gateway.flow.prepare import Prepared
    from gateway.flow.world import World
    from gateway.model.authorization import Authorization

_COMPLETIONS = "completions"
_STATES = {"documenting": "needs information", "handed_off": "pharmacy benefit"}


def replay(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Orders, one JSON file each.")],
    payer: Annotated[str, typer.Option(help="Payer id; otherwise the coverage decides.")] = "",
    check_only: Annotated[bool, typer.Option("--check-only", help="Everything up to sending.")] = False,
    expect: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A report of an earlier run; exit 1 when this one differs."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the JSON report to this file.")] = None,
    recursive: Annotated[bool, typer.Option("--recursive", help="Also the folders in it.")] = False,
    keep: Annotated[bool, typer.Option(help="Store the records in the database of PA_DATABASE.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON report.")] = False,
) -> None:
    """Run every order of a folder; print a summary; exit 1 on drift, or when a file could not be read.

    A completion for `NAME.json` lies beside it in `completions/NAME.json`; it is applied when it is there.
    """
    from gateway.bootstrap import gateway
    from gateway.cli import screen
    from gateway.fhir import json
    from gateway.settings import read_settings

    files = _orders(folder, recursive)
    settings = read_settings() if keep else read_settings(database="memory:")
    with gateway(settings) as world:
        rows = _run(world, folder, files, payer, check_only, settings.lease_seconds)
    drift = _drift(rows, json.loads(expect.read_bytes())) if expect else []
    document = {"payer": payer, "check_only": check_only, "files": rows, "drift": drift}
    if report:
        report.write_bytes(json.pretty(document) + b"\n")
    if as_json:
        screen.print_json(document)
    else:
        _print(rows, drift)
    if drift or any("refused" in row for row in rows):
        raise typer.Exit(1)


def _orders(folder: Path, recursive: bool) -> list[Path]:
    from gateway.model.errors import OurFault

    files = folder.rglob("*.json") if recursive else folder.glob("*.json")
    orders = sorted(file for file in files if file.parent == folder or file.parent.name != _COMPLETIONS)
    if not orders:
        fix = "Name a folder with orders, one .json file each" + ("." if recursive else ", or add --recursive.")
        raise OurFault(f"There is no order in {folder}.", fix=fix)
    return orders


def _run(
    world: "World", folder: Path, files: Sequence[Path], payer: str, check_only: bool, lease: int
) -> list[dict[str, Any]]:
    from rich.progress import track

    from gateway.cli.screen import console

    bar = track(files, description="replaying", console=console(), transient=True)
    return [
        {
            "file": file.relative_to(folder).as_posix(),
            "completion": _completion(file).exists(),
            **_one(world, file, payer, check_only, lease),
        }
        for file in bar
    ]


def _completion(file: Path) -> Path:
    return file.parent / _COMPLETIONS / file.name


def _one(world: "World", file: Path, payer: str, check_only: bool, lease: int) -> dict[str, Any]:
    from datetime import timedelta

    from gateway.flow import intake
    from gateway.flow.prepare import Treatment
    from gateway.model.errors import GatewayError
    from gateway.worker import drain

    completion = _completion(file)
    extra = [completion.read_bytes()] if completion.exists() else []
    treatment = Treatment(payer=payer)
    try:
        if check_only:
            return {"claims": [_prepared(one) for one in intake.check(world, file.read_bytes(), extra, treatment)]}
        received = intake.receive(world, file.read_bytes(), treatment, client="replay", actor="person:replay")
        for body in extra:
            received = intake.complete(world, received.order_id, body, actor="person:replay")
        drain(world, received.authorizations, lease=timedelta(seconds=lease))
        return {"claims": [_record(world.store.authorization(one)) for one in received.authorizations]}
    except GatewayError as fault:
        return {"refused": fault.code, "why": str(fault), "fix": fault.fix}


def _prepared(one: "Prepared") -> dict[str, Any]:
    """A check in the words of a run that sends: the state the record would be in."""
    from gateway.model.authorization import State
    from gateway.model.events import GapsFound, HandedOff

    gaps = len(one.event.gaps) if isinstance(one.event, GapsFound) else 0
    blockers = len(one.event.blockers) if isinstance(one.event, GapsFound) else 0
    rest = State.HANDED_OFF if isinstance(one.event, HandedOff) else State.READY
    state = State.DOCUMENTING if isinstance(one.event, GapsFound) else rest
    return {"orders": list(one.order_refs), "state": state.value, "gaps": gaps, "blockers": blockers}


def _record(record: "Authorization") -> dict[str, Any]:
    return {
        "orders": list(record.order_refs),
        "state": record.state.value,
        "determination": record.determination.value,
        "items": [item.result.value for item in record.items],
        "gaps": len(record.gaps),
        "blockers": len(record.blockers),
    }


def _drift(rows: Sequence[dict[str, Any]], earlier: Any) -> list[str]:
    """Files whose result is not what the earlier report says, or that only one of the two has."""
    before = {row["file"]: row for row in earlier["files"]}
    now = {row["file"]: row for row in rows}
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def _print(rows: Sequence[dict[str, Any]], drift: Sequence[str]) -> None:
    from gateway.cli import screen

    shown = []
    for row in rows:
        name = row["file"] + (" + completion" if row["completion"] else "")
        if "refused" in row:
            shown.append((name, "", "refused", row["why"]))
        for claim in row.get("claims", ()):
            detail = screen.words(claim.get("determination", "none"))
            if claim["gaps"] or claim["blockers"]:
                detail = f"{claim['gaps']} gap(s), {claim['blockers']} profile error(s)"
            state = _STATES.get(claim["state"]) or screen.words(claim["state"])
            shown.append((name, ", ".join(claim["orders"]), state, detail))
    screen.table(f"{len(rows)} file(s)", ("file", "orders", "state", "result"), shown)
    for name in drift:
        typer.echo(f"drift: {name} is not as expected")
