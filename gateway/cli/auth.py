"""`pa auth`: authorizations; list them, show one, review before sending, enter what came by phone."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.auth_doubt import doubt, resolve
from gateway.cli.change import change

if TYPE_CHECKING:
    from gateway.model.authorization import Result
    from gateway.model.changes import LoggedEvent

app = typer.Typer(no_args_is_help=True, help="Authorizations: list, show, review before sending, decide by hand.")
app.command()(doubt)
app.command()(resolve)

Id = Annotated[str, typer.Argument(help="Authorization id.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[str, typer.Option(help="Who did it.")]


@app.command("list")
def list_(
    state: Annotated[list[str], typer.Option(help="Only in this state; repeatable.")] = [],  # noqa: B006
    payer: Annotated[str, typer.Option(help="Only this payer.")] = "",
    order: Annotated[str, typer.Option(help="Only of this order.")] = "",
    patient: Annotated[str, typer.Option(help="Only this patient reference.")] = "",
    due_before: Annotated[datetime | None, typer.Option(help="Only those due before this time (UTC).")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    as_json: Json = False,
) -> None:
    """Authorizations, the most urgent first: by when the decision is due."""
    from datetime import UTC

    from gateway.api import views
    from gateway.api.lanes import Lanes
    from gateway.bootstrap import gateway
    from gateway.cli import screen
    from gateway.model.authorization import State
    from gateway.model.errors import OurFault
    from gateway.ports import Query
    from gateway.settings import read_settings

    known = {one.value for one in State}
    if unknown := [one for one in state if one not in known]:
        raise OurFault(f"There is no state {unknown[0]}.", fix=f"States: {', '.join(sorted(known))}.")
    query = Query(
        states=tuple(State(one) for one in state),
        payer=payer,
        order_id=order,
        patient=patient,
        limit=limit,
        due_before=due_before.replace(tzinfo=UTC) if due_before else None,
    )
    with gateway(read_settings()) as world:
        records = world.store.authorizations(query)
        if as_json:
            screen.print_json([one.plain() for one in views.authorizations(world, records)])
        else:
            screen.authorizations(records, Lanes.of(world, records))


@app.command()
def show(
    identity: Id,
    events: Annotated[bool, typer.Option(help="Also what happened, in order.")] = False,
    request: Annotated[bool, typer.Option(help="Print the request as built or sent, and nothing else.")] = False,
    as_json: Json = False,
) -> None:
    """One authorization: items, answers, gaps, and every choice the gateway made."""
    from gateway.api import event_views, views
    from gateway.api.lanes import Lanes
    from gateway.bootstrap import gateway
    from gateway.cli import screen
    from gateway.cli.order import tell_when_sent_again
    from gateway.settings import read_settings

    with gateway(read_settings()) as world:
        record = world.store.authorization(identity)
        history = world.store.events(authorization=identity, limit=1000)
        exchanges = world.store.exchanges(identity)
        shown, lanes = views.authorization(world, record).plain(), Lanes.of(world, [record])
    if request:
        _print_request([leg.body for leg in exchanges if leg.direction != "reply" and leg.operation == "submit"])
        return
    if as_json:
        if events:
            shown["events"] = [event_views.event(one).plain() for one in history]
        screen.print_json(shown)
        return
    screen.show(record, lanes)
    tell_when_sent_again(record, lanes)
    if events:
        screen.table("What happened", ("at", "event", "by", "from", "to", "detail"), map(_happened, history))


def _happened(logged: "LoggedEvent") -> tuple[str, ...]:
    from gateway.api import event_views

    one = event_views.event(logged)
    return (one.at.isoformat(timespec="seconds"), one.name, one.actor, one.before or "", one.after, one.detail)


def _print_request(bodies: list[bytes]) -> None:
    from gateway.cli.screen import print_json
    from gateway.fhir import json
    from gateway.model.errors import NotFound

    if not bodies:
        raise NotFound("No request was built for this authorization.", fix="Complete the order first.")
    print_json(json.loads(bodies[-1]))


@app.command()
def release(identity: Id, by: By = "cli", as_json: Json = False) -> None:
    """Let a held request go, and send it now."""
    from gateway.flow import review

    change(lambda world: review.release(world, identity, actor=f"person:{by}"), as_json, send=True)


@app.command()
def drop(
    identity: Id,
    reason: Annotated[str, typer.Option(help="Why it is given up.")],
    by: By = "cli",
    as_json: Json = False,
) -> None:
    """Give a request up before the payer has it."""
    from gateway.flow import review

    change(lambda world: review.drop(world, identity, actor=f"person:{by}", reason=reason), as_json)


@app.command()
def acknowledge(identity: Id, by: By = "cli", as_json: Json = False) -> None:
    """Confirm having seen an answer that changed the request."""
    from gateway.flow import review

    change(lambda world: review.acknowledge(world, identity, actor=f"person:{by}"), as_json)


@app.command()
def record(
    identity: Id,
    channel: Annotated[str, typer.Option(help="phone, portal, fax or mail.")],
    evidence: Annotated[str, typer.Option(help="Who said it, a call reference, where the letter is kept.")],
    result: Annotated[
        str,
        typer.Option(help="For every item: approved, denied …; a wrong word lists them all."),
    ] = "",
    item: Annotated[list[str], typer.Option(help="For one item, N=RESULT or N=RESULT:NUMBER; repeatable.")] = [],  # noqa: B006
    number: Annotated[str, typer.Option(help="Authorization number, with --result.")] = "",
    valid_from: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])] = None,
    valid_through: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])] = None,
    reason: Annotated[list[str], typer.Option(help="Decision reason code; repeatable.")] = [],  # noqa: B006
    note: Annotated[str, typer.Option(help="What was said.")] = "",
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day the payer decided; today.")] = None,
    by: By = "cli",
    as_json: Json = False,
) -> None:
    """Enter a decision that came by phone, portal, fax or mail; items not named keep the final answer they have."""
    from gateway.flow import review
    from gateway.model.authorization import Channel
    from gateway.model.errors import OurFault

    by_hand = {one.value for one in Channel} - {Channel.PAS.value}
    if channel not in by_hand:
        raise OurFault(f"{channel} is no channel of a spoken decision.", fix=f"Use {', '.join(sorted(by_hand))}.")
    if bool(result) == bool(item):
        raise OurFault("Say what was decided.", fix="Give --result for every item, or --item for single ones.")
    if valid_from and valid_through and valid_from > valid_through:
        raise OurFault("--valid-from is after --valid-through.", fix="Exchange or correct the dates.")
    said = [_spoken(one) for one in item] if item else [(0, result, number)]
    decisions = [
        review.SpokenDecision(
            item=sequence,
            result=_result(outcome),
            authorization_number=granted,
            note=note,
            reason_codes=tuple(reason),
            valid_from=valid_from.date() if valid_from else None,
            valid_through=valid_through.date() if valid_through else None,
        )
        for sequence, outcome, granted in said
    ]
    day = on.date() if on else None
    change(
        lambda world: review.record_decision(
            world,
            identity,
            decisions,
            actor=f"person:{by}",
            channel=Channel(channel),
            evidence=evidence,
            decided_on=day,
        ),
        as_json,
    )


def _spoken(text: str) -> tuple[int, str, str]:
    from gateway.model.errors import OurFault

    sequence, equals, rest = text.partition("=")
    if not equals or not sequence.isdecimal() or not int(sequence):
        raise OurFault(f"--item {text} cannot be read.", fix="Write N=RESULT or N=RESULT:NUMBER, e.g. 2=denied.")
    outcome, _, number = rest.partition(":")
    return int(sequence), outcome, number


def _result(text: str) -> "Result":
    from gateway.flow.review import BY_HAND
    from gateway.model.authorization import Result
    from gateway.model.errors import OurFault

    if text not in BY_HAND:
        raise OurFault(f"{text} is not a result that can be entered.", fix=f"Use one of: {', '.join(BY_HAND)}.")
    return Result(text)


@app.command()
def states(output: Annotated[Path | None, typer.Option(help="Write to a file.")] = None) -> None:
    """The life of an authorization as a Mermaid diagram, drawn from the table that the code runs on."""
    from gateway.model.lifecycle import diagram

    if output:
        output.write_text(diagram() + "\n")
    else:
        typer.echo(diagram())
