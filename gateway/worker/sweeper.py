"""A thread that looks for what moves no more (`gateway.flow.sweep`), once at start and then every hour."""

from threading import Event, Thread

from gateway.adapters.log import describe
from gateway.flow.sweep import sweep
from gateway.flow.world import World
from gateway.model.errors import GatewayError

EVERY_SECONDS = 3600.0


class Sweeper:
    """Sweeps until stopped; what goes wrong is logged and ends nothing."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stop = Event()
        # A daemon: a sweep of a large store must not keep a stopped process alive.
        self._thread = Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Begin no other sweep; one under way is left to itself."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            sweep_once(self._world)
            self._stop.wait(EVERY_SECONDS)


def sweep_once(world: World) -> None:
    """Sweep, and say what came of it."""
    try:
        found = sweep(world)
    except Exception as fault:  # noqa: BLE001 - the next sweep may do better, and the workers need none
        said = {"code": fault.code} if isinstance(fault, GatewayError) else {"fault": describe(fault)}
        world.log.write("sweep.failed", **said)
        return
    if found:
        world.log.write("sweep.found", authorizations=found)
