"""The network below the HTTP client: every connection goes to a checked address, every read and write has a deadline.

httpcore gives a timeout per operation; a peer that sends a byte now and then lives for ever. Here each operation gets
what is left of one deadline, kept for the running exchange in a context variable because connections outlive it.
"""

import socket
import ssl
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import httpcore

from gateway.adapters.payer.addresses import Address, refusal
from gateway.ports import Hold

Resolve = Callable[[str, int], Sequence[str]]
_PIECE = 64 * 1024


@dataclass(slots=True)
class Attempt:
    """One running exchange.

    Attributes:
        ends: on the `monotonic` clock.
        hold: the step that sends; nothing is written once it is no longer ours.
        wrote: a write of the request has begun; from then on the payer may have some of it.
        stream: the connection that it is written to.
        refusal: why a rule of ours ended the exchange, in words: the address policy, or a hold that was lost.
    """

    ends: float
    loopback: bool
    tls: bool
    monotonic: Callable[[], float]
    hold: Hold | None = None
    wrote: bool = False
    stream: "_TimedStream | None" = None
    refusal: str = ""

    def left(self) -> float:
        """Seconds until the deadline; 0 when it has passed."""
        return max(self.ends - self.monotonic(), 0.0)

    def begin_write(self) -> None:
        """Allow the next piece of the request to be written.

        Raises:
            httpcore.WriteTimeout: the step was taken over, or may have been (threat T30).
        """
        if self.hold is not None and self.hold.left() <= 0:
            self.refusal = "the step is no longer this worker's"
            raise httpcore.WriteTimeout(self.refusal)  # after a WriteError httpcore would wait for an answer
        self.wrote = True

    def end(self) -> None:
        """The whole answer is here: the connection may be kept, or closed as usual."""
        if self.stream is not None:
            self.stream.close_politely()


_RUNNING: ContextVar[Attempt] = ContextVar("attempt")


@contextmanager
def attempt(current: Attempt) -> Iterator[None]:
    """Make `current` the exchange that this thread's network operations belong to."""
    token = _RUNNING.set(current)
    try:
        yield
    finally:
        _RUNNING.reset(token)


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, by the system's resolver."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


class CheckedNetwork(httpcore.NetworkBackend):
    """Connects to checked addresses only; see the module."""

    def __init__(self, resolver: Resolve) -> None:
        self._resolver = resolver
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - we know better
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first address of `host` that answers; every address has to be allowed."""
        current = _RUNNING.get()
        addresses = self._addresses(host, port, current)
        for reason in (refusal(one, loopback=current.loopback, public=current.tls) for one in addresses):
            if reason:
                current.refusal = f"the address of the host is refused: {reason}"
                raise httpcore.ConnectError(current.refusal)
        for n, address in enumerate(addresses):
            share = _left(current, httpcore.ConnectTimeout) / (len(addresses) - n)
            try:
                stream = self._sockets.connect_tcp(str(address), port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if n + 1 == len(addresses):
                    raise
            else:
                return _TimedStream(stream)
        raise httpcore.ConnectError("the host has no address")

    def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002 - refused whatever it is
        timeout: float | None = None,  # noqa: ARG002 - httpcore passes it
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - httpcore passes it
    ) -> httpcore.NetworkStream:
        """Refused: payers are not files."""
        raise httpcore.ConnectError("payers are reached over TCP only")

    def sleep(self, seconds: float) -> None:
        """Refused: httpcore sleeps only to retry, and nothing is retried here."""
        raise httpcore.ConnectError(f"a retry after {seconds} s is not made")

    def _addresses(self, host: str, port: int, current: Attempt) -> list[Address]:
        try:
            return [ip_address(host)]
        except ValueError:
            pass
        answer: SimpleQueue[Sequence[str] | OSError] = SimpleQueue()
        # The system's resolver has no timeout; a daemon thread lets the deadline pass it by.
        Thread(target=_ask, args=(self._resolver, host, port, answer), daemon=True, name="resolve").start()
        try:
            found = answer.get(timeout=_left(current, httpcore.ConnectTimeout))
        except Empty:
            raise httpcore.ConnectTimeout("the host name was not resolved in time") from None
        if isinstance(found, OSError):
            try:
                raise found
            except OSError as fault:  # as its context: the connection pool cuts off the cause
                raise httpcore.ConnectError("the host name was not resolved") from fault
        return [ip_address(text) for text in found]


class _TimedStream(httpcore.NetworkStream):
    """A connection whose every operation ends by the deadline of the exchange that uses it."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._socket: socket.socket = stream.get_extra_info("socket")
        self._aborts = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - httpcore passes it
        return self._stream.read(max_bytes, _left(_RUNNING.get(), httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - httpcore passes it
        current = _RUNNING.get()
        rest = memoryview(buffer)
        while rest:
            seconds = _left(current, httpcore.WriteTimeout)
            current.begin_write()
            current.stream = self
            self.abort_on_close(seconds)
            try:
                self._socket.settimeout(seconds)
                rest = rest[self._socket.send(rest[:_PIECE]) :]
            except TimeoutError as fault:
                raise httpcore.WriteTimeout(str(fault)) from fault
            except OSError as fault:
                raise httpcore.WriteError(str(fault)) from fault

    def abort_on_close(self, seconds: float) -> None:
        """From now on, whatever ends the connection throws away what the payer has not got: a deadline, kill -9, or
        `seconds` without a sign from the payer's machine.

        Else our kernel would go on delivering a request whose answer nobody waits for any more.
        """
        with suppress(OSError):  # it is gone already
            self._linger(aborts=True)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, max(int(seconds * 1000), 1))

    def close_politely(self) -> None:
        """The answer is whole: what we sent has served its purpose."""
        with suppress(OSError):
            self._linger(aborts=False)

    def close(self) -> None:
        self._stream.close()

    def _linger(self, *, aborts: bool) -> None:
        if aborts is not self._aborts:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", aborts, 0))
            self._aborts = aborts

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - httpcore passes it
    ) -> httpcore.NetworkStream:
        left = _left(_RUNNING.get(), httpcore.ConnectTimeout)
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _ask(resolver: Resolve, host: str, port: int, answer: "SimpleQueue[Sequence[str] | OSError]") -> None:
    try:
        answer.put(resolver(host, port))
    except OSError as fault:
        answer.put(fault)


def _left(current: Attempt, fault: type[Exception]) -> float:
    seconds = current.left()
    if seconds <= 0:
        raise fault("the deadline has passed")
    return seconds
