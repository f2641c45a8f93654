"""Checks a client assertion (RFC 7523, RFC 8725, SMART Backend Services): every claim, one key, one use."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from gateway.fhir.json import JsonFault, Limits, loads
from gateway.sandbox.clients import AuthMethod, Client
from gateway.sandbox.keys import KeyRing, KeysUnavailable

LONGEST_SECONDS = 300
CLOCK_SECONDS = 10  # how far another computer's clock may run ahead of ours
_LIMITS = Limits(size=8 * 1024, depth=8)
_HEADER_NAMES = {"alg", "typ", "kid", "jku"}


class AssertionFault(Exception):
    """The assertion does not prove who the client is; the text says why and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """A proven assertion; its jti has yet to be used up."""

    client: Client
    jti: str
    expires: float


def check_assertion(
    token: str, *, audience: str, clients: Mapping[str, Client], keys: KeyRing, now: float
) -> Assertion:
    """Who signed `token`, at `now` in seconds since 1970.

    Raises:
        AssertionFault: any rule is broken.
    """
    header, claims = _parts(token)
    client = clients.get(_text(claims.get("sub"))) if _text(claims.get("sub")) else None
    if client is None or client.auth is not AuthMethod.PRIVATE_KEY_JWT:
        raise AssertionFault("sub is not a client registered for private_key_jwt")
    _check_header(header, client)
    _check_signature(token, header, client, keys)
    if claims.get("iss") != client.client_id:
        raise AssertionFault("iss and sub differ; both are the client_id")
    if claims.get("aud") not in (audience, [audience]):
        raise AssertionFault("aud is not exactly the token URL of the discovery document")
    expires = _check_times(claims, now)
    jti = _text(claims.get("jti"))
    if not 0 < len(jti) <= 255:
        raise AssertionFault("jti is missing, empty or longer than 255 characters")
    return Assertion(client, jti, expires)


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    pieces = token.split(".")
    if len(pieces) != 3 or len(token) > _LIMITS.size:
        raise AssertionFault("the assertion is not a compact signed JWT of at most 8 KB")
    try:
        header, claims = (loads(_decode(piece), limits=_LIMITS) for piece in pieces[:2])
    except (JsonFault, binascii.Error, UnicodeEncodeError):
        raise AssertionFault("header or claims are not base64url of JSON that has one reading") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise AssertionFault("header and claims must be JSON objects")
    return header, claims


def _decode(piece: str) -> bytes:
    return base64.b64decode(piece.encode("ascii") + b"=" * (-len(piece) % 4), altchars=b"-_", validate=True)


def _check_header(header: dict[str, Any], client: Client) -> None:
    if header.get("alg") not in client.algs:
        raise AssertionFault(f"alg is not registered for this client; it may use {', '.join(client.algs)}")
    if header.get("typ") != "JWT":
        raise AssertionFault("typ is not JWT")
    if not _text(header.get("kid")):
        raise AssertionFault("kid is missing; it names one of the registered keys")
    if "jku" in header and (not client.jwks_url or header["jku"] != client.jwks_url):
        raise AssertionFault("jku is not the registered jwks_url")
    if set(header) - _HEADER_NAMES:  # jwk, x5c, x5u, crit, b64: keys come from registration only
        raise AssertionFault("the header may hold alg, typ, kid and jku, nothing else")


def _check_signature(token: str, header: dict[str, Any], client: Client, keys: KeyRing) -> None:
    try:
        key = keys.find(client, header["kid"])
    except KeysUnavailable as fault:
        raise AssertionFault(str(fault)) from None
    if key is None:
        raise AssertionFault("kid is not one of the registered keys")
    try:
        jws.deserialize_compact(token, key, registry=jws.JWSRegistry(algorithms=[header["alg"]]))
    except (JoseError, ValueError):
        raise AssertionFault("the signature was not made with the registered key that kid names") from None


def _check_times(claims: dict[str, Any], now: float) -> float:
    expires, issued, not_before = (_seconds(claims.get(name)) for name in ("exp", "iat", "nbf"))
    if expires is None:
        raise AssertionFault("exp is missing or not a number of seconds")
    if expires <= now:
        raise AssertionFault("exp is past")
    if expires - now > LONGEST_SECONDS:
        raise AssertionFault(f"exp is more than {LONGEST_SECONDS} seconds from now")
    for name, value in (("iat", issued), ("nbf", not_before)):
        if name in claims and value is None:
            raise AssertionFault(f"{name} is not a number of seconds")
        if value is not None and value > now + CLOCK_SECONDS:
            raise AssertionFault(f"{name} lies in the future; check the clock")
    if issued is not None and expires - issued > LONGEST_SECONDS:
        raise AssertionFault(f"exp is more than {LONGEST_SECONDS} seconds after iat")
    return expires


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
