"""`ports.Store` over SQLAlchemy Core, synchronous; what databases do differently is in a `Dialect`."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Select, Table, bindparam, column, delete, select, table
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.adapters.store import payers, rules, steps, tables, writing
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


_RECORD = select(tables.authorization.c.id, tables.authorization.c.record).where(
    tables.authorization.c.id == bindparam("the_id")
)


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
        of = tables.authorization.c
        asked = select(of.id, of.record).order_by(of.due_at.asc().nulls_last(), of.created_at, of.id)
        for name in ("client", "order_id", "patient", "payer"):
            if value := getattr(query, name):
                asked = asked.where(of[name] == value)
        if query.states:
            asked = asked.where(of.state.in_(query.states))
        if query.due_before:
            asked = asked.where(of.due_at < query.due_before)
        return self._records(asked.limit(query.limit).offset(query.offset))[0]

    def order(self, identity: str) -> StoredOrder:
        """Raises NotFound."""
        rows = self._read(StoredOrder, tables.order, tables.order.c.id == identity)
        if not rows:
            raise nothing_here("order")
        return rows[0]

    def completions(self, order_id: str) -> tuple[Completion, ...]:
        of = tables.completion.c
        return self._read(Completion, tables.completion, of.order_id == order_id, of.number)

    def events(
        self, *, after: int = 0, authorization: str = "", client: str = "", limit: int = 100
    ) -> tuple[LoggedEvent, ...]:
        of = tables.event.c
        asked = select(tables.event).where(of.position > after).order_by(of.position).limit(limit)
        if authorization:
            asked = asked.where(of.authorization == authorization)
        if client:
            owner = tables.authorization
            asked = asked.join(owner, owner.c.id == of.authorization).where(owner.c.client == client)
        with self._reading() as connection:
            return tuple(_event(row) for row in connection.execute(asked).mappings())

    def exchanges(self, authorization: str) -> tuple[Exchange, ...]:
        of = tables.exchange.c
        return self._read(Exchange, tables.exchange, of.authorization == authorization, of.position)

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

    def work(self, authorization: str, key: str = "") -> Work | None:
        with self._reading() as connection:
            return steps.one(connection, authorization, key)

    def works(self, query: WorkQuery) -> tuple[Work, ...]:
        with self._reading() as connection:
            return steps.some(connection, query)

    def intake_keys(self, client: str, keys: Collection[str]) -> tuple[IntakeKey, ...]:
        of = tables.intake_key.c
        return self._read(IntakeKey, tables.intake_key, (of.client == client) & of.key.in_(keys), of.key)

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
        return self._read(Client, tables.client, None, tables.client.c.name)

    def add_client(self, client: Client) -> None:
        """Raises Conflict when the name, or the token, is taken."""
        self._write(lambda connection: writing.insert_all(connection, tables.client, [client]))

    def remove_client(self, name: str) -> None:
        """Raises NotFound."""

        def work(connection: Connection) -> None:
            if connection.execute(delete(tables.client).where(tables.client.c.name == name)).rowcount != 1:
                raise rules.no_client()

        self._write(work)

    def ready(self) -> bool:
        revision = select(table("alembic_version", column("version_num")).c.version_num)
        try:
            with self.engine.connect() as connection:
                return connection.execute(revision).scalars().all() == [tables.REVISION]
        except (DBAPIError, PoolTimeout):
            return False

    def _records(self, asked: Select[Any], **parameters: str) -> tuple[tuple[Authorization, ...], tuple[str, ...]]:
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
            now = datetime.now(UTC)
            self._write(lambda connection: steps.list_unreadable(connection, unreadable, now))
        return tuple(records), tuple(unreadable)

    def _read(self, kind: type[Flat], source: Table, where: Any, *sort: Any) -> tuple[Flat, ...]:
        asked = select(*_columns(kind, source)).order_by(*sort)
        with self._reading() as connection:
            rows = connection.execute(asked if where is None else asked.where(where)).mappings()
            return tuple(kind(**row) for row in rows)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._faults(), self.engine.begin() as connection:
            yield connection

    def _write(self, work: Callable[[Connection], Result]) -> Result:
        with self._faults():
            return self._dialect.writer.run(work)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        # The database's own words may quote content, so they are not passed on.
        try:
            yield
        except IntegrityError as fault:
            raise self._refusal(fault) from None
        except (DBAPIError, PoolTimeout) as fault:
            kind = type(fault.orig if isinstance(fault, DBAPIError) else fault).__name__
            raise StoreFault(f"The database failed: {kind}.", fix="Check its disk, locks and file.") from None

    def _refusal(self, fault: IntegrityError) -> Conflict | NotFound:
        if self._dialect.is_duplicate(fault):
            return rules.already_there()
        return nothing_here("order or authorization")


def _columns(kind: type[Any], source: Table) -> list[Any]:
    """The columns of `source` that are fields of `kind`; both bear the same names."""
    return [source.c[field.name] for field in fields(kind)]


def _event(row: Any) -> LoggedEvent:
    return LoggedEvent(
        position=row["position"],
        authorization=row["authorization"],
        version=row["version"],
        before=row["before"],
        after=row["after"],
        event=decode_event(row["name"], row["payload"]),
    )
