"""HTTP/1.1 over a plain socket, by hand: a payer that breaks off wherever it likes needs both ends of every byte."""

import contextlib
import select
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

FHIR = "application/fhir+json"
_IDLE_SECONDS = 30.0
_WAITING_SECONDS = 5.0
_HEAD_BYTES, _BODY_BYTES = 64 * 1024, 16 * 1024 * 1024
_TAIL = 64
_PHRASES = {int(status): status.phrase for status in HTTPStatus}
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Gone(Exception):
    """The other side has left, or what it sends is no HTTP."""


@dataclass(frozen=True, slots=True)
class Head:
    """Request line and header fields; the names of fields in lower case."""

    method: str
    path: str
    fields: Mapping[str, str]
    length: int


class Connection:
    """One connection of a client, for one thread.

    Attributes:
        served: requests read on it so far, the present one included.
        open: whether it can carry another request.
        fresh: every answer ends it.
    """

    def __init__(self, sock: socket.socket, *, fresh: bool = False) -> None:
        self._sock = sock
        self._read = b""
        self.served = 0
        self.open = True
        self.fresh = fresh
        sock.settimeout(_IDLE_SECONDS)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def head(self) -> Head:
        """The next request up to its body. Raises Gone."""
        while b"\r\n\r\n" not in self._read:
            if len(self._read) > _HEAD_BYTES:
                raise Gone
            self._more()
        raw, _, self._read = self._read.partition(b"\r\n\r\n")
        first, *rows = raw.decode("latin-1").split("\r\n")
        words = first.split(" ")
        fields = {name.strip().lower(): value.strip() for name, _, value in (row.partition(":") for row in rows)}
        length = fields.get("content-length", "0")
        if len(words) != 3 or not length.isdecimal() or int(length) > _BODY_BYTES or "transfer-encoding" in fields:
            raise Gone
        self.served += 1
        if self.fresh or fields.get("connection", "").lower() == "close":
            self.fresh = True
        return Head(words[0], words[1], fields, int(length))

    def body(self, head: Head) -> bytes:
        """The whole body. Raises Gone."""
        while len(self._read) < head.length:
            self._more()
        raw, self._read = self._read[: head.length], self._read[head.length :]
        return raw

    def look(self, head: Head) -> bytes:
        """The whole body, of which the end has not been taken off the connection: for the book, not for the payer.

        A body of a few bytes, or one that came at once with its head, is read like any other. Raises Gone.
        """
        kept = max(head.length - _TAIL, 0)
        while len(self._read) < kept:
            self._more(kept - len(self._read))
        wanted = head.length - len(self._read)
        if wanted <= 0:
            return self._read[: head.length]
        deadline = time.monotonic() + _WAITING_SECONDS
        while time.monotonic() < deadline:
            try:
                tail = self._sock.recv(wanted, socket.MSG_PEEK)
            except OSError:
                raise Gone from None
            if not tail:
                raise Gone
            if len(tail) == wanted:
                return self._read + tail
            time.sleep(0.001)
        raise Gone

    def answer(
        self,
        status: int,
        content: bytes = b"",
        media: str = FHIR,
        *,
        fields: Mapping[str, str] | None = None,
        length: int | None = None,
        skew: float = 0.0,
    ) -> None:
        """Send an answer; with `length` it claims to be that long. Raises Gone."""
        rows = [f"HTTP/1.1 {status} {_PHRASES.get(status, 'Unknown')}"]
        rows.append(f"Date: {formatdate(time.time() + skew, usegmt=True)}")
        if status != HTTPStatus.NO_CONTENT:
            rows.append(f"Content-Length: {len(content) if length is None else length}")
            rows.append(f"Content-Type: {media}")
        rows += [f"{name}: {value}" for name, value in (fields or {}).items()]
        if self.fresh:
            rows.append("Connection: close")
        self.send("\r\n".join(rows).encode("latin-1") + b"\r\n\r\n" + content)
        if self.fresh:
            self.close()

    def send(self, raw: bytes) -> None:
        """Send bytes as they are. Raises Gone."""
        try:
            self._sock.sendall(raw)
        except OSError:
            self.reset()
            raise Gone from None

    def wait(self, seconds: float) -> bool:
        """Wait for the client to leave; whether it did within `seconds`."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            try:
                if select.select([self._sock], [], [], left)[0] and not self._sock.recv(4096):
                    return True
            except (OSError, ValueError):
                return True
        return False

    def reset(self) -> None:
        """End it with an RST: what was sent last may never be read."""
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        self.close()

    def close(self) -> None:
        """End it."""
        self.open = False
        with contextlib.suppress(OSError):
            self._sock.close()

    def _more(self, most: int = 64 * 1024) -> None:
        try:
            piece = self._sock.recv(most)
        except OSError:
            raise Gone from None
        if not piece:
            raise Gone
        self._read += piece
