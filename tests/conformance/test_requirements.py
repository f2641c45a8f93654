"""The requirement files of the guides: rightly formed, with tests that exist; and the command that lists them."""

import ast
import json
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.conformance.requirements import COLUMNS, Actor, Requirement, Strength, read_requirements
from gateway.model.errors import ConfigFault, NotFound

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ("pas/2.2.1", "pas/2.0.1", "crd/2.2.1", "crd/2.0.1", "dtr/2.2.0", "dtr/2.0.1")
FACTS = ROOT.parent / "shared" / "facts"


@cache
def functions(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))


def rows(guide: str) -> tuple[Requirement, ...]:
    return read_requirements(ROOT / "profiles" / guide)


def pa(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["profile", "requirements", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("guide", GUIDES)
def test_every_test_that_is_named_exists(guide: str) -> None:
    named = {test for row in rows(guide) for test in row.tests}
    assert not [test for test in named if test.partition("::")[2] not in functions(test.partition("::")[0])]


@pytest.mark.parametrize("guide", GUIDES)
def test_what_we_must_do_and_no_test_shows_says_what_it_waits_for(guide: str) -> None:
    silent = [row.id for row in rows(guide) if row.is_open and row.how != "not ours" and not row.waits_for]
    assert silent == []


@pytest.mark.skipif(not FACTS.is_dir(), reason="the fact sheets are in ../shared")
@pytest.mark.parametrize("guide", GUIDES)
def test_no_sentence_is_copied_from_the_fact_sheets(guide: str) -> None:
    facts = " ".join((FACTS / "ig.md").read_text(encoding="utf-8").lower().split())
    assert not [row.id for row in rows(guide) if len(row.rule) > 40 and row.rule.lower().rstrip(".") in facts]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("spec-1,client,SHALL,A rule.,code,,\nspec-1,client,SHALL,A rule.,code,,", "3: this id is there already"),
        ("???,client,SHALL,A rule.,code,,", "2: id is the guide's own"),
        ("spec-1,nurse,SHALL,A rule.,code,,", "2: actor is one of: client, server"),
        ("spec-1,client,MUST,A rule.,code,,", "2: strength is one of: SHALL, SHALL NOT"),
        ("spec-1,client,SHALL,A rule.,magic,,", "2: how is one of: profile, code"),
        ("spec-1,client,SHALL,No full stop,code,,", "2: rule is one line"),
        ("spec-1,client,SHALL,A rule.,code,test_x,", "2: test holds pytest node ids"),
        ("spec-1,client,SHALL,A rule.,code,tests/a/test_b.py::test_c,later", "2: a rule that a test shows waits"),
        ("spec-1,client,SHALL,A rule, with a comma.,code,,", "2: a row has 7 cells"),
        ("spec-1,client,SHALL", "2: a row has 7 cells"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, row: str, problem: str) -> None:
    (tmp_path / "requirements.csv").write_text(f"{','.join(COLUMNS)}\n{row}\n")
    with pytest.raises(ConfigFault, match="requirements cannot be used") as fault:
        read_requirements(tmp_path)
    assert problem in str(fault.value)


def test_a_file_that_is_not_there_or_has_other_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigFault, match="FileNotFoundError"):
        read_requirements(tmp_path)
    (tmp_path / "requirements.csv").write_text("id,rule\n")
    with pytest.raises(ConfigFault, match="other columns"):
        read_requirements(tmp_path)


def test_open_is_what_binds_and_no_test_shows() -> None:
    found = {row.id: row for row in rows("pas/2.2.1")}
    assert found["spec-8"].is_open
    assert not found["spec-13"].is_open
    assert not found["spec-7"].is_open
    assert found["spec-66"].strength is Strength.SHALL_NOT
    assert found["spec-34"].binds(Actor.CLIENT)
    assert not found["spec-35"].binds(Actor.CLIENT)


def test_the_command_lists_and_counts_by_guide_and_role() -> None:
    every = json.loads(pa("--json"))
    assert {row["guide"] for row in every} == set(GUIDES)
    some = json.loads(pa("--guide", "2.2.1", "--open", "--actor", "client", "--json"))
    assert {row["guide"] for row in some} == {"pas/2.2.1"}
    assert all(row["open"] and row["actor"] in ("client", "both") for row in some)
    assert {"spec-8", "spec-66"} <= {row["id"] for row in some}
    assert "spec-13" not in {row["id"] for row in some}
    said = pa("--guide", "pas/2.2.1", "--open")
    whole = [row for row in every if row["guide"] == "pas/2.2.1"]
    tested, is_open = sum(bool(row["tests"]) for row in whole), sum(row["open"] for row in whole)
    assert f"pas/2.2.1: {len(whole)} rules, {tested} shown by a test, {is_open} open" in said, "over all rules"
    assert said.endswith(f"; {is_open} listed.\n")
    assert "listed" not in pa("--guide", "pas/2.2.1").splitlines()[-1]


@pytest.mark.parametrize("arguments", [(), ("--json",), ("--open",)])
def test_a_guide_that_no_requirements_are_kept_for_is_said_to_be_that_with_those_that_have_them(
    arguments: tuple[str, ...],
) -> None:
    asked = ["profile", "requirements", "--guide", "us-core/7.0.0", *arguments]
    refused = CliRunner().invoke(app, asked).exception
    assert isinstance(refused, NotFound)
    assert refused.exit_code == 3
    assert str(refused) == "No requirements are kept for us-core/7.0.0."
    assert all(guide in refused.fix for guide in GUIDES)
