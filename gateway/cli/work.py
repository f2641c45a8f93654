"""`pa work`: what cannot go on by itself, in one place; look at it, retry it, give it up, singly or by cause."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from gateway.flow.work import Done, Stuck
    from gateway.flow.world import World
    from gateway.model.changes import Cause

Found = TypeVar("Found")

app = typer.Typer(no_args_is_help=True, help="Work that cannot go on by itself: list, show, retry, give up.")

Id = Annotated[str, typer.Argument(help="Authorization id, as `pa work list` shows it.")]
Ids = Annotated[str, typer.Argument(help="Authorization id; leave it out with --cause.")]
Key = Annotated[str, typer.Option(help="Of a webhook's message, its key, e.g. notify/5.")]
OfCause = Annotated[str, typer.Option("--cause", help="Everything of this cause; a wrong word lists them all.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[str, typer.Option(help="Who did it.")]
_SHOWN = 1000


@app.command("list")
def list_(
    cause: Annotated[str, typer.Option(help="Only of this cause; a wrong word lists them all.")] = "",
    payer: Annotated[str, typer.Option(help="Only this payer.")] = "",
    client: Annotated[str, typer.Option(help="Only this client's.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=_SHOWN)] = 100,
    as_json: Json = False,
) -> None:
    """What was set aside, the longest first: why, since when, and the command that looks into it."""
    from gateway.flow import work
    from gateway.ports import WorkQuery

    query = WorkQuery(client=client, lane=payer, cause=_cause(cause) if cause else None, limit=limit)
    found = _within(lambda world: work.stuck(world, query))
    if as_json:
        _print_json(found)
        return
    if not found:
        narrowed = " of what was asked for; `pa work list` lists all" if cause or payer or client else " here"
        typer.echo(f"Nothing waits for a person{narrowed}; `pa auth list` shows what waits for a review or a payer.")
        return
    for one in found:
        _line(one)
    if len(found) == limit:
        typer.echo(f"The first {limit}; there may be more: --limit, --cause, --payer.")


@app.command()
def show(identity: Id, key: Key = "", as_json: Json = False) -> None:
    """What was set aside of one authorization: the reason, the payload, and every command that goes on from here."""
    from gateway.flow import work
    from gateway.model.errors import nothing_here
    from gateway.ports import WorkQuery

    found = _within(lambda world: work.stuck(world, WorkQuery(authorization=identity, limit=_SHOWN)))
    found = tuple(one for one in found if not key or one.work.key == key)
    if not found:
        raise nothing_here("set-aside work")
    if as_json:
        _print_json(found)
        return
    for one in found:
        _show(one)


@app.command()
def retry(identity: Ids = "", key: Key = "", cause: OfCause = "", by: By = "cli", as_json: Json = False) -> None:
    """Let it go on, and do it now; with --cause, all of that cause, which `pa serve` or `pa worker` then does."""
    from datetime import timedelta

    from gateway.flow import work
    from gateway.ports import WorkQuery
    from gateway.settings import read_settings
    from gateway.worker import drain

    _one_or_all(identity, cause, key)
    actor, lease = f"person:{by}", timedelta(seconds=read_settings().lease_seconds)
    if cause:
        query = WorkQuery(cause=_cause(cause))
        _tell(_within(lambda world: work.retry_all(world, query, actor=actor)), "go on", as_json)
        return

    def once(world: "World") -> tuple["Stuck", ...]:
        _named(world, identity, key)
        work.retry(world, identity, key, actor=actor)
        drain(world, [identity], lease=lease)
        return work.stuck(world, WorkQuery(authorization=identity, limit=_SHOWN))

    left = _within(once)
    if as_json:
        _print_json(left)
    elif left:
        typer.echo("It was tried again, and is stuck:")
        for one in left:
            _show(one)
    else:
        typer.echo(f"It goes on: pa auth show {identity}")
    if left:
        raise typer.Exit(1)


@app.command("give-up")
def give_up(
    reason: Annotated[str, typer.Option(help="Why, for whoever reads the record later.")],
    identity: Ids = "",
    key: Key = "",
    cause: OfCause = "",
    by: By = "cli",
    as_json: Json = False,
) -> None:
    """End it: the request is dropped, or the client is not told of that event; the account of it stays."""
    from gateway.flow import work
    from gateway.ports import WorkQuery

    _one_or_all(identity, cause, key)
    actor = f"person:{by}"
    if cause:
        query = WorkQuery(cause=_cause(cause))
        done = _within(lambda world: work.give_up_all(world, query, actor=actor, reason=reason))
        _tell(done, "were given up", as_json)
        return

    def end(world: "World") -> None:
        _named(world, identity, key)
        work.give_up(world, identity, key, actor=actor, reason=reason)

    _within(end)
    if as_json:
        from gateway.cli.screen import print_json

        print_json({"done": 1, "failed": []})
    else:
        typer.echo(f"Given up: {identity} {key}".rstrip())


def _within(act: Callable[["World"], Found]) -> Found:
    from gateway.bootstrap import gateway
    from gateway.settings import read_settings

    with gateway(read_settings()) as world:
        return act(world)


def _cause(text: str) -> "Cause":
    from gateway.model.changes import Cause
    from gateway.model.errors import OurFault

    known = {one.value for one in Cause}
    if text not in known:
        raise OurFault(f"There is no cause {text}.", fix=f"Causes: {', '.join(sorted(known))}.")
    return Cause(text)


def _one_or_all(identity: str, cause: str, key: str) -> None:
    from gateway.model.errors import OurFault

    if bool(identity) == bool(cause) or (cause and key):
        raise OurFault("Say what is meant.", fix="Give one authorization id, or --cause for all of a cause.")


def _named(world: "World", identity: str, key: str) -> None:
    """Refuse a name to which nothing belongs, where the same authorization has something under other keys."""
    from gateway.model.errors import NotFound
    from gateway.ports import WorkQuery

    keys = [one.key for one in world.store.works(WorkQuery(authorization=identity, set_aside=True, limit=_SHOWN))]
    if keys and key not in keys:
        has = f"has {key}" if key else "has no key"
        named = " or ".join(f"--key {one}" if one else "no --key" for one in keys)
        raise NotFound(f"Of this authorization, nothing that was set aside {has}.", fix=f"Repeat it with {named}.")


def _line(one: "Stuck") -> None:
    from gateway.cli.screen import words

    step, record = one.work, one.record
    since = f"since {step.set_aside_at:%Y-%m-%d %H:%M} UTC" if step.set_aside_at else ""
    due = f"due {record.due_at:%Y-%m-%d %H:%M} UTC" if record and record.due_at and not step.key else ""
    facts = [step.authorization, step.key, words(step.cause or ""), step.lane, since, due]
    typer.echo("  ".join(fact for fact in facts if fact))
    typer.echo(f"    {step.reason}")
    about = [", ".join(record.order_refs), record.patient] if record else ["the record cannot be read"]
    typer.echo("    " + " · ".join([*about, f"pa work show {step.authorization}"]))


def _show(one: "Stuck") -> None:
    _line(one)
    typer.echo(f"What to do: {one.what_to_do}")
    for what, command in _commands(one):
        typer.echo(f"  {what:28} {command}")
    typer.echo("")


def _commands(one: "Stuck") -> list[tuple[str, str]]:
    from gateway.model.changes import Cause

    step = one.work
    here = f"{step.authorization} --key {step.key}" if step.key else step.authorization
    payer = step.lane
    rows = {
        Cause.DOUBT: [
            ("see both sides", f"pa auth doubt {step.authorization}"),
            ("it is this one", f"pa auth resolve {step.authorization} --this CANDIDATE"),
            ("it is none: send again", f"pa auth resolve {step.authorization} --none --reason …"),
            ("stop", f"pa auth resolve {step.authorization} --stop --reason …"),
        ],
        Cause.UNREACHABLE: [("does the payer answer?", f"pa payer check {payer}")],
        Cause.NOT_ACCEPTED: [("does it take us?", f"pa payer check {payer}")],
        Cause.CONFIGURATION: [("are the profiles right?", "pa payer lint")],
        Cause.WEBHOOK: [("does the receiver answer?", f"pa client webhook test {payer.removeprefix('client:')}")],
    }
    show = [("what it is about", f"pa auth show {step.authorization} --events")] if one.record else []
    payload = [("the payload", f"pa auth show {step.authorization} --request")] if one.exchange else []
    again = [("let it go on", f"pa work retry {here}"), ("end it", f"pa work give-up {here} --reason …")]
    if step.cause is Cause.DOUBT:  # `resolve --stop` ends it
        again = [("ask the payer again", f"pa work retry {here}")]
    return [*show, *payload, *rows.get(step.cause or Cause.CORRUPT, []), *again]


def _tell(done: "Done", what: str, as_json: bool) -> None:
    from gateway.api import work_views
    from gateway.cli.screen import print_json

    if as_json:
        print_json(work_views.done(done).plain())
    else:
        typer.echo(f"{len(done.done)} {what}, {len(done.failed)} could not.")
        for step, fault in done.failed:
            typer.echo(f"  {step.authorization} {step.key}: {fault} {fault.fix}")
    if done.failed:
        raise typer.Exit(1)


def _print_json(found: tuple["Stuck", ...]) -> None:
    from gateway.api import work_views
    from gateway.cli.screen import print_json

    print_json([work_views.stuck(one).plain() for one in found])
