"""Who is calling: a bearer token of a known client, or, where no client is set up, this machine only."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Annotated
from urllib.parse import urlsplit

from anyio import to_thread
from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.problems import problem
from gateway.model.errors import ConfigFault, GatewayError, OurFault
from gateway.ports import Client, Store

OPEN = frozenset({"/health", "/ready", "/.well-known/jwks.json", "/openapi.json"})
LOCAL = "local"
_LOCAL_NAMES = ("localhost", "localhost.")


class Unauthenticated(OurFault):
    """The caller is not known here."""

    code = "unauthenticated"
    status = 401
    headers = {"WWW-Authenticate": "Bearer"}  # noqa: RUF012 - read only


class NotLocal(OurFault):
    """Without clients set up, the gateway answers this machine only."""

    code = "not-local"
    status = 403


@dataclass(frozen=True, slots=True)
class Caller:
    """The client a request acts for; it sees its own orders and nothing else."""

    client: str

    @property
    def actor(self) -> str:
        return f"ehr:{self.client}"


class Gate:
    """ASGI middleware: nothing but the open paths is reached by a caller who is not known."""

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app, self._store = app, store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN:
            try:
                clients = await to_thread.run_sync(self._store.clients)
                scope.setdefault("state", {})["caller"] = identify(
                    Headers(scope=scope), clients, peer=(scope.get("client") or ("",))[0]
                )
            except GatewayError as fault:
                await problem(fault)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def identify(headers: Headers, clients: Sequence[Client], *, peer: str) -> Caller:
    """The caller by the headers of a request, and by the address of its `peer` where no client is set up.

    Raises:
        Unauthenticated: clients are set up, and the token is none of theirs.
        NotLocal: no client is set up, and the request comes from another machine, or was not meant for this one:
            its Host or Origin is another name, as when a web page makes a browser call us (DNS rebinding, cross-site
            requests).
    """
    if clients:
        return Caller(_client(headers, clients).name)
    origins = headers.getlist("origin")
    hosts = headers.getlist("host")
    if (
        not is_loopback(peer)
        or len(hosts) != 1
        or not _names_loopback(f"//{hosts[0]}")
        or not all(map(_names_loopback, origins))
    ):
        raise NotLocal(fix="Call it as 127.0.0.1 or localhost, or set up a client: pa client add NAME.")
    return Caller(LOCAL)


def _client(headers: Headers, clients: Sequence[Client]) -> Client:
    given = headers.getlist("authorization")
    scheme, _, token = (given[0] if len(given) == 1 else "").partition(" ")
    digest = sha256(token.strip().encode("latin-1", "replace")).hexdigest()
    # Every client is compared, so that the time taken says nothing about which one came close.
    found = [client for client in clients if compare_digest(client.token_sha256, digest)]
    if scheme.lower() != "bearer" or not found:
        raise Unauthenticated(fix="Send `Authorization: Bearer TOKEN` with a token made by `pa client add NAME`.")
    return found[0]


def _names_loopback(url: str) -> bool:
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() in _LOCAL_NAMES


def may_bind(host: str, clients: Sequence[Client]) -> None:
    """Allow listening at `host`.

    Raises:
        ConfigFault: others than this machine could call, and no client is set up to tell them apart.
    """
    if not clients and not is_loopback(host):
        raise ConfigFault(
            f"Other machines could call a gateway that listens at {host or 'every address'}, and no client is set up: "
            "it could not tell who calls.",
            fix="Add a client first (pa client add NAME), or listen at 127.0.0.1 (PA_HOST).",
        )


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


CallerOf = Annotated[Caller, Depends(_caller)]
