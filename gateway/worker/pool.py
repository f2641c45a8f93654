"""Worker threads: claim a due step, do it, again; and the same without threads for the CLI."""

from collections.abc import Callable, Collection
from datetime import timedelta
from threading import Event, Thread
from time import monotonic, sleep

from gateway.adapters.log import describe
from gateway.flow import submit
from gateway.flow.change import SUBMIT
from gateway.flow.world import World
from gateway.model.changes import Work
from gateway.model.errors import GatewayError

_STEPS: dict[str, Callable[[World, Work], None]] = {SUBMIT: submit.run}
_IDLE_SECONDS = 1.0
_PAUSE_SECONDS = 0.05


class Pool:
    """A bounded number of threads that do due steps until stopped; a step in hand is finished first."""

    def __init__(self, world: World, *, threads: int, lease: timedelta) -> None:
        self._world, self._lease = world, lease
        self._stop, self._wake = Event(), Event()
        self._forget = world.waiters.listen(self._wake.set)
        self._threads = [
            Thread(target=self._work, name=f"worker-{n}", args=(f"worker-{world.ids.new()}",)) for n in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()
        self._forget()
        for thread in self._threads:
            thread.join()

    def _work(self, owner: str) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            if not step(self._world, owner, self._lease):
                self._wake.wait(_IDLE_SECONDS)


def step(world: World, owner: str, lease: timedelta, *, only: Collection[str] | None = None) -> bool:
    """Do one due step, of `only` these authorizations; False when nothing is due.

    A failure is logged and the step comes round again.
    """
    work: Work | None = None
    try:
        work = world.store.claim(owner, world.clock.now(), lease, only=only)
        if work:
            _STEPS[work.step](world, work)
    except GatewayError as fault:
        world.log.write("work.failed", **_which(work), code=fault.code)
    except Exception as fault:  # noqa: BLE001 - a defect must not end the thread; the step comes round after its lease
        world.log.write("work.failed", **_which(work), fault=describe(fault))
    return work is not None


def _which(work: Work | None) -> dict[str, str]:
    return {"authorization": work.authorization, "step": work.step} if work else {}


def drain(world: World, authorizations: Collection[str], *, lease: timedelta) -> None:
    """Do the due steps of these authorizations in this thread, and wait for those that another process has taken."""
    owner = f"cli-{world.ids.new()}"
    mine = frozenset(authorizations)
    patience = monotonic() + lease.total_seconds()
    while any(_is_due(world, identity) for identity in mine):
        if not step(world, owner, lease, only=mine):
            if monotonic() > patience:
                return
            sleep(_PAUSE_SECONDS)


def _is_due(world: World, identity: str) -> bool:
    work = world.store.work(identity)
    return work is not None and work.due_at <= world.clock.now()
