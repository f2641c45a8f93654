"""What our kernel still holds of a request is thrown away once nobody waits for its answer, against a real server."""

import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from threading import Event

import httpcore
import pytest

from gateway.adapters.payer.egress import Egress
from gateway.adapters.payer.network import Attempt, CheckedNetwork, attempt, resolve
from gateway.model.exchange import Lost, Reply
from tests.unit.adapters.payer.conftest import ROOT
from tests.unit.adapters.payer.servers import Server, answer

Serve = Callable[..., Server]
Reach = Callable[..., Egress]
BODY = b"x" * 60_000


class Stalled:
    """A payer's machine that takes connections, and whose program reads nothing until it is told."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/fhir"

    def accept(self) -> socket.socket:
        connection, _ = self._socket.accept()
        connection.settimeout(5)
        return connection

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def stalled() -> Iterator[Stalled]:
    made = Stalled()
    yield made
    made.close()


def what_comes(connection: socket.socket) -> tuple[bytes, bool]:
    """All that a payer can read, and whether the end was a reset."""
    got = b""
    with connection:
        try:
            while part := connection.recv(65_536):
                got += part
        except ConnectionResetError:
            return got, True
    return got, False


def test_what_the_payer_had_not_got_when_we_gave_up_never_comes(stalled: Stalled, egress_to: Reach) -> None:
    egress = egress_to(stalled.url)
    outcome = egress.exchange("POST", stalled.url, {}, BODY, seconds=0.5, limit=1000)
    assert isinstance(outcome, Lost)
    got, reset = what_comes(stalled.accept())
    assert reset
    assert len(got) < len(BODY)


def test_what_the_payer_had_not_got_when_we_were_killed_never_comes(stalled: Stalled) -> None:
    program = (
        "import sys\n"
        "from gateway.adapters.clock import SystemClock\n"
        "from gateway.adapters.payer.egress import Egress, Policy\n"
        "from gateway.payers.origin import origin\n"
        "egress = Egress(Policy(frozenset([origin(sys.argv[1])]), True), SystemClock())\n"
        "egress.exchange('POST', sys.argv[1], {}, b'x' * 60_000, seconds=60, limit=1000)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, stalled.url], cwd=ROOT) as sender:
        connection = stalled.accept()
        while len(connection.recv(1000, socket.MSG_PEEK)) < 1000:  # until the body has followed the head
            pass
        sender.kill()
    got, reset = what_comes(connection)
    assert reset
    assert len(got) < len(BODY)


@pytest.mark.parametrize("reply", [
    b"",
    b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this",
    answer(b"x" * 5000),
    answer(b"not gzip", content_encoding="gzip"),
])  # fmt: skip
def test_without_a_whole_answer_the_connection_is_reset(serve: Serve, egress_to: Reach, reply: bytes) -> None:
    ends: list[bool] = []
    over = Event()

    def handle(connection: socket.socket, server: Server) -> None:
        server.read_request(connection)
        connection.sendall(reply)
        ends.append(what_comes(connection)[1])
        over.set()

    server = serve(handle)
    outcome = egress_to(server.url()).exchange("POST", server.url(), {}, b"{}", seconds=0.5, limit=1000)
    assert isinstance(outcome, Lost)
    assert over.wait(5)
    assert ends == [True]


@pytest.mark.parametrize("reply", [
    answer(),
    answer(connection="close"),
    answer(b"", "204 No Content"),
    answer(status="500 Oops"),
])  # fmt: skip
def test_after_a_whole_answer_the_connection_is_closed_as_usual(serve: Serve, egress_to: Reach, reply: bytes) -> None:
    ends: list[bool] = []
    over = Event()

    def handle(connection: socket.socket, server: Server) -> None:
        server.read_request(connection)
        connection.sendall(reply)
        ends.append(what_comes(connection)[1])
        over.set()

    server = serve(handle)
    egress = egress_to(server.url())
    assert isinstance(egress.exchange("POST", server.url(), {}, b"{}", seconds=5, limit=1000), Reply)
    egress.close()
    assert over.wait(5)
    assert ends == [False]


def test_while_a_request_is_under_way_its_kernel_gives_up_with_its_deadline(stalled: Stalled) -> None:
    current = Attempt(time.monotonic() + 5, loopback=True, tls=False, monotonic=time.monotonic)
    with attempt(current):
        stream = CheckedNetwork(resolve).connect_tcp("127.0.0.1", int(stalled.url.split(":")[2].split("/")[0]))
        stream.write(b"x")
        ours: socket.socket = stream.get_extra_info("socket")
        linger = struct.unpack("ii", ours.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
        patience = ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        current.end()
        kept = struct.unpack("ii", ours.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
        assert isinstance(stream, httpcore.NetworkStream)
        stream.close()
    assert linger == (1, 0)
    assert 4000 < patience <= 5000
    assert kept[0] == 0
