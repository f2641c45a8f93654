"""`pa profile requirements`: the rules of the guides, and which of them no test shows yet."""

from collections import Counter
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gateway.conformance.requirements import Actor, Requirement


class Role(StrEnum):
    """Whose rules."""

    CLIENT = "client"
    SERVER = "server"
    INTERMEDIARY = "intermediary"
    EHR = "ehr"


Guide = Annotated[str, typer.Option(help="Guide and version, e.g. pas/2.2.1; otherwise every one that has the file.")]
Open = Annotated[bool, typer.Option("--open", help="Only what is a SHALL or SHALL NOT and shown by no test.")]
For = Annotated[Role | None, typer.Option("--actor", help="Only the rules for this role.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def requirements(guide: Guide = "", only_open: Open = False, actor: For = None, as_json: Json = False) -> None:
    """List rules with who they bind, how they are kept and the tests that show them, then count them."""
    from gateway.cli import screen

    every = _read(guide)
    shown = {
        name: [row for row in rows if (row.is_open or not only_open) and (actor is None or row.binds(_actor(actor)))]
        for name, rows in every.items()
    }
    if as_json:
        screen.print_json(
            [{"guide": name, **asdict(row), "open": row.is_open} for name, rows in shown.items() for row in rows]
        )
        return
    for name, rows in shown.items():
        typer.echo(f"{name}\n")
        for row in rows:
            typer.echo(f"  {row.id:<12} {row.actor} {row.strength}: {row.rule}")
            typer.echo(f"{'':<15}{row.how}; {_shown_by(row)}")
    for name, rows in every.items():
        typer.echo(f"\n{_counts(name, rows, len(shown[name]))}")


def _actor(role: Role) -> "Actor":
    from gateway.conformance.requirements import Actor

    return Actor(role)


def _read(guide: str) -> "dict[str, list[Requirement]]":
    from gateway.conformance.checking import full_name
    from gateway.conformance.guides import folder, installed
    from gateway.conformance.requirements import FILE, read_requirements
    from gateway.model.errors import NotFound
    from gateway.settings import data_folder, read_settings

    root = data_folder("profiles", read_settings().data)
    places = {one.name: one.folder for one in installed(root) if (one.folder / FILE).is_file()}
    if guide:
        name = full_name(guide)
        place = folder(root, name)
        if not (place / FILE).is_file():
            kept = ", ".join(places) or "none"
            raise NotFound(f"No requirements are kept for {name}.", fix=f"Guides that have them: {kept}.")
        places = {name: place}
    return {name: list(read_requirements(place)) for name, place in places.items()}


def _shown_by(row: "Requirement") -> str:
    if row.tests:
        return f"shown by {' '.join(test.partition('::')[2] for test in row.tests)}"
    return f"waits for: {row.waits_for}" if row.waits_for else "no test"


def _counts(name: str, rows: "list[Requirement]", listed: int) -> str:
    """All the rules of a guide counted, and how many of them are listed where these are fewer."""
    kinds = Counter(row.how for row in rows if row.is_open)
    missing = ", ".join(f"{number} {how}" for how, number in sorted(kinds.items()))
    tested = sum(bool(row.tests) for row in rows)
    return f"{name}: {len(rows)} rules, {tested} shown by a test, {sum(kinds.values())} open" + (
        (f" ({missing})" if missing else "") + (f"; {listed} listed." if listed < len(rows) else ".")
    )
