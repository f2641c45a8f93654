"""A sandbox application asked from ordinary code, a clock that stands still, ids that count."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from joserfc import jws

from gateway.fhir.json import dumps
from gateway.sandbox.app import create_app
from gateway.sandbox.config import SandboxConfig
from gateway.sandbox.ready_request import ready_request
from gateway.sandbox.store import Store
from gateway.sandbox.versions import VERSIONS

ORIGIN = "http://127.0.0.1:8190"
JWKS_URL = "https://ehr.example/jwks.json"
SUBMIT_SCOPE = "system/Claim.crus"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def counted_ids() -> Callable[[], UUID]:
    """Version-4 UUIDs that only count."""
    numbers = count(1)
    return lambda: UUID(int=next(numbers), version=4)


@dataclass
class Sandbox:
    """A running application, asked from ordinary code."""

    config: SandboxConfig
    clock: Clock
    keys: dict[str, Any]

    @cached_property
    def app(self) -> FastAPI:
        """Made when first asked: many tests need no HTTP."""
        return create_app(self.config)

    def close(self) -> None:
        if "app" in self.__dict__:
            self.store.close()
            del self.app

    @property
    def store(self) -> Store:
        store: Store = self.app.state.store
        return store

    def ask(self, method: str, path: str, *, caller: str = "127.0.0.1", **what: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(caller, 50000))
            async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
                return await client.request(method, path, **what)

        return asyncio.run(send())

    def assertion(self, *, key: str = "rsa", header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A good assertion of client `by-key`, changed; a change to None removes the claim."""
        now = int(self.clock().timestamp())
        claims = {
            "iss": "by-key",
            "sub": "by-key",
            "aud": f"{ORIGIN}/auth/token",
            "iat": now,
            "exp": now + 240,
            "jti": f"jti-{next(_serial)}",
        } | changes
        signing = self.keys[key]
        algorithm = "ES384" if key.startswith("ec") else "RS384"
        head = {"alg": algorithm, "typ": "JWT", "kid": signing.kid} | (header or {})
        present = {name: value for name, value in claims.items() if value is not None}
        return jws.serialize_compact(
            {name: value for name, value in head.items() if value is not None},
            dumps(present),
            signing,
            registry=jws.JWSRegistry(algorithms=[head["alg"]], strict_check_header=False),
        )

    def token_request(self, assertion: str, **form: str) -> httpx.Response:
        return self.ask(
            "POST",
            "/auth/token",
            data={
                "grant_type": "client_credentials",
                "scope": SUBMIT_SCOPE,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": assertion,
            }
            | form,
        )

    def token(self, *, client: str = "by-basic", scope: str = SUBMIT_SCOPE) -> str:
        reply = self.ask(
            "POST",
            "/auth/token",
            auth=(client, "a secret: of ours"),
            data={"grant_type": "client_credentials", "scope": scope},
        )
        assert reply.status_code == 200, reply.text
        token: str = reply.json()["access_token"]
        return token

    def submit(self, bundle: Any, *, token: str = "", headers: dict[str, str] | None = None) -> httpx.Response:
        raw = bundle if isinstance(bundle, bytes) else dumps(bundle)
        return self.ask(
            "POST",
            "/fhir/Claim/$submit",
            content=raw,
            headers={"Authorization": f"Bearer {token or self.token()}", "Content-Type": "application/fhir+json"}
            | (headers or {}),
        )

    def request_of(self, scenario: str, version: str = "2.2.1") -> dict[str, Any]:
        orders = self.config.scenarios.orders(self.config.scenarios[scenario])
        return ready_request(orders, now=self.clock(), new_id=self.config.new_id, version=VERSIONS[version])


_serial = count(1)
