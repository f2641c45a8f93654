"""Calls the application in this process, without a network, and keeps workers beside it."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from typing import Any

import httpx

from gateway.api.app import create_app
from gateway.api.documentation import EXAMPLES, example
from gateway.fhir import json
from gateway.flow.world import World
from gateway.model.exchange import Outcome
from gateway.payers.profile import PayerProfile
from gateway.ports import Client, Hold
from gateway.settings import Settings
from gateway.worker import Pool
from tests.worlds import NOW, SandboxPayer

ORDER = (EXAMPLES / "order.json").read_bytes()
FHIR = {"Content-Type": "application/fhir+json"}
BASE = "http://127.0.0.1:8180"


def order_without_diagnosis() -> bytes:
    """The example order as it is before the example completion."""
    order = json.loads(ORDER)
    del order["entry"][0]["resource"]["reasonCode"]
    return json.dumps(order)


def another_order(name: object) -> bytes:
    """The example order under another id: a repeat of the example itself would change nothing."""
    order = json.loads(ORDER)
    order["entry"][0]["resource"]["id"] = f"knee-mri-{name}"
    order["entry"][0]["fullUrl"] += f"-{name}"
    return json.dumps(order)


def completion() -> bytes:
    return json.dumps(example("completion"))


class Api:
    """A caller of the API; `headers` go with every request."""

    def __init__(
        self, world: World, headers: Mapping[str, str] | None = None, *, settings: Settings | None = None
    ) -> None:
        self.world = world
        self.app = create_app(world, settings or Settings())
        self.headers = dict(headers or {})

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url=BASE, headers=self.headers, timeout=60
        )

    def call(self, method: str, path: str, **parts: Any) -> httpx.Response:
        async def run() -> httpx.Response:
            async with self.client() as client:
                return await client.request(method, path, **parts)

        return asyncio.run(run())

    def get(self, path: str, **parts: Any) -> httpx.Response:
        return self.call("GET", path, **parts)

    def post(self, path: str, **parts: Any) -> httpx.Response:
        return self.call("POST", path, **parts)

    def submit(self, body: bytes = ORDER, **query: Any) -> httpx.Response:
        return self.post("/orders", content=body, headers=FHIR, params=query)

    def complete(self, order: str, body: bytes, **query: Any) -> httpx.Response:
        return self.call("PATCH", f"/orders/{order}", content=body, headers=FHIR, params=query)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def add_client(world: World, name: str) -> dict[str, str]:
    """A client of that name, and the headers by which it calls."""
    token = f"token-of-{name}"
    world.store.add_client(Client(name, sha256(token.encode()).hexdigest(), NOW))
    return bearer(token)


class GatedPayer(SandboxPayer):
    """A payer that answers when the gate is opened, and tells when a request has come."""

    def __init__(self, world: World) -> None:
        assert isinstance(world.payer_client, SandboxPayer)
        super().__init__(world.payer_client._clock)
        self.arrived, self.gate = threading.Event(), threading.Event()

    def submit(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        self.arrived.set()
        assert self.gate.wait(30)
        return super().submit(payer, body, hold)


@contextmanager
def working(world: World) -> Iterator[None]:
    """One worker thread beside the API."""
    pool = Pool(world, threads=1, lease=timedelta(minutes=1))
    pool.start()
    try:
        yield
    finally:
        pool.stop()
