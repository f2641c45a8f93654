"""Finds the public key a registered client signed with; the only place the sandbox fetches anything."""

import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

import httpx
from joserfc import jwk
from joserfc.errors import JoseError

from gateway.fhir.json import JsonFault, Limits, loads
from gateway.sandbox.clients import Client, public_keys
from gateway.sandbox.schema import FileFault

PAUSE_SECONDS = 10.0
_LIMITS = Limits(size=256 * 1024, depth=8)


class KeysUnavailable(Exception):
    """The client's jwks_url did not give a usable JWKS."""


class KeyRing:
    """Keys by client and kid. A jwks_url is read when first needed and again when a kid is unknown,
    at most once in ten seconds; a kid never leads to a URL the client was not registered with."""

    def __init__(self, clients: Mapping[str, Client], *, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._keys = {client.client_id: client.keys for client in clients.values()}
        self._read_at: dict[str, float] = {}
        self._trouble: dict[str, str] = {}

    def find(self, client: Client, kid: str) -> Any | None:
        """The joserfc key registered under `kid`, or None.

        Raises:
            KeysUnavailable: the keys had to be fetched and could not be.
        """
        with self._lock:
            found = self._known(client, kid)
            if found is None and client.jwks_url:
                self._refresh(client)
                found = self._known(client, kid)
        if found is None:
            return None
        try:
            return jwk.import_key(found)
        except (JoseError, ValueError):
            return None

    def _known(self, client: Client, kid: str) -> dict[str, Any] | None:
        return next((key for key in self._keys[client.client_id] if key["kid"] == kid), None)

    def _refresh(self, client: Client) -> None:
        now, name = self._seconds(), client.client_id
        if now - self._read_at.get(name, -PAUSE_SECONDS) >= PAUSE_SECONDS:
            self._read_at[name] = now
            self._trouble.pop(name, None)
            try:
                self._keys[name] = _fetch(client.jwks_url)
            except KeysUnavailable as fault:
                self._trouble[name] = str(fault)
        if name in self._trouble:  # also during the pause: the kid is not wrong, the keys are out of reach
            raise KeysUnavailable(self._trouble[name])


def _fetch(url: str) -> tuple[dict[str, Any], ...]:
    try:
        with httpx.stream("GET", url, timeout=5.0, follow_redirects=False, trust_env=False) as reply:
            if reply.status_code != httpx.codes.OK:
                raise KeysUnavailable(f"the JWKS URL answered {reply.status_code}")
            return public_keys(loads(_read(reply), limits=_LIMITS), "jwks_url")
    except (httpx.HTTPError, JsonFault, FileFault) as fault:
        raise KeysUnavailable(f"the JWKS URL gave no JWKS: {type(fault).__name__}") from None


def _read(reply: httpx.Response) -> bytes:
    raw = b""
    for piece in reply.iter_bytes():
        raw += piece
        if len(raw) > _LIMITS.size:
            raise KeysUnavailable("the JWKS is too large")
    return raw
