"""A faulty payer of its own process for tests, the requests it is sent, and raw ways to reach it."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from gateway.chaos.payer.book import Book, OrderEntries, read_book
from gateway.sandbox.ready_request import ready_request
from gateway.sandbox.scenarios import Order
from gateway.sandbox.versions import VERSIONS

ROOT = Path(__file__).resolve().parents[2]
CLINIC = "1982947230"


def request(member: str, *, version: str = "2.2.1", code: str = "73721", new_id: Callable[[], UUID] = uuid4) -> bytes:
    """A complete request for a member."""
    order = Order(code=code, system="CPT", service_type="4", request_type="HS", place="22")
    moment = datetime(2026, 11, 25, 12, tzinfo=UTC)
    bundle = ready_request([order], now=moment, new_id=new_id, version=VERSIONS[version])
    return json.dumps(bundle).replace("SBX0000001", member).encode()


def inquiry(member: str, *, code: str = "73721", day: str = "", requestor: str = CLINIC) -> bytes:
    """An inquiry about a member by example; it has no identifier of any request."""
    bundle = json.loads(request(member, code=code))
    claim = bundle["entry"][0]["resource"]
    for item in claim["item"]:
        item.pop("extension")
        item.pop("servicedDate")
        if day:
            item["servicedDate"] = day
    return json.dumps(bundle).replace(CLINIC, requestor).encode()


@dataclass
class Answer:
    """What came back on a connection: status 0 and no body when there was no HTTP answer."""

    status: int = 0
    fields: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: str = ""

    @property
    def document(self) -> Any:
        return json.loads(self.body)


class Client:
    """A plain HTTP client that keeps its connection and says how it ended: `reset`, `closed`, `timeout`, or empty."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.path = parts.path
        self.sock = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5)
        self.rest = b""

    def post(
        self, path: str, body: bytes, *, seconds: float = 5, bearer: str = "chaos-x", most: int = 1 << 20
    ) -> Answer:
        head = f"POST {self.path}{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {bearer}\r\n"
        head += f"Content-Length: {len(body)}"
        try:
            self.sock.sendall(head.encode() + b"\r\n\r\n" + body)
        except OSError:
            return Answer(ended="reset")
        return self.read(seconds=seconds, most=most)

    def read(self, *, seconds: float = 5, most: int = 1 << 20) -> Answer:
        answer, ends = Answer(), time.monotonic() + seconds
        while b"\r\n\r\n" not in self.rest and not answer.ended:
            answer.ended = self._more(ends)
        if b"\r\n\r\n" not in self.rest:
            return answer
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        first, *rows = head.decode().split("\r\n")
        answer.status = int(first.split()[1])
        answer.fields = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in rows)}
        length = int(answer.fields.get("content-length", 0))
        while len(self.rest) < min(length, most) and not answer.ended:
            answer.ended = self._more(ends)
        answer.body, self.rest = self.rest[:length], self.rest[length:]
        return answer

    def close(self) -> None:
        self.sock.close()

    def _more(self, ends: float) -> str:
        self.sock.settimeout(max(ends - time.monotonic(), 0.001))
        try:
            piece = self.sock.recv(1 << 20)
        except TimeoutError:
            return "timeout"
        except OSError:
            return "reset"
        self.rest += piece
        return "" if piece else "closed"


@dataclass(frozen=True)
class Payer:
    """A running payer."""

    home: Path
    ready: Mapping[str, Any]

    @property
    def book(self) -> Book:
        return read_book(self.home / "book.jsonl")

    def order(self, member: str) -> OrderEntries:
        return self.book.orders[member]

    def fhir(self, fault: str) -> str:
        return str(self.ready["classes"][fault]["fhir"])

    def token_url(self, fault: str) -> str:
        return str(self.ready["classes"][fault]["token"])

    @contextmanager
    def client(self, fault: str) -> Iterator[Client]:
        client = Client(self.fhir(fault))
        try:
            yield client
        finally:
            client.close()

    def submit(self, fault: str, body: bytes, **how: Any) -> Answer:
        with self.client(fault) as client:
            return client.post("/Claim/$submit", body, **how)

    def inquire(self, fault: str, body: bytes) -> Answer:
        with self.client(fault) as client:
            return client.post("/Claim/$inquire", body)

    def hit(self, fault: str, variant: str, *, tries: int = 60) -> tuple[str, Answer]:
        """A member whose first attempt meets this variant, and what came of it."""
        for number in range(tries):
            member = f"{fault}-{variant}-{number}"
            answer = self.submit(fault, request(member), seconds=2)
            if self.order(member).attempts[0].variant == variant:
                return member, answer
        raise AssertionError(f"{variant} does not come up")


@contextmanager
def running(home: Path, **about: Any) -> Iterator[Payer]:
    """A payer process described by `about`, ready to serve."""
    (home / "payer.json").write_text(json.dumps({"seed": 7, **about}))
    with subprocess.Popen([sys.executable, "-m", "gateway.chaos.payer", str(home)], cwd=ROOT) as process:
        try:
            ready = home / "payer.ready"
            ends = time.monotonic() + 20
            while not ready.exists():
                assert process.poll() is None, "the payer ended at once"
                assert time.monotonic() < ends, "the payer does not get ready"
                time.sleep(0.01)
            yield Payer(home, json.loads(ready.read_text()))
        finally:
            process.terminate()
            process.wait(timeout=10)
