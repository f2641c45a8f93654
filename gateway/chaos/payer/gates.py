"""Where the payer listens: a port that is always open, and ports that are closed, or full, for spells (F1, F4)."""

import contextlib
import socket
import time
from collections.abc import Callable
from threading import Event, Thread

from gateway.chaos.payer.spells import Spells

Accepted = Callable[[socket.socket], None]
_TRIES = 20
_QUEUE = 256
_STRANGER_SECONDS = 0.2


class Gate:
    """A listening socket on a port of its own; each connection is `accepted` in a thread of its own.

    The port is bound by its number, so that it stays taken while the socket does not listen.
    """

    def __init__(self, accepted: Accepted, *, host: str = "127.0.0.1") -> None:
        self._accepted = accepted
        self._sock = _bound(host)
        self._taking: Thread | None = None
        self.port: int = self._sock.getsockname()[1]

    def open(self) -> None:
        """Take connections from now on."""
        self._sock.listen(_QUEUE)
        self._taking = Thread(target=self._take, daemon=True, name=f"gate-{self.port}")
        self._taking.start()

    def shut(self) -> None:
        """Refuse connections from now on; those not yet taken are reset, those taken live on."""
        if self._taking is None:  # a socket that was shut before it listened would later hand out dead connections
            return
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._taking.join()  # or it would not notice, should the socket listen again at once
        self._taking = None

    def _take(self) -> None:
        while True:
            try:
                sock, _ = self._sock.accept()
            except OSError:  # shut
                return
            Thread(target=self._accepted, args=(sock,), daemon=True, name="connection").start()


class FullGate(Gate):
    """A gate that, when shut, lets connections hang: one stranger fills its queue, and nobody takes it in."""

    def __init__(self, accepted: Accepted, *, host: str = "127.0.0.1") -> None:
        super().__init__(accepted, host=host)
        self._stranger: socket.socket | None = None

    def open(self) -> None:
        if self._stranger:
            # A client may have been faster, and have filled the queue itself. What it sent must not be taken up now,
            # long after it has gone: this resets it.
            self._sock.shutdown(socket.SHUT_RDWR)
            self._stranger.close()
        super().open()

    def shut(self) -> None:
        super().shut()
        self._sock.listen(0)
        self._stranger = socket.socket()
        self._stranger.settimeout(_STRANGER_SECONDS)
        with contextlib.suppress(OSError):
            self._stranger.connect(self._sock.getsockname())


def keep_spells(gate: Gate, spells: Spells, started: float, stop: Event) -> Thread:
    """A thread that shuts and opens the gate by its spells, until `stop`; `started` in seconds since 1970."""

    def turn() -> None:
        before = -1
        while not stop.is_set():
            seconds = time.time() - started
            number = spells.number(seconds)
            if number != before:  # a wait may end a little early
                before = number
                (gate.open if number % 2 else gate.shut)()
            stop.wait(spells.left(seconds))

    thread = Thread(target=turn, daemon=True, name=f"spells-{gate.port}")
    thread.start()
    return thread


def _bound(host: str) -> socket.socket:
    for _ in range(_TRIES):
        with socket.socket() as scout:
            scout.bind((host, 0))
            port = scout.getsockname()[1]
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError:
            sock.close()
        else:
            return sock
    raise OSError(f"no free port was found on {host}")
