"""Whether the clocks can be relied on: leases, quiet periods and due times are instants (threat T30, G-R4).

A clock that is ahead takes steps from living workers and believes a payer's silence too early. So nothing is claimed
while this machine's clock differs from the database's, nor for a while after it was set.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import RLock

from gateway.flow.world import World

MOST_APART_SECONDS = 2.0
_MOST_REST_SECONDS = 900.0
_LOGGED_AT_MOST = 86_400.0


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment on both clocks of this machine: the one that is set, and the one that nobody sets."""

    wall: datetime
    steady: float


class Clocks:
    """Both clocks of this machine, and their comparison with each other and with the database's; thread-safe."""

    def __init__(self, world: World, *, steady: Callable[[], float] | None = None) -> None:
        self._world, self._steady = world, steady or world.clock.steady
        self._lock = RLock()
        self._gap = _gap(self.moment())
        self._rests_until = float("-inf")
        self._apart = 0.0
        self._told = True

    def moment(self) -> Moment:
        return Moment(self._world.clock.now(), self._steady())

    def claimable(self) -> datetime | None:
        """The instant by which steps may be claimed: the database's, if it has a clock. None: nothing may be.

        Raises what the store raises.
        """
        with self._lock:
            self._look()
            now = self._compare()
            return now if self._verdict() else None

    def stopped(self) -> bool:
        """Whether the last look found that nothing may be claimed."""
        with self._lock:
            return not self._told

    def beat(self) -> None:
        """Compare all clocks. What the wall clock gained or lost since the last beat is a step; less is not saved up.

        Raises what the store raises.
        """
        with self._lock:
            self._look()
            self._gap = _gap(self.moment())
            self._compare()
            self._verdict()

    def _look(self) -> None:
        """After a step, wait for as long as any payer may still take up what was sent before it."""
        now = self.moment()
        step = abs(_gap(now) - self._gap)
        if step <= MOST_APART_SECONDS:
            return
        self._gap = _gap(now)
        self._rests_until = now.steady + self._rest()
        self._told = False
        self._world.log.write("clock.stepped", seconds=_logged(step))

    def _compare(self) -> datetime:
        """See how far the database's clock is from ours, whenever it was read while we waited for it; what it said."""
        before = self._world.clock.now()
        theirs = self._world.store.now() or before
        after = self._world.clock.now()
        apart = max(before - theirs, theirs - after).total_seconds()
        if apart > MOST_APART_SECONDS >= self._apart:
            self._world.log.write("clock.apart", seconds=_logged(apart))
        self._apart = apart
        return theirs

    def _verdict(self) -> bool:
        fine = self._apart <= MOST_APART_SECONDS and self._steady() >= self._rests_until
        if fine and not self._told:
            self._world.log.write("clock.trusted")
        self._told = fine
        return fine

    def _rest(self) -> float:
        rules = [payer.lost_reply for payer in self._world.payers.values()]
        return min(max((rule.quiet.seconds + rule.lag.seconds for rule in rules), default=0.0), _MOST_REST_SECONDS)


def _gap(moment: Moment) -> float:
    """What a step of the wall clock changes, and nothing else."""
    return moment.wall.timestamp() - moment.steady


def _logged(seconds: float) -> float:
    return round(min(seconds, _LOGGED_AT_MOST), 1)
