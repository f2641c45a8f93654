"""Clients come from a checked file, secrets by reference; the store keeps bytes and an append-only book."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir.json import digest, dumps
from gateway.sandbox.clients import AuthMethod, read_clients
from gateway.sandbox.config import is_loopback, read_config, shipped_scenarios
from gateway.sandbox.schema import FileFault
from gateway.sandbox.scopes import may_submit
from gateway.sandbox.store import Received, Store
from tests.unit.sandbox.harness import Sandbox

SCOPES = "scopes: [system/Claim.crus]"


def _file(folder: Path, text: str) -> Path:
    path = folder / "clients.yaml"
    path.write_text(f"clients:\n{text}\n", encoding="utf-8")
    return path


def test_every_way_to_register_a_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signing_keys: dict[str, Any]
) -> None:
    monkeypatch.setenv("SANDBOX_TEST_SECRET", "from the environment")
    (tmp_path / "s.secret").write_text("from a file\n", encoding="utf-8")
    (tmp_path / "ehr.jwks").write_bytes(dumps({"keys": [signing_keys["ec"].as_dict(private=False)]}))
    jwks = dumps({"keys": [signing_keys["rsa"].as_dict(private=False)]}).decode()

    clients = read_clients(
        _file(
            tmp_path,
            f"""
  - {{client_id: inline, auth: private_key_jwt, algs: [RS384], jwks: {jwks}, {SCOPES}}}
  - {{client_id: file, auth: private_key_jwt, jwks_file: ehr.jwks, {SCOPES}, token_seconds: 60}}
  - {{client_id: url, auth: private_key_jwt, jwks_url: "https://ehr.example/jwks", {SCOPES}}}
  - {{client_id: basic, auth: client_secret_basic, secret: "env:SANDBOX_TEST_SECRET", {SCOPES}}}
  - {{client_id: post, auth: client_secret_post, secret: "file:s.secret", {SCOPES}}}""",
        )
    )

    assert clients["inline"].algs == ("RS384",)
    assert (clients["file"].keys[0]["kid"], clients["file"].token_seconds) == ("ec-1", 60)
    assert clients["url"].jwks_url == "https://ehr.example/jwks"
    assert clients["basic"].secret == "from the environment"
    assert (clients["post"].auth, clients["post"].secret) == (AuthMethod.SECRET_POST, "from a file")
    assert "from a file" not in repr(clients["post"])


def test_the_example_clients_file_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PA_SANDBOX_SECRET", "anything")

    clients = read_clients(shipped_scenarios().parent / "clients.yaml")

    assert {client.auth for client in clients.values()} == {AuthMethod.PRIVATE_KEY_JWT, AuthMethod.SECRET_BASIC}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("client_id: a, auth: magic", "clients[0].auth: breaks `enum`. Use one of: private_key_jwt"),
        ("client_id: a, auth: private_key_jwt", "clients[0]"),
        ("client_id: a, auth: private_key_jwt, algs: [HS256], jwks_url: 'https://x'", "clients[0].algs[0]"),
        ("client_id: a, auth: client_secret_basic, secret: HUNTER2", "clients[0].secret: breaks `pattern`"),
        ("client_id: a, auth: client_secret_basic, secret: 'env:NOT_SET_ANYWHERE'", "clients[0].secret: nothing there"),
        (
            "client_id: a, auth: client_secret_basic, secret: 'file:nowhere'",
            "clients[0].secret: the file cannot be read",
        ),
        ("client_id: a, auth: private_key_jwt, jwks_file: nowhere", "clients[0].jwks_file: cannot be read"),
        ("client_id: a, auth: private_key_jwt, jwks: {keys: []}", "no signing key"),
        (
            "client_id: a, auth: private_key_jwt, jwks: {keys: [{kty: oct, k: AAAA, kid: k}]}",
            "not a public RSA or EC key",
        ),
        (
            "client_id: a, auth: private_key_jwt, jwks: {keys: [{kty: RSA, d: AAAA, kid: k}]}",
            "not a public RSA or EC key",
        ),
        ("client_id: a, auth: private_key_jwt, jwks: {keys: [{kty: RSA}]}", "has no kid"),
        ("client_id: a, auth: client_secret_post, secret: 'env:PATH', colour: red", "breaks `additionalProperties`"),
    ],
)
def test_a_wrong_clients_file_is_named_and_never_quoted(tmp_path: Path, row: str, words: str) -> None:
    path = _file(tmp_path, f"  - {{{row}, {SCOPES}}}")

    with pytest.raises(FileFault) as fault:
        read_clients(path)

    assert words in str(fault.value)
    assert str(path) in str(fault.value)
    assert "HUNTER2" not in str(fault.value)


def test_two_clients_may_not_share_an_id(tmp_path: Path) -> None:
    row = f"  - {{client_id: a, auth: client_secret_post, secret: 'env:PATH', {SCOPES}}}\n"

    with pytest.raises(FileFault, match="taken"):
        read_clients(_file(tmp_path, row * 2))


def test_without_a_clients_file_a_secret_is_made_that_was_never_shipped(tmp_path: Path) -> None:
    first = read_config(host="::1", port=8190, data=tmp_path / "a", clients=None, scenarios=None)
    again = read_config(host="::1", port=8190, data=tmp_path / "a", clients=None, scenarios=None)
    other = read_config(host="127.0.0.1", port=8190, data=tmp_path / "b", clients=None, scenarios=None)

    assert len(first.clients["demo"].secret) > 40
    assert first.clients["demo"].secret == again.clients["demo"].secret != other.clients["demo"].secret
    assert (tmp_path / "a" / "demo.secret").stat().st_mode & 0o077 == 0
    assert first.token_url == "http://[::1]:8190/auth/token"
    assert other.base_url() == "http://127.0.0.1:8190/fhir"


@pytest.mark.parametrize(
    ("scope", "covers"),
    [
        ("system/Claim.c", True),
        ("system/Claim.crus", True),
        ("system/*.cruds", True),
        ("system/Claim.write", True),
        ("system/*.write", True),
        ("system/Claim.*", True),
        ("system/*.*", True),
        ("system/Claim.rs", False),
        ("system/Claim.read", False),
        ("system/ClaimResponse.c", False),
        ("user/Claim.c", False),
        ("system/Claim", False),
    ],
)
def test_which_scope_covers_submitting(scope: str, covers: bool) -> None:
    assert may_submit(["openid", scope]) is covers


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.0.2.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_what_counts_as_this_computer(host: str, here: bool) -> None:
    assert is_loopback(host) is here


def test_the_bytes_are_kept_as_they_came(sandbox: Sandbox) -> None:
    raw = b" " + dumps(sandbox.request_of("S-01")) + b"\n"
    reply = sandbox.submit(raw)

    with sqlite3.connect(sandbox.config.store) as connection:
        row = connection.execute("SELECT body, sha256, answer FROM received WHERE what = 'submit'").fetchone()
    connection.close()
    assert row == (raw, digest(raw), reply.content)


def test_the_book_is_append_only(sandbox: Sandbox) -> None:
    sandbox.submit(sandbox.request_of("S-01"))

    connection = sqlite3.connect(sandbox.config.store)
    for statement in ("UPDATE book SET action = 'A3'", "DELETE FROM book"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


def test_a_file_from_before_there_were_versions_is_still_read_and_written(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite3"
    old = Store(path)
    old.receive(Received(at="2026-12-01", what="submit", client="c", status=200))
    old.close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("ALTER TABLE received DROP COLUMN version")

    store = Store(path)
    store.receive(Received(at="2026-12-02", what="submit", client="c", status=200, version="2.0.1"))

    assert [row.version for row in store.received()] == ["", "2.0.1"]
    store.reset()
    assert store.received() == ()
    store.close()
