"""The token endpoint gives a token to a proven client, and to nobody else (RFC 6749, RFC 7523, RFC 8725)."""

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import respx
from joserfc import jwk, jws, jwt

from gateway.sandbox.keys import KeyRing
from gateway.sandbox.tokens import TokenDesk, TokenFault
from tests.unit.sandbox.harness import JWKS_URL, ORIGIN, Sandbox


def _refusal(reply: httpx.Response) -> tuple[int, str, str]:
    body = reply.json()
    assert reply.headers["cache-control"] == "no-store"
    assert set(body) == {"error", "error_description"}
    return reply.status_code, body["error"], body["error_description"]


def _unsigned(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join([*parts, signature])


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, jwk.import_key(_public["rsa"]), algorithms=["RS384"]).claims
    return claims


_public: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _remember_public_key(sandbox: Sandbox) -> None:
    _public["rsa"] = sandbox.keys["rsa"].as_dict(private=False)


@pytest.mark.parametrize("key", ["rsa", "ec"])
def test_a_signed_assertion_gives_a_token_that_is_not_stored_in_clear(sandbox: Sandbox, key: str) -> None:
    reply = sandbox.token_request(sandbox.assertion(key=key))

    body = reply.json()
    assert reply.status_code == 200
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("bearer", 300, "system/Claim.crus")
    assert reply.headers["cache-control"] == "no-store"
    assert body["access_token"].encode() not in sandbox.config.store.read_bytes()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": f"{ORIGIN}/fhir"}, "aud"),
        ({"aud": f"{ORIGIN}/auth/token/"}, "aud"),
        ({"aud": [f"{ORIGIN}/auth/token", "https://other.example"]}, "aud"),
        ({"aud": None}, "aud"),
        ({"iss": "by-rsa-only"}, "iss and sub"),
        ({"iss": None}, "iss and sub"),
        ({"sub": "nobody"}, "sub is not"),
        ({"sub": "by-basic", "iss": "by-basic"}, "sub is not"),
        ({"sub": None}, "sub is not"),
        ({"sub": ["by-key"]}, "sub is not"),
        ({"jti": None}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": 7}, "jti"),
        ({"jti": "x" * 256}, "jti"),
        ({"exp": None}, "exp is missing"),
        ({"exp": "1796117640"}, "exp is missing"),
        ({"exp": True}, "exp is missing"),
    ],
)
def test_a_wrong_claim_is_refused(sandbox: Sandbox, changes: dict[str, Any], reason: str) -> None:
    status, error, text = _refusal(sandbox.token_request(sandbox.assertion(**changes)))

    assert (status, error) == (401, "invalid_client")
    assert reason in text


@pytest.mark.parametrize(
    ("offsets", "reason"),
    [
        ({"exp": 301}, "exp is more than 300 seconds from now"),
        ({"exp": 3600}, "exp is more than 300 seconds from now"),
        ({"exp": 0}, "exp is past"),
        ({"exp": -5}, "exp is past"),
        ({"iat": 60}, "iat lies in the future"),
        ({"nbf": 60}, "nbf lies in the future"),
        ({"iat": -200, "exp": 200}, "seconds after iat"),
    ],
)
def test_a_wrong_time_is_refused(sandbox: Sandbox, offsets: dict[str, int], reason: str) -> None:
    now = int(sandbox.clock().timestamp())

    reply = sandbox.token_request(sandbox.assertion(**{name: now + offset for name, offset in offsets.items()}))

    assert _refusal(reply)[1] == "invalid_client"
    assert reason in _refusal(reply)[2]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"typ": None}, "typ"),
        ({"typ": "at+jwt"}, "typ"),
        ({"kid": None}, "kid is missing"),
        ({"kid": "rsa-2"}, "kid is not one"),
        ({"kid": "../../rsa-1"}, "kid is not one"),
        ({"kid": "ec-1"}, "signature"),
        ({"alg": "RS256"}, "alg is not registered"),
        ({"alg": "PS384"}, "alg is not registered"),
        ({"jku": "https://evil.example/jwks.json"}, "jku"),
        ({"x5u": "https://evil.example/cert.pem"}, "nothing else"),
        ({"jwk": {"kty": "oct", "k": "AAAA"}}, "nothing else"),
    ],
)
def test_a_wrong_header_is_refused(sandbox: Sandbox, header: dict[str, Any], reason: str) -> None:
    status, error, text = _refusal(sandbox.token_request(sandbox.assertion(header=header)))

    assert (status, error) == (401, "invalid_client")
    assert reason in text


def test_algorithm_none_is_refused(sandbox: Sandbox) -> None:
    claims = _claims(sandbox.assertion())

    for algorithm in ("none", "None", "NONE", ""):
        token = _unsigned({"alg": algorithm, "typ": "JWT", "kid": "rsa-1"}, claims)
        assert "alg is not registered" in _refusal(sandbox.token_request(token))[2]


def test_a_mac_made_with_the_public_key_is_refused(sandbox: Sandbox) -> None:
    claims = _claims(sandbox.assertion())
    secret = jwk.OctKey.import_key(sandbox.keys["rsa"].as_pem(private=False).hex())
    token = jwt.encode({"alg": "HS256", "typ": "JWT", "kid": "rsa-1"}, claims, secret, algorithms=["HS256"])

    assert "alg is not registered" in _refusal(sandbox.token_request(token))[2]


def test_an_algorithm_the_client_did_not_register_is_refused(sandbox: Sandbox) -> None:
    token = sandbox.assertion(key="ec", iss="by-rsa-only", sub="by-rsa-only")

    assert "it may use RS384" in _refusal(sandbox.token_request(token))[2]


@pytest.mark.parametrize("signature", ["", "AAAA", base64.urlsafe_b64encode(bytes(96)).decode()])
def test_an_empty_or_zero_signature_is_refused(sandbox: Sandbox, signature: str) -> None:
    token = _unsigned({"alg": "ES384", "typ": "JWT", "kid": "ec-1"}, _claims(sandbox.assertion()), signature)

    assert "signature" in _refusal(sandbox.token_request(token))[2]


def test_a_key_that_was_not_registered_is_refused_although_its_kid_was(sandbox: Sandbox) -> None:
    reply = sandbox.token_request(sandbox.assertion(key="foreign"))

    assert "signature" in _refusal(reply)[2]


def test_claims_changed_after_signing_are_refused(sandbox: Sandbox) -> None:
    head, _, signature = sandbox.assertion().split(".")
    claims = _unsigned({}, _claims(sandbox.assertion())).split(".")[1]

    assert "signature" in _refusal(sandbox.token_request(f"{head}.{claims}.{signature}"))[2]


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c.d", "é.é.é", "W10.W10.", "bnVsbA.bnVsbA.AA", "x" * 9000 + ".b.c"])
def test_what_is_no_signed_jwt_is_refused(sandbox: Sandbox, token: str) -> None:
    assert sandbox.token_request(token).status_code in (400, 401)


def test_a_claim_named_twice_is_refused(sandbox: Sandbox) -> None:
    claims = json.dumps(_claims(sandbox.assertion()))[:-1] + ', "exp": 1}'
    token = jws.serialize_compact(
        {"alg": "RS384", "typ": "JWT", "kid": "rsa-1"}, claims, sandbox.keys["rsa"], algorithms=["RS384"]
    )

    assert "one reading" in _refusal(sandbox.token_request(token))[2]


def test_an_assertion_is_good_once(sandbox: Sandbox) -> None:
    token = sandbox.assertion()

    assert sandbox.token_request(token).status_code == 200
    assert "jti was used before" in _refusal(sandbox.token_request(token))[2]


def test_a_jti_stays_used_after_a_restart_and_a_reset(sandbox: Sandbox) -> None:
    token = sandbox.assertion()
    sandbox.token_request(token)
    sandbox.ask("DELETE", "/sandbox/received")
    sandbox.close()

    assert "jti was used before" in _refusal(sandbox.token_request(token))[2]


def test_of_many_replays_at_once_exactly_one_wins(sandbox: Sandbox) -> None:
    desk = TokenDesk(sandbox.config.token_url, sandbox.config.clients, KeyRing(sandbox.config.clients), sandbox.store)
    form = httpx.Request(
        "POST",
        ORIGIN,
        data={
            "grant_type": "client_credentials",
            "scope": "system/Claim.crus",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": sandbox.assertion(),
        },
    ).content
    start, now = threading.Barrier(16), sandbox.clock().timestamp()

    def attempt(_: int) -> bool:
        start.wait()
        try:
            desk.issue(form, authorization="", now=now)
        except TokenFault:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(16))) == 1


def test_secrets_work_by_the_registered_method_only(sandbox: Sandbox) -> None:
    form = {"grant_type": "client_credentials", "scope": "system/Claim.crus"}
    secret = {"client_secret": "a secret: of ours"}

    def post(data: dict[str, str], auth: tuple[str, str] | None = None) -> httpx.Response:
        return (
            sandbox.ask("POST", "/auth/token", data=data, auth=auth)
            if auth
            else sandbox.ask("POST", "/auth/token", data=data)
        )

    assert post(form, ("by-basic", "a%20secret%3A+of+ours")).status_code == 200
    assert post(form | secret | {"client_id": "by-post"}).json()["expires_in"] == 60
    assert _refusal(post(form | secret | {"client_id": "by-basic"}))[1] == "invalid_client"
    assert _refusal(post(form, ("by-post", "a secret: of ours")))[1] == "invalid_client"
    assert _refusal(post(form, ("by-basic", "wrong")))[1] == "invalid_client"
    assert _refusal(post(form | secret | {"client_id": "nobody"}))[1] == "invalid_client"
    assert _refusal(post(form | {"client_id": "by-key", "client_secret": ""}))[1] == "invalid_client"
    assert _refusal(post(form | secret, ("by-basic", "a secret: of ours")))[1] == "invalid_request"
    wrong = post(form, ("by-basic", "wrong"))
    assert wrong.status_code == 401
    assert wrong.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "system/Claim.crus system/Patient.r"}, "invalid_scope"),
        ({"client_assertion_type": "urn:other"}, "invalid_request"),
        ({"client_id": "by-basic"}, "invalid_request"),
    ],
)
def test_a_malformed_request_gets_the_error_of_the_rfc(sandbox: Sandbox, form: dict[str, str], error: str) -> None:
    reply = sandbox.token_request(sandbox.assertion(), **form)

    assert _refusal(reply)[:2] == (400, error)


def test_a_parameter_sent_twice_or_a_json_body_is_refused(sandbox: Sandbox) -> None:
    twice = sandbox.ask(
        "POST",
        "/auth/token",
        content="grant_type=client_credentials&grant_type=client_credentials",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    as_json = sandbox.ask("POST", "/auth/token", json={"grant_type": "client_credentials"})

    assert _refusal(twice)[:2] == _refusal(as_json)[:2] == (400, "invalid_request")


def test_a_refused_token_request_is_recorded_without_what_it_held(sandbox: Sandbox) -> None:
    token = sandbox.assertion(aud="https://wrong.example")
    sandbox.token_request(token)

    (row,) = sandbox.store.received(failed=True)
    assert (row.what, row.status, row.failures[0].rule) == ("token", 401, "invalid_client")
    assert token.encode() not in sandbox.config.store.read_bytes()


@respx.mock
def test_keys_at_a_url_are_fetched_once_and_again_for_a_new_kid_after_a_pause(
    sandbox: Sandbox, signing_keys: dict[str, Any]
) -> None:
    seconds = [0.0]
    ring = KeyRing(sandbox.config.clients, seconds=lambda: seconds[0])
    desk = TokenDesk(sandbox.config.token_url, sandbox.config.clients, ring, sandbox.store)
    jwks = {"keys": [signing_keys["ec"].as_dict(private=False)]}
    route = respx.get(JWKS_URL).mock(side_effect=lambda _: httpx.Response(200, json=jwks))

    def attempt(key: str) -> bool:
        form = httpx.Request(
            "POST",
            ORIGIN,
            data={
                "grant_type": "client_credentials",
                "scope": "system/Claim.crus",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": sandbox.assertion(key=key, iss="by-url", sub="by-url"),
            },
        ).content
        try:
            desk.issue(form, authorization="", now=sandbox.clock().timestamp())
        except TokenFault:
            return False
        return True

    assert [attempt("ec"), attempt("ec"), attempt("ec-late")] == [True, True, False]
    jwks["keys"].append(signing_keys["ec-late"].as_dict(private=False))
    assert (attempt("ec-late"), route.call_count) == (False, 1)
    seconds[0] = 10.0
    assert (attempt("ec-late"), attempt("ec-late"), route.call_count) == (True, True, 2)


@respx.mock
@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(503),
        httpx.Response(302, headers={"Location": "https://evil.example"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"keys": []}),
        httpx.Response(200, content=b'{"keys": [' + b" " * 300_000 + b"]}"),
        httpx.Response(200, json={"keys": [{"kty": "oct", "kid": "ec-1", "k": "AAAA"}]}),
    ],
)
def test_a_url_without_usable_keys_is_said_to_be_that(sandbox: Sandbox, reply: httpx.Response) -> None:
    respx.get(JWKS_URL).mock(return_value=reply)
    respx.route(host="127.0.0.1").pass_through()

    for _ in range(2):
        answer = sandbox.token_request(sandbox.assertion(key="ec", iss="by-url", sub="by-url"))
        assert "JWKS" in _refusal(answer)[2]
