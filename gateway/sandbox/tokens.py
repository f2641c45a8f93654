"""The token endpoint: client credentials only (RFC 6749 4.4, RFC 7523, SMART Backend Services)."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from gateway.sandbox.assertions import AssertionFault, check_assertion
from gateway.sandbox.clients import AuthMethod, Client
from gateway.sandbox.keys import KeyRing
from gateway.sandbox.store import Grant, Store

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class TokenFault(Exception):
    """A token request that is refused: an RFC 6749 5.2 error code, its HTTP status, and the reason."""

    def __init__(self, error: str, text: str, *, client: str = "", basic: bool = False) -> None:
        super().__init__(f"{error}: {text}")
        self.error, self.text, self.client, self.basic = error, text, client, basic
        self.status = 401 if error == "invalid_client" else 400


@dataclass(frozen=True, slots=True)
class TokenDesk:
    """Hands out tokens; `audience` is the token URL an assertion must name."""

    audience: str
    clients: Mapping[str, Client]
    keys: KeyRing
    store: Store

    def issue(self, body: bytes, *, authorization: str, now: float) -> tuple[dict[str, Any], str]:
        """The RFC 6749 5.1 response to a form-encoded request, and the client_id it is for.

        Raises:
            TokenFault: the client is not proven, or asks for what it may not have.
        """
        form = _form(body)
        if form.get("grant_type") != "client_credentials":
            known = "grant_type" in form
            raise TokenFault(
                "unsupported_grant_type" if known else "invalid_request", "grant_type must be client_credentials"
            )
        client = self._client(form, authorization, now)
        scopes = _scopes(form.get("scope", ""), client)
        token = secrets.token_urlsafe(32)
        self.store.keep_token(token, Grant(client.client_id, scopes, now + client.token_seconds))
        return {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": client.token_seconds,
            "scope": " ".join(scopes),
        }, client.client_id

    def _client(self, form: dict[str, str], authorization: str, now: float) -> Client:
        used = [bool(authorization), "client_assertion" in form, "client_secret" in form]
        if sum(used) > 1:
            raise TokenFault("invalid_request", "the client proves itself in more than one way; use one")
        if authorization:
            return self._by_basic(form, authorization)
        if "client_assertion" in form:
            return self._by_assertion(form, now)
        if "client_secret" in form:
            return self._by_secret(form.get("client_id", ""), form["client_secret"], AuthMethod.SECRET_POST)
        raise TokenFault("invalid_client", "no client authentication; send an assertion or a secret")

    def _by_basic(self, form: dict[str, str], authorization: str) -> Client:
        name, secret = _basic(authorization)
        if form.get("client_id", name) != name:
            raise TokenFault("invalid_request", "client_id differs from the Authorization header")
        return self._by_secret(name, secret, AuthMethod.SECRET_BASIC)

    def _by_secret(self, name: str, secret: str, method: AuthMethod) -> Client:
        client = self.clients.get(name)
        right = client is not None and client.auth is method
        expected = client.secret if client is not None and right else secrets.token_hex(16)
        if not hmac.compare_digest(expected.encode(), secret.encode()) or client is None or not right:
            raise TokenFault(
                "invalid_client",
                f"no client is registered with this secret for {method}",
                client=name if client else "",
                basic=method is AuthMethod.SECRET_BASIC,
            )
        return client

    def _by_assertion(self, form: dict[str, str], now: float) -> Client:
        if form.get("client_assertion_type") != JWT_BEARER:
            raise TokenFault("invalid_request", f"client_assertion_type must be {JWT_BEARER}")
        try:
            proven = check_assertion(
                form["client_assertion"], audience=self.audience, clients=self.clients, keys=self.keys, now=now
            )
        except AssertionFault as fault:
            raise TokenFault("invalid_client", str(fault)) from None
        name = proven.client.client_id
        if form.get("client_id", name) != name:
            raise TokenFault("invalid_request", "client_id differs from the assertion's sub", client=name)
        if not self.store.use_assertion(name, proven.jti, proven.expires):
            raise TokenFault("invalid_client", "jti was used before; every assertion needs a new one", client=name)
        return proven.client


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=32, errors="strict"
        )
    except ValueError:
        raise TokenFault("invalid_request", "the body is not application/x-www-form-urlencoded") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise TokenFault("invalid_request", "a parameter is sent twice")
    return {name: value for name, value in form.items() if value}


def _basic(authorization: str) -> tuple[str, str]:
    kind, _, credentials = authorization.partition(" ")
    try:
        name, colon, secret = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        kind = colon = ""
    if kind.lower() != "basic" or not colon:
        raise TokenFault("invalid_client", "the Authorization header is not Basic client_id:secret", basic=True)
    return unquote_plus(name), unquote_plus(secret)


def _scopes(asked: str, client: Client) -> tuple[str, ...]:
    scopes = tuple(dict.fromkeys(asked.split()))
    if not scopes:
        raise TokenFault("invalid_scope", "scope is required", client=client.client_id)
    for position, scope in enumerate(scopes, start=1):
        if scope not in client.scopes:
            raise TokenFault(
                "invalid_scope", f"scope number {position} is not registered for this client", client=client.client_id
            )
    return scopes
