"""`pa replay`: a folder of orders and messages through the live path, with a report that a later run is compared to."""

import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gateway.cli.replay_file import Run
    from gateway.flow.world import World
    from gateway.settings import Settings


def replay(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Orders and messages, one file each.")],
    payer: Annotated[str, typer.Option(help="Payer id; otherwise the coverage decides.")] = "",
    check_only: Annotated[bool, typer.Option("--check-only", help="Everything up to sending.")] = False,
    expect: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A report of an earlier run; exit 1 when this one differs."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the JSON report to this file.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write a JUnit report to this file.")] = None,
    recursive: Annotated[bool, typer.Option("--recursive", help="Also the folders in it.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Files of any kind, not only *.json.")] = False,
    guide: Annotated[str, typer.Option(help="Guide and version that messages are held against.")] = "pas/2.2.1",
    jobs: Annotated[int, typer.Option(min=1, max=64, help="How many at a time.")] = 4,
    seed: Annotated[int | None, typer.Option(help="Send in a shuffled order, the same for the same seed.")] = None,
    speed: Annotated[float, typer.Option(min=0, help="At most so many files a second; 0 is no limit.")] = 0,
    keep: Annotated[bool, typer.Option(help="Store the records in the database of PA_DATABASE.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON report.")] = False,
) -> None:
    """Run every file of a folder: orders are sent, PAS messages held against their profile; each file has a result.

    A completion for `NAME.json` lies beside it in `completions/NAME.json`; it is applied when it is there. Exit 1 on
    drift from --expect, on a defect, and without --expect also when a file could not be read.
    """
    from gateway.bootstrap import gateway
    from gateway.cli import replay_report as told
    from gateway.cli import screen
    from gateway.fhir import json
    from gateway.settings import read_settings

    files = _files(folder, recursive, every)
    earlier = _earlier(expect) if expect else None
    for place in filter(None, (report, junit)):
        _check_writable(place)
    settings = read_settings() if keep else read_settings(database="memory:")
    began = time.monotonic()
    with gateway(settings) as world:
        run = _run(world, settings, payer, guide, check_only)
        rows, seconds = _replay(run, folder, files, jobs, seed, speed)
    took = time.monotonic() - began
    drifted = told.drift(rows, earlier) if earlier is not None else None
    document = {"payer": payer, "check_only": check_only, "files": rows, "drift": drifted or []}
    if as_json:
        screen.print_json(document)
    else:
        told.show(rows, drifted or [], took)
    if report:
        report.write_bytes(json.pretty(document) + b"\n")
    if junit:
        junit.write_text(told.junit(rows, seconds, drifted), "utf-8")
    unread = any(told.needs_person(row) for row in rows) if drifted is None else any("defect" in row for row in rows)
    if drifted or unread:
        raise typer.Exit(1)


def _files(folder: Path, recursive: bool, every: bool) -> list[Path]:
    from gateway.cli.replay_file import COMPLETIONS
    from gateway.model.errors import OurFault

    pattern = "*" if every else "*.json"
    found = folder.rglob(pattern) if recursive else folder.glob(pattern)
    files = sorted(
        file for file in found if file.is_file() and (file.parent == folder or file.parent.name != COMPLETIONS)
    )
    if not files:
        fix = "Name a folder with orders, one .json file each" + ("." if recursive else ", or add --recursive.")
        raise OurFault(f"There is no order in {folder}.", fix=fix)
    return files


def _run(world: "World", settings: "Settings", payer: str, guide: str, check_only: bool) -> "Run":
    from gateway.cli.replay_file import Run
    from gateway.model.errors import NotFound

    version = guide.removeprefix("pas/")
    if version not in world.guides:
        raise NotFound(f"PAS {version} is not installed.", fix=f"Installed: {', '.join(world.guides)}.")
    if payer and payer not in world.payers:
        raise NotFound(f"There is no profile of payer {payer}.", fix=f"Name one of: {', '.join(world.payers)}.")
    lease = timedelta(seconds=settings.lease_seconds)
    return Run(world, payer, version, check_only, lease, settings.order_bytes)


def _replay(
    run: "Run", folder: Path, files: Sequence[Path], jobs: int, seed: int | None, speed: float
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """The result of each file by name, and the seconds it took; however many at a time, the report is in file order."""
    from rich.progress import track

    from gateway.cli.replay_file import completion, replay_file
    from gateway.cli.screen import console

    names = {file: file.relative_to(folder).as_posix() for file in files}
    turns = list(files)
    if seed is not None:
        random.Random(seed).shuffle(turns)  # noqa: S311 - an order of sending, not a secret
    start = time.monotonic()
    seconds: dict[str, float] = {}

    def one(turn: int, file: Path) -> dict[str, Any]:
        if speed:
            time.sleep(max(start + turn / speed - time.monotonic(), 0.0))
        began = time.monotonic()
        row = {"file": names[file], "completion": completion(file).exists(), **replay_file(run, file)}
        seconds[names[file]] = time.monotonic() - began
        return row

    with ThreadPoolExecutor(jobs) as pool:
        done = pool.map(one, range(len(turns)), turns)
        quiet = not console().is_terminal
        rows = list(track(done, "replaying", len(turns), console=console(), transient=True, disable=quiet))
    return sorted(rows, key=lambda row: str(row["file"])), seconds


def _earlier(expect: Path) -> list[dict[str, Any]]:
    """The rows of an earlier report, read before anything is sent.

    Raises:
        BadOrder: the file is no JSON.
        OurFault: it is no report of a replay.
    """
    from gateway.cli.replay_report import read_report
    from gateway.fhir import json
    from gateway.model.errors import BadOrder

    try:
        return read_report(json.loads(expect.read_bytes()))
    except json.JsonFault as fault:
        raise BadOrder(f"{expect}: {fault}", fix=fault.fix) from None


def _check_writable(place: Path) -> None:
    """Refuse a report that could not be written, before anything is sent for it."""
    from gateway.model.errors import OurFault

    try:
        with place.open("ab"):
            pass
    except OSError as fault:
        fix = "Name a file in a folder that is there."
        raise OurFault(f"{place} cannot be written ({fault.strerror}).", fix=fix) from None
