"""`ports.Store` in memory, for tests and for looking at an order without storing it; lost with the process."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, TypeVar

from gateway.adapters.store import rules
from gateway.model.authorization import Authorization
from gateway.model.changes import ChangeSet, Completion, IntakeKey, LoggedEvent, StoredOrder, Work
from gateway.model.errors import nothing_here
from gateway.model.exchange import Exchange
from gateway.model.payer_state import PayerState
from gateway.ports import LONGEST_LEASE, Client, Query, WorkQuery

Key = TypeVar("Key")
_StepKey = tuple[str, str]
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Contents:
    orders: dict[str, StoredOrder] = field(default_factory=dict)
    completions: dict[tuple[str, int], Completion] = field(default_factory=dict)
    records: dict[str, Authorization] = field(default_factory=dict)
    events: dict[tuple[str, int], LoggedEvent] = field(default_factory=dict)
    exchanges: dict[str, Exchange] = field(default_factory=dict)
    work: dict[_StepKey, Work] = field(default_factory=dict)
    fences: dict[_StepKey, int] = field(default_factory=dict)
    keys: dict[tuple[str, str], IntakeKey] = field(default_factory=dict)

    def copy(self) -> "_Contents":
        return _Contents(
            dict(self.orders),
            dict(self.completions),
            dict(self.records),
            dict(self.events),
            dict(self.exchanges),
            dict(self.work),
            dict(self.fences),
            dict(self.keys),
        )


class MemoryStore:
    """Behaves as the database does; a change is made on a copy, which then takes the place of the contents."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._contents = _Contents()
        self._clients: dict[str, Client] = {}
        self._payers: dict[str, PayerState] = {}

    def commit(self, change: ChangeSet) -> None:
        """See `ports.Store`. Raises Conflict, NotFound, ValueError."""
        bases = rules.bases(change)
        with self._lock:
            contents = self._contents.copy()
            _apply(contents, change, bases)
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

    def last_exchange(self, authorization: str) -> str:
        legs = self.exchanges(authorization)
        return legs[-1].id if legs else ""

    def claim(
        self,
        owner: str,
        now: datetime,
        lease: timedelta,
        *,
        only: Collection[str] | None = None,
        closed: Collection[str] = (),
    ) -> Work | None:
        with self._lock:
            due = [
                one
                for one in self._contents.work.values()
                if one.due_at <= now
                and one.set_aside_at is None
                and not now < (one.lease_until or now) <= now + LONGEST_LEASE
                and (only is None or one.authorization in only)
                and one.lane not in closed
            ]
            if not due:
                return None
            first = min(due, key=lambda one: (one.due_at, one.authorization, one.key))
            claimed = replace(first, owner=owner, lease_until=now + lease, fence=first.fence + 1, tries=first.tries + 1)
            _set(self._contents, claimed)
            return claimed

    def renew(self, work: Sequence[Work], until: datetime) -> tuple[bool, ...]:
        with self._lock:
            return tuple(self._keep_hold(one, lease_until=until) for one in work)

    def give_back(self, work: Work) -> None:
        with self._lock:
            self._keep_hold(work, owner="", lease_until=None, tries=work.tries - 1)

    def _keep_hold(self, work: Work, **parts: Any) -> bool:
        present = self._contents.work.get((work.authorization, work.key))
        if present is None or (present.fence, present.owner) != (work.fence, work.owner):
            return False
        _set(self._contents, replace(present, **parts))
        return True

    def work(self, authorization: str, key: str = "") -> Work | None:
        return self._contents.work.get((authorization, key))

    def works(self, query: WorkQuery) -> tuple[Work, ...]:
        contents = self._contents
        found = [
            one
            for one in contents.work.values()
            if all(getattr(query, name) in ("", getattr(one, name)) for name in ("authorization", "lane", "step"))
            and query.client in ("", contents.records[one.authorization].client)
            and query.cause in (None, one.cause)
            and query.set_aside in (None, one.set_aside_at is not None)
        ]
        found.sort(key=lambda one: (one.set_aside_at or _LAST, one.due_at, one.authorization, one.key))
        return tuple(found[query.offset : query.offset + query.limit])

    def intake_keys(self, client: str, keys: Collection[str]) -> tuple[IntakeKey, ...]:
        found = (self._contents.keys.get((client, key)) for key in sorted(keys))
        return tuple(key for key in found if key)

    def payer_states(self) -> tuple[PayerState, ...]:
        return tuple(sorted(self._payers.values(), key=lambda state: state.lane))

    def change_payer(self, lane: str, change: Callable[[PayerState], PayerState]) -> PayerState:
        with self._lock:
            self._payers[lane] = change(self._payers.get(lane, PayerState(lane=lane)))
            return self._payers[lane]

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

    def now(self) -> datetime | None:
        return None

    def ready(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is held open."""


Value = TypeVar("Value")


def _apply(contents: _Contents, change: ChangeSet, bases: Mapping[str, int]) -> None:
    _settle(contents, change)
    if change.order:
        _add(contents.orders, change.order.id, change.order)
    for key in change.keys:
        _need(contents.orders, [key.order_id])
        _add(contents.keys, (key.client, key.key), key)
    if done := change.completion:
        _need(contents.orders, [done.order_id])
        _add(contents.completions, (done.order_id, done.number), done)
    for record in change.records:
        _need(contents.orders, [record.order_id])
        _keep(contents.records, record, bases[record.id])
    _append(contents, change)


def _append(contents: _Contents, change: ChangeSet) -> None:
    for event in change.events:
        numbered = replace(event, position=len(contents.events) + 1)
        _add(contents.events, (event.authorization, event.version), numbered)
    _need(contents.records, [leg.authorization for leg in change.exchanges])
    for exchange in change.exchanges:
        _add(contents.exchanges, exchange.id, exchange)
    _need(contents.records, [work.authorization for work in change.work])
    for work in change.work:
        _set(contents, replace(work, fence=contents.fences.get((work.authorization, work.key), -1) + 1))


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


def _set(contents: _Contents, work: Work) -> None:
    key = (work.authorization, work.key)
    contents.work[key] = work
    contents.fences[key] = work.fence


def _settle(contents: _Contents, change: ChangeSet) -> None:
    if change.finished:
        _finish(contents, change.finished)
    if change.held:
        held = _hold(contents, change.held)
        _set(contents, replace(held, lane=change.held.lane))
    for identity in change.void:
        _void(contents, identity)


def _finish(contents: _Contents, finished: Work) -> None:
    _hold(contents, finished)
    del contents.work[finished.authorization, finished.key]


def _hold(contents: _Contents, held: Work) -> Work:
    """The step as it is kept. Raises Conflict when it is no longer its owner's."""
    present = contents.work.get((held.authorization, held.key))
    if present is None or (present.fence, present.owner) != (held.fence, held.owner):
        raise rules.step_taken()
    return present


def _void(contents: _Contents, identity: str) -> None:
    if contents.work.pop((identity, ""), None):
        contents.fences[identity, ""] += 1


def _matches(record: Authorization, query: Query) -> bool:
    names = ("client", "order_id", "patient", "payer")
    return (
        all(getattr(query, name) in ("", getattr(record, name)) for name in names)
        and (not query.states or record.state in query.states)
        and (query.due_before is None or (record.due_at is not None and record.due_at < query.due_before))
    )
