"""From an order to the client's receiver: workers, SQLite, HTTP, a receiver that fails now and then, and the log."""

import base64
import hashlib
import hmac
import io
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from gateway.adapters.log import JsonLog
from gateway.adapters.notify.client import HttpNotifier
from gateway.adapters.store import open_store
from gateway.fhir import json
from gateway.flow import intake
from gateway.flow.prepare import Treatment
from gateway.payers.site import Told, Webhook
from gateway.ports import WorkQuery
from gateway.worker import Pool
from tests.private import CANARIES, leaks
from tests.scrub.test_scrub import poisoned
from tests.unit.adapters.payer.servers import Server, answer, replying
from tests.worlds import NOW, build_world

SECRET = "whsec_" + base64.b64encode(f"{CANARIES['secret']} of 32 bytes".encode()).decode()
PATH = "/hooks/canary-path"


class RunningClock:
    """Runs from NOW on, and is put forward when told."""

    def __init__(self) -> None:
        self._began, self._ahead = time.monotonic(), timedelta(0)

    def now(self) -> datetime:
        return NOW + self._ahead + timedelta(seconds=time.monotonic() - self._began)

    def steady(self) -> float:
        return self.now().timestamp()

    def advance(self, by: timedelta) -> None:
        self._ahead += by


class HastyLog(JsonLog):
    """The real log; whenever a message has failed, it lets the first wait pass."""

    clock = RunningClock()

    def write(self, line: str, /, **fields: str | int | float) -> None:
        super().write(line, **fields)
        if line == "webhook.failed":
            self.clock.advance(timedelta(seconds=6))


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    server = Server(replying(answer()))
    yield server
    server.close()


def test_a_client_hears_of_every_event_once_it_answers_in_order_and_of_nothing_private(
    tmp_path: Path, elsewhere: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", SECRET)
    sink, decided = io.StringIO(), Event()
    store = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    world, log = build_world(store=store), HastyLog(sink)
    redirect = answer(b"", "307 Temporary Redirect", location=elsewhere.url("/taken"))
    replies = [answer(b"", "500 Oops"), answer(), redirect, answer()]

    def receive(connection: socket.socket, server: Server) -> None:
        while request := server.read_request(connection):
            reply = replies.pop(0) if replies else answer(b"", "204 No Content")
            connection.sendall(reply)
            if b'"event":"Decided"' in request and reply.startswith(b"HTTP/1.1 204"):
                decided.set()

    server = Server(receive)
    hook = Webhook(client="ehr", url=server.url(PATH), secrets=("env:HOOK",), events=Told.ALL, allow_loopback=True)
    site = replace(world.site, webhooks=(hook,))
    notifier = HttpNotifier(site, log.clock)
    world = replace(world, clock=log.clock, site=site, notifier=notifier, log=log)
    pool = Pool(world, threads=4, lease=timedelta(seconds=60))
    try:
        order = poisoned("home_oxygen")
        (identity,) = intake.receive(world, order, Treatment(), client="ehr", actor="ehr:ehr").authorizations
        pool.start()
        assert decided.wait(30)
    finally:
        pool.stop()
        notifier.close()
        server.close()
    messages = [message(request) for request in server.requests]
    events = len(store.events(authorization=identity))
    assert events >= 4
    expected = [f"{identity}/{n}" for n in (1, 1, 2, 2, *range(3, events + 1))]
    assert [headers["webhook-id"] for headers, _ in messages] == expected
    assert all(headers["webhook-signature"] == independent(headers, body) for headers, body in messages)
    assert json.loads(messages[-1][1])["determination"] == store.authorization(identity).determination != "none"
    assert store.works(WorkQuery(authorization=identity)) == ()
    store.close()
    assert elsewhere.connections == 0
    assert leaks(b"".join(server.received).decode()) == []
    for hidden in (*CANARIES.values(), SECRET, PATH, "withheld"):
        assert hidden not in sink.getvalue()
    assert sink.getvalue().count('"webhook.failed"') == 2
    assert sink.getvalue().count('"webhook.told"') == events


def message(request: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    lines = (line.partition(": ") for line in head.decode().split("\r\n")[1:])
    return {name.lower(): value for name, _, value in lines}, body


def independent(headers: dict[str, str], body: bytes) -> str:
    """The signature by the words of the specification, with nothing of ours."""
    key = base64.b64decode(SECRET.split("_", 1)[1])
    content = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
