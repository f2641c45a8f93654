"""`pa order`: an EHR order in; submit it, check it, complete it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gateway.api.lanes import Lanes
    from gateway.flow.intake import Received
    from gateway.flow.prepare import Prepared, Treatment
    from gateway.flow.world import World
    from gateway.model.authorization import Authorization

_AGAIN = " came before; this is what became of it (a new revision has another meta.versionId)"

app = typer.Typer(no_args_is_help=True, help="An EHR order: submit it, check it, complete it.")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A Bundle, a list, or one order, as JSON.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Split = Annotated[bool, typer.Option(help="One Claim per order.")]
Payer = Annotated[str, typer.Option(help="Payer id; otherwise the coverage decides.")]
Requestor = Annotated[str, typer.Option(help="Requestor key; otherwise the order decides.")]


@app.command()
def submit(
    file: File,
    hold: Annotated[bool, typer.Option(help="Wait for `pa auth release` before sending.")] = False,
    split: Split = False,
    payer: Payer = "",
    requestor: Requestor = "",
    idempotency_key: Annotated[str, typer.Option(help="Names this request; with it, a repeat is known at once.")] = "",
    as_json: Json = False,
) -> None:
    """Store an order, build its requests, send them, and show what the payer said.

    An order that came before, in this revision, is not sent again: what became of it is shown.
    """
    from gateway.bootstrap import gateway
    from gateway.flow import intake
    from gateway.settings import read_settings

    settings = read_settings()
    with gateway(settings) as world:
        received = intake.receive(
            world,
            file.read_bytes(),
            _treatment(split, hold, payer, requestor),
            client="local",
            actor="person:cli",
            idempotency_key=idempotency_key,
        )
        _finish(world, received, settings.lease_seconds, as_json)


@app.command()
def complete(
    order: Annotated[str, typer.Argument(help="Order id, as printed by submit.")],
    file: File,
    as_json: Json = False,
) -> None:
    """Merge what was missing over a stored order, build its requests anew and send them."""
    from gateway.bootstrap import gateway
    from gateway.flow import intake
    from gateway.settings import read_settings

    settings = read_settings()
    with gateway(settings) as world:
        received = intake.complete(world, order, file.read_bytes(), actor="person:cli")
        _finish(world, received, settings.lease_seconds, as_json)


@app.command()
def check(
    file: File,
    completion: Annotated[
        list[Path], typer.Option("--complete", exists=True, help="A completion file; repeatable.")
    ] = [],  # noqa: B006 - typer reads the default, nobody changes it
    split: Split = False,
    payer: Payer = "",
    requestor: Requestor = "",
    bundle: Annotated[bool, typer.Option(help="Print the request bundles that would be sent.")] = False,
    as_json: Json = False,
) -> None:
    """Do everything up to sending, and store nothing."""
    from gateway.bootstrap import gateway
    from gateway.flow import intake
    from gateway.settings import read_settings

    with gateway(read_settings(database="memory:")) as world:
        prepared = intake.check(
            world,
            file.read_bytes(),
            [extra.read_bytes() for extra in completion],
            _treatment(split, False, payer, requestor),
        )
    if as_json or bundle:
        from gateway.api import views
        from gateway.cli.screen import print_json

        print_json([views.prepared(one, with_bundle=bundle).plain() for one in prepared])
    else:
        for one in prepared:
            _show_prepared(one)
    if any(not one.body and _blocked(one) for one in prepared):
        raise typer.Exit(1)


def _treatment(split: bool, hold: bool, payer: str, requestor: str) -> "Treatment":
    from gateway.flow.prepare import Treatment

    return Treatment(split=split, hold=hold, payer=payer, requestor=requestor)


def _finish(world: "World", received: "Received", lease_seconds: int, as_json: bool) -> None:
    from datetime import timedelta

    from gateway.api.lanes import Lanes
    from gateway.cli import screen
    from gateway.worker import drain

    drain(world, received.authorizations, lease=timedelta(seconds=lease_seconds))
    records = [world.store.authorization(identity) for identity in received.authorizations]
    if as_json:
        from gateway.api import views

        shown = [one.plain() for one in views.authorizations(world, records)]
        screen.print_json({"order": received.order_id, "replayed": received.again, "authorizations": shown})
    else:
        typer.echo(f"order {received.order_id}" + (_AGAIN if received.again else ""))
        lanes = Lanes.of(world, records)
        for record in records:
            screen.show(record, lanes)
            tell_when_sent_again(record, lanes)
    if any(screen.needs_person(record) for record in records):
        raise typer.Exit(1)


def tell_when_sent_again(record: "Authorization", lanes: "Lanes") -> None:
    """Say who does what is due later: a command ends, and leaves nobody behind who would."""
    in_doubt = record.state == "in_doubt"
    if outlook := lanes.outlook(record, "the payer is asked" if in_doubt else "it is sent again"):
        so_far = "In doubt" if in_doubt else "Not sent"
        typer.echo(f"{so_far}: {outlook}. `pa serve` does it, and only while that runs with this database.")


def _blocked(one: "Prepared") -> bool:
    from gateway.model.events import GapsFound

    return isinstance(one.event, GapsFound)


def _show_prepared(one: "Prepared") -> None:
    from gateway.cli import screen
    from gateway.model.events import GapsFound, HandedOff, RequestBuilt

    event = one.event
    typer.echo(f"\n{', '.join(one.order_refs)}")
    if isinstance(event, HandedOff):
        typer.echo(f"  Not a PAS request. {event.where}")
    if isinstance(event, RequestBuilt):
        typer.echo(f"  Ready for {event.payer} (PAS {event.guide}): {len(event.items)} item(s), {len(one.body)} bytes.")
    if isinstance(event, GapsFound):
        if event.gaps:
            screen.gaps(event.gaps)
        if event.blockers:
            screen.table(
                "Profile errors",
                ("rule", "path", "what is wrong", "fix"),
                [(each.rule, each.path, each.text, each.fix) for each in event.blockers],
            )
    if isinstance(event, GapsFound | HandedOff | RequestBuilt):
        screen.table(
            "What the gateway chose, and why",
            ("what", "value", "why", "rule"),
            [(choice.what, choice.value, choice.why, choice.rule) for choice in event.choices],
        )
    if one.warnings:
        screen.table(
            "Findings that do not block",
            ("severity", "rule", "path", "what"),
            [(issue.severity, issue.rule, issue.path, issue.text) for issue in one.warnings],
        )
