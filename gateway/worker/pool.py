"""Worker threads: one looks for due work, the others do steps or wait for their turn; and the same for the CLI."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Lock, Thread

from gateway.adapters.log import describe
from gateway.adapters.payer.client import longest_submit
from gateway.flow.world import World
from gateway.model.errors import GatewayError
from gateway.ports import DUE
from gateway.worker.crew import Crew, Taken
from gateway.worker.sweeper import Sweeper

# A beat that fails is tried again three times before the lease that it should have renewed is over.
_BEATS_PER_LEASE, _SOONER = 3, 3
_FAREWELL_MARGIN_SECONDS = 3.0
_AFTER_FAULT_SECONDS = 1.0
_GLANCE_SECONDS = 0.05
_PATIENCE_SECONDS = 60.0


class Pool:
    """A bounded number of threads that do due steps until stopped, one that keeps their leases, and one that sweeps."""

    def __init__(
        self,
        world: World,
        *,
        threads: int,
        lease: timedelta,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        self._world = world
        self._crew = Crew(world, threads=threads, lease=lease, monotonic=monotonic)
        self._stop, self._wake, self._turn = Event(), Event(), Lock()
        self._heart, self._sweeper = Heart(self._crew, world, lease), Sweeper(world)
        # Daemons: a step that never ends must not keep a stopped process alive.
        self._threads = [
            Thread(target=self._work, name=f"worker-{n}", args=(f"worker-{world.ids.new()}",), daemon=True)
            for n in range(threads)
        ]
        self._forget: Callable[[], None] = lambda: None

    def start(self) -> None:
        if not self._threads:
            return
        self._forget = self._world.waiters.listen(self._wake.set, to=[DUE])
        self._heart.start()
        self._sweeper.start()
        for thread in self._threads:
            thread.start()

    def stop(self, *, within: float | None = None) -> None:
        """Claim nothing more, and finish the steps in hand `within` seconds: by default as long as a submit may take.

        A step that takes longer is left to its lease: whoever claims it then finds what was committed of it.
        """
        self._stop.set()
        self._wake.set()
        self._sweeper.stop()
        self._forget()
        ends = time.monotonic() + (self._longest() if within is None else within)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(ends - time.monotonic(), 0.0))
        for lease in self._crew.leases.held():
            self._world.log.write("work.unfinished", authorization=lease.work.authorization, step=lease.work.step)
        self._heart.stop()

    def _longest(self) -> float:
        return max(map(longest_submit, self._world.payers.values()), default=0.0) + _FAREWELL_MARGIN_SECONDS

    def _work(self, owner: str) -> None:
        while not self._stop.is_set():
            with self._turn:  # one looks for work, so that an idle process asks the store once, not once a thread
                taken = self._next(owner)
            if taken:
                self._crew.do(taken)
                self._wake.set()  # its lane has room again

    def _next(self, owner: str) -> Taken | None:
        """The next step, waited for; None when the pool is stopped."""
        while not self._stop.is_set():
            self._wake.clear()
            taken, pause = self._take(owner)
            if taken and self._stop.is_set():
                self._crew.put_back(taken)
            elif taken:
                return taken
            else:
                self._wake.wait(pause)
        return None

    def _take(self, owner: str) -> tuple[Taken | None, float]:
        try:
            return self._crew.take(owner), self._crew.pause()
        except Exception as fault:  # noqa: BLE001 - whatever is wrong with the store now, the thread must outlive it
            self._world.log.write("claim.failed", **_said(fault))
            self._stop.wait(_AFTER_FAULT_SECONDS)
            return None, 0.0


class Heart:
    """A thread that renews the leases of a crew until stopped."""

    def __init__(self, crew: Crew, world: World, lease: timedelta) -> None:
        self._crew, self._world = crew, world
        self._every = lease.total_seconds() / _BEATS_PER_LEASE
        self._stop = Event()
        self._thread = Thread(target=self._beat, name="heart", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End it, after a last beat."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _beat(self) -> None:
        wait = self._every
        while not self._stop.wait(wait):
            wait = self._every if self._once() else self._every / _SOONER
        self._once()

    def _once(self) -> bool:
        try:
            self._crew.beat()
        except Exception as fault:  # noqa: BLE001 - the leases end by themselves if this goes on, and nothing is sent
            self._world.log.write("lease.unrenewed", **_said(fault))
            return False
        return True


def drain(world: World, authorizations: Collection[str], *, lease: timedelta) -> None:
    """Do the due steps of these authorizations in this thread, and wait for those that another process has taken.

    What is in a lane that is closed for longer (paused, circuit open) is left to the workers; so is everything when the
    clocks cannot be relied on.
    """
    crew = Crew(world, threads=1, lease=lease)
    owner = f"cli-{world.ids.new()}"
    mine = frozenset(authorizations)
    patience = time.monotonic() + _PATIENCE_SECONDS
    with _beating(crew, world, lease):
        while any(_is_due(world, crew, identity) for identity in mine):
            if taken := crew.take(owner, only=mine):
                crew.do(taken)
            elif time.monotonic() > patience:
                return
            else:
                time.sleep(min(crew.pause(), _GLANCE_SECONDS))


@contextmanager
def _beating(crew: Crew, world: World, lease: timedelta) -> Iterator[None]:
    heart = Heart(crew, world, lease)
    heart.start()
    try:
        yield
    finally:
        heart.stop()


def _is_due(world: World, crew: Crew, identity: str) -> bool:
    work = world.store.work(identity)
    return (
        work is not None
        and work.set_aside_at is None
        and work.due_at <= world.clock.now()
        and not crew.traffic.stopped(work.lane)
        and not crew.clocks.stopped()
    )


def _said(fault: Exception) -> dict[str, str]:
    return {"code": fault.code} if isinstance(fault, GatewayError) else {"fault": describe(fault)}
