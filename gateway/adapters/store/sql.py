"""`ports.Store` over SQLAlchemy Core, synchronous; what databases do differently is in a `Dialect`."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Select, Table, column, delete, insert, or_, select, table, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.adapters.store import rules, tables
from gateway.adapters.store.codec import decode, decode_event, encode
from gateway.adapters.store.faults import StoreFault
from gateway.model.authorization import Authorization
from gateway.model.changes import ChangeSet, Completion, LoggedEvent, StoredOrder, Work
from gateway.model.errors import Conflict, NotFound, nothing_here
from gateway.model.exchange import Exchange
from gateway.ports import Client, Query

Flat = TypeVar("Flat", StoredOrder, Completion, Exchange, Work, Client)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one kind of database does in its own way.

    Attributes:
        is_duplicate: whether an IntegrityError means that the key is taken; else a reference leads nowhere.
        turn: held while writing; where there can be one writer only, waiting in line beats polling the file.
    """

    is_duplicate: Callable[[IntegrityError], bool]
    turn: AbstractContextManager[Any]


class SqlStore:
    """Durable memory in a database; safe to share between threads."""

    def __init__(self, engine: Engine, dialect: Dialect) -> None:
        self.engine = engine
        self._dialect = dialect
        self._writer = engine.execution_options(writes=True)

    def close(self) -> None:
        self.engine.dispose()

    def commit(self, change: ChangeSet) -> None:
        """Write all of it or nothing; see `ports.Store`.

        Scheduling a step raises its fence, so whoever had claimed the replaced one is refused afterwards.

        Raises:
            Conflict: a record has moved on, the finished step was taken over, or a key is taken.
            NotFound: the change refers to an order or an authorization that is not stored.
            ValueError: events and records of the change disagree.
            StoreFault: the database failed; nothing was written.
        """
        bases = rules.bases(change)
        with self._write() as connection:
            if change.finished:
                _finish(connection, change.finished)
            _insert(connection, tables.order, [change.order] if change.order else [])
            _insert(connection, tables.completion, [change.completion] if change.completion else [])
            for record in change.records:
                _keep(connection, record, bases[record.id])
            if change.events:
                connection.execute(insert(tables.event), [_event_row(event) for event in change.events])
            _insert(connection, tables.exchange, change.exchanges)
            for work in change.work:
                _schedule(connection, work)

    def authorization(self, identity: str) -> Authorization:
        """Raises NotFound."""
        records = self._records(select(tables.authorization.c.record).where(tables.authorization.c.id == identity))
        if not records:
            raise nothing_here("authorization")
        return records[0]

    def authorizations(self, query: Query) -> tuple[Authorization, ...]:
        of = tables.authorization.c
        asked = select(of.record).order_by(of.due_at.asc().nulls_last(), of.created_at, of.id)
        for name in ("client", "order_id", "patient", "payer"):
            if value := getattr(query, name):
                asked = asked.where(of[name] == value)
        if query.states:
            asked = asked.where(of.state.in_(query.states))
        if query.due_before:
            asked = asked.where(of.due_at < query.due_before)
        return self._records(asked.limit(query.limit).offset(query.offset))

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

    def claim(self, owner: str, now: datetime, lease: timedelta, *, only: Collection[str] | None = None) -> Work | None:
        of = tables.work.c
        free = or_(of.lease_until.is_(None), of.lease_until <= now)
        due = select(*_columns(Work, tables.work)).where(of.due_at <= now, free).order_by(of.due_at, of.authorization)
        if only is not None:
            due = due.where(of.authorization.in_(only))
        with self._write() as connection:
            row = connection.execute(due.limit(1).with_for_update(skip_locked=True)).mappings().first()
            if row is None:
                return None
            claimed = Work(**{**row, "owner": owner, "lease_until": now + lease, "fence": row["fence"] + 1})
            connection.execute(
                update(tables.work)
                .where(of.authorization == claimed.authorization)
                .values(owner=claimed.owner, lease_until=claimed.lease_until, fence=claimed.fence)
            )
            return claimed

    def work(self, authorization: str) -> Work | None:
        of = tables.work.c
        rows = self._read(Work, tables.work, (of.authorization == authorization) & of.due_at.is_not(None))
        return rows[0] if rows else None

    def clients(self) -> tuple[Client, ...]:
        return self._read(Client, tables.client, None, tables.client.c.name)

    def add_client(self, client: Client) -> None:
        """Raises Conflict when the name, or the token, is taken."""
        with self._write() as connection:
            _insert(connection, tables.client, [client])

    def remove_client(self, name: str) -> None:
        """Raises NotFound."""
        with self._write() as connection:
            if connection.execute(delete(tables.client).where(tables.client.c.name == name)).rowcount != 1:
                raise rules.no_client()

    def ready(self) -> bool:
        revision = select(table("alembic_version", column("version_num")).c.version_num)
        try:
            with self.engine.connect() as connection:
                return connection.execute(revision).scalars().all() == [tables.REVISION]
        except DBAPIError:
            return False

    def _records(self, asked: Select[str]) -> tuple[Authorization, ...]:
        with self._reading() as connection:
            return tuple(decode(Authorization, text) for text in connection.execute(asked).scalars())

    def _read(self, kind: type[Flat], source: Table, where: Any, *sort: Any) -> tuple[Flat, ...]:
        asked = select(*_columns(kind, source)).order_by(*sort)
        with self._reading() as connection:
            rows = connection.execute(asked if where is None else asked.where(where)).mappings()
            return tuple(kind(**row) for row in rows)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._faults(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._dialect.turn, self._faults(), self._writer.begin() as connection:
            yield connection

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


def _insert(connection: Connection, target: Table, values: Any) -> None:
    rows = [{field.name: getattr(value, field.name) for field in fields(value)} for value in values]
    if rows:
        connection.execute(insert(target), rows)


def _keep(connection: Connection, record: Authorization, base: int) -> None:
    of = tables.authorization.c
    row = {column.name: getattr(record, column.name) for column in of if column is not of.record}
    row["record"] = encode(record)
    if base == 0:
        if connection.execute(select(of.id).where(of.id == record.id)).first():
            raise rules.moved_on()
        connection.execute(insert(tables.authorization), [row])
        return
    replaced = update(tables.authorization).where(of.id == record.id, of.version == base).values(row)
    if connection.execute(replaced).rowcount != 1:
        raise rules.moved_on()


def _event_row(logged: LoggedEvent) -> dict[str, Any]:
    return {
        "authorization": logged.authorization,
        "version": logged.version,
        "name": type(logged.event).__name__,
        "at": logged.event.at,
        "actor": logged.event.actor,
        "before": logged.before,
        "after": logged.after,
        "payload": encode(logged.event),
    }


def _event(row: Any) -> LoggedEvent:
    return LoggedEvent(
        position=row["position"],
        authorization=row["authorization"],
        version=row["version"],
        before=row["before"],
        after=row["after"],
        event=decode_event(row["name"], row["payload"]),
    )


def _finish(connection: Connection, finished: Work) -> None:
    of = tables.work.c
    held = (of.authorization == finished.authorization) & (of.fence == finished.fence) & of.due_at.is_not(None)
    done = update(tables.work).where(held).values(step="", due_at=None, owner="", lease_until=None)
    if connection.execute(done).rowcount != 1:
        raise rules.step_taken()


def _schedule(connection: Connection, work: Work) -> None:
    of = tables.work.c
    step = {"step": work.step, "due_at": work.due_at, "owner": "", "lease_until": None}
    mine = update(tables.work).where(of.authorization == work.authorization).values(fence=of.fence + 1, **step)
    if connection.execute(mine).rowcount == 0:
        connection.execute(insert(tables.work).values(authorization=work.authorization, fence=0, **step))
