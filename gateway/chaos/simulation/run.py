"""One simulated run: orders, workers that are killed and stopped, a faulty payer; and whether the ledgers agree."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from gateway.chaos.simulation.ground import ASKS, Ground, ground
from gateway.chaos.simulation.payer import Entry, Model, SimulatedPayer, number_in
from gateway.chaos.simulation.scheduler import Killed, Scheduler, Task
from gateway.chaos.simulation.store import SimulatedStore
from gateway.flow import submit
from gateway.flow.world import World
from gateway.model.authorization import Authorization, State
from gateway.model.changes import Cause
from gateway.model.events import NotAtPayer
from gateway.ports import Query, WorkQuery
from gateway.worker.crew import Crew

LEASE = timedelta(seconds=20)
HEARTBEAT = 6.0
HORIZON = 24 * 3600.0
_MEMBERS_WITH_LOOK_ALIKES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What is simulated; the seed decides everything else.

    Attributes:
        kills, stops: chances per turn of a worker; a stop lasts three leases.
        faulty: chance that one of the first four exchanges about an order is faulted.
        store_faulty: chance that a commit reports a failure, written or not.
    """

    orders: int = 6
    workers: int = 3
    model: Model = Model.CONSISTENT
    kills: float = 0.01
    stops: float = 0.01
    faulty: float = 0.5
    store_faulty: float = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a run.

    Attributes:
        digest: hash of the account `log`; the same seed gives the same.
        problems: where the ledgers disagree, one line each; empty when the promise was kept.
        authorized, listed, arrived: authorizations in the payer's book, orders in doubt that a person is asked
            about, requests that reached the payer.
    """

    seed: int
    digest: str
    problems: tuple[str, ...]
    authorized: int
    listed: int
    arrived: int
    log: tuple[str, ...]


def simulate(seed: int, setup: Setup | None = None) -> Outcome:
    """Run one seed to its end.

    Raises:
        Stuck: it does not come to an end.
    """
    setup = setup or Setup()
    scheduler = Scheduler(seed, kills=setup.kills, stops=setup.stops, stop_seconds=3 * LEASE.total_seconds())
    store = SimulatedStore(scheduler, setup.store_faulty)
    base = ground(setup.orders)
    payer = SimulatedPayer(scheduler, setup.model, base.answers, faulty=setup.faulty)
    payer.book.extend(_look_alikes(base))
    for change in base.changes:
        store.kept.commit(change)
    submit.KEEP.sleep = lambda seconds: scheduler.pause("keep again", seconds)
    _Staff(base.world(scheduler, store, payer, setup.model), scheduler).begin(setup.workers)
    scheduler.run()
    records = store.kept.authorizations(Query(limit=setup.orders + 1))
    verdict = _Verdict(setup, store, payer, base)
    return Outcome(
        seed=seed,
        digest=scheduler.digest(),
        problems=tuple(problem for record in records for problem in verdict.problems(record)),
        authorized=sum(not entry.older for entry in payer.book),
        listed=sum(verdict.is_listed(record) for record in records),
        arrived=sum(payer.received.values()),
        log=tuple(scheduler.log),
    )


def _look_alikes(base: Ground) -> Iterator[Entry]:
    """Older authorizations of the same member and service, as a payer's book holds them."""
    for member in list(base.answers)[:_MEMBERS_WITH_LOOK_ALIKES]:
        answer = base.answers[member](90_000)
        yield Entry(member, -86_400.0, number_in(answer), "older", answer, older=True)


class _Staff:
    """Worker processes of one thread each; one that is killed is replaced, and each has a heartbeat of its own."""

    def __init__(self, world: World, scheduler: Scheduler) -> None:
        self._world, self._scheduler = world, scheduler
        self._names = count(1)
        self._crews: dict[Task, Crew] = {}

    def begin(self, workers: int) -> None:
        for _ in range(workers):
            self._hire(0.0)
        self._scheduler.spawn("heartbeat", self._beat)

    def _hire(self, after: float) -> None:
        name = f"worker-{next(self._names)}"
        crew = Crew(self._world, threads=1, lease=LEASE, monotonic=lambda: self._scheduler.seconds)
        task = self._scheduler.spawn(name, lambda: self._live(name, crew), after=after, mortal=True)
        self._crews[task] = crew

    def _live(self, name: str, crew: Crew) -> None:
        try:
            while self._busy():
                if taken := crew.take(name):
                    crew.do(taken)
                else:
                    self._scheduler.pause("idle", 5.0)
        except Killed:
            self._hire(after=2.0)
            raise

    def _busy(self) -> bool:
        return self._scheduler.seconds < HORIZON and any(
            work.cause is None for work in self._world.store.works(WorkQuery(limit=1000))
        )

    def _beat(self) -> None:
        while self._busy():
            self._scheduler.pause("beat", HEARTBEAT)
            for task, crew in list(self._crews.items()):
                # One that was killed or stopped renews nothing: the whole process is gone, or stands still.
                if not (task.done or task.killed or task.stopped_until > self._scheduler.seconds):
                    crew.beat()


class _Verdict:
    """Compares what the gateway recorded with the payer's own book."""

    def __init__(self, setup: Setup, store: SimulatedStore, payer: SimulatedPayer, base: Ground) -> None:
        self._setup, self._store, self._payer, self._base = setup, store, payer, base

    def is_listed(self, record: Authorization) -> bool:
        """Whether a person is asked about it."""
        work = self._store.kept.work(record.id)
        causes = {State.IN_DOUBT: Cause.DOUBT, State.HELD: Cause.UNREACHABLE}
        return work is not None and work.cause is not None and work.cause is causes.get(record.state)

    def problems(self, record: Authorization) -> Iterator[str]:
        member = self._base.members[record.id]
        given = [entry.number for entry in self._payer.book if entry.member == member and not entry.older]
        recorded = {item.answer.authorization_number for item in record.items if item.answer}
        if len(given) > 1:
            yield f"{member}: doubled: {len(given)} authorizations"
        if record.state is State.DECIDED:
            if recorded - set(given):
                yield f"{member}: wrong: the record has a number that is not of this request"
        elif not self.is_listed(record):
            yield f"{member}: {'unrecorded' if given else 'lost'}: {record.state}"
        unresolvable = self._setup.model in (Model.NO_INQUIRY, Model.NO_TRACE)
        if unresolvable and NotAtPayer in {type(one.event) for one in self._store.kept.events(authorization=record.id)}:
            yield f"{member}: sent again although only a person could tell"
        could_tell = not unresolvable and not self._has_look_alike(member) and record.asks < ASKS
        if record.state is State.IN_DOUBT and self.is_listed(record) and could_tell:
            yield f"{member}: a person is asked although the payer could tell"

    def _has_look_alike(self, member: str) -> bool:
        return any(entry.member == member and entry.older for entry in self._payer.book)
