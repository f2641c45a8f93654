"""A ChangeSet as rows: made ready without the database, then written within a transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from gateway.adapters.store import rules, steps, tables
from gateway.adapters.store.codec import encode
from gateway.adapters.store.dialect import Dialect
from gateway.model.authorization import Authorization
from gateway.model.changes import ChangeSet, LoggedEvent

# Made once: making a statement costs more than SQLite takes to run it.
_RECORD = tables.authorization.c
_INSERTS = {target: insert(target).inline() for target in tables.metadata.sorted_tables}
_IS_THERE = select(_RECORD.id).where(_RECORD.id == bindparam("the_id"))
_REPLACE = update(tables.authorization).where(
    _RECORD.id == bindparam("the_id"), _RECORD.version == bindparam("the_version")
)


Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ready:
    """A change that agrees with itself, encoded; `bases` says which version each record must have before."""

    change: ChangeSet
    bases: Mapping[str, int]
    records: Sequence[Row]
    events: Sequence[Row]


def make_ready(change: ChangeSet) -> Ready:
    """Raises ValueError when events and records of the change disagree, or a value does not fit its type."""
    bases = rules.bases(change)
    clients = {record.id: record.client for record in change.records}
    return Ready(
        change,
        bases,
        [_record_row(record) for record in change.records],
        [_event_row(event, clients[event.authorization]) for event in change.events],
    )


def write(connection: Connection, ready: Ready, dialect: Dialect) -> None:
    """Write it, all of it or, when something is raised and the transaction undone, nothing.

    Raises:
        Conflict: a record has moved on, or the finished step was taken over.
        IntegrityError: a key is taken, or a reference leads nowhere.
    """
    change = ready.change
    if change.finished:
        steps.finish(connection, change.finished)
    if change.held:
        steps.hold(connection, change.held)
    for identity in change.void:
        steps.void(connection, identity)
    insert_all(connection, tables.order, [change.order] if change.order else [])
    insert_all(connection, tables.intake_key, change.keys)
    insert_all(connection, tables.completion, [change.completion] if change.completion else [])
    for row in ready.records:
        _keep(connection, row, ready.bases[row["id"]])
    insert_all(connection, tables.exchange, change.exchanges)
    for work in change.work:
        steps.schedule(connection, work)
    if ready.events:
        dialect.begin_events(connection)
        _insert(connection, tables.event, ready.events)


def insert_all(connection: Connection, target: Table, values: Sequence[Any]) -> None:
    """Insert dataclasses whose fields are the columns of `target`."""
    rows = [{field.name: getattr(value, field.name) for field in fields(value)} for value in values]
    _insert(connection, target, rows)


def _insert(connection: Connection, target: Table, rows: Sequence[Row]) -> None:
    if rows:  # one by itself takes less than a list of one
        connection.execute(_INSERTS[target], rows[0] if len(rows) == 1 else rows)


def _keep(connection: Connection, row: Row, base: int) -> None:
    if base == 0:
        if connection.execute(_IS_THERE, {"the_id": row["id"]}).first():
            raise rules.moved_on()
        _insert(connection, tables.authorization, [row])
    elif connection.execute(_REPLACE, {**row, "the_id": row["id"], "the_version": base}).rowcount != 1:
        raise rules.moved_on()


def _record_row(record: Authorization) -> Row:
    row = {column.name: getattr(record, column.name) for column in _RECORD if column is not _RECORD.record}
    return {**row, "record": encode(record)}


def _event_row(logged: LoggedEvent, client: str) -> Row:
    return {
        "authorization": logged.authorization,
        "version": logged.version,
        "name": type(logged.event).__name__,
        "at": logged.event.at,
        "actor": logged.event.actor,
        "before": logged.before,
        "after": logged.after,
        "payload": encode(logged.event),
        "client": client,
    }
