"""The store of the simulation: in memory, handing the baton on around every call, failing when the seed says so."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from gateway.adapters.store.faults import StoreFault
from gateway.adapters.store.memory import MemoryStore
from gateway.chaos.simulation.scheduler import Scheduler
from gateway.model.authorization import Authorization
from gateway.model.changes import ChangeSet, Completion, IntakeKey, LoggedEvent, StoredOrder, Work
from gateway.model.exchange import Exchange
from gateway.model.payer_state import PayerState
from gateway.ports import Client, Query, WorkQuery


class SimulatedStore:
    """`ports.Store` over a MemoryStore that outlives the workers.

    A commit may fail before it is written, or after: the caller is told of a failure and cannot know which.
    """

    def __init__(self, scheduler: Scheduler, faulty: float = 0.0) -> None:
        self.kept = MemoryStore()
        self._scheduler, self._faulty = scheduler, faulty

    def commit(self, change: ChangeSet) -> None:
        self._scheduler.pause("commit")
        fate = self._scheduler.random.random()
        if fate < self._faulty / 2:
            self._scheduler.note("commit failed")
            raise StoreFault("The database failed: simulated.")
        self.kept.commit(change)
        for event in change.events:
            self._scheduler.note(f"{event.authorization} {type(event.event).__name__} {event.after}")
        if fate < self._faulty:
            self._scheduler.note("commit answer lost")
            raise StoreFault("The database failed: simulated.")
        self._scheduler.pause("committed")

    def claim(
        self,
        owner: str,
        now: datetime,
        lease: timedelta,
        *,
        only: Collection[str] | None = None,
        closed: Collection[str] = (),
    ) -> Work | None:
        work = self.kept.claim(owner, now, lease, only=only, closed=closed)
        if work:
            self._scheduler.pause(f"claimed {work.authorization} {work.step} {work.fence}")
        return work

    def renew(self, work: Sequence[Work], until: datetime) -> tuple[bool, ...]:
        return self.kept.renew(work, until)

    def give_back(self, work: Work) -> None:
        self.kept.give_back(work)

    def authorization(self, identity: str) -> Authorization:
        self._scheduler.pause("read")
        return self.kept.authorization(identity)

    def exchanges(self, authorization: str) -> tuple[Exchange, ...]:
        self._scheduler.pause("read legs")
        return self.kept.exchanges(authorization)

    def last_exchange(self, authorization: str) -> str:
        return self.kept.last_exchange(authorization)

    def authorizations(self, query: Query) -> tuple[Authorization, ...]:
        return self.kept.authorizations(query)

    def order(self, identity: str) -> StoredOrder:
        return self.kept.order(identity)

    def completions(self, order_id: str) -> tuple[Completion, ...]:
        return self.kept.completions(order_id)

    def events(
        self, *, after: int = 0, authorization: str = "", client: str = "", limit: int = 100
    ) -> tuple[LoggedEvent, ...]:
        return self.kept.events(after=after, authorization=authorization, client=client, limit=limit)

    def work(self, authorization: str, key: str = "") -> Work | None:
        return self.kept.work(authorization, key)

    def works(self, query: WorkQuery) -> tuple[Work, ...]:
        return self.kept.works(query)

    def intake_keys(self, client: str, keys: Collection[str]) -> tuple[IntakeKey, ...]:
        return self.kept.intake_keys(client, keys)

    def payer_states(self) -> tuple[PayerState, ...]:
        return self.kept.payer_states()

    def change_payer(self, lane: str, change: Callable[[PayerState], PayerState]) -> PayerState:
        self._scheduler.pause("lane")
        return self.kept.change_payer(lane, change)

    def clients(self) -> tuple[Client, ...]:
        return self.kept.clients()

    def add_client(self, client: Client) -> None:
        self.kept.add_client(client)

    def remove_client(self, name: str) -> None:
        self.kept.remove_client(name)

    def now(self) -> datetime | None:
        return None

    def ready(self) -> bool:
        return True
