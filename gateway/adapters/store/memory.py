"""`ports.Store` in memory, for tests and for looking at an order without storing it; lost with the process."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TypeVar

from gateway.adapters.store import rules
from gateway.model.authorization import Authorization
from gateway.model.changes import ChangeSet, Completion, LoggedEvent, StoredOrder, Work
from gateway.model.errors import nothing_here
from gateway.model.exchange import Exchange
from gateway.ports import Client, Query

Key = TypeVar("Key")
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Contents:
    orders: dict[str, StoredOrder] = field(default_factory=dict)
    completions: dict[tuple[str, int], Completion] = field(default_factory=dict)
    records: dict[str, Authorization] = field(default_factory=dict)
    events: dict[tuple[str, int], LoggedEvent] = field(default_factory=dict)
    exchanges: dict[str, Exchange] = field(default_factory=dict)
    work: dict[str, Work] = field(default_factory=dict)
    fences: dict[str, int] = field(default_factory=dict)

    def copy(self) -> "_Contents":
        return _Contents(
            dict(self.orders),
            dict(self.completions),
            dict(self.records),
            dict(self.events),
            dict(self.exchanges),
            dict(self.work),
            dict(self.fences),
        )


class MemoryStore:
    """Behaves as the database does; a change is made on a copy, which then takes the place of the contents."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._contents = _Contents()
        self._clients: dict[str, Client] = {}

    def commit(self, change: ChangeSet) -> None:
        """See `ports.Store`. Raises Conflict, NotFound, ValueError."""
        bases = rules.bases(change)
        with self._lock:
            contents = self._contents.copy()
            if change.finished:
                _finish(contents, change.finished)
            if change.order:
                _add(contents.orders, change.order.id, change.order)
            if done := change.completion:
                _need(contents.orders, [done.order_id])
                _add(contents.completions, (done.order_id, done.number), done)
            for record in change.records:
                _need(contents.orders, [record.order_id])
                _keep(contents.records, record, bases[record.id])
            for event in change.events:
                numbered = replace(event, position=len(contents.events) + 1)
                _add(contents.events, (event.authorization, event.version), numbered)
            _need(contents.records, [leg.authorization for leg in change.exchanges])
            for exchange in change.exchanges:
                _add(contents.exchanges, exchange.id, exchange)
            _need(contents.records, [work.authorization for work in change.work])
            for work in change.work:
                fence = contents.fences.get(work.authorization, -1) + 1
                contents.fences[work.authorization] = fence
                contents.work[work.authorization] = replace(work, fence=fence)
            self._contents = contents

    def authorization(self, identity: str) -> Authorization:
        """Raises NotFound."""
        if identity not in self._contents.records:
            raise nothing_here("authorization")
        return self._contents.records[identity]

    def authorizations(self, query: Query) -> tuple[Authorization, ...]:
        found = [record for record in self._contents.records.values() if _matches(record, query)]
        found.sort(key=lambda record: (record.due_at or _LAST, record.created_at, record.id))
        return tuple(found[query.offset : query.offset + query.limit])

    def order(self, identity: str) -> StoredOrder:
        """Raises NotFound."""
        if identity not in self._contents.orders:
            raise nothing_here("order")
        return self._contents.orders[identity]

    def completions(self, order_id: str) -> tuple[Completion, ...]:
        found = [done for done in self._contents.completions.values() if done.order_id == order_id]
        return tuple(sorted(found, key=lambda done: done.number))

    def events(
        self, *, after: int = 0, authorization: str = "", client: str = "", limit: int = 100
    ) -> tuple[LoggedEvent, ...]:
        contents = self._contents
        found = (
            event
            for event in contents.events.values()
            if event.position > after
            and authorization in ("", event.authorization)
            and client in ("", contents.records[event.authorization].client)
        )
        return tuple(found)[:limit]

    def exchanges(self, authorization: str) -> tuple[Exchange, ...]:
        return tuple(leg for leg in self._contents.exchanges.values() if leg.authorization == authorization)

    def claim(self, owner: str, now: datetime, lease: timedelta, *, only: Collection[str] | None = None) -> Work | None:
        with self._lock:
            work = self._contents.work
            meant = [one for one in work.values() if only is None or one.authorization in only]
            free = [one for one in meant if one.due_at <= now and (one.lease_until or now) <= now]
            if not free:
                return None
            first = min(free, key=lambda one: (one.due_at, one.authorization))
            claimed = replace(first, owner=owner, lease_until=now + lease, fence=first.fence + 1)
            self._contents.fences[claimed.authorization] = claimed.fence
            work[claimed.authorization] = claimed
            return claimed

    def work(self, authorization: str) -> Work | None:
        return self._contents.work.get(authorization)

    def clients(self) -> tuple[Client, ...]:
        return tuple(sorted(self._clients.values(), key=lambda client: client.name))

    def add_client(self, client: Client) -> None:
        """Raises Conflict when the name, or the token, is taken."""
        with self._lock:
            if any(client.token_sha256 == other.token_sha256 for other in self._clients.values()):
                raise rules.already_there()
            _add(self._clients, client.name, client)

    def remove_client(self, name: str) -> None:
        """Raises NotFound."""
        with self._lock:
            if self._clients.pop(name, None) is None:
                raise rules.no_client()

    def ready(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is held open."""


Value = TypeVar("Value")


def _add(into: dict[Key, Value], key: Key, value: Value) -> None:
    if key in into:
        raise rules.already_there()
    into[key] = value


def _need(stored: Mapping[str, object], identities: Iterable[str]) -> None:
    if any(identity not in stored for identity in identities):
        raise nothing_here("order or authorization")


def _keep(records: dict[str, Authorization], record: Authorization, base: int) -> None:
    present = records[record.id].version if record.id in records else 0
    if present != base:
        raise rules.moved_on()
    records[record.id] = record


def _finish(contents: _Contents, finished: Work) -> None:
    present = contents.work.get(finished.authorization)
    if present is None or present.fence != finished.fence:
        raise rules.step_taken()
    del contents.work[finished.authorization]


def _matches(record: Authorization, query: Query) -> bool:
    names = ("client", "order_id", "patient", "payer")
    return (
        all(getattr(query, name) in ("", getattr(record, name)) for name in names)
        and (not query.states or record.state in query.states)
        and (query.due_before is None or (record.due_at is not None and record.due_at < query.due_before))
    )
