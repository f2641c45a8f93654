"""What the workers of one process share: they take a due step, do it, and see to what becomes of it.

Without threads of its own: `Pool` and `drain` bring them, and a simulation can do without.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from gateway.adapters.log import describe
from gateway.adapters.store.faults import StoreFault
from gateway.flow import inquire, notify, submit
from gateway.flow.change import INQUIRE, SUBMIT
from gateway.flow.notify import NOTIFY
from gateway.flow.world import World
from gateway.model.changes import Cause, ChangeSet, Work
from gateway.model.errors import ConfigFault, Conflict, GatewayError
from gateway.ports import Hold, WorkQuery
from gateway.worker.clocks import Clocks
from gateway.worker.leases import Lease, Leases
from gateway.worker.traffic import Passage, Traffic

# More than any step is repeated for reasons of the payer: it must be the step that ends its workers.
MOST_CLAIMS = 20
# A defect fails the same way every time; a person sees it within about a minute.
MOST_FAILURES = 6
LONGEST_PAUSE = 0.5
_SHORTEST_PAUSE = 0.005
_FAILED_REST, _UNBUDGETED_REST, _LONGEST_REST = 2.0, 30.0, 300.0

_STEPS: Mapping[str, Callable[[World, Work, Hold], None]] = {
    SUBMIT: submit.run,
    INQUIRE: inquire.run,
    NOTIFY: notify.run,
}


@dataclass(frozen=True, slots=True)
class Taken:
    """A claimed step: our hold on it, and its way through its lane."""

    work: Work
    lease: Lease
    passage: Passage


class Crew:
    """One process's workers. `take` is for one thread at a time; everything else for any."""

    def __init__(
        self, world: World, *, threads: int, lease: timedelta, monotonic: Callable[[], float] | None = None
    ) -> None:
        """`monotonic`, by default the machine's, is the clock that nobody sets."""
        self._world, self._lease = world, lease
        self.clocks = Clocks(world, steady=monotonic)
        self.leases = Leases(world.store, self.clocks, lease)
        self.traffic = Traffic(world, threads=threads, monotonic=monotonic or time.monotonic)

    def take(self, owner: str, *, only: Collection[str] | None = None) -> Taken | None:
        """Claim the most overdue step of an open lane, of `only` these authorizations; None when there is none, or
        when the clocks cannot be relied on.

        Raises what the store raises.
        """
        asked = self.clocks.moment()
        now = self.clocks.claimable()
        if now is None:
            return None
        work = None if only is not None else self._inquiry_as_probe(owner, now)
        if work is None:
            work = self._world.store.claim(owner, now, self._lease, only=only, closed=self.traffic.closed())
        if work is None:
            return None
        return Taken(work, self.leases.open(work, asked), self.traffic.enter(work))

    def do(self, taken: Taken) -> None:
        """Do a step. A failure is logged, and the step comes round again or is set aside; nothing is raised."""
        admitted = False
        try:
            admitted = self._admitted(taken)
            if admitted:
                self._run(taken)
        except Exception as fault:  # noqa: BLE001 - a defect must not end the thread, nor a step be tried without end
            self._failed(taken.work, fault)
        self._leave(taken, admitted=admitted)

    def put_back(self, taken: Taken) -> None:
        """Free a step that was not begun."""
        try:
            self._world.store.give_back(taken.work)
        except GatewayError as fault:  # its lease will end by itself
            self._world.log.write("work.failed", **_which(taken.work), code=fault.code)
        self._leave(taken, admitted=False)

    def beat(self) -> None:
        """Renew the leases, compare the clocks, write what was learnt of the lanes. Raises what the store raises."""
        self.leases.renew()
        self.clocks.beat()
        self.traffic.flush()

    def pause(self) -> float:
        """Seconds after which to look again when nothing could be taken."""
        return max(min(self.traffic.reopens(), LONGEST_PAUSE), _SHORTEST_PAUSE)

    def _inquiry_as_probe(self, owner: str, now: datetime) -> Work | None:
        """A due inquiry of a lane whose circuit lets one step through: a request sent to see may be one more doubt."""
        for lane in self.traffic.at_probe():
            waiting = self._world.store.works(WorkQuery(lane=lane, step=INQUIRE, set_aside=False, limit=1))
            if waiting and waiting[0].due_at <= now:
                return self._world.store.claim(owner, now, self._lease, only=[waiting[0].authorization])
        return None

    def _admitted(self, taken: Taken) -> bool:
        if self.traffic.admit(taken.passage):
            return True
        if taken.passage.probe:
            self._world.store.give_back(taken.work)
            return False
        # No budget for a repetition now; it has not been tried, so that is not counted.
        work = replace(taken.work, tries=taken.work.tries - 1)
        self._again(work, _rest(work, _UNBUDGETED_REST))
        return False

    def _run(self, taken: Taken) -> None:
        work = taken.work
        step = _STEPS.get(work.step)
        if step is None:
            self._set_aside(work, Cause.CORRUPT, "there is no step of that name in this version of the gateway")
        elif work.tries > MOST_CLAIMS:
            self._set_aside(work, Cause.DEFECT, f"it was begun {work.tries - 1} times and never came to an end")
        else:
            watched = self.traffic.watched(taken.passage)
            step(replace(self._world, payer_client=watched, notifier=watched), work, taken.lease)

    def _failed(self, work: Work, fault: Exception) -> None:
        """Let the step rest, longer each time; what only a person can mend is set aside."""
        said = {"code": fault.code} if isinstance(fault, GatewayError) else {"fault": describe(fault)}
        if isinstance(fault, Conflict):  # a fence that held, or a person who was faster
            self._world.log.write("work.overtaken", **_which(work))
        else:
            self._world.log.write("work.failed", **_which(work), **said)
        try:
            if isinstance(fault, ConfigFault):
                self._set_aside(work, Cause.CONFIGURATION, str(fault))
            elif work.tries >= MOST_FAILURES and not isinstance(fault, StoreFault | Conflict):
                self._set_aside(work, Cause.DEFECT, f"it failed at its try number {work.tries}: {describe(fault)}")
            else:
                self._again(work, _rest(work, _FAILED_REST))
        except Conflict:
            pass  # the step is another's by now, and so is what becomes of it
        except GatewayError as worse:  # the store is gone; the step comes round when its lease ends
            self._world.log.write("work.failed", **_which(work), code=worse.code)

    def _again(self, work: Work, wait: timedelta) -> None:
        self._put(replace(work, due_at=self._world.clock.now() + wait))

    def _set_aside(self, work: Work, cause: Cause, reason: str) -> None:
        now = self._world.clock.now()
        self._put(replace(work, due_at=now, set_aside_at=now, cause=cause, reason=reason))
        self._world.log.write("work.set_aside", **_which(work), cause=cause.value)

    def _put(self, work: Work) -> None:
        # The step may have moved to another lane since it was claimed: one that has begun to send needs none.
        present = self._world.store.work(work.authorization, work.key)
        free = replace(work, owner="", lease_until=None, lane=present.lane if present else work.lane)
        self._world.store.commit(ChangeSet(work=(free,), finished=work))

    def _leave(self, taken: Taken, *, admitted: bool) -> None:
        self.leases.close(taken.lease)
        self.traffic.leave(taken.passage, admitted=admitted)


def _rest(work: Work, first: float) -> timedelta:
    """From half of `first`, doubled for every try, to all of it; what failed together does not come back together."""
    whole = min(first * 2 ** max(work.tries - 1, 0), _LONGEST_REST)
    digest = sha256(f"{work.authorization}/{work.key}/{work.tries}".encode()).digest()
    return timedelta(seconds=whole * (0.5 + int.from_bytes(digest[:4]) / 2**33))


def _which(work: Work) -> dict[str, str]:
    return {"authorization": work.authorization, "step": work.step}
