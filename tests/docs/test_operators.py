"""The operators' page names every way to be stuck, and every command on it does what the page says of it."""

import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import respx

from gateway.adapters.clock import RandomIds
from gateway.adapters.store import open_store
from gateway.flow import doubt
from gateway.flow.world import World
from gateway.model.authorization import State
from gateway.model.changes import Cause
from gateway.model.next_step import NextStep
from gateway.payers.health import Way
from tests import stuck
from tests.unit.cli.conftest import Pa, pa
from tests.worlds import ROOT, build_world

PAGE = ROOT / "examples" / "operators" / "README.md"
TEXT = PAGE.read_text()
ASKED = "in_doubt"
WEBHOOK = """
webhooks:
  - client: local
    url: http://127.0.0.1:9/
    secrets: [file:webhook.secret]
    events: all
    allow_loopback: true
"""
Made = dict[str, str]
__all__ = ["pa"]


def sections() -> dict[str, str]:
    """Each section by the first code word of its heading."""
    found = {}
    for part in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        heading = part.partition("\n")[0]
        named = re.match(r"`(\w+)`", heading)
        found[named[1] if named else heading] = part
    return found


def commands(part: str) -> list[list[str]]:
    """Runs of commands: those of a block in their order; one that the page calls another way (`# or:`) on its own."""
    runs: list[list[str]] = [[]]
    for line in re.findall(r"^\$ (.*)$", part, re.MULTILINE):
        command, _, note = line.partition("  #")
        if note.strip().startswith("or:"):
            runs.append([command.strip()])
        else:
            runs[0].append(command.strip())
    return runs


RUNS = [
    pytest.param(name, run, id=f"{name}: {run[0]}")
    for name, part in {"": TEXT.partition("## ")[0], **sections()}.items()
    for run in commands(part)
    if run
]


def made_stuck(world: World, name: str, database: Path) -> Made:
    """A world in which the section of that name applies, and what its placeholders stand for."""
    if name not in {*Cause, ASKED}:
        return {"ID": stuck.take_in(world)}
    if name == ASKED:
        return {"ID": stuck.asking(world)}
    cause = Cause(name)
    if cause is Cause.DOUBT:
        identity = stuck.in_doubt(world)
        (asked,) = doubt.evidence(world, identity).asked
        assert asked.inquired is not None
        return {"ID": identity, "CANDIDATE": asked.inquired.candidates[0].key}
    if cause in (Cause.UNREACHABLE, Cause.NOT_ACCEPTED, Cause.CONFIGURATION):
        return {"ID": stuck.held(world, cause, "for a test")}
    if cause is Cause.CORRUPT:
        identity = stuck.take_in(world)
        with sqlite3.connect(database) as spoiling:
            whole = spoiling.execute("SELECT record FROM authorization").fetchone()[0]
            spoiling.execute("UPDATE authorization SET record = 'x'")
            spoiling.commit()
            world.store.authorizations(stuck.EVERY)
            spoiling.execute("UPDATE authorization SET record = ?", (whole,))
        return {"ID": identity, "KEY": "record"}
    key = "notify/2" if cause is Cause.WEBHOOK else ""
    if key:
        with (database.parent / "site.yaml").open("a") as site:
            site.write(WEBHOOK)
    return {"ID": stuck.set_aside(world, cause, "for a test", key=key), "KEY": key, "CLIENT": "local"}


@pytest.fixture
def database(pa: Pa, tmp_path: Path) -> Path:
    pa("client", "webhook", "secret", str(tmp_path / "webhook.secret"))
    return tmp_path / "gateway.db"


@respx.mock
@pytest.mark.parametrize(("name", "run"), RUNS)
def test_every_command_of_the_page_works_where_the_page_says_so(
    pa: Pa, database: Path, name: str, run: list[str]
) -> None:
    respx.route().mock(side_effect=httpx.ConnectError("refused"))
    store = open_store(f"sqlite:///{database}")
    made = {"PAYER": "sandbox", **made_stuck(replace(build_world(store=store), ids=RandomIds()), name, database)}
    store.close()
    for command in run:
        words = re.findall(r'"[^"]*"|\S+', command)
        assert words[0] == "pa"
        arguments = [made.get(word, word).strip('"') for word in words[1:]]
        assert "" not in arguments, f"{command}: a placeholder stands for nothing here"
        outcome = run_it(pa, arguments)
        assert outcome in (0, 1, 5), f"{command} exits with {outcome}"
    left = {row["authorization"] for row in pa.json("work", "list")}
    if any(moves in command for command in run for moves in ("retry", "give-up", "resolve", "record ", "drop")):
        assert made["ID"] not in left, f"{run} left it stuck"


def run_it(pa: Pa, arguments: list[str]) -> int:
    from typer.testing import CliRunner

    from gateway.cli import app
    from gateway.model.errors import GatewayError

    result = CliRunner().invoke(app, arguments)
    if isinstance(result.exception, GatewayError):
        return result.exception.exit_code
    return result.exit_code


def test_every_cause_has_a_section_and_a_line_in_the_overview() -> None:
    overview = TEXT.partition("## ")[0]
    for cause in Cause:
        assert cause.value in sections(), cause
        assert f"`{cause.value}`" in overview, cause


def test_every_state_in_which_somebody_has_to_act_is_on_the_page(world: World) -> None:
    from gateway.model import next_step

    waiting = {*next_step._BY_STATE, State.DOCUMENTING}
    for state in waiting:
        assert f"`{state.value}`" in TEXT, state
    assert set(NextStep) - {NextStep.WAIT, NextStep.NONE} == {
        NextStep.COMPLETE,
        NextStep.CORRECT,
        NextStep.RELEASE,
        NextStep.RESEND,
        NextStep.ASK_PAYER,
        NextStep.RESOLVE,
        NextStep.ACKNOWLEDGE,
    }, "a new way to need a person belongs on the page"


def test_every_state_of_a_payer_is_on_the_page() -> None:
    for way in Way:
        assert f"`{way.value}`" in TEXT, way


def test_every_link_of_the_page_leads_to_a_section() -> None:
    headings = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = re.findall(r"\]\(#([^)]*)\)", TEXT)
    assert len(links) >= len(Cause)
    assert set(links) <= anchors
