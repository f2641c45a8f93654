"""`pa client`: a token is printed once and kept nowhere."""

from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.adapters.store import open_store
from gateway.cli.client import app
from gateway.model.errors import Conflict, NotFound, OurFault


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PA_DATABASE", f"sqlite:///{tmp_path / 'gateway.db'}")
    return tmp_path


def pa(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False, standalone_mode=False)
    return done.stdout


def test_the_token_is_printed_once_and_only_its_hash_is_kept(database: Path) -> None:
    token = pa("add", "clinic-ehr", "--quiet").strip()
    assert len(token) >= 43
    store = open_store(f"sqlite:///{database / 'gateway.db'}")
    (client,) = store.clients()
    store.close()
    assert (client.name, client.token_sha256) == ("clinic-ehr", sha256(token.encode()).hexdigest())
    assert not any(token.encode() in path.read_bytes() for path in database.iterdir())
    assert token not in pa("list") + pa("list", "--json")
    assert "clinic-ehr" in pa("list")


def test_two_clients_have_two_tokens_and_a_name_is_given_once(database: Path) -> None:
    assert pa("add", "one", "--quiet") != pa("add", "two", "--quiet")
    with pytest.raises(Conflict, match="already a client one; remove it first"):
        pa("add", "one")


def test_a_removed_client_is_gone_and_its_name_gets_another_token(database: Path) -> None:
    first = pa("add", "one", "--quiet")
    pa("add", "two", "--quiet")
    assert "1 left" in pa("remove", "one")
    assert "one" not in pa("list")
    with pytest.raises(NotFound, match="no such client"):
        pa("remove", "one")
    assert pa("add", "one", "--quiet") != first


@pytest.mark.parametrize("name", ["", "Clinic EHR", "-a", "a/b", "a" * 41, "ä"])
def test_a_name_that_would_not_fit_a_log_line_is_refused(database: Path, name: str) -> None:
    with pytest.raises(OurFault):
        pa("add", "--", name)
