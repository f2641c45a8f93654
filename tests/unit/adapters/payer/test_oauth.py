"""Tokens: what is asked of the token endpoint, how often, and what is believed of its answers."""

import time
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Barrier, Event, Lock
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import respx
from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.adapters.payer.client import policy_of
from gateway.adapters.payer.egress import Egress
from gateway.adapters.payer.keys import Keys
from gateway.adapters.payer.oauth import Token, TokenSource
from gateway.adapters.payer.token_replies import TokenFault
from gateway.model.errors import ConfigFault
from gateway.payers.profile import Auth, PayerProfile
from tests.unit.adapters.payer.conftest import NOW, FixedClock, HeardLog

TOKEN_URL = "http://127.0.0.1:8190/token"
WELL_KNOWN = "http://127.0.0.1:8190/fhir/.well-known/smart-configuration"


@dataclass
class Bench:
    """A token source, its endpoint, and a monotonic clock that a test moves."""

    keys: Keys
    route: respx.Route
    router: respx.MockRouter
    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)
    opened: list[Egress] = field(default_factory=list)
    log: HeardLog = field(default_factory=HeardLog)

    def source(self, payer: PayerProfile) -> TokenSource:
        egress = Egress(policy_of(payer), FixedClock())
        self.opened.append(egress)
        clock = FixedClock()
        return TokenSource(
            payer, self.keys, egress, clock, self.log, monotonic=lambda: self.seconds, sleep=self.slept.append
        )

    def forms(self) -> list[dict[str, str]]:
        bodies = [parse_qs(call.request.content.decode(), strict_parsing=True) for call in self.route.calls]
        return [{name: values[0] for name, values in body.items()} for body in bodies]

    def gives(self, *, value: str = "t", **fields: Any) -> None:
        document = {"access_token": value, "token_type": "bearer", "expires_in": 300} | fields
        self.route.return_value = httpx.Response(200, json={k: v for k, v in document.items() if v is not None})


@pytest.fixture
def bench(keys: Keys) -> Iterator[Bench]:
    with respx.mock(assert_all_called=False) as router:
        made = Bench(keys, router.post(TOKEN_URL), router)
        made.gives()
        yield made
        for egress in made.opened:
            egress.close()


@pytest.fixture
def by_secret(payer: PayerProfile, monkeypatch: pytest.MonkeyPatch) -> PayerProfile:
    monkeypatch.setenv("PA_TEST_SECRET", "p@ss:wörd/1")
    auth = Auth(method="client_secret_basic", client_id="our client", key="", alg="", secret="env:PA_TEST_SECRET",
                scope="a b", audience="")  # fmt: skip
    return replace(payer, auth=auth)


def with_auth(payer: PayerProfile, **changes: str) -> PayerProfile:
    return replace(payer, auth=replace(payer.auth, **changes))


def discovering(payer: PayerProfile, *allow: str) -> PayerProfile:
    return replace(payer, endpoints=replace(payer.endpoints, token="", allow=allow))


# What is asked


@pytest.mark.parametrize(("kid", "alg"), [("main", "ES384"), ("rsa", "RS384")])
def test_an_assertion_is_what_smart_backend_services_wants(
    bench: Bench, payer: PayerProfile, kid: str, alg: str
) -> None:
    bench.source(with_auth(payer, key=kid, alg=alg)).token(seconds=5)
    form = bench.forms()[0]
    assert {name: form[name] for name in ("grant_type", "client_assertion_type", "scope")} == {
        "grant_type": "client_credentials", "scope": "system/Claim.crus",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}  # fmt: skip
    assert set(form) == {"grant_type", "client_assertion_type", "scope", "client_assertion"}
    token = jwt.decode(form["client_assertion"], KeySet.import_key_set(bench.keys.jwks()), algorithms=[alg])
    assert token.header == {"alg": alg, "kid": kid, "typ": "JWT"}
    claims = token.claims
    assert claims["iss"] == claims["sub"] == "pa-gateway"
    assert claims["aud"] == TOKEN_URL
    assert claims["iat"] == int(NOW.timestamp())
    assert 0 < claims["exp"] - claims["iat"] <= 300


def test_every_assertion_has_its_own_jti_retries_too(bench: Bench, payer: PayerProfile) -> None:
    bench.route.side_effect = [
        httpx.Response(503),
        httpx.Response(500),
        httpx.Response(200, json={"access_token": "t"}),
    ]
    source = bench.source(payer)
    token = source.token(seconds=60)
    bench.route.side_effect = None
    bench.gives(value="u")
    source.token(seconds=60, refused=token)
    published = KeySet.import_key_set(bench.keys.jwks())
    ids = [
        jwt.decode(form["client_assertion"], published, algorithms=["ES384"]).claims["jti"] for form in bench.forms()
    ]
    assert len(ids) == len(set(ids)) == 4


def test_an_audience_of_its_own_replaces_the_token_url(bench: Bench, payer: PayerProfile) -> None:
    bench.source(with_auth(payer, audience="https://issuer.example")).token(seconds=5)
    published = KeySet.import_key_set(bench.keys.jwks())
    assert jwt.decode(bench.forms()[0]["client_assertion"], published, algorithms=["ES384"]).claims["aud"] == (
        "https://issuer.example")  # fmt: skip


def test_a_client_secret_goes_into_the_header_form_encoded(bench: Bench, by_secret: PayerProfile) -> None:
    bench.source(by_secret).token(seconds=5)
    scheme, _, pair = bench.route.calls[0].request.headers["authorization"].partition(" ")
    assert scheme == "Basic"
    assert b64decode(pair) == b"our%20client:p%40ss%3Aw%C3%B6rd%2F1"
    assert bench.forms() == [{"grant_type": "client_credentials", "scope": "a b"}]


def test_a_client_secret_goes_into_the_body_where_the_payer_wants_that(bench: Bench, by_secret: PayerProfile) -> None:
    bench.source(with_auth(by_secret, method="client_secret_post", scope="")).token(seconds=5)
    assert "authorization" not in bench.route.calls[0].request.headers
    assert bench.forms() == [{"grant_type": "client_credentials", "client_id": "our client",
                              "client_secret": "p@ss:wörd/1"}]  # fmt: skip


def test_a_missing_key_or_secret_is_a_configuration_fault(
    bench: Bench, payer: PayerProfile, by_secret: PayerProfile
) -> None:
    for wrong in (with_auth(payer, key="old"), with_auth(by_secret, secret="env:PA_NOT_SET")):
        with pytest.raises(ConfigFault):
            bench.source(wrong).token(seconds=5)
    assert not bench.route.called


# How often


def test_twenty_threads_make_one_call(bench: Bench, payer: PayerProfile) -> None:
    source, ready, release = bench.source(payer), Barrier(20), Event()

    def slow(request: httpx.Request) -> httpx.Response:
        release.wait(5)
        return httpx.Response(200, json={"access_token": "shared", "expires_in": 300})

    def ask(_: int) -> Token:
        ready.wait(5)
        return source.token(seconds=5)

    bench.route.side_effect = slow
    with ThreadPoolExecutor(20) as threads:
        asked = [threads.submit(ask, n) for n in range(20)]
        release.set()
        tokens = {one.result().value for one in asked}
    assert tokens == {"shared"}
    assert bench.route.call_count == 1


class CountedLock:
    """A lock that knows how many wait for it."""

    def __init__(self) -> None:
        self._lock, self._count = Lock(), Lock()
        self.waiting = 0

    def acquire(self, **options: Any) -> bool:
        with self._count:
            self.waiting += 1
        try:
            return self._lock.acquire(**options)
        finally:
            with self._count:
                self.waiting -= 1

    def release(self) -> None:
        self._lock.release()


def test_those_who_waited_share_a_failure_instead_of_asking_again(
    bench: Bench, payer: PayerProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, asking, release, lock = bench.source(payer), Event(), Event(), CountedLock()
    monkeypatch.setattr(source, "_lock", lock)

    def slow(request: httpx.Request) -> httpx.Response:
        asking.set()
        release.wait(5)
        return httpx.Response(401, json={"error": "invalid_client"})

    def ask(_: int) -> str:
        with pytest.raises(TokenFault) as fault:
            source.token(seconds=5)
        return str(fault.value)

    bench.route.side_effect = slow
    with ThreadPoolExecutor(10) as threads:
        first = threads.submit(ask, 0)
        asking.wait(5)
        others = [threads.submit(ask, n) for n in range(9)]
        while lock.waiting < 9:
            time.sleep(0.001)
        release.set()
        reasons = {one.result() for one in (first, *others)}
    assert reasons == {"the token endpoint refuses us: invalid_client (HTTP 401)"}
    assert bench.route.call_count == 1


def test_who_cannot_wait_any_longer_is_told_so(bench: Bench, payer: PayerProfile) -> None:
    source = bench.source(payer)
    with source._lock, pytest.raises(TokenFault, match="still waiting"):
        source.token(seconds=0.01)


def test_a_token_is_used_until_its_last_fifth_and_then_renewed_ahead(bench: Bench, payer: PayerProfile) -> None:
    source = bench.source(payer)
    bench.gives(value="first", expires_in=100)
    assert source.token(seconds=5).value == "first"
    bench.gives(value="second", expires_in=100)
    bench.seconds += 79
    assert source.token(seconds=5).value == "first"
    bench.seconds += 2
    assert source.token(seconds=5).value == "second"
    assert bench.route.call_count == 2


def test_a_long_token_is_renewed_in_its_last_minute(bench: Bench, payer: PayerProfile) -> None:
    source = bench.source(payer)
    bench.gives(value="first", expires_in=3600)
    source.token(seconds=5)
    bench.gives(value="second", expires_in=3600)
    bench.seconds += 3539
    assert source.token(seconds=5).value == "first"
    bench.seconds += 2
    assert source.token(seconds=5).value == "second"


def test_while_one_renews_ahead_the_others_use_what_is_still_good(bench: Bench, payer: PayerProfile) -> None:
    source, asking, release = bench.source(payer), Event(), Event()
    source.token(seconds=5)

    def slow(request: httpx.Request) -> httpx.Response:
        asking.set()
        release.wait(5)
        return httpx.Response(200, json={"access_token": "new", "expires_in": 300})

    bench.route.side_effect = slow
    bench.seconds += 250
    with ThreadPoolExecutor(1) as threads:
        renewing = threads.submit(source.token, seconds=5)
        asking.wait(5)
        assert source.token(seconds=5).value == "t"
        release.set()
        assert renewing.result().value == "new"
    assert bench.route.call_count == 2


def test_a_renewal_that_fails_is_let_rest_while_the_token_is_still_good(bench: Bench, payer: PayerProfile) -> None:
    source = bench.source(payer)
    source.token(seconds=5)
    bench.route.return_value = httpx.Response(500)
    bench.seconds += 250
    assert source.token(seconds=5).value == "t"
    assert source.token(seconds=5).value == "t"
    assert bench.route.call_count == 2
    bench.seconds += 6
    assert source.token(seconds=5).value == "t"
    assert bench.route.call_count == 3
    bench.seconds += 100
    with pytest.raises(TokenFault):
        source.token(seconds=5)


def test_a_refused_token_is_not_given_again_and_is_replaced_once(bench: Bench, payer: PayerProfile) -> None:
    source = bench.source(payer)
    first = source.token(seconds=5)
    bench.gives(value="new")
    assert source.token(seconds=5, refused=first).value == "new"
    assert source.token(seconds=5, refused=first).value == "new"
    assert bench.route.call_count == 2


@pytest.mark.parametrize(("expires_in", "lifetime"), [
    (None, 60), ("300", 300), (0, 0), (-5, 60), ("soon", 60), (True, 60), (10**12, 60), (999_999_999, 3600), (1.5, 60),
    ([], 60),
])  # fmt: skip
def test_a_lifetime_that_is_missing_or_absurd_is_taken_for_short(
    bench: Bench, payer: PayerProfile, expires_in: Any, lifetime: float
) -> None:
    bench.gives(expires_in=expires_in)
    assert bench.source(payer).token(seconds=5).ends_at == bench.seconds + lifetime


# Which answers are believed, and which are asked for again


@pytest.mark.parametrize(("response", "words"), [
    (httpx.Response(400, json={"error": "invalid_scope"}), "invalid_scope (HTTP 400)"),
    (httpx.Response(401, json={"error": "invalid_client", "error_description": "hunter2"}),
     "invalid_client (HTTP 401)"),
    (httpx.Response(400, json={"error": "hunter2"}), "no known error code (HTTP 400)"),
    (httpx.Response(404, text="hunter2"), "no known error code (HTTP 404)"),
    (httpx.Response(302, headers={"location": "https://hunter2.example"}), "no known error code (HTTP 302)"),
    (httpx.Response(200, text="<html>hunter2"), "no access_token"), (httpx.Response(200, json=[]), "no access_token"),
    (httpx.Response(200, json={"access_token": ""}), "no access_token"),
    (httpx.Response(200, json={"access_token": "hunter2\r\nX: y"}), "no access_token"),
    (httpx.Response(200, json={"access_token": "hunter2 x"}), "no access_token"),
    (httpx.Response(200, json={"access_token": 7}), "no access_token"),
    (httpx.Response(200, json={"access_token": "hunter2", "token_type": "mac"}), "other than bearer"),
    (httpx.Response(200, content=b'{"access_token":"a","access_token":"hunter2"}'), "no access_token"),
])  # fmt: skip
def test_a_refusal_or_nonsense_is_a_fault_in_words_after_one_call(
    bench: Bench, payer: PayerProfile, response: httpx.Response, words: str
) -> None:
    bench.route.return_value = response
    with pytest.raises(TokenFault) as fault:
        bench.source(payer).token(seconds=5)
    assert words in str(fault.value)
    assert "hunter2" not in str(fault.value)
    assert bench.route.call_count == 1


@pytest.mark.parametrize("failure", [httpx.Response(500), httpx.Response(503), httpx.Response(429), httpx.ConnectError,
                                     httpx.ReadTimeout])  # fmt: skip
def test_what_is_safe_to_repeat_is_repeated(bench: Bench, payer: PayerProfile, failure: Any) -> None:
    bench.route.side_effect = [failure, failure, httpx.Response(200, json={"access_token": "t"})]
    assert bench.source(payer).token(seconds=60).value == "t"
    assert len(bench.slept) == 2
    assert all(0 < seconds <= 2.2 for seconds in bench.slept)


def test_repeating_ends_after_four_tries(bench: Bench, payer: PayerProfile) -> None:
    bench.route.return_value = httpx.Response(503)
    with pytest.raises(TokenFault, match="HTTP 503"):
        bench.source(payer).token(seconds=60)
    assert bench.route.call_count == 4


def test_retry_after_is_honoured_only_if_there_is_time_for_it(bench: Bench, payer: PayerProfile) -> None:
    bench.route.side_effect = [httpx.Response(429, headers={"retry-after": "3"}),
                               httpx.Response(200, json={"access_token": "t"})]  # fmt: skip
    bench.source(payer).token(seconds=60)
    assert bench.slept == [3.0]
    bench.route.side_effect = None
    bench.route.return_value = httpx.Response(429, headers={"retry-after": "3600"})
    calls = bench.route.call_count
    with pytest.raises(TokenFault, match="HTTP 429"):
        bench.source(payer).token(seconds=5)
    assert bench.route.call_count == calls + 1
    assert bench.slept == [3.0]


# Discovery


def test_the_token_endpoint_is_discovered_once_under_the_fhir_endpoint(bench: Bench, payer: PayerProfile) -> None:
    known = bench.router.get(WELL_KNOWN).respond(json={"token_endpoint": TOKEN_URL})
    source = bench.source(discovering(payer))
    token = source.token(seconds=5)
    source.token(seconds=5, refused=token)
    assert (known.call_count, bench.route.call_count) == (1, 2)
    bench.seconds += 3601
    source.token(seconds=5)
    assert known.call_count == 2


@pytest.mark.parametrize("url", [
    "http://127.0.0.1:8191/token", "https://127.0.0.1:8190/token", "http://localhost:8190/token",
    "https://evil.example/token", "http://127.0.0.1:8190@evil.example/token", "http://127.0.0.1:8190.evil.example/token",
    "file:///token", "/token", "", 7, None, ["http://127.0.0.1:8190/token"],
])  # fmt: skip
def test_a_discovered_token_endpoint_elsewhere_is_a_configuration_fault_and_gets_nothing(
    bench: Bench, payer: PayerProfile, url: Any
) -> None:
    bench.router.get(WELL_KNOWN).respond(json={"token_endpoint": url})
    with pytest.raises(ConfigFault) as fault:
        bench.source(discovering(payer)).token(seconds=5)
    assert "endpoints.token" in fault.value.fix
    assert len(bench.router.calls) == 1


def test_a_token_endpoint_elsewhere_is_used_if_the_profile_allows_its_origin(bench: Bench, payer: PayerProfile) -> None:
    bench.router.get(WELL_KNOWN).respond(json={"token_endpoint": "https://auth.example/oauth/token"})
    route = bench.router.post("https://auth.example/oauth/token").respond(json={"access_token": "t"})
    bench.source(discovering(payer, "https://auth.example")).token(seconds=5)
    assert route.call_count == 1


@pytest.mark.parametrize("status", [404, 301, 200])
def test_no_configuration_says_what_to_write_instead(bench: Bench, payer: PayerProfile, status: int) -> None:
    bench.router.get(WELL_KNOWN).respond(status, text="<html>")
    with pytest.raises(ConfigFault, match="names no token endpoint"):
        bench.source(discovering(payer)).token(seconds=5)


def test_a_configuration_that_cannot_be_reached_is_asked_for_again(bench: Bench, payer: PayerProfile) -> None:
    known = bench.router.get(WELL_KNOWN)
    known.side_effect = [httpx.ConnectError, httpx.Response(200, json={"token_endpoint": TOKEN_URL})]
    assert bench.source(discovering(payer)).token(seconds=60).value == "t"


# Where it goes, and where it is seen


def test_a_token_travels_to_the_payers_own_origin_only(bench: Bench, payer: PayerProfile) -> None:
    source = bench.source(payer)
    token = source.token(seconds=5)
    assert source.header(token, "http://127.0.0.1:8190/fhir/Claim/$submit") == {"Authorization": "Bearer t"}
    for url in ("http://127.0.0.1:8191/fhir", "https://127.0.0.1:8190/fhir", "http://localhost:8190/fhir"):
        with pytest.raises(ConfigFault):
            source.header(token, url)


def test_a_token_is_not_shown(bench: Bench, payer: PayerProfile) -> None:
    bench.gives(value="hunter2")
    source = bench.source(payer)
    token = source.token(seconds=5)
    assert "hunter2" not in f"{token!r} {source!r} {token}"


def test_each_fetch_is_one_log_line_without_words_of_the_endpoint(bench: Bench, payer: PayerProfile) -> None:
    source = bench.source(payer)
    token = source.token(seconds=5)
    bench.route.return_value = httpx.Response(400, json={"error": "invalid_scope"})
    with pytest.raises(TokenFault):
        source.token(seconds=5, refused=token)
    with pytest.raises(ConfigFault):
        bench.source(with_auth(payer, key="old")).token(seconds=5)
    assert bench.log.lines == [
        ("token.obtained", {"payer": "sandbox", "ms": 0, "seconds": 300}),
        ("token.failed", {"payer": "sandbox", "ms": 0, "code": "refused"}),
        ("token.failed", {"payer": "sandbox", "ms": 0, "code": "config"}),
    ]
