"""`pa auth doubt | resolve`: a request that may have reached the payer; the evidence side by side, and what it is."""

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.change import change

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.api.doubt_views import Candidate, Doubt, FoundService, Inquiry, Sent
    from gateway.api.item_views import Dates
    from gateway.flow.world import World
    from gateway.model.authorization import Authorization

Id = Annotated[str, typer.Argument(help="Authorization id.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_WHOSE = {
    "unsaid": "names no request of ours",
    "disputed": "names this request, and another",
    "anothers": "names another request of ours",
}


def doubt(identity: Id, as_json: Json = False) -> None:
    """What we asked beside what the payer shows, so that you can say whether it is the same."""
    from gateway.api import doubt_views
    from gateway.api.lanes import Lanes
    from gateway.api.next_step import sentence
    from gateway.bootstrap import gateway
    from gateway.cli import screen
    from gateway.flow import doubt as flow
    from gateway.settings import read_settings

    with gateway(read_settings()) as world:
        shown = flow.evidence(world, identity)
        lanes = Lanes.of(world, [shown.record])
    view = doubt_views.evidence(shown, following=sentence(shown.record, lanes))
    if as_json:
        screen.print_json(view.plain())
    else:
        _show(view, lanes.outlook(shown.record, "the payer is asked"))


def resolve(
    identity: Id,
    this: Annotated[str, typer.Option("--this", help="It is this candidate of `pa auth doubt`.")] = "",
    none: Annotated[
        bool, typer.Option("--none", help="It is none, and the payer does not have it: the same bytes go again.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Give it up, wherever it is.")] = False,
    reason: Annotated[str, typer.Option(help="How you know, or why; with --none and --stop.")] = "",
    by: Annotated[str, typer.Option(help="Who found out.")] = "cli",
    as_json: Json = False,
) -> None:
    """Say what became of a request in doubt: it is this one, it is none, or stop."""
    from gateway.api.resolved import resolving
    from gateway.flow import doubt as flow
    from gateway.flow import review
    from gateway.model.errors import OurFault

    if [bool(this), none, stop].count(True) != 1:
        raise OurFault("Say what it is.", fix="Give one of --this CANDIDATE, --none and --stop.")
    if not this and not reason.strip():
        raise OurFault("A reason is missing.", fix="Say with --reason how you know, or why it is given up.")
    actor = f"person:{by}"

    def act(world: "World") -> "Authorization":
        with resolving(world, identity, fix=f"Read what became of it: pa auth show {identity} --events"):
            if this:
                return flow.adopt(world, identity, this, actor=actor)
            if none:
                return flow.send_again(world, identity, actor=actor, reason=reason)
            return review.drop(world, identity, actor=actor, reason=reason)

    change(act, as_json, send=none)


def _show(view: "Doubt", outlook: str) -> None:
    typer.echo(f"{view.authorization}  {view.state.replace('_', ' ')}  {view.payer}  {view.patient}")
    typer.echo(f"    {view.reason or 'no doubt about it'}")
    if view.sent is None:
        typer.echo("Nothing was ever sent for it.")
        return
    for inquiry in view.inquiries:
        typer.echo(f"asked {_time(inquiry.at)}: {_came(inquiry)}")
    if not view.inquiries:
        typer.echo("The payer was not asked yet.")
    shown = [one for inquiry in view.inquiries[-1:] for one in inquiry.candidates]
    others = [one for inquiry in view.inquiries[-1:] for one in inquiry.others]
    for candidate in [*shown, *others]:
        _side_by_side(view, view.sent, candidate)
    if not shown and not others:
        _alone(view.sent)
    _what_now(view, shown, outlook)


def _came(inquiry: "Inquiry") -> str:
    if inquiry.answered_at is None:
        return "no answer"
    if inquiry.found is None:
        return f"HTTP {inquiry.status}, no answer to an inquiry"
    words = {
        "found": "it has our request",
        "candidates": f"{len(inquiry.candidates)} that may be this one",
        "not_found": "it has no such request",
        "untrusted": "an answer nothing can be concluded from",
    }
    return "; ".join(part for part in (words[inquiry.found], inquiry.reason) if part)


def _side_by_side(view: "Doubt", sent: "Sent", candidate: "Candidate") -> None:
    from gateway.cli import screen

    rows = [
        ("when", f"sent {_time(sent.at)}", _decided(candidate, sent)),
        ("whose", f"trace {sent.trace_value}", _WHOSE.get(candidate.whose, candidate.whose)),
        ("answer", "", " ".join([screen.words(candidate.determination), _days(candidate.valid)]).strip()),
    ]
    left = [(one.sequence, one.service.code, f"{one.service.code}  {_days(one.dates)}") for one in sent.services]
    right = list(candidate.services)
    for number, code, text in left:
        match = _same(code, number, right)
        if match:
            right.remove(match)
        rows.append((f"service {number}", text, _found(match) if match else "nothing of this code"))
    rows.extend(("service", "not asked for", _found(one)) for one in right)
    mark = "" if candidate.whose != "anothers" else ", not to be adopted"
    screen.table(f"Candidate {candidate.key}{mark}", ("", "what we asked", f"what {view.payer} shows"), rows)


def _decided(candidate: "Candidate", sent: "Sent") -> str:
    """When it was decided; what was decided before our request left is hardly its answer (a day for time zones)."""
    from datetime import timedelta

    if candidate.created is None:
        return "the payer says no day"
    before = candidate.created < (sent.at - timedelta(days=1)).date()
    return f"decided {candidate.created}" + (", before ours was sent" if before else "")


def _same(code: str, number: int, services: "list[FoundService]") -> "FoundService | None":
    """The service of that code; of those that the payer shows without a code, the one with the same number."""
    coded = (one for one in services if one.service and one.service.code == code)
    return next(coded, next((one for one in services if not one.service and one.sequence == number), None))


def _alone(sent: "Sent") -> None:
    from gateway.cli import screen

    rows = [("sent", _time(sent.at)), ("trace", sent.trace_value)]
    rows.extend((f"service {one.sequence}", f"{one.service.code}  {_days(one.dates)}") for one in sent.services)
    screen.table("", ("", "what we asked"), rows)


def _what_now(view: "Doubt", shown: "list[Candidate]", outlook: str) -> None:
    if view.state != "in_doubt":
        typer.echo("It is not in doubt any more.")
        return
    if outlook:
        typer.echo(f"Nothing is sent before the payer was asked: {outlook}.")
    here = f"pa auth resolve {view.authorization}"
    for candidate in shown:
        typer.echo(f"It is this one:         {here} --this {candidate.key}")
    typer.echo(f"It is none, send again: {here} --none --reason …")
    typer.echo(f"Stop:                   {here} --stop --reason …")
    typer.echo(f"Ask the payer again:    pa work retry {view.authorization}")


def _found(one: "FoundService") -> str:
    code = one.service.code if one.service else "no code"
    number = one.number or (f"tracking {one.tracking}" if one.tracking else "")
    return "  ".join(part for part in (code, _days(one.dates), one.result.replace("_", " "), number) if part)


def _days(dates: "Dates | None") -> str:
    if dates is None:
        return ""
    if dates.start == dates.end:
        return str(dates.start)
    return f"{dates.start or ''} … {dates.end or ''}"


def _time(at: "datetime") -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
