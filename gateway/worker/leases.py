"""The steps this process has claimed, and for how long they are surely its own (threat T30, G-R4).

A lease is written on the clock of this machine and read on the clock of another, so a tenth of it is not relied on.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Lock

from gateway.model.changes import Work
from gateway.ports import Clock, Store

_RELIED_ON = 0.9


class Lease:
    """`ports.Hold` on one claimed step; it runs on a monotonic clock from before the claim was asked for."""

    def __init__(self, work: Work, ends: float, monotonic: Callable[[], float]) -> None:
        self.work = work
        self._ends, self._monotonic = ends, monotonic

    def left(self) -> float:
        return max(self._ends - self._monotonic(), 0.0)

    def extend(self, ends: float) -> None:
        self._ends = ends

    def lose(self) -> None:
        self._ends = float("-inf")


class Leases:
    """The leases of this process; `renew` is the heartbeat."""

    def __init__(
        self, store: Store, clock: Clock, lease: timedelta, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._clock, self._lease = store, clock, lease
        self._monotonic = monotonic
        self._lock = Lock()
        self._held: set[Lease] = set()

    def open(self, work: Work, asked: float) -> Lease:
        """The lease on a step whose claim was asked for at `asked`, by the monotonic clock."""
        held = Lease(work, self._end(asked), self._monotonic)
        with self._lock:
            self._held.add(held)
        return held

    def close(self, lease: Lease) -> None:
        with self._lock:
            self._held.discard(lease)

    def held(self) -> tuple[Lease, ...]:
        with self._lock:
            return tuple(self._held)

    def renew(self) -> None:
        """Extend every lease; one that was taken over ends at once. Raises what the store raises."""
        held = self.held()
        if not held:
            return
        asked = self._monotonic()
        kept = self._store.renew([one.work for one in held], self._clock.now() + self._lease)
        for lease, ours in zip(held, kept, strict=True):
            if ours:
                lease.extend(self._end(asked))
            else:
                lease.lose()

    def _end(self, asked: float) -> float:
        return asked + self._lease.total_seconds() * _RELIED_ON
