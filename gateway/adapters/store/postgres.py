"""PostgreSQL: any number of processes, which coordinate through it alone."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from select import POLLIN, poll
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError

from gateway.adapters.store.dialect import Dialect
from gateway.adapters.store.faults import StoreFault
from gateway.model.errors import ConfigFault

Result = TypeVar("Result")

CONNECTIONS = 20
"""Most connections of one process, beside one that listens; whoever needs one more waits for it."""

_PATIENCE_SECONDS = 10.0
_TRIES = 4
_FIRST_PAUSE_SECONDS = 0.02
_NEW = "new"
_MIGRATION = 0x7061_0002

# A position is given before its transaction ends, so one given later may be committed sooner. Whoever writes events
# holds, to the end of his transaction, a shared lock whose number is the last position given before: no one waits for
# anyone, and whoever reads sees from whose lowest number on something may still come. What is written by one who
# locks only after that look has a position above the last one given before it.
_EVENTS = 0x70617 << 40
_BEGIN_EVENTS = text("SELECT pg_advisory_xact_lock_shared(:events + last_value) FROM event_position_seq")
_CLOCK = select(func.clock_timestamp())
_LAST_GIVEN = text("SELECT last_value FROM event_position_seq")
_LOWEST_HELD = text(
    "SELECT min(number) - :events FROM (SELECT (classid::bigint << 32) + objid::bigint AS number FROM pg_locks"
    " WHERE locktype = 'advisory' AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS held"
    " WHERE number >> 40 = :events >> 40"
)

# A server that is gone without a word is noticed within about 20 seconds.
_CONNECT = {
    "connect_timeout": 5,
    "client_encoding": "utf8",
    "application_name": "pa-gateway",
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}

# No statement, no lock and no forgotten transaction lasts for ever; and a commit is on disk when it returns, even
# where somebody has made that optional. To compile a plan takes longer than any of ours runs. The transaction of a
# process that was stopped midway is undone sooner than those who wait for its locks give up; the connections of a
# machine that is gone are closed by the server.
_SESSION = (
    "SELECT set_config('jit', 'off', false), set_config('statement_timeout', '30s', false),"
    " set_config('lock_timeout', '10s', false), set_config('idle_in_transaction_session_timeout', '8s', false),"
    " set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '5', false),"
    " set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '30s', false),"
    " set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'"
    " ELSE current_setting('synchronous_commit') END, false)"
)
_DUPLICATE = "23505"
_AGAIN = ("40001", "40P01")
"""Serialization failure, deadlock: the server has undone everything and asks to try again."""


def open_engine(url: URL) -> Engine:
    """An engine over the database at `url`, which may carry any option of libpq, e.g. `?sslmode=verify-full`.

    Raises:
        ConfigFault: the driver is not installed.
    """
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={name: value for name, value in _CONNECT.items() if name not in url.query},
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=_PATIENCE_SECONDS,
            hide_parameters=True,  # an error text never quotes content
        )
    except ModuleNotFoundError:
        raise ConfigFault("The PostgreSQL driver is not installed.", fix="Install pa-gateway[postgres].") from None
    event.listen(engine, "connect", _connect)
    event.listen(engine, "checkout", _look)
    return engine


def dialect(engine: Engine) -> Dialect:
    return Dialect(
        is_duplicate=_is_duplicate,
        reader=engine.execution_options(isolation_level="AUTOCOMMIT"),
        writer=DirectWriter(engine),
        begin_events=_begin_events,
        settled=_settled,
        now=_now,
        looks_apart=False,
    )


def check(connection: Connection) -> None:
    """Raises ConfigFault when the database cannot hold every text."""
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding not in ("UTF8", "SQL_ASCII"):
        raise ConfigFault(f"The database's encoding is {encoding}.", fix="Create it with ENCODING 'UTF8'.")


def take_turns(connection: Connection) -> None:
    """Let one process at a time migrate, for as long as it takes."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION)))


class DirectWriter:
    """Every job in a transaction of its own, begun again when the server says that it lost against another."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """See `Writer`. Raises StoreFault when the connection was lost while committing."""
        for tries in range(1, _TRIES + 1):
            try:
                return self._once(work)
            except DBAPIError as fault:
                if tries == _TRIES or _state(fault) not in _AGAIN:
                    raise
            time.sleep(random.uniform(0, _FIRST_PAUSE_SECONDS * 2**tries))  # noqa: S311 - to not meet again
        raise AssertionError("the last try returns or raises")

    def _once(self, work: Callable[[Connection], Result]) -> Result:
        with self._engine.connect() as connection, connection.begin() as transaction:
            result = work(connection)
            try:
                transaction.commit()
            except DBAPIError as fault:
                if not fault.connection_invalidated:
                    raise
                raise StoreFault(
                    "The database went away while it wrote; whether it did is not known.",
                    fix="Read again what is there. Repeating a change that was written is refused, so it does no harm.",
                ) from None
            return result


def _connect(connection: Any, record: Any) -> None:
    record.info[_NEW] = True
    connection.autocommit = True
    connection.execute(_SESSION)
    connection.autocommit = False


def _look(connection: Any, record: Any, _: Any) -> None:
    """After a restart of the server, let the first who asks get a new connection.

    An idle connection has nothing to read unless it was closed; to ask the server would cost as much as a query.
    """
    if record.info.pop(_NEW, False):
        return
    glance = poll()
    glance.register(connection.fileno(), POLLIN)
    if glance.poll(0):
        raise DisconnectionError


def _begin_events(connection: Connection) -> None:
    connection.execute(_BEGIN_EVENTS, {"events": _EVENTS})


def _settled(connection: Connection) -> int:
    # In this order, and in statements of their own: see `_EVENTS`.
    last_given: int = connection.execute(_LAST_GIVEN).scalar_one()
    lowest_held: int | None = connection.execute(_LOWEST_HELD, {"events": _EVENTS}).scalar()
    return last_given if lowest_held is None else min(last_given, lowest_held - 1)


def _now(connection: Connection) -> datetime:
    now: datetime = connection.execute(_CLOCK).scalar_one()
    return now.astimezone(UTC)


def _is_duplicate(fault: IntegrityError) -> bool:
    return _state(fault) == _DUPLICATE


def _state(fault: DBAPIError) -> str:
    return getattr(fault.orig, "sqlstate", "") or ""
