"""`pa payer check` asks a real payer on a port, once each, and shows what it sent without its secrets."""

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest

from gateway.adapters.payer.keys import Keys
from gateway.adapters.payer.probe import Probe
from gateway.payers.connection import Status, Step
from gateway.payers.profile import PayerProfile
from tests.unit.adapters.payer.conftest import FixedClock
from tests.unit.adapters.payer.servers import Handler, Server, answer

DATE = "Sun, 01 Mar 2026 12:00:00 GMT"
STATEMENT = {
    "resourceType": "CapabilityStatement", "fhirVersion": "4.0.1",
    "instantiates": ["http://hl7.org/fhir/us/davinci-pas/CapabilityStatement/x|2.2.1"],
    "rest": [{"resource": [{"type": "Claim", "operation": [{"name": "submit"}]}]}],
}  # fmt: skip
TOKEN = {"access_token": "T0KEN-of-the-payer", "token_type": "bearer", "expires_in": 300}

Routes = Mapping[str, tuple[str, Any]]


def routing(routes: Routes) -> Handler:
    """Answers by method and path; what is not there is a 404."""

    def handle(connection: socket.socket, server: Server) -> None:
        while request := server.read_request(connection):
            method, path, _ = request.split(b" ", 2)
            status, document = routes.get(f"{method.decode()} {path.decode()}", ("404 Not Found", {}))
            connection.sendall(answer(json.dumps(document).encode(), status, date=DATE))

    return handle


@pytest.fixture
def check(
    serve: Callable[..., Server], payer: PayerProfile, keys: Keys
) -> Callable[..., tuple[dict[str, Step], Server, PayerProfile]]:
    def run(
        routes: Routes, request: bytes | None = None, dry: str = "", **auth: str
    ) -> tuple[dict[str, Step], Server, PayerProfile]:
        named = {**routes}
        server = serve(routing(named))
        endpoints = replace(payer.endpoints, fhir=server.url(), token="", dry_submit=server.url(dry) if dry else "")
        own = replace(payer, endpoints=endpoints, auth=replace(payer.auth, **auth))
        named["GET /fhir/.well-known/smart-configuration"] = ("200 OK", {"token_endpoint": server.url("/token")})
        steps = list(Probe(own, keys, FixedClock(), ("2.2.1",)).run(request))
        return {step.name: step for step in steps}, server, own

    return run


GOOD: Routes = {"POST /token": ("200 OK", TOKEN), "GET /fhir/metadata": ("200 OK", STATEMENT)}


def test_a_payer_that_is_right_passes_every_step(check: Callable[..., Any]) -> None:
    routes = {**GOOD, "POST /fhir/Bundle/$validate": ("200 OK", {"resourceType": "OperationOutcome"})}
    steps, server, _ = check(routes, b'{"resourceType":"Bundle"}', "/fhir/Bundle/$validate")
    names = ["key", "discovery", "clock", "token", "scope", "capabilities", "versions", "dry submit"]
    assert [(name, step.status) for name, step in steps.items()] == [(name, Status.PASSED) for name in names]
    assert len(server.requests) == 4
    assert b"Bearer T0KEN-of-the-payer" in server.requests[-1]
    assert b"Authorization" not in server.requests[2]


def test_a_refused_assertion_is_shown_as_it_was_sent_and_masked(check: Callable[..., Any]) -> None:
    steps, server, payer = check({**GOOD, "POST /token": ("401 Unauthorized", {"error": "invalid_client"})})
    step = steps["token"]
    assert step.status is Status.FAILED
    assert "registered" in step.fix
    sent = dict(step.sent)
    url = f"http://127.0.0.1:{server.port}/token"
    assert (sent["POST"], sent["claim aud"], sent["header kid"]) == (url, url, "main")
    assert sent["claim iss"] == sent["claim sub"] == payer.auth.client_id
    assert sent["claim iat"] == "2026-03-01T12:00:00Z"
    assert sent["claim exp"] == "2026-03-01T12:04:00Z"
    body = next(one for one in server.requests if one.startswith(b"POST /token")).partition(b"\r\n\r\n")[2].decode()
    assertion = parse_qs(body)["client_assertion"][0]
    shown = f"{step}"
    assert not any(part in shown for part in assertion.split("."))
    assert steps["scope"].status is steps["dry submit"].status is Status.SKIPPED
    assert steps["capabilities"].status is Status.PASSED


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
def test_a_secret_is_never_shown_even_if_the_payer_repeats_it(
    check: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setenv("PROBE_SECRET", "s3cret-value")
    refusal = {"error": "invalid_client", "error_description": "s3cret-value is not ours"}
    routes = {**GOOD, "POST /token": ("401 Unauthorized", refusal)}
    steps, _, _ = check(routes, method=method, secret="env:PROBE_SECRET", key="", alg="")
    assert steps["key"].status is Status.PASSED
    assert "(masked)" in f"{steps['token'].sent}"
    assert "s3cret-value" not in f"{steps}"


def test_without_a_key_the_fault_is_ours_and_the_rest_is_still_asked(check: Callable[..., Any]) -> None:
    steps, server, _ = check(GOOD, key="gone")
    assert (steps["key"].status, steps["key"].ours) == (Status.FAILED, True)
    assert steps["token"].status is steps["scope"].status is Status.SKIPPED
    assert steps["versions"].status is Status.PASSED
    assert not any(one.startswith(b"POST") for one in server.requests)


def test_a_statement_behind_a_token_is_asked_for_with_it(check: Callable[..., Any]) -> None:
    steps, server, _ = check({**GOOD, "GET /fhir/metadata": ("401 Unauthorized", {})})
    assert steps["capabilities"].status is Status.FAILED
    assert steps["versions"].status is Status.SKIPPED
    asked = [one for one in server.requests if one.startswith(b"GET /fhir/metadata")]
    assert [b"Bearer" in one for one in asked] == [False, True]


@pytest.mark.parametrize("status", ["500 Internal Server Error", "429 Too Many Requests", "200 OK"])
def test_a_token_endpoint_that_gives_none_fails_without_being_asked_again(
    check: Callable[..., Any], status: str
) -> None:
    steps, server, _ = check({**GOOD, "POST /token": (status, {})})
    assert steps["token"].status is Status.FAILED
    assert sum(one.startswith(b"POST /token") for one in server.requests) == 1


def test_a_payer_that_is_not_there_is_told_in_words(payer: PayerProfile, keys: Keys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    gone = replace(payer, endpoints=replace(payer.endpoints, fhir=f"http://127.0.0.1:{port}/fhir", token=""))
    steps = {step.name: step for step in Probe(gone, keys, FixedClock(), ("2.2.1",)).run(None)}
    assert "refused" in steps["discovery"].says
    assert steps["clock"].status is steps["token"].status is Status.SKIPPED
    assert steps["capabilities"].status is Status.FAILED
    assert steps["versions"].status is Status.SKIPPED


def test_a_wrong_base_url_points_at_the_base_url(serve: Callable[..., Server], payer: PayerProfile, keys: Keys) -> None:
    server = serve(routing({}))
    lost = replace(payer, endpoints=replace(payer.endpoints, fhir=server.url("/wrong"), token=""))
    steps = {step.name: step for step in Probe(lost, keys, FixedClock(), ("2.2.1",)).run(None)}
    assert "endpoints.fhir" in steps["discovery"].fix
    assert steps["versions"].status is Status.SKIPPED
