"""Sandboxes with a fixed clock, counted ids and clients of every kind."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwk

from gateway.fhir.json import Limits
from gateway.sandbox.clients import AuthMethod, Client
from gateway.sandbox.config import SandboxConfig, shipped_scenarios
from gateway.sandbox.scenarios import Scenarios, read_scenarios
from tests.unit.sandbox.harness import JWKS_URL, ORIGIN, SUBMIT_SCOPE, Clock, Sandbox, counted_ids


@pytest.fixture(scope="session")
def signing_keys() -> dict[str, Any]:
    keys: dict[str, Any] = {
        name: jwk.RSAKey.generate_key(2048, parameters={"kid": "rsa-1"}) for name in ("rsa", "foreign")
    }
    keys["ec"] = jwk.ECKey.generate_key("P-384", parameters={"kid": "ec-1"})
    keys["ec-late"] = jwk.ECKey.generate_key("P-384", parameters={"kid": "ec-late"})
    return keys


@pytest.fixture(scope="session")
def shipped() -> Scenarios:
    return read_scenarios(shipped_scenarios())


@pytest.fixture
def sandbox(tmp_path: Path, signing_keys: dict[str, Any], shipped: Scenarios) -> Iterator[Sandbox]:
    clock = Clock()
    public = tuple(signing_keys[name].as_dict(private=False) for name in ("rsa", "ec"))
    secret, scopes = "a secret: of ours", (SUBMIT_SCOPE, "system/Claim.r")
    clients = (
        Client("by-key", AuthMethod.PRIVATE_KEY_JWT, scopes, algs=("RS384", "ES384"), keys=public),
        Client("by-rsa-only", AuthMethod.PRIVATE_KEY_JWT, scopes, algs=("RS384",), keys=public),
        Client("by-url", AuthMethod.PRIVATE_KEY_JWT, scopes, algs=("ES384",), jwks_url=JWKS_URL),
        Client("by-basic", AuthMethod.SECRET_BASIC, scopes, secret=secret),
        Client("by-post", AuthMethod.SECRET_POST, scopes, secret=secret, token_seconds=60),
    )
    config = SandboxConfig(
        origin=ORIGIN,
        store=tmp_path / "sandbox.sqlite3",
        clients={client.client_id: client for client in clients},
        scenarios=shipped,
        limits=Limits(size=200_000),
        now=clock,
        new_id=counted_ids(),
    )
    made = Sandbox(config, clock, signing_keys)
    yield made
    made.close()
