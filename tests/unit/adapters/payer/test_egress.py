"""The egress client against a real server: bounded in place, time and size, and never repeating."""

import gzip
import socket
import time
import zlib
from collections.abc import Callable

import pytest

from gateway.adapters.payer.egress import Egress
from gateway.model.exchange import Lost, NotSent, Outcome, Reply
from tests.unit.adapters.payer.conftest import NOW, resolving
from tests.unit.adapters.payer.servers import Server, answer, replying, reset

Serve = Callable[..., Server]
Reach = Callable[..., Egress]
BODY = b'{"resourceType":"Bundle"}'
GZIPPED = gzip.compress(BODY, mtime=0)


def post(egress: Egress, url: str, *, seconds: float = 5.0, limit: int = 100_000, body: bytes = BODY) -> Outcome:
    return egress.exchange("POST", url, {"Content-Type": "application/fhir+json"}, body, seconds=seconds, limit=limit)


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_whole_answer_comes_back_with_the_bytes_that_travelled(serve: Serve, egress_to: Reach) -> None:
    reply = answer(b'{"a": 1.00}', "201 Created", content_type="Application/FHIR+JSON; charset=utf-8", retry_after="7")
    server = serve(replying(reply))
    outcome = post(egress_to(server.url()), server.url("/fhir/Claim/$submit"))
    assert outcome == Reply(status=201, media_type="application/fhir+json", body=b'{"a": 1.00}', received_at=NOW,
                            retry_after="7")  # fmt: skip
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /fhir/Claim/$submit HTTP/1.1")
    assert f"host: 127.0.0.1:{server.port}".encode() in head.lower()
    assert b"accept-encoding: gzip\r\n" in head.lower() + b"\r\n"
    assert body == BODY


def test_connections_are_reused_and_cookies_are_not_kept(serve: Serve, egress_to: Reach) -> None:
    server = serve(replying(answer(set_cookie="session=1; Path=/")))
    egress = egress_to(server.url())
    for _ in range(3):
        assert isinstance(post(egress, server.url()), Reply)
    assert server.connections == 1
    assert not any(b"session=1" in request for request in server.requests)


# Place


def test_only_origins_on_the_list_are_contacted(serve: Serve, egress_to: Reach) -> None:
    allowed, other = serve(replying(answer())), serve(replying(answer()))
    egress = egress_to(allowed.url())
    for url in (
        other.url(),
        allowed.url(host="localhost"),
        allowed.url(scheme="https"),
        other.url("/fhir", "127.0.0.2"),
        f"http://127.0.0.1:{allowed.port}@127.0.0.1:{other.port}/",
        f"http://127.1:{allowed.port}/",
        "file:///x",
    ):
        assert isinstance(post(egress, url), NotSent)
    assert (allowed.connections, other.connections) == (0, 0)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_an_answer_and_its_target_gets_no_byte(serve: Serve, egress_to: Reach, status: str) -> None:
    canary = serve(replying(answer()))
    server = serve(replying(answer(status=status, location=canary.url("/fhir"))))
    outcome = post(egress_to(server.url(), canary.url()), server.url())
    assert isinstance(outcome, Reply)
    assert outcome.status == int(status[:3])
    assert (canary.connections, canary.received) == (0, [])


def test_proxies_of_the_environment_are_ignored(
    serve: Serve, egress_to: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = serve(replying(answer())), serve(replying(answer()))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url(""))
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert isinstance(post(egress_to(server.url()), server.url()), Reply)
    assert proxy.connections == 0


@pytest.mark.parametrize("addresses", [
    ["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["::1"], ["::ffff:127.0.0.1"], ["10.0.0.1"],
    ["169.254.169.254"], ["fd00:ec2::254"], ["0.0.0.0"],
])  # fmt: skip
def test_a_name_with_any_refused_address_is_not_connected_to(
    serve: Serve, egress_to: Reach, addresses: list[str]
) -> None:
    canary = serve(replying(answer()))
    url = canary.url(host="payer.example", scheme="https")
    outcome = post(egress_to(url, loopback=False, resolver=resolving({"payer.example": addresses})), url)
    assert isinstance(outcome, NotSent)
    assert "the address of the host is refused" in outcome.reason
    assert canary.connections == 0


def test_the_checked_address_is_the_one_connected_to_though_the_name_changes(serve: Serve, egress_to: Reach) -> None:
    inside = serve(replying(answer()))
    answers = iter([["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1"]])
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    url = inside.url(host="localhost")
    egress = egress_to(url, resolver=rebinding)
    assert isinstance(post(egress, url), Reply)
    assert asked == ["localhost"]  # once, and not again for the open connection
    assert isinstance(post(egress, url), Reply)
    assert asked == ["localhost"]
    egress.close()
    outcome = post(egress, url)
    assert isinstance(outcome, NotSent)
    assert "link-local" in outcome.reason


def test_plain_http_to_a_name_that_turns_out_public_is_refused(egress_to: Reach) -> None:
    egress = egress_to("http://localhost:8190/fhir", resolver=resolving({"localhost": ["8.8.8.8"]}))
    outcome = post(egress, "http://localhost:8190/fhir")
    assert isinstance(outcome, NotSent)
    assert "plain http goes to this machine only" in outcome.reason


def test_the_next_address_is_tried_when_one_refuses(serve: Serve, egress_to: Reach) -> None:
    server = serve(replying(answer()))
    egress = egress_to(server.url(host="localhost"), resolver=resolving({"localhost": ["127.0.0.2", "127.0.0.1"]}))
    assert isinstance(post(egress, server.url(host="localhost")), Reply)


# Time


def drip(piece: bytes, head: bytes) -> Callable[[socket.socket, Server], None]:
    def handle(connection: socket.socket, server: Server) -> None:
        server.read_request(connection)
        connection.sendall(head)
        while not server.over.wait(0.02):
            connection.sendall(piece)

    return handle


@pytest.mark.parametrize(("head", "piece"), [
    (b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b"x"),
    (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    (b"HTTP/1.1 200 OK\r\n", b"x-slow: 1\r\n"),
    (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
])  # fmt: skip
def test_a_slow_drip_ends_with_the_deadline(serve: Serve, egress_to: Reach, head: bytes, piece: bytes) -> None:
    server = serve(drip(piece, head))
    egress = egress_to(server.url())
    began = time.monotonic()
    outcome = post(egress, server.url(), seconds=0.3)
    assert time.monotonic() - began < 1.0
    assert isinstance(outcome, Lost)
    assert "the answer did not end within 0.3 s" in outcome.reason


def test_a_peer_that_does_not_read_ends_with_the_deadline(serve: Serve, egress_to: Reach) -> None:
    server = serve(lambda _, server: server.over.wait())
    egress = egress_to(server.url())
    began = time.monotonic()
    outcome = post(egress, server.url(), seconds=0.3, body=b"x" * 20_000_000)
    assert time.monotonic() - began < 1.0
    assert isinstance(outcome, Lost)
    server.over.set()


def test_a_black_hole_after_the_request_is_lost(serve: Serve, egress_to: Reach) -> None:
    def swallow(connection: socket.socket, server: Server) -> None:
        server.read_request(connection)
        server.over.wait()

    server = serve(swallow)
    outcome = post(egress_to(server.url()), server.url(), seconds=0.3)
    assert isinstance(outcome, Lost)
    server.over.set()


def test_a_name_that_is_never_resolved_ends_with_the_deadline(egress_to: Reach) -> None:
    def stuck(host: str, port: int) -> list[str]:
        time.sleep(1.0)
        return []

    began = time.monotonic()
    outcome = post(egress_to("https://payer.example/", resolver=stuck), "https://payer.example/", seconds=0.2)
    assert time.monotonic() - began < 0.8
    assert isinstance(outcome, NotSent)
    assert "no connection within 0.2 s" in outcome.reason


def test_a_deadline_that_has_passed_sends_nothing_even_on_an_open_connection(serve: Serve, egress_to: Reach) -> None:
    server = serve(replying(answer()))
    egress = egress_to(server.url())
    assert isinstance(post(egress, server.url()), Reply)
    assert post(egress, server.url(), seconds=0.0) == NotSent(f"{server.url('')}: no time is left")
    assert len(server.requests) == 1


# Size


def test_an_answer_at_the_limit_is_read_and_one_byte_more_is_not(serve: Serve, egress_to: Reach) -> None:
    server = serve(replying(answer(b"x" * 1000)))
    egress = egress_to(server.url())
    assert isinstance(post(egress, server.url(), limit=1000), Reply)
    outcome = post(egress, server.url(), limit=999)
    assert isinstance(outcome, Lost)
    assert "larger than 999 bytes" in outcome.reason


def test_a_gzip_bomb_is_capped_while_it_is_unpacked(serve: Serve, egress_to: Reach) -> None:
    import tracemalloc

    bomb = gzip.compress(b"\0" * 200_000_000, compresslevel=9, mtime=0)
    server = serve(replying(answer(bomb, content_encoding="gzip")))
    egress = egress_to(server.url())
    post(egress, server.url(), limit=10)
    tracemalloc.start()
    try:
        outcome = post(egress, server.url(), limit=1_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(outcome, Lost)
    assert "larger than 1000000 bytes" in outcome.reason
    assert peak < 8_000_000


def test_gzip_is_unpacked(serve: Serve, egress_to: Reach) -> None:
    server = serve(replying(answer(gzip.compress(BODY * 50_000, mtime=0), content_encoding="GZIP")))
    outcome = post(egress_to(server.url()), server.url(), limit=10_000_000)
    assert isinstance(outcome, Reply)
    assert outcome.body == BODY * 50_000


@pytest.mark.parametrize(("body", "encoding", "words"), [
    (GZIPPED[:-4], "gzip", "ends early"), (GZIPPED[:12], "gzip", "ends early"), (b"not gzip", "gzip", "damaged"),
    (GZIPPED + b"x" * 10, "gzip", "bytes follow"), (zlib.compress(BODY), "deflate", "not offered"),
    (BODY, "br", "not offered"), (gzip.compress(GZIPPED, mtime=0), "gzip, gzip", "not offered"),
])  # fmt: skip
def test_an_answer_that_cannot_be_unpacked_whole_is_lost(
    serve: Serve, egress_to: Reach, body: bytes, encoding: str, words: str
) -> None:
    server = serve(replying(answer(body, content_encoding=encoding)))
    outcome = post(egress_to(server.url()), server.url())
    assert isinstance(outcome, Lost)
    assert words in outcome.reason


# Sent or not


def test_a_refused_connection_sent_nothing(egress_to: Reach) -> None:
    url = f"http://127.0.0.1:{closed_port()}/"
    outcome = post(egress_to(url), url)
    assert outcome == NotSent(f"{url[:-1]}: the connection was refused")


def test_an_unknown_name_sent_nothing(egress_to: Reach) -> None:
    outcome = post(egress_to("https://payer.example/", resolver=resolving({})), "https://payer.example/")
    assert outcome == NotSent("https://payer.example: the host name is not known")


def closing(connection: socket.socket, server: Server) -> None:
    server.read_request(connection)


def resetting(connection: socket.socket, server: Server) -> None:
    server.read_request(connection)
    reset(connection)


def resetting_midway(connection: socket.socket, server: Server) -> None:
    connection.recv(10)
    reset(connection)


def truncating(connection: socket.socket, server: Server) -> None:
    server.read_request(connection)
    connection.sendall(answer(b"x" * 100)[:-50])


def truncating_chunks(connection: socket.socket, server: Server) -> None:
    server.read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")


def talking_nonsense(connection: socket.socket, server: Server) -> None:
    server.read_request(connection)
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


@pytest.mark.parametrize("handler", [closing, resetting, resetting_midway, truncating, truncating_chunks,
                                     talking_nonsense])  # fmt: skip
def test_once_a_byte_has_left_a_broken_exchange_is_lost_and_not_repeated(
    serve: Serve, egress_to: Reach, handler: Callable[[socket.socket, Server], None]
) -> None:
    server = serve(handler)
    outcome = post(egress_to(server.url()), server.url(), body=b"x" * 3_000_000)
    assert isinstance(outcome, Lost)
    assert server.connections == 1
    assert len(server.requests) <= 1


def test_a_connection_closed_as_we_write_is_lost_and_the_request_is_not_sent_again(
    serve: Serve, egress_to: Reach
) -> None:
    def once(connection: socket.socket, server: Server) -> None:
        server.read_request(connection)
        connection.sendall(answer())
        server.read_request(connection)  # the second request arrives, and the connection ends

    server = serve(once)
    egress = egress_to(server.url())
    assert isinstance(post(egress, server.url()), Reply)
    assert isinstance(post(egress, server.url()), Lost)
    assert server.connections == 1
    assert len(server.requests) == 2


def test_an_idle_connection_that_the_server_has_closed_is_not_used(serve: Serve, egress_to: Reach) -> None:
    def one_each(connection: socket.socket, server: Server) -> None:
        server.read_request(connection)
        connection.sendall(answer())

    server = serve(one_each)
    egress = egress_to(server.url())
    for _ in range(3):
        assert isinstance(post(egress, server.url()), Reply)
        ended = time.monotonic() + 2
        while any(thread.is_alive() for thread in server._threads) and time.monotonic() < ended:
            time.sleep(0.001)
    assert server.connections == 3


def test_an_early_refusal_is_read_though_the_request_could_not_be_written_whole(serve: Serve, egress_to: Reach) -> None:
    def refuse(connection: socket.socket, server: Server) -> None:
        connection.recv(1000)
        connection.sendall(answer(b"{}", "413 Too Large", connection="close"))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    server = serve(refuse)
    outcome = post(egress_to(server.url()), server.url(), body=b"x" * 3_000_000)
    assert isinstance(outcome, Reply)
    assert outcome.status == 413


def test_a_header_that_would_break_the_request_sends_nothing(serve: Serve, egress_to: Reach) -> None:
    server = serve(replying(answer()))
    egress = egress_to(server.url())
    outcome = egress.exchange("POST", server.url(), {"X": "a\r\nY: b"}, b"", seconds=2, limit=10)
    assert isinstance(outcome, NotSent)
    assert server.received == []
