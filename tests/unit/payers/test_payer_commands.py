"""`pa payer` and `pa site` as a person meets them."""

import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import payer, site
from gateway.model.errors import ConfigFault

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def site_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the site profile of this test is, as PA_SITE says."""
    path = tmp_path / "home" / "site.yaml"
    monkeypatch.setenv("PA_SITE", str(path))
    return path


def run(app: object, *arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)  # type: ignore[arg-type]


def test_site_init_example_is_the_shipped_example_and_passes_its_check(site_file: Path) -> None:
    done = run(site.app, "init", "--example")
    assert done.exit_code == 0
    assert site_file.read_text() == (ROOT / "profiles" / "site.example.yaml").read_text(), (
        "run: pa site init --example --force --file profiles/site.example.yaml, and remove the key beside it"
    )
    checked = run(site.app, "check")
    assert checked.exit_code == 0
    assert "NPI 1999999984" in checked.output
    assert "1 key(s) will be published" in checked.output


def test_the_new_key_can_be_read_by_its_owner_only(site_file: Path) -> None:
    run(site.app, "init", "--example")
    key = site_file.parent / "signing-main.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert b"PRIVATE KEY" in key.read_bytes()


def test_an_empty_site_profile_lists_everything_to_fill_in(site_file: Path) -> None:
    assert run(site.app, "init").exit_code == 0
    fault = run(site.app, "check").exception
    assert isinstance(fault, ConfigFault)
    missing = {problem.split(": ")[1] for problem in fault.problems}
    assert {
        "trace_originator",
        "sender.interchange_sender_id",
        "requestors.1.npi",
        "requestors.1.address.city",
    } <= missing


def test_every_value_can_be_given_as_an_option(site_file: Path) -> None:
    done = run(site.app, "init", "--name", 'Clinic "North": #1', "--requestor", "north", "--npi", "1234567893",
               "--type", "FA", "--line", "1 Example Street", "--city", "Springfield", "--state", "IL",
               "--postal-code", "02139", "--contact-name", "Desk", "--phone", "555-010-0101",
               "--known-as", "Organization/a",
               "--known-as", "Organization/b", "--sender-code", "NORTH", "--sender-id", "NORTH01",
               "--trace-originator", "1234567893", "--time-zone", "America/New_York", "--review", "hold",
               "--kid", "2026-03", "--alg", "ES384")  # fmt: skip
    assert done.exit_code == 0
    from gateway.payers.site import load_site

    read = load_site(site_file)
    assert read.requestors[0].name == 'Clinic "North": #1'
    assert read.requestors[0].known_as == ("Organization/a", "Organization/b")
    assert read.requestors[0].address.postal_code == "02139"
    assert (read.review, read.signing_keys[0].kid) == ("hold", "2026-03")
    assert run(site.app, "check").exit_code == 0


def test_a_profile_is_not_replaced_without_force_and_a_key_never(site_file: Path) -> None:
    run(site.app, "init", "--example")
    key = (site_file.parent / "signing-main.pem").read_bytes()
    site_file.write_text("mine")
    refused = run(site.app, "init", "--example")
    assert refused.exit_code == 2
    assert site_file.read_text() == "mine"
    forced = run(site.app, "init", "--example", "--force")
    assert forced.exit_code == 0
    assert site_file.read_text() != "mine"
    assert (site_file.parent / "signing-main.pem").read_bytes() == key
    assert "kept" in forced.output


@pytest.mark.parametrize("option", [("--kid", "../x"), ("--alg", "HS256")])
def test_a_key_that_could_not_work_is_refused_before_anything_is_written(
    site_file: Path, option: tuple[str, str]
) -> None:
    assert run(site.app, "init", *option).exit_code == 2
    assert not site_file.parent.exists()


def test_site_check_warns_of_a_key_that_others_can_read(site_file: Path) -> None:
    run(site.app, "init", "--example")
    (site_file.parent / "signing-main.pem").chmod(0o644)
    done = run(site.app, "check")
    assert done.exit_code == 0
    assert "can be read by others" in done.output


def test_payer_list_shows_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "COLUMNS", "200")
    done = run(payer.app, "list")
    assert done.exit_code == 0
    for shown in ("sandbox", "http://127.0.0.1:8190/fhir", "private_key_jwt", "PAS 2.2.1", "P7D / PT72H"):
        assert shown in done.output


def test_payer_lint_checks_the_keys_against_the_site(site_file: Path) -> None:
    unlinked = run(payer.app, "lint")
    assert unlinked.exit_code == 0
    assert "keys were not looked at" in unlinked.output
    run(site.app, "init", "--example", "--kid", "other")
    fault = run(payer.app, "lint").exception
    assert isinstance(fault, ConfigFault)
    assert "no active signing key main for ES384" in fault.problems[0]
    run(site.app, "init", "--example", "--force")
    assert run(payer.app, "lint").exit_code == 0


def test_payer_lint_reads_one_file_and_names_its_problems(site_file: Path, tmp_path: Path) -> None:
    assert run(payer.app, "lint", str(ROOT / "examples" / "new_payer" / "new-payer.yaml")).exit_code == 0
    (tmp_path / "bad.yaml").write_text("id: bad\n")
    fault = run(payer.app, "lint", str(tmp_path / "bad.yaml")).exception
    assert isinstance(fault, ConfigFault)
    assert fault.exit_code == 4
    assert len(fault.problems) > 5


def test_payer_schema_prints_the_schema_that_ships() -> None:
    assert run(payer.app, "schema").output == (ROOT / "profiles" / "payers" / "schema.json").read_text()
