"""The faulty payer as a process: opens all its gates, says so in `payer.ready`, and serves until it is told to end."""

import os
import signal
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Any

from gateway.chaos.payer.book import BookWriter, Entry, EntryKind
from gateway.chaos.payer.certificates import WRONG_HOST, Authority
from gateway.chaos.payer.config import PayerConfig, read_config
from gateway.chaos.payer.desk import Desk
from gateway.chaos.payer.faults import Fault, Way
from gateway.chaos.payer.gates import FullGate, Gate, keep_spells
from gateway.chaos.payer.schedule import pick
from gateway.chaos.payer.service import Service
from gateway.chaos.payer.spells import Spells, spells_of
from gateway.chaos.payer.tokens import TokenDesk
from gateway.chaos.payer.wire import Connection
from gateway.fhir import json

CANARY_HOST = "127.0.0.2"
_ORPHAN_SECONDS = 1.0
_CANARY_SECONDS = 2.0


def run(home: Path) -> None:
    """Serve the payer of `home` until SIGTERM, SIGINT, or the end of the process that started it.

    Raises:
        ConfigUnusable: `payer.json` is missing or wrong.
    """
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    parent = os.getppid()
    payer = FaultyPayer(home, read_config(home / "payer.json"), stop)
    payer.open()
    while not stop.wait(_ORPHAN_SECONDS):
        if os.getppid() != parent:
            stop.set()


class FaultyPayer:
    """All gates of one payer. Its files are in `home`; nothing is served before `open`, nothing opens after `stop`."""

    def __init__(self, home: Path, config: PayerConfig, stop: Event) -> None:
        self._home, self._config, self._stop = home, config, stop
        self._started = time.time()
        self._book = BookWriter(home / "book.jsonl")
        self._spells = {
            fault.id: spells_of(fault, seed=config.seed, scale=config.scale) for fault in config.faults if fault.spells
        }
        self._authority = Authority(home)
        self._gates: dict[str, Gate] = {}
        self._canary = Gate(self._met, host=CANARY_HOST)
        self._service = Service(
            config,
            self._book,
            Desk(config, self._book),
            TokenDesk(config, self._book, self._spells, self._started),
            f"http://{CANARY_HOST}:{self._canary.port}/",
        )

    def open(self) -> None:
        """Open every gate and write `payer.ready`."""
        shared = Gate(lambda sock: self._service.serve(Connection(sock)))
        shared.open()
        self._canary.open()
        classes = {fault.id: self._endpoint(fault, shared) for fault in self._config.faults}
        said = {
            "pid": os.getpid(),
            "started_at": self._started,
            **self._config.model_dump(mode="json", exclude={"classes", "pended", "denied", "look_alikes"}),
            "ca": str(self._authority.file),
            "canary": f"http://{CANARY_HOST}:{self._canary.port}/",
            "hosts": {fault.host: "127.0.0.1" for fault in self._config.faults if fault.host},
            "classes": classes,
        }
        draft = self._home / "payer.ready.part"
        draft.write_bytes(json.dumps(said))
        draft.replace(self._home / "payer.ready")

    def _endpoint(self, fault: Fault, shared: Gate) -> dict[str, Any]:
        """Open the class's own gate if it needs one; its URLs. Tokens always come from the gate that never fails."""
        base = f"http://127.0.0.1:{shared.port}"
        own = self._own_gate(fault)
        if own:
            self._gates[fault.id] = own
            scheme = "http" if fault.way in (Way.REFUSE, Way.BACKLOG) else "https"
            fhir = f"{scheme}://{fault.host or '127.0.0.1'}:{own.port}/{fault.key}/fhir"
        else:
            fhir = f"{base}/{fault.key}/fhir"
        return {"profile": fault.key, "payor": fault.payor, "fhir": fhir, "token": f"{base}/{fault.key}/token"}

    def _own_gate(self, fault: Fault) -> Gate | None:
        if fault.way in (Way.REFUSE, Way.BACKLOG):
            gate = (FullGate if fault.way is Way.BACKLOG else Gate)(self._plain)
            keep_spells(gate, self._spells[fault.id], self._started, self._stop)
            return gate
        if fault.way is Way.UNKNOWN_HOST:
            good = self._authority.context(fault.key, fault.host)
            gate = Gate(lambda sock: self._secure(sock, good))
        elif fault.way is Way.BAD_TLS:
            gate = Gate(
                BadTls(fault, self._authority, self._spells[fault.id], self._started, self._config, self._secure)
            )
        else:
            return None
        gate.open()
        return gate

    def _plain(self, sock: socket.socket) -> None:
        self._service.serve(Connection(sock, fresh=True))

    def _secure(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        sock.settimeout(5)
        try:
            secured = context.wrap_socket(sock, server_side=True)
        except OSError:  # the client does not like the certificate; ssl.SSLError is one
            sock.close()
            return
        self._service.serve(Connection(secured, fresh=True))

    def _met(self, sock: socket.socket) -> None:
        """Somebody followed a redirect: count what it sends."""
        sock.settimeout(_CANARY_SECONDS)
        size = 0
        try:
            while piece := sock.recv(64 * 1024):
                size += len(piece)
        except OSError:
            pass
        finally:
            sock.close()
            self._book.write(Entry(kind=EntryKind.CANARY, at=time.time(), fault="F26", bytes=size))


class BadTls:
    """Takes connections for class F3: during its spells the handshake fails in one of several ways."""

    def __init__(
        self,
        fault: Fault,
        authority: Authority,
        spells: Spells,
        started: float,
        config: PayerConfig,
        secure: Callable[[socket.socket, ssl.SSLContext], None],
    ) -> None:
        self._fault, self._spells, self._started, self._config = fault, spells, started, config
        self._secure = secure
        self._good = authority.context(fault.key)
        self._bad: Mapping[str, ssl.SSLContext] = {
            "expired": authority.context(f"{fault.key}-expired", days=(-30, -1)),
            "wrong_host": authority.context(f"{fault.key}-wrong", WRONG_HOST),
        }

    def __call__(self, sock: socket.socket) -> None:
        number = self._spells.number(time.time() - self._started)
        if number % 2:
            self._secure(sock, self._good)
            return
        variant = pick(self._fault.variants, self._config.seed, self._fault.id, number)
        if variant == "stall":
            stalled = Connection(sock)
            stalled.wait(self._fault.hold * self._config.scale)
            stalled.reset()
        else:
            self._secure(sock, self._bad[variant])
