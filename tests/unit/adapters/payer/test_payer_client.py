"""Submitting: what is sent, what each fault becomes, and that nothing is ever sent twice but after a 401."""

import logging
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
import respx

from gateway.adapters.payer.client import HttpPayerClient, longest_submit, policy_of
from gateway.model.clocks import Duration
from gateway.model.errors import ConfigFault
from gateway.model.exchange import Lost, NotSent, Reply, Verdict
from gateway.payers.profile import Limits, PayerProfile, ReplyRule
from gateway.payers.replies import classify
from gateway.payers.site import SigningKey, Site
from tests.unit.adapters.payer.conftest import NOW, FixedClock, HeardLog, resolving
from tests.unit.adapters.payer.servers import Server, answer, replying
from tests.worlds import Unending

TOKEN_URL = "http://127.0.0.1:8190/token"
SUBMIT_URL = "http://127.0.0.1:8190/fhir/Claim/$submit"
BODY = b'{"resourceType":"Bundle","total":1.00}'
FHIR = {"content-type": "application/fhir+json"}


@pytest.fixture
def log() -> HeardLog:
    return HeardLog()


@pytest.fixture
def client(site: Site, log: HeardLog) -> Iterator[HttpPayerClient]:
    made = HttpPayerClient(site, FixedClock(), log)
    yield made
    made.close()


@pytest.fixture
def router() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        router.post(TOKEN_URL).respond(json={"access_token": "t1", "expires_in": 300})
        yield router


def at(payer: PayerProfile, server: Server, *, host: str = "127.0.0.1", respond: str = "PT5S") -> PayerProfile:
    """The payer at a real server, its token endpoint beside it."""
    endpoints = replace(payer.endpoints, fhir=server.url("/fhir", host), token=server.url("/token", host))
    return replace(payer, endpoints=endpoints, clocks=replace(payer.clocks, respond=Duration.parse(respond)))


def with_tokens(submit: Callable[[socket.socket, Server], None]) -> Callable[[socket.socket, Server], None]:
    """A server that gives tokens and leaves `$submit` to `submit`, which finds the request already read."""
    token = answer(b'{"access_token":"canary-token","expires_in":300}', content_type="application/json")

    def handle(connection: socket.socket, server: Server) -> None:
        while request := server.read_request(connection):
            if request.startswith(b"POST /token"):
                connection.sendall(token)
            else:
                submit(connection, server)

    return handle


def submits(server: Server) -> int:
    return sum(request.startswith(b"POST /fhir/Claim/$submit") for request in server.requests)


def test_the_exact_bytes_go_to_claim_submit_as_fhir_with_a_bearer_token(
    client: HttpPayerClient, router: respx.MockRouter, payer: PayerProfile, log: HeardLog
) -> None:
    route = router.post(SUBMIT_URL).respond(200, headers=FHIR, content=b"{}")
    outcome = client.submit(payer, BODY, Unending())
    assert outcome == Reply(status=200, media_type="application/fhir+json", body=b"{}", received_at=NOW)
    request = route.calls[0].request
    assert request.content == BODY
    assert (request.headers["content-type"], request.headers["accept"]) == ("application/fhir+json",) * 2
    assert request.headers["authorization"] == "Bearer t1"
    assert [(line, fields.get("status"), fields.get("bytes")) for line, fields in log.lines] == [
        ("token.obtained", None, None),
        ("payer.answered", 200, 2),
    ]


@pytest.mark.parametrize("status", [200, 201, 202, 400, 403, 404, 408, 409, 422, 425, 429, 500, 502, 503, 504, 307])
def test_every_status_is_a_reply_sent_for_once(
    client: HttpPayerClient, router: respx.MockRouter, payer: PayerProfile, status: int
) -> None:
    route = router.post(SUBMIT_URL).respond(status, headers={"retry-after": "9", "location": "http://127.0.0.1:8190/x"})
    outcome = client.submit(payer, BODY, Unending())
    assert isinstance(outcome, Reply)
    assert (outcome.status, outcome.retry_after) == (status, "9")
    assert route.call_count == 1


@pytest.mark.parametrize(("fault", "kind"), [
    (httpx.ConnectError, NotSent), (httpx.ConnectTimeout, NotSent), (httpx.PoolTimeout, NotSent),
    (httpx.ReadTimeout, Lost), (httpx.ReadError, Lost), (httpx.WriteError, Lost), (httpx.WriteTimeout, Lost),
    (httpx.RemoteProtocolError, Lost), (httpx.CloseError, Lost), (httpx.ProxyError, Lost),
])  # fmt: skip
def test_a_network_fault_is_a_value_and_is_not_repeated(
    client: HttpPayerClient, router: respx.MockRouter, payer: PayerProfile, fault: type[Exception], kind: type[Any]
) -> None:
    route = router.post(SUBMIT_URL).mock(side_effect=fault)
    assert isinstance(client.submit(payer, BODY, Unending()), kind)
    assert route.call_count == 1


def test_after_a_401_a_new_token_is_fetched_and_the_request_goes_once_more(
    client: HttpPayerClient, router: respx.MockRouter, payer: PayerProfile
) -> None:
    tokens = router.post(TOKEN_URL).mock(side_effect=[
        httpx.Response(200, json={"access_token": name, "expires_in": 300}) for name in ("t1", "t2")])  # fmt: skip
    route = router.post(SUBMIT_URL).mock(side_effect=[httpx.Response(401), httpx.Response(200, content=b"{}")])
    outcome = client.submit(payer, BODY, Unending())
    assert isinstance(outcome, Reply)
    assert outcome.status == 200
    assert [call.request.headers["authorization"] for call in route.calls] == ["Bearer t1", "Bearer t2"]
    assert [call.request.content for call in route.calls] == [BODY, BODY]
    assert tokens.call_count == 2


@pytest.mark.parametrize(("verdict", "sent"), [
    (Verdict.IN_DOUBT, 1), (Verdict.REJECTION, 1), (Verdict.NOT_ACCEPTED, 2),
])  # fmt: skip
def test_a_401_that_may_mean_something_else_by_the_payers_own_table_is_the_answer(
    client: HttpPayerClient, router: respx.MockRouter, payer: PayerProfile, verdict: Verdict, sent: int
) -> None:
    router.post(TOKEN_URL).mock(side_effect=[
        httpx.Response(200, json={"access_token": name, "expires_in": 300}) for name in ("t1", "t2")])  # fmt: skip
    route = router.post(SUBMIT_URL).respond(401)
    odd = replace(payer, replies={401: ReplyRule(401, verdict, None, "companion guide 4.2")})
    outcome = client.submit(odd, BODY, Unending())
    assert isinstance(outcome, Reply)
    assert (outcome.status, route.call_count) == (401, sent)


def test_a_second_401_is_the_answer(client: HttpPayerClient, router: respx.MockRouter, payer: PayerProfile) -> None:
    route = router.post(SUBMIT_URL).respond(401)
    outcome = client.submit(payer, BODY, Unending())
    assert isinstance(outcome, Reply)
    assert (outcome.status, route.call_count) == (401, 2)
    assert classify(outcome, payer, NOW, spread=0.5).verdict is Verdict.NOT_ACCEPTED


def test_a_401_without_a_new_token_is_the_answer(
    client: HttpPayerClient, router: respx.MockRouter, payer: PayerProfile
) -> None:
    router.post(TOKEN_URL).mock(side_effect=[httpx.Response(200, json={"access_token": "t1"}), httpx.Response(400)])
    route = router.post(SUBMIT_URL).respond(401)
    outcome = client.submit(payer, BODY, Unending())
    assert isinstance(outcome, Reply)
    assert (outcome.status, route.call_count) == (401, 1)


def test_a_403_is_not_tried_with_another_token(
    client: HttpPayerClient, router: respx.MockRouter, payer: PayerProfile
) -> None:
    route = router.post(SUBMIT_URL).respond(403)
    client.submit(payer, BODY, Unending())
    assert route.call_count == 1


@pytest.mark.parametrize("changes", [{"key": "old"}, {"key": "nobody"}])
def test_no_token_sends_nothing_and_says_why(
    client: HttpPayerClient, router: respx.MockRouter, payer: PayerProfile, changes: dict[str, str], log: HeardLog
) -> None:
    route = router.post(SUBMIT_URL).respond(200)
    outcome = client.submit(replace(payer, auth=replace(payer.auth, **changes)), BODY, Unending())
    assert isinstance(outcome, NotSent)
    assert "no access token: The site has no active signing key" in outcome.reason
    assert not route.called
    assert [line for line, _ in log.lines] == ["token.failed", "payer.not_sent"]


def test_a_token_refusal_sends_nothing(client: HttpPayerClient, router: respx.MockRouter, payer: PayerProfile) -> None:
    router.post(TOKEN_URL).respond(401, json={"error": "invalid_client"})
    route = router.post(SUBMIT_URL).respond(200)
    outcome = client.submit(payer, BODY, Unending())
    assert outcome == NotSent("no access token: the token endpoint refuses us: invalid_client (HTTP 401)")
    assert not route.called


def test_a_token_is_fetched_once_for_many_requests_and_again_when_the_profile_changes(
    client: HttpPayerClient, router: respx.MockRouter, payer: PayerProfile
) -> None:
    tokens = router.post(TOKEN_URL).respond(json={"access_token": "t", "expires_in": 300})
    router.post(SUBMIT_URL).respond(200)
    for _ in range(3):
        client.submit(payer, BODY, Unending())
    assert tokens.call_count == 1
    client.submit(replace(payer, auth=replace(payer.auth, scope="other")), BODY, Unending())
    assert tokens.call_count == 2


def test_two_payers_share_neither_token_nor_connection(
    client: HttpPayerClient, router: respx.MockRouter, payer: PayerProfile
) -> None:
    tokens = router.post(TOKEN_URL).respond(json={"access_token": "t", "expires_in": 300})
    router.post(SUBMIT_URL).respond(200)
    client.submit(payer, BODY, Unending())
    client.submit(replace(payer, id="twin"), BODY, Unending())
    assert tokens.call_count == 2


def test_a_payer_that_drips_is_lost_within_its_time(
    serve: Callable[..., Server], client: HttpPayerClient, payer: PayerProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.adapters.payer.client.RESPOND_MARGIN_SECONDS", -0.7)

    def drip(connection: socket.socket, server: Server) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n")
        while not server.over.wait(0.02):
            connection.sendall(b" ")

    server = serve(with_tokens(drip))
    began = time.monotonic()
    outcome = client.submit(at(payer, server, respond="PT1S"), BODY, Unending())
    assert time.monotonic() - began < 1.0
    assert isinstance(outcome, Lost)
    assert submits(server) == 1


def test_a_payer_that_processes_and_resets_is_lost_and_asked_for_once(
    serve: Callable[..., Server], client: HttpPayerClient, payer: PayerProfile
) -> None:
    server = serve(with_tokens(lambda connection, _: connection.close()))
    assert isinstance(client.submit(at(payer, server), BODY, Unending()), Lost)
    assert submits(server) == 1


def test_an_answer_larger_than_the_profile_allows_is_lost(
    serve: Callable[..., Server], client: HttpPayerClient, payer: PayerProfile
) -> None:
    server = serve(with_tokens(lambda connection, _: connection.sendall(answer(b"x" * 5000))))
    small = replace(at(payer, server), limits=Limits(4096, 4, 50))
    outcome = client.submit(small, BODY, Unending())
    assert isinstance(outcome, Lost)
    assert "larger than 4096 bytes" in outcome.reason


def test_a_redirected_submit_takes_neither_body_nor_token_along(
    serve: Callable[..., Server], client: HttpPayerClient, payer: PayerProfile
) -> None:
    canary = serve(replying(answer()))
    moved = answer(status="308 Permanent Redirect", location=canary.url("/fhir/Claim/$submit"))
    server = serve(with_tokens(lambda connection, _: connection.sendall(moved)))
    outcome = client.submit(at(payer, server), BODY, Unending())
    assert isinstance(outcome, Reply)
    assert classify(outcome, payer, NOW, spread=0.5).verdict is Verdict.IN_DOUBT
    assert canary.received == []


def test_a_payer_that_turns_private_gets_nothing(serve: Callable[..., Server], site: Site, payer: PayerProfile) -> None:
    canary = serve(replying(answer()))
    client = HttpPayerClient(site, FixedClock(), HeardLog(), resolver=resolving({"payer.example": ["127.0.0.1"]}))
    endpoints = replace(payer.endpoints, fhir=canary.url("/fhir", "payer.example", "https"),
                        token=canary.url("/token", "payer.example", "https"))  # fmt: skip
    outcome = client.submit(replace(payer, endpoints=endpoints, allow_loopback=False), BODY, Unending())
    assert isinstance(outcome, NotSent)
    assert "must not be contacted" in outcome.reason
    assert "it is this machine" in outcome.reason
    assert canary.connections == 0


def test_no_secret_and_no_content_reaches_a_log_a_reason_or_a_url_even_at_debug(
    serve: Callable[..., Server], client: HttpPayerClient, payer: PayerProfile, log: HeardLog,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    body = b'{"note":"Jane Doe W123456789"}'
    server = serve(with_tokens(lambda connection, _: connection.sendall(answer(b'{"note":"Jane Doe"}'))))
    good = at(payer, server)
    outcomes = [client.submit(good, body, Unending())]
    broken = serve(with_tokens(lambda connection, _: connection.close()))
    outcomes.append(client.submit(at(payer, broken), body, Unending()))
    assert "httpcore" in caplog.text
    said = f"{caplog.text} {log.lines} {outcomes!r} {client!r}"
    assertion = server.requests[0].partition(b"client_assertion=")[2].decode()
    assert len(assertion) > 100
    for secret in ("canary-token", assertion[:60], "Jane", "W123456789"):
        assert secret not in said
    assert all(b"Jane" not in request.split(b"\r\n", 1)[0] for request in server.requests)


def test_the_longest_submit_is_token_time_and_respond_clock_and_a_margin(payer: PayerProfile) -> None:
    assert longest_submit(payer) == 10 + 15 + 2


def test_only_the_endpoints_of_a_profile_and_what_it_allows_may_be_reached(payer: PayerProfile) -> None:
    endpoints = replace(payer.endpoints, token="", allow=("https://auth.example/any",))
    assert {str(one) for one in policy_of(replace(payer, endpoints=endpoints)).origins} == {
        "http://127.0.0.1:8190", "https://auth.example"}  # fmt: skip


def test_a_bad_signing_key_stops_the_start(site: Site) -> None:
    row = SigningKey(kid="gone", alg="ES384", reference="file:gone.pem", active=True)
    with pytest.raises(ConfigFault, match="gone"):
        HttpPayerClient(replace(site, signing_keys=(row,)), FixedClock(), HeardLog())
