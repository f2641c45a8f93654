"""The one way out to a payer: an HTTP exchange that is bounded in place, time and size, and is never repeated.

Place: origins on a list; the host is resolved once per connection, every address is checked, and a checked address is
the one connected to. No proxies, no redirects, no cookies. Time: one monotonic deadline over resolving, connecting,
TLS, writing and reading. Size: after decompression, while reading. Threats T6, T7, T8, T12, T29 of the security model.
"""

import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

import httpcore
import httpx

from gateway.adapters.payer.network import Attempt, CheckedNetwork, Resolve, attempt, resolve
from gateway.model.exchange import Lost, NotSent, Outcome, Reply
from gateway.payers.origin import Origin, origin
from gateway.ports import Clock, Hold

# Shorter than the keep-alive of any common server (5 s), so that none closes a connection while we begin to write.
_IDLE_SECONDS = 3.0
_CONNECTIONS = 32
_CHUNK = 64 * 1024
# What httpcore raises before it begins to write a request; anything else may have followed a byte.
_BEFORE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.LocalProtocolError)


@dataclass(frozen=True, slots=True)
class Policy:
    """Where exchanges may go: these origins, and this machine only if `loopback` says so."""

    origins: frozenset[Origin]
    loopback: bool = False


class Egress:
    """Exchanges with the origins of one payer; thread-safe, holds a few idle connections until `close`."""

    def __init__(
        self,
        policy: Policy,
        clock: Clock,
        *,
        resolver: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._monotonic = monotonic
        self._transport = _Transport(tls or trusted(), CheckedNetwork(resolver))

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes = b"",
        *,
        seconds: float,
        limit: int,
        hold: Hold | None = None,
    ) -> Outcome:
        """Send one request and read the whole answer within `seconds`, at most `limit` bytes once decompressed.

        With a `hold`, not a byte is written once it has nothing left, however long the process was stopped in between.
        The reasons in NotSent and Lost name hosts and limits, never content, tokens or paths.
        """
        try:
            place = origin(url)
        except ValueError as fault:
            return NotSent(f"the URL cannot be used: {fault}", ours=True)
        if seconds <= 0:
            return NotSent(f"{place}: no time is left")
        if place not in self._policy.origins:
            return NotSent(f"{place} is not an endpoint of this payer", ours=True)
        request = httpx.Request(method, url, headers=_headers(headers), content=content)
        if _read_again(request.url) != place:
            return NotSent(f"the URL of {place} can be read in two ways", ours=True)
        ends = self._monotonic() + seconds
        current = Attempt(ends, self._policy.loopback, place.scheme == "https", self._monotonic, hold)
        with attempt(current):
            try:
                return self._exchange(request, current, limit)
            except _Unread as fault:
                return Lost(f"{place}: {fault}")
            except httpx.TransportError as fault:
                reason = f"{place}: {_words(fault, current, seconds)}"
                if current.wrote or not (current.refusal or isinstance(fault, _BEFORE)):
                    return Lost(reason)
                return NotSent(reason, ours=bool(current.refusal))

    def close(self) -> None:
        """Close the idle connections."""
        self._transport.close()

    def _exchange(self, request: httpx.Request, current: Attempt, limit: int) -> Reply:
        # The bare transport, not httpx.Client: it keeps no cookies and follows no redirects, whatever comes back.
        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), current.left())
        response = self._transport.handle_request(request)
        try:
            body = b"".join(_unpacked(response, limit))
            current.end()
        finally:
            response.close()
        return Reply(
            status=response.status_code,
            body=body,
            received_at=self._clock.now(),
            media_type=response.headers.get("content-type", "").partition(";")[0].strip().lower(),
            retry_after=response.headers.get("retry-after", ""),
            date=response.headers.get("date", ""),
        )


class _Transport(httpx.HTTPTransport):
    """httpx's own transport over a connection pool whose connections are checked and timed by us."""

    def __init__(self, tls: ssl.SSLContext, network: CheckedNetwork) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore.ConnectionPool(  # retries=0: not even a failed connect is tried again behind our back
            ssl_context=tls,
            network_backend=network,
            max_connections=_CONNECTIONS,
            retries=0,
            keepalive_expiry=_IDLE_SECONDS,
        )


class _Unread(Exception):
    """The answer began and cannot be read to its end; the reason says why."""


@cache
def trusted() -> ssl.SSLContext:
    """The TLS settings for all payers: the system's trust, TLS 1.2 or later; costly to make, so made once."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _read_again(url: httpx.URL) -> Origin:
    """The origin as the library reads it: what is checked must be what is connected to."""
    return Origin(url.scheme, url.host, url.port or {"https": 443, "http": 80}[url.scheme])


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {"Accept-Encoding": "gzip", "User-Agent": "pa-gateway", **headers}


def _unpacked(response: httpx.Response, limit: int) -> Iterator[bytes]:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", ""):
        raise _Unread("the answer has a content encoding that was not offered")
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS) if encoding == "gzip" else None
    size = 0
    raw = b""
    stream = cast("httpx.SyncByteStream", response.stream)
    for raw in stream:  # not iter_raw, which closes the connection before we know that the answer is whole
        for part in _unzip(unpacker, raw) if unpacker else (raw,):
            size += len(part)
            if size > limit:
                raise _Unread(f"the answer is larger than {limit} bytes")
            yield part
    if unpacker and raw and not unpacker.eof:
        raise _Unread("the compressed answer ends early")


def _unzip(unpacker: "zlib._Decompress", raw: bytes) -> Iterator[bytes]:
    try:
        while raw:
            if unpacker.eof:
                raise _Unread("bytes follow the compressed answer")
            yield unpacker.decompress(raw, _CHUNK)
            raw = unpacker.unconsumed_tail or unpacker.unused_data
    except zlib.error:
        raise _Unread("the compressed answer is damaged") from None


def _words(fault: httpx.TransportError, current: Attempt, seconds: float) -> str:
    if current.refusal:
        return current.refusal
    if isinstance(fault, httpx.TimeoutException) or current.left() <= 0:
        done = "the answer did not end" if current.wrote else "no connection"
        return f"{done} within {seconds:g} s"
    if isinstance(fault, httpx.ConnectError):
        return _connect_words(fault)
    if isinstance(fault, httpx.RemoteProtocolError):
        return "the connection ended before the answer did, or the answer is not HTTP"
    return "the connection broke"


def _connect_words(fault: BaseException) -> str:
    cause: BaseException | None = fault
    while cause and not isinstance(cause, ssl.SSLError | OSError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the TLS certificate is not accepted ({cause.verify_message})"
    if isinstance(cause, ssl.SSLError):
        return "TLS could not be agreed"
    if isinstance(cause, socket.gaierror):
        return "the host name is not known"
    if isinstance(cause, ConnectionRefusedError):
        return "the connection was refused"
    return "no connection could be made"
