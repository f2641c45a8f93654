"""What `pa` prints: tables for people, JSON for programs; the same facts in both."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from gateway.fhir import json
from gateway.model.next_step import NextStep, next_step

if TYPE_CHECKING:
    from rich.console import Console

    from gateway.api.lanes import Lanes
    from gateway.model.authorization import Authorization, Code, Item
    from gateway.model.order import Gap


def print_json(value: Any) -> None:
    """Write JSON for a program to standard output."""
    sys.stdout.buffer.write(json.pretty(value) + b"\n")
    sys.stdout.flush()


def console() -> "Console":
    from rich.console import Console

    return Console(soft_wrap=False, highlight=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, whole: int = 0) -> None:
    """Print a table; a missing value is a dash, and the first `whole` columns are never broken."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    shown = Table(title=escape(title) or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        shown.add_column(column, overflow="fold", no_wrap=number < whole)
    for row in rows:
        shown.add_row(*(escape(cell) or "–" for cell in row))
    console().print(shown)


def authorizations(records: Iterable["Authorization"], lanes: "Lanes") -> None:
    """One block per authorization: what it is for, where it stands, what the payer said, what is next."""
    for record in records:
        due = f"due {record.due_at:%Y-%m-%d %H:%M} UTC" if record.due_at else ""
        urgent = "EXPEDITED" if record.urgency == "expedited" and record.due_at else ""
        facts = [record.id, words(record.state), words(record.determination), " ".join(numbers(record)), urgent, due]
        typer.echo("  ".join(fact for fact in facts if fact))
        services = " ".join(item.service.code for item in record.items if item.service.code)
        about = [", ".join(record.order_refs), services, record.patient, record.payer, next_words(record, lanes)]
        typer.echo("    " + " · ".join(part for part in about if part))


def numbers(record: "Authorization") -> list[str]:
    """The authorization numbers on a record, each once."""
    answers = [item.answer for item in record.items if item.answer]
    granted = [one.authorization_number for answer in answers for one in answer.authorized]
    every = [*(answer.authorization_number for answer in answers), *granted]
    return list(dict.fromkeys(number for number in every if number))


def words(code: str) -> str:
    return "" if code == "none" else code.replace("_", " ")


def next_words(record: "Authorization", lanes: "Lanes") -> str:
    """What a person should do next, or what it waits for, in a few words; empty when there is nothing to do."""
    said = {
        NextStep.COMPLETE: f"complete {len(record.gaps)} gap(s)",
        NextStep.CORRECT: f"correct {len(record.blockers)} profile error(s)",
        NextStep.RELEASE: f"review, then release ({record.held_by})",
        NextStep.ACKNOWLEDGE: "the payer changed it: acknowledge",
        NextStep.RESEND: "correct and resend",
        NextStep.RESOLVE: f"only a person can tell whether the payer has it ({record.attention})",
    }
    coming = "the payer is asked" if record.state == "in_doubt" else "sent again"
    if outlook := lanes.outlook(record, coming):
        said[NextStep.WAIT] = said[NextStep.NONE] = "; ".join(filter(None, [outlook, record.attention]))
    return said.get(next_step(record), record.handoff or record.attention)


def next_command(record: "Authorization") -> str:
    """The command that does the next step; empty when none does."""
    complete = f"pa order complete {record.order_id} FILE"
    commands = {
        NextStep.COMPLETE: complete,
        NextStep.CORRECT: complete,
        NextStep.RESEND: complete,
        NextStep.RELEASE: f"pa auth release {record.id}",
        NextStep.ACKNOWLEDGE: f"pa auth acknowledge {record.id}",
        NextStep.RESOLVE: f"pa auth doubt {record.id}",
        NextStep.ASK_PAYER: f"pa auth record {record.id} --result … --channel … --evidence …",
    }
    return commands.get(next_step(record), "")


def needs_person(record: "Authorization") -> bool:
    """Whether a command that leaves this record exits with 1; a hold was asked for, so it does not count."""
    return next_step(record) not in (NextStep.NONE, NextStep.RELEASE)


def show(record: "Authorization", lanes: "Lanes") -> None:
    """Everything on one authorization."""
    authorizations([record], lanes)
    if record.guide:
        typer.echo(f"Guide: PAS {record.guide}")
    if command := next_command(record):
        typer.echo(f"Next: {command}\n")
    if record.items:
        table(
            "Items",
            ("#", "service", "asked", "result", "granted", "number", "valid", "reasons"),
            [_item(item) for item in record.items],
        )
    for one in record.additional:
        typer.echo(f"Granted beyond what was asked: {one.code.code if one.code else '?'} {words(one.result)}")
    _show_words(record)
    if record.gaps:
        gaps(record.gaps)
    if record.blockers:
        rows = [(one.rule, one.path, one.text, one.fix) for one in record.blockers]
        table("Profile errors", ("rule", "path", "what is wrong", "fix"), rows)
    if record.choices:
        rows = [(one.what, one.value, one.why, one.rule) for one in record.choices]
        table("What the gateway chose, and why", ("what", "value", "why", "rule"), rows)


def _show_words(record: "Authorization") -> None:
    """Why the payer rejected, and what else it said."""
    if record.rejections:
        rows = [(_code(one.reason), _code(one.follow_up), one.element, one.path, one.text) for one in record.rejections]
        table("Rejected, not denied", ("reason", "follow-up", "element", "path", "in words"), rows)
    answers = [item.answer for item in record.items if item.answer]
    notes = dict.fromkeys([*record.notes, *(note for answer in answers for note in answer.notes)])
    if notes:
        table("The payer's words", ("note", "read at"), [(note.text, note.source) for note in notes])


def _code(code: "Code | None") -> str:
    return code.code if code else ""


def gaps(missing: Iterable["Gap"]) -> None:
    """What is missing, one block each: where was looked, what would satisfy it, which element waits for it."""
    typer.echo("Missing:")
    for number, gap in enumerate(missing, start=1):
        typer.echo(f"{number:3}. {gap.path}\n     needs {gap.need}\n     for {gap.element} ({gap.rule})")
    typer.echo("")


def _item(item: "Item") -> tuple[str, ...]:
    answer = item.answer
    granted = answer.authorized[0] if answer and answer.authorized else None
    quantity = (granted.quantity if granted else None) or (answer.quantity if answer else None)
    dates = (granted.valid if granted else None) or (answer.valid if answer else None)
    number = (answer.authorization_number or (granted.authorization_number if granted else "")) if answer else ""
    return (
        str(item.sequence),
        item.service.code,
        _amount(item.quantity),
        words(item.result),
        _amount(quantity),
        number or (answer.administration_reference_number if answer else ""),
        f"{dates.start or ''} … {dates.end or ''}" if dates else "",
        " ".join(reason.code for reason in answer.reasons) if answer else "",
    )


def _amount(quantity: Any) -> str:
    return f"{quantity.value} {quantity.unit}".strip() if quantity else ""
