"""What a token endpoint and its discovery document say, read strictly: RFC 6749 5, SMART App Launch 2.2 conformance."""

import re
from typing import Any

from gateway.fhir import json
from gateway.model.errors import ConfigFault
from gateway.model.exchange import NotSent, Outcome, Reply
from gateway.payers.origin import origin
from gateway.payers.profile import PayerProfile

_ERRORS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)
_TOKEN = re.compile(r"[!-~]{1,8192}")
_LIFETIME = re.compile(r"[0-9]{1,9}")
# RFC 6749 5.1: a missing expires_in says nothing; assume little.
_UNKNOWN_LIFETIME, _LONGEST_LIFETIME = 60.0, 3600.0
_LIMITS = json.Limits(size=64 * 1024, depth=16)


class TokenFault(Exception):
    """The token endpoint gave no token; the message says why, and never quotes a secret."""

    code = "refused"


class TryAgain(TokenFault):
    """Asking again may help; `seconds` is how long the endpoint wants us to wait, if it says."""

    code = "unavailable"

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


def read_token(outcome: Outcome) -> tuple[str, float]:
    """The access token and its lifetime in seconds.

    Raises:
        TryAgain: no answer, 429 or 5xx.
        TokenFault: any other refusal, an address we refuse, or an answer that is not a bearer token.
    """
    reply = _settled(outcome, "the token endpoint")
    document = _document(reply)
    if not 200 <= reply.status < 300:
        error = document.get("error")
        code = error if isinstance(error, str) and error in _ERRORS else "no known error code"
        raise TokenFault(f"the token endpoint refuses us: {code} (HTTP {reply.status})")
    value, kind = document.get("access_token"), document.get("token_type", "bearer")
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise TokenFault("the token endpoint's answer holds no access_token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise TokenFault("the token endpoint gives a token of a type other than bearer")
    return value, _lifetime(document.get("expires_in"))


def read_configuration(outcome: Outcome, payer: PayerProfile) -> str:
    """The token endpoint that the payer's SMART configuration names.

    Raises:
        TryAgain: no answer, 429 or 5xx.
        ConfigFault: no configuration, no token endpoint in it, or one at an origin the profile does not allow.
    """
    reply = _settled(outcome, "the payer's SMART configuration")
    fix = "Ask the payer for its token endpoint and write it as endpoints.token."
    url = _document(reply).get("token_endpoint") if 200 <= reply.status < 300 else None
    if not isinstance(url, str):
        raise ConfigFault(
            f"The SMART configuration of payer {payer.id} names no token endpoint (HTTP {reply.status}).", fix=fix
        )
    try:
        place = origin(url)
    except ValueError as fault:
        raise ConfigFault(f"The token endpoint that payer {payer.id} names cannot be used: {fault}.", fix=fix) from None
    allowed = {origin(known) for known in (payer.endpoints.fhir, *payer.endpoints.allow)}
    if place not in allowed:
        raise ConfigFault(
            f"Payer {payer.id} names a token endpoint at {place}, which its profile does not allow.",
            fix=f"If that is right, write endpoints.token, or add {place} to endpoints.allow.",
        )
    return url


def _settled(outcome: Outcome, who: str) -> Reply:
    if isinstance(outcome, NotSent) and outcome.ours:
        raise TokenFault(f"{who} must not be contacted: {outcome.reason}")
    if not isinstance(outcome, Reply):
        raise TryAgain(f"{who} cannot be reached: {outcome.reason}")
    if outcome.status == 429 or outcome.status >= 500:
        wait = outcome.retry_after.strip()
        seconds = float(wait) if _LIFETIME.fullmatch(wait) else None
        raise TryAgain(f"{who} answers HTTP {outcome.status}", seconds)
    return outcome


def _document(reply: Reply) -> dict[str, Any]:
    try:
        document = json.loads(reply.body, limits=_LIMITS)
    except json.JsonFault:
        return {}
    return document if isinstance(document, dict) else {}


def _lifetime(expires_in: Any) -> float:
    if isinstance(expires_in, bool) or not _LIFETIME.fullmatch(str(expires_in)):
        return _UNKNOWN_LIFETIME
    return min(float(expires_in), _LONGEST_LIFETIME)
