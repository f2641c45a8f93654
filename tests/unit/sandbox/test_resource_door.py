"""The FHIR routes open to a valid token with the right scope, read JSON only, and refuse in one OperationOutcome."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.unit.sandbox.harness import ORIGIN, Sandbox


def _issue(reply: httpx.Response) -> dict[str, Any]:
    body = reply.json()
    assert reply.headers["content-type"] == "application/fhir+json"
    assert body["resourceType"] == "OperationOutcome"
    (issue,) = body["issue"]
    return dict(issue)


def test_discovery_needs_no_token(sandbox: Sandbox) -> None:
    smart = sandbox.ask("GET", "/fhir/.well-known/smart-configuration").json()
    metadata = sandbox.ask("GET", "/fhir/metadata").json()

    assert smart["token_endpoint"] == f"{ORIGIN}/auth/token"
    assert smart["token_endpoint_auth_signing_alg_values_supported"] == ["RS384", "ES384"]
    assert metadata["resourceType"] == "CapabilityStatement"
    assert metadata["rest"][0]["resource"][0]["operation"][0]["name"] == "submit"


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        ({}, "token-missing"),
        ({"Authorization": "Basic YTpi"}, "token-missing"),
        ({"Authorization": "Bearer "}, "token-missing"),
        ({"Authorization": "Bearer not-one-of-ours"}, "token-unknown"),
    ],
)
def test_no_token_or_a_foreign_one_is_401(sandbox: Sandbox, header: dict[str, str], rule: str) -> None:
    reply = sandbox.ask("POST", "/fhir/Claim/$submit", content=b"{}", headers=header)

    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith("Bearer ")
    assert _issue(reply)["diagnostics"].startswith(rule)


def test_an_expired_token_is_401_and_recorded(sandbox: Sandbox) -> None:
    token = sandbox.token()
    sandbox.clock.move(299)
    assert sandbox.submit({}, token=token).status_code == 400
    sandbox.clock.move(1)

    reply = sandbox.submit({}, token=token)

    assert (reply.status_code, _issue(reply)["code"]) == (401, "login")
    assert 'error="invalid_token"' in reply.headers["www-authenticate"]
    row = sandbox.store.received(failed=True)[-1]
    assert (row.client, row.status, row.failures[0].rule) == ("by-basic", 401, "token-expired")


def test_a_token_without_the_scope_is_403(sandbox: Sandbox) -> None:
    reply = sandbox.submit(sandbox.request_of("S-01"), token=sandbox.token(scope="system/Claim.r"))

    assert (reply.status_code, _issue(reply)["code"]) == (403, "forbidden")
    assert 'scope="system/Claim.c"' in reply.headers["www-authenticate"]


def test_a_body_too_large_is_413_however_its_size_is_told(sandbox: Sandbox) -> None:
    large = b" " * 200_001

    async def pieces() -> Any:
        for _ in range(3):
            yield large[:100_000]

    token = sandbox.token()
    told = sandbox.submit(large, token=token)
    untold = sandbox.ask(
        "POST",
        "/fhir/Claim/$submit",
        content=pieces(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"},
    )

    assert (told.status_code, untold.status_code) == (413, 413)
    assert _issue(told)["code"] == "too-long"
    assert [row.failures[0].rule for row in sandbox.store.received(failed=True)] == ["body-size"] * 2


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "application/fhir+xml"}, {"Content-Type": ""}, {"Content-Encoding": "gzip"}]
)
def test_a_body_that_is_not_plain_json_is_415(sandbox: Sandbox, headers: dict[str, str]) -> None:
    assert sandbox.submit(b"{}", headers=headers).status_code == 415


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b"", "json-syntax"),
        (b"<Bundle/>", "json-syntax"),
        (b'{"a": 1, "a": 2}', "json-duplicate-key"),
        (b"[" * 100 + b"]" * 100, "json-depth"),
        (b'"\\ud800"', "json-surrogate"),
        (b"\xff", "json-utf8"),
        (b"NaN", "json-constant"),
    ],
)
def test_json_with_more_than_one_reading_is_400(sandbox: Sandbox, raw: bytes, rule: str) -> None:
    reply = sandbox.submit(raw)

    assert reply.status_code == 400
    assert _issue(reply)["diagnostics"].startswith(rule)


@pytest.mark.parametrize("value", [None, 7, [], {}, {"resourceType": "Parameters"}])
def test_what_is_not_a_bundle_is_400(sandbox: Sandbox, value: Any) -> None:
    reply = sandbox.submit(value)

    assert reply.status_code == 400
    assert _issue(reply)["diagnostics"].startswith("bundle:")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/fhir/Claim/$cancel", 404), ("GET", "/fhir/Claim/$submit", 405), ("GET", "/docs", 404)],
)
def test_an_interaction_this_payer_lacks_is_an_outcome(sandbox: Sandbox, method: str, path: str, status: int) -> None:
    reply = sandbox.ask(method, path)

    assert (reply.status_code, _issue(reply)["code"]) == (status, "not-supported")


def test_the_side_door_opens_from_this_computer_only(sandbox: Sandbox) -> None:
    assert sandbox.ask("GET", "/sandbox/received").status_code == 200
    assert sandbox.ask("GET", "/sandbox/received", caller="192.0.2.7").status_code == 403
    assert sandbox.ask("DELETE", "/sandbox/received", caller="192.0.2.7").status_code == 403
    assert sandbox.ask("GET", "/sandbox/received", headers={"Host": "rebound.example"}).status_code == 403


def test_the_side_door_tells_what_failed_and_forgets_on_demand(sandbox: Sandbox) -> None:
    bundle = sandbox.request_of("S-01")
    sandbox.submit(bundle)
    bundle["entry"][0]["resource"]["status"] = "draft"
    sandbox.submit(bundle)

    (failed,) = sandbox.ask("GET", "/sandbox/received", params={"failed": "true"}).json()
    assert failed["failures"][0]["rule"] == "claim-status"
    assert failed["failures"][0]["path"] == "Bundle.entry[0].resource.status"
    assert len(sandbox.ask("GET", "/sandbox/book").json()) == 1
    assert sandbox.ask("DELETE", "/sandbox/received").status_code == 204
    assert sandbox.ask("GET", "/sandbox/received").json() == sandbox.ask("GET", "/sandbox/book").json() == []
    sandbox.submit(sandbox.request_of("S-01"))
    assert len(sandbox.store.book()) == 1


def test_the_side_door_hands_out_ready_requests(sandbox: Sandbox) -> None:
    ready = sandbox.ask("GET", "/sandbox/scenarios/S-04/request")

    assert sandbox.submit(ready.content).status_code == 200
    assert sandbox.ask("GET", "/sandbox/scenarios/S-99/request").status_code == 404
    assert len(sandbox.ask("GET", "/sandbox/scenarios").json()) == len(sandbox.config.scenarios.all)


@pytest.mark.parametrize("path", ["/fhir/Claim/$submit", "/auth/token"])
def test_a_client_that_hangs_up_before_its_body_is_whole_is_no_fault_of_the_sandbox(
    sandbox: Sandbox, path: str
) -> None:
    pieces = [{"type": "http.request", "body": b'{"resourceType"', "more_body": True}, {"type": "http.disconnect"}]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "client": ("127.0.0.1", 50000),
        "headers": [(b"authorization", f"Bearer {sandbox.token()}".encode()), (b"content-length", b"90")],
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return pieces.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(sandbox.app(scope, receive, send))
    assert (sent[0]["type"], sent[0]["status"]) == ("http.response.start", 400)
