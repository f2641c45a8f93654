"""Serves the API until it is told to stop; requests under way are answered first."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from types import FrameType
from typing import Protocol

import uvicorn

from gateway import __version__
from gateway.adapters.log import catch_crashes, quiet
from gateway.api.app import create_app
from gateway.api.callers import may_bind
from gateway.flow.world import World
from gateway.model.errors import ConfigFault
from gateway.settings import Settings

_BACKLOG = 2048
_FAREWELL_SECONDS = 30


class Workers(Protocol):
    """What does due steps beside the API (`gateway.worker.Pool`)."""

    def start(self) -> None: ...

    def stop(self) -> None:
        """Finish the steps in hand."""


def serve(world: World, settings: Settings, workers: Workers) -> None:
    """Serve and work until SIGINT or SIGTERM; then answer what is under way, and finish the steps in hand.

    A second signal ends the process at once; its leases end by themselves.

    Raises:
        ConfigFault: the address cannot be listened at, or may not be (see `may_bind`).
    """
    begun = perf_counter()
    may_bind(settings.host, world.store.clients())
    config = uvicorn.Config(
        create_app(world, settings),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        http="h11",  # bounds the size of headers, which httptools does not
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=_FAREWELL_SECONDS,
    )
    server = _Server(config)
    with _listen(settings.host, settings.port) as listener, _signals_go_to(server):
        quiet()
        catch_crashes(world.log)
        workers.start()
        try:
            world.log.write(
                "gateway.started",
                version=__version__,
                port=listener.getsockname()[1],
                workers=settings.workers,
                ms=_since(begun),
            )
            server.run(sockets=[listener])
        finally:
            workers.stop()
            world.log.write("gateway.stopped", ms=_since(begun))


def _since(begun: float) -> float:
    return round((perf_counter() - begun) * 1000, 1)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as fault:
        raise ConfigFault(
            f"The gateway cannot listen at {host}, port {port}: {str(fault.strerror).partition(' (')[0]}.",
            fix="Choose another PA_HOST or PA_PORT, or stop what listens there.",
        ) from None


class _Server(uvicorn.Server):
    """uvicorn, except that a signal is not raised again when it has stopped: the workers still have steps in hand."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as signal handlers are called
        if self.should_exit:
            os._exit(128 + sig)
        self.should_exit = True


@contextmanager
def _signals_go_to(server: _Server) -> Iterator[None]:
    """Also before it listens, and after it has stopped."""
    kept = {number: signal.signal(number, server.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
