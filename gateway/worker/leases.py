"""The steps this process has claimed, and for how long they are surely its own (threat T30, G-R4).

A lease is written on the clock of this machine and read on the clock of another, so a tenth of it is not relied on.
Neither of our two clocks is: whichever says first that it is over is believed, as the others may have given up on a
machine that was suspended, or whose clock was set.
"""

from datetime import timedelta
from threading import Lock

from gateway.model.changes import Work
from gateway.ports import Store
from gateway.worker.clocks import Clocks, Moment

_RELIED_ON = 0.9


class Lease:
    """`ports.Hold` on one claimed step; it runs from before the claim was asked for."""

    def __init__(self, work: Work, clocks: Clocks, asked: Moment, seconds: float) -> None:
        self.work = work
        self._clocks, self._asked, self._seconds = clocks, asked, seconds

    def left(self) -> float:
        asked, now = self._asked, self._clocks.moment()
        gone = max(now.steady - asked.steady, (now.wall - asked.wall).total_seconds())
        return max(self._seconds - gone, 0.0)

    def extend(self, asked: Moment) -> None:
        """It was renewed; that was asked for then."""
        self._asked = asked

    def lose(self) -> None:
        self._seconds = 0.0


class Leases:
    """The leases of this process; `renew` is the heartbeat."""

    def __init__(self, store: Store, clocks: Clocks, lease: timedelta) -> None:
        self._store, self._clocks, self._lease = store, clocks, lease
        self._lock = Lock()
        self._held: set[Lease] = set()

    def open(self, work: Work, asked: Moment) -> Lease:
        """The lease on a step whose claim was asked for then."""
        held = Lease(work, self._clocks, asked, self._lease.total_seconds() * _RELIED_ON)
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
        asked = self._clocks.moment()
        until = (self._store.now() or asked.wall) + self._lease
        kept = self._store.renew([one.work for one in held], until)
        for lease, ours in zip(held, kept, strict=True):
            if ours:
                lease.extend(asked)
            else:
                lease.lose()
