"""Asks a payer everything that can be asked without leaving an authorization there: `pa payer check`.

The same keys, egress rules and token request as a real submit, once each and without retries; what is sent is shown
with its secrets masked. Judged by gateway.payers.connection.
"""

import json as standard_json
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlencode

from gateway.adapters.payer.client import TOKEN_SECONDS, policy_of
from gateway.adapters.payer.credentials import credentials
from gateway.adapters.payer.egress import Egress
from gateway.adapters.payer.keys import Keys, key_problems
from gateway.adapters.payer.token_replies import TokenFault, read_configuration, read_token
from gateway.fhir import json
from gateway.model.errors import ConfigFault
from gateway.model.exchange import Outcome, Reply
from gateway.payers.connection import (
    Status,
    Step,
    judge_capabilities,
    judge_clock,
    judge_discovery,
    judge_dry_submit,
    judge_refusal,
    judge_scope,
    judge_versions,
)
from gateway.payers.profile import PayerProfile
from gateway.ports import Clock

_LIMIT = 4 * 1024 * 1024
_FHIR = "application/fhir+json"
_MASKED = "(masked)"
_NOT_IN = "There is no token to ask with."


class Probe:
    """One payer, asked once; the steps come as they are done."""

    def __init__(self, payer: PayerProfile, keys: Keys, clock: Clock, installed: tuple[str, ...]) -> None:
        self._payer = payer
        self._keys = keys
        self._clock = clock
        self._installed = installed
        self._egress = Egress(policy_of(payer), clock)
        self._token = ""
        self._token_url = payer.endpoints.token
        self._seen = ("", clock.now())
        self._heard = False

    def run(self, request: bytes | None) -> Iterator[Step]:
        """Every step in order; `request` is a request bundle for the payer's dry submit, if it has one."""
        try:
            key = self._key()
            yield key
            yield self._discovery()
            yield judge_clock(*self._seen) if self._heard else Step("clock", Status.SKIPPED, "There was no answer.")
            yield from self._ask_for_token() if key.status is Status.PASSED else self._skip("The key comes first.")
            yield from self._statement()
            yield self._dry_submit(request)
        finally:
            self._egress.close()

    def _key(self) -> Step:
        for problem in key_problems({self._payer.id: self._payer}, self._keys):
            return Step("key", Status.FAILED, problem, "Correct auth in the profile, or the site's keys.", ours=True)
        auth = self._payer.auth
        says = f"{auth.key} ({auth.alg})" if auth.key else f"the secret of {auth.secret}"
        return Step("key", Status.PASSED, f"We prove who we are by {auth.method} with {says}.")

    def _discovery(self) -> Step:
        url = f"{self._payer.endpoints.fhir}/.well-known/smart-configuration"
        outcome = self._exchange("GET", url, {"Accept": "application/json"})
        if not isinstance(outcome, Reply):
            fix = "Check endpoints.fhir, this machine's way out, and the payer's status page."
            return Step("discovery", Status.FAILED, f"No answer: {outcome.reason}.", fix)
        if outcome.status == HTTPStatus.NOT_FOUND and not self._token_url:
            says = "There is no SMART configuration under endpoints.fhir (HTTP 404)."
            return Step(
                "discovery", Status.FAILED, says, "Check endpoints.fhir; if it is right, write endpoints.token."
            )
        try:
            self._token_url = self._token_url or read_configuration(outcome, self._payer)
        except (ConfigFault, TokenFault) as fault:
            return Step("discovery", Status.FAILED, str(fault), getattr(fault, "fix", ""))
        if not 200 <= outcome.status < 300:
            says = f"There is no SMART configuration (HTTP {outcome.status}); the profile names the token endpoint."
            return Step("discovery", Status.WARNING, says, "Nothing, as long as the token step passes.")
        return judge_discovery(_document(outcome), self._payer)

    def _ask_for_token(self) -> Iterator[Step]:
        if not self._token_url:
            yield from self._skip("No token endpoint is known.")
            return
        headers, form = credentials(self._payer, self._keys, self._clock, self._token_url)
        sent = _sent(self._token_url, form, self._payer)
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        outcome = self._exchange("POST", self._token_url, headers, urlencode(form).encode())
        try:
            self._token, lifetime = read_token(outcome)
        except TokenFault as fault:
            refused = isinstance(outcome, Reply) and outcome.status < 500 and outcome.status != 429
            if isinstance(outcome, Reply) and refused and not 200 <= outcome.status < 300:
                step = judge_refusal(_document(outcome), outcome.status, _secrets(headers, form))
            else:
                step = Step("token", Status.FAILED, f"No token: {fault}.", "Ask the payer; its endpoint has to answer.")
            yield replace(step, sent=sent)
            yield Step("scope", Status.SKIPPED, _NOT_IN)
            return
        yield Step("token", Status.PASSED, f"A token for {lifetime:.0f} s.", sent=sent)
        document = _document(outcome) if isinstance(outcome, Reply) else {}
        yield judge_scope(document, self._payer.auth.scope)

    def _statement(self) -> Iterator[Step]:
        url = f"{self._payer.endpoints.fhir}/metadata"
        outcome = self._exchange("GET", url, {"Accept": _FHIR})
        if isinstance(outcome, Reply) and outcome.status in (401, 403) and self._token:
            outcome = self._exchange("GET", url, {"Accept": _FHIR, **self._bearer()})
        if not isinstance(outcome, Reply) or not 200 <= outcome.status < 300:
            why = f"HTTP {outcome.status}" if isinstance(outcome, Reply) else outcome.reason
            fix = "Check endpoints.fhir; every FHIR server answers [fhir]/metadata."
            yield Step("capabilities", Status.FAILED, f"No CapabilityStatement: {why}.", fix)
            yield judge_versions(None, self._payer, self._installed)
        else:
            document = _document(outcome)
            yield from judge_capabilities(document)
            yield judge_versions(document, self._payer, self._installed)

    def _dry_submit(self, request: bytes | None) -> Step:
        url = self._payer.endpoints.dry_submit
        if not url:
            return Step("dry submit", Status.SKIPPED, "The profile names no endpoints.dry_submit for this payer.")
        if request is None:
            return Step("dry submit", Status.SKIPPED, "No order was given to send; name one with --order.")
        if not self._token:
            return Step("dry submit", Status.SKIPPED, _NOT_IN)
        outcome = self._exchange(
            "POST", url, {"Content-Type": _FHIR, "Accept": _FHIR, **self._bearer()}, request,
            seconds=self._payer.clocks.respond.seconds,
        )  # fmt: skip
        if not isinstance(outcome, Reply):
            return Step("dry submit", Status.FAILED, f"No answer: {outcome.reason}.", "Check endpoints.dry_submit.")
        return judge_dry_submit(outcome.status, _document(outcome))

    def _skip(self, why: str) -> Iterator[Step]:
        yield from (Step(name, Status.SKIPPED, why) for name in ("token", "scope"))

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _exchange(
        self, method: str, url: str, headers: dict[str, str], body: bytes = b"", *, seconds: float = TOKEN_SECONDS
    ) -> Outcome:
        outcome = self._egress.exchange(method, url, headers, body, seconds=seconds, limit=_LIMIT)
        if isinstance(outcome, Reply):
            self._heard = True
            self._seen = (outcome.date, outcome.received_at) if outcome.date else self._seen
        return outcome


def _document(reply: Reply) -> dict[str, Any]:
    try:
        document = json.loads(reply.body)
    except json.JsonFault:
        return {}
    return document if isinstance(document, dict) else {}


def _sent(url: str, form: dict[str, str], payer: PayerProfile) -> tuple[tuple[str, str], ...]:
    """The token request as sent, without anything that could be used again."""
    rows = {"POST": url, **form}
    if assertion := rows.pop("client_assertion", ""):
        header, claims, _ = assertion.split(".")
        rows |= {f"header {name}": str(value) for name, value in _part(header).items()}
        rows |= {f"claim {name}": _shown(name, value) for name, value in _part(claims).items()}
        rows["signature"] = _MASKED
    elif "client_secret" in rows:
        rows["client_secret"] = _MASKED
    else:
        rows |= {"client_id": payer.auth.client_id, "Authorization": f"Basic {_MASKED}"}
    return tuple(rows.items())


def _secrets(headers: dict[str, str], form: dict[str, str]) -> tuple[str, ...]:
    """What an answer may repeat and we may not: each proof, whole and in its parts."""
    basic = headers.get("Authorization", "").removeprefix("Basic ")
    _, _, secret = b64decode(basic).decode().partition(":")
    proofs = (*form.get("client_assertion", "").split("."), form.get("client_secret", ""), basic, unquote(secret))
    return tuple(proof for proof in proofs if proof)


def _part(text: str) -> dict[str, Any]:
    part: dict[str, Any] = standard_json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return part


def _shown(name: str, value: Any) -> str:
    if name == "jti":
        return f"{_MASKED}, fresh each time"
    return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%dT%H:%M:%SZ}" if name in ("iat", "exp") else str(value)
