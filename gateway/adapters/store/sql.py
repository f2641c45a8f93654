"""`ports.Store` over SQLAlchemy Core, synchronous; what databases do differently is in a `Dialect`."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Select, Table, bindparam, column, delete, select, table
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.adapters.clock import SystemClock
from gateway.adapters.store import failures, payers, rules, steps, tables, writing
from gateway.adapters.store.codec import decode, decode_event
from gateway.adapters.store.dialect import Dialect
from gateway.adapters.store.faults import StoreFault
from gateway.model.authorization import Authorization
from gateway.model.changes import ChangeSet, Completion, IntakeKey, LoggedEvent, StoredOrder, Work
from gateway.model.errors import Conflict, NotFound, nothing_here
from gateway.model.exchange import Exchange
from gateway.model.payer_state import PayerState
from gateway.ports import Client, Query, WorkQuery

Result = TypeVar("Result")
Flat = TypeVar("Flat", StoredOrder, Completion, Exchange, IntakeKey, Client)


def _columns(kind: type[Any], source: Table) -> list[Any]:
    """The columns of `source` that are fields of `kind`; both bear the same names."""
    return [source.c[field.name] for field in fields(kind)]


# Statements are made once: making one costs more than SQLite takes to run it.
_OF = tables.authorization.c
_RECORD = select(_OF.id, _OF.record).where(_OF.id == bindparam("the_id"))
_ORDER = select(*_columns(StoredOrder, tables.order)).where(tables.order.c.id == bindparam("the_id"))
_COMPLETIONS = (
    select(*_columns(Completion, tables.completion))
    .where(tables.completion.c.order_id == bindparam("the_order"))
    .order_by(tables.completion.c.number)
)
_EXCHANGES = (
    select(*_columns(Exchange, tables.exchange))
    .where(tables.exchange.c.authorization == bindparam("the_authorization"))
    .order_by(tables.exchange.c.position)
)
_LAST_EXCHANGE = (
    select(tables.exchange.c.id)
    .where(tables.exchange.c.authorization == bindparam("the_authorization"))
    .order_by(tables.exchange.c.position.desc())
    .limit(1)
)
_KEYS = (
    select(*_columns(IntakeKey, tables.intake_key))
    .where(
        tables.intake_key.c.client == bindparam("the_client"),
        tables.intake_key.c.key.in_(bindparam("the_keys", expanding=True)),
    )
    .order_by(tables.intake_key.c.key)
)
_CLIENTS = select(*_columns(Client, tables.client)).order_by(tables.client.c.name)


@cache
def _records_where(names: tuple[str, ...], *, states: bool, due: bool) -> Select[Any]:
    """Records by the columns `names`, by state, by due time; the most urgent first."""
    asked = select(_OF.id, _OF.record).order_by(_OF.due_at.asc().nulls_last(), _OF.created_at, _OF.id)
    asked = asked.where(*(_OF[name] == bindparam(f"the_{name}") for name in names))
    if states:
        asked = asked.where(_OF.state.in_(bindparam("the_states", expanding=True)))
    if due:
        asked = asked.where(_OF.due_at < bindparam("the_due"))
    return asked.limit(bindparam("the_limit")).offset(bindparam("the_offset"))


class SqlStore:
    """Durable memory in a database; safe to share between threads."""

    def __init__(self, engine: Engine, dialect: Dialect) -> None:
        self.engine = engine
        self._dialect = dialect

    def close(self) -> None:
        self.engine.dispose()

    def commit(self, change: ChangeSet) -> None:
        """Write all of it or nothing; see `ports.Store`.

        Scheduling a step raises its fence, so whoever had claimed the replaced one is refused afterwards.

        Raises:
            Conflict: a record has moved on, the finished step was taken over, or a key is taken.
            NotFound: the change refers to an order or an authorization that is not stored.
            ValueError: events and records of the change disagree.
            StoreFault: the database failed. Nothing was written, unless it went away while committing: then nobody
                knows until the record is read again, and repeating the change is refused if it was written.
        """
        ready = writing.make_ready(change)
        self._write(lambda connection: writing.write(connection, ready, self._dialect))

    def authorization(self, identity: str) -> Authorization:
        """Raises NotFound, and StoreFault when what is stored is no record."""
        records, unreadable = self._records(_RECORD, the_id=identity)
        if unreadable:
            raise StoreFault("The stored record cannot be read.", fix=steps.UNREADABLE_RECORD)
        if not records:
            raise nothing_here("authorization")
        return records[0]

    def authorizations(self, query: Query) -> tuple[Authorization, ...]:
        """See `ports.Store`. A record that cannot be read is passed over here; `works` lists it."""
        names = tuple(name for name in ("client", "order_id", "patient", "payer") if getattr(query, name))
        asked = _records_where(names, states=bool(query.states), due=query.due_before is not None)
        given = {f"the_{name}": getattr(query, name) for name in names}
        given |= {"the_limit": query.limit, "the_offset": query.offset}
        if query.states:
            given["the_states"] = list(query.states)
        if query.due_before:
            given["the_due"] = query.due_before
        return self._records(asked, **given)[0]

    def order(self, identity: str) -> StoredOrder:
        """Raises NotFound."""
        rows = self._read(StoredOrder, _ORDER, the_id=identity)
        if not rows:
            raise nothing_here("order")
        return rows[0]

    def completions(self, order_id: str) -> tuple[Completion, ...]:
        return self._read(Completion, _COMPLETIONS, the_order=order_id)

    def events(
        self, *, after: int = 0, authorization: str = "", client: str = "", limit: int = 100
    ) -> tuple[LoggedEvent, ...]:
        of = tables.event.c
        asked = select(tables.event).where(of.position > after).order_by(of.position).limit(limit)
        if authorization:
            asked = asked.where(of.authorization == authorization)
        if client:
            asked = asked.where(of.client == client)
        with self._reading() as connection:
            # One record's events are written one after the other anyway.
            upto = None if authorization else self._dialect.settled(connection)
            if upto is not None:
                asked = asked.where(of.position <= upto)
            return tuple(_event(row) for row in connection.execute(asked).mappings())

    def exchanges(self, authorization: str) -> tuple[Exchange, ...]:
        return self._read(Exchange, _EXCHANGES, the_authorization=authorization)

    def last_exchange(self, authorization: str) -> str:
        with self._reading() as connection:
            return connection.execute(_LAST_EXCHANGE, {"the_authorization": authorization}).scalar() or ""

    def claim(
        self,
        owner: str,
        now: datetime,
        lease: timedelta,
        *,
        only: Collection[str] | None = None,
        closed: Collection[str] = (),
    ) -> Work | None:
        if self._dialect.looks_apart:
            with self._reading() as connection:
                due = steps.look(connection, now, only, closed)
            if not (due.places or due.broken):
                return None
            return self._write(lambda connection: steps.claim(connection, owner, now, lease, due))

        def work(connection: Connection) -> Work | None:
            return steps.claim(connection, owner, now, lease, steps.look(connection, now, only, closed))

        return self._write(work)

    def renew(self, work: Sequence[Work], until: datetime) -> tuple[bool, ...]:
        return self._write(lambda connection: steps.renew(connection, work, until))

    def give_back(self, work: Work) -> None:
        self._write(lambda connection: steps.give_back(connection, work))

    def free_all(self, owners: str) -> None:
        """Free the steps of every owner whose name begins so: they are no more. Their fences rise."""
        self._write(lambda connection: steps.free_all(connection, owners))

    def work(self, authorization: str, key: str = "") -> Work | None:
        with self._reading() as connection:
            return steps.one(connection, authorization, key)

    def works(self, query: WorkQuery) -> tuple[Work, ...]:
        with self._reading() as connection:
            return steps.some(connection, query)

    def intake_keys(self, client: str, keys: Collection[str]) -> tuple[IntakeKey, ...]:
        return self._read(IntakeKey, _KEYS, the_client=client, the_keys=list(keys))

    def payer_states(self) -> tuple[PayerState, ...]:
        with self._reading() as connection:
            return payers.every(connection)

    def change_payer(self, lane: str, change: Callable[[PayerState], PayerState]) -> PayerState:
        def work(connection: Connection) -> PayerState:
            return payers.change(connection, lane, change)

        try:
            return self._write(work)
        except Conflict:  # another one has begun this lane meanwhile; now its row is there
            return self._write(work)

    def clients(self) -> tuple[Client, ...]:
        return self._read(Client, _CLIENTS)

    def add_client(self, client: Client) -> None:
        """Raises Conflict when the name, or the token, is taken."""
        self._write(lambda connection: writing.insert_all(connection, tables.client, [client]))

    def remove_client(self, name: str) -> None:
        """Raises NotFound."""

        def work(connection: Connection) -> None:
            if connection.execute(delete(tables.client).where(tables.client.c.name == name)).rowcount != 1:
                raise rules.no_client()

        self._write(work)

    def now(self) -> datetime | None:
        with self._reading() as connection:
            return self._dialect.now(connection)

    def ready(self) -> bool:
        revision = select(table("alembic_version", column("version_num")).c.version_num)
        try:
            with self.engine.connect() as connection:
                return connection.execute(revision).scalars().all() == [tables.REVISION]
        except (DBAPIError, PoolTimeout):
            return False

    def _records(self, asked: Select[Any], **parameters: Any) -> tuple[tuple[Authorization, ...], tuple[str, ...]]:
        """The records that can be read, and the ids of the others, which are listed as work for a person."""
        with self._reading() as connection:
            rows = connection.execute(asked, parameters).all()
        records, unreadable = list[Authorization](), list[str]()
        for row in rows:
            try:
                records.append(decode(Authorization, row.record))
            except StoreFault:
                unreadable.append(row.id)
        if unreadable:
            now = SystemClock().now()
            self._write(lambda connection: steps.list_unreadable(connection, unreadable, now))
        return tuple(records), tuple(unreadable)

    def _read(self, kind: type[Flat], asked: Select[Any], **parameters: Any) -> tuple[Flat, ...]:
        with self._reading() as connection:
            return tuple(kind(**row) for row in connection.execute(asked, parameters).mappings())

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._faults(), self._dialect.reader.connect() as connection:
            yield connection

    def _write(self, work: Callable[[Connection], Result]) -> Result:
        with self._faults():
            return self._dialect.writer.run(work)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError as fault:
            raise self._refusal(fault) from None
        except (DBAPIError, PoolTimeout) as fault:
            raise failures.told(fault) from None

    def _refusal(self, fault: IntegrityError) -> Conflict | NotFound:
        if self._dialect.is_duplicate(fault):
            return rules.already_there()
        return nothing_here("order or authorization")


def _event(row: Any) -> LoggedEvent:
    return LoggedEvent(
        position=row["position"],
        authorization=row["authorization"],
        version=row["version"],
        before=row["before"],
        after=row["after"],
        event=decode_event(row["name"], row["payload"]),
    )
