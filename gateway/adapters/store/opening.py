"""Opens the store behind a URL and brings its schema up to date."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from gateway.adapters.store import postgres, sqlite
from gateway.adapters.store.sql import SqlStore
from gateway.model.errors import ConfigFault
from gateway.ports import Log

_FIX = "Write PA_DATABASE as sqlite:///gateway.db, sqlite:////an/absolute/path.db or postgresql://user@host/database."


def open_store(url: str, log: Log | None = None) -> SqlStore:
    """See `gateway.adapters.store.open_store`."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigFault("The database URL cannot be read.", fix=_FIX) from None
    if parsed.drivername == "sqlite":
        return _open_sqlite(_sqlite_file(parsed), log)
    if parsed.drivername in ("postgresql", "postgresql+psycopg"):
        return _open_postgres(parsed, log)
    raise ConfigFault(f"No store for {parsed.drivername} databases.", fix=_FIX)


def _open_sqlite(path: Path, log: Log | None) -> SqlStore:
    engine = sqlite.open_engine(path)
    store = SqlStore(engine, sqlite.dialect(engine))
    try:
        if not store.ready():
            _upgrade(store, log)
    except DBAPIError as fault:
        store.close()
        raise ConfigFault(
            f"The database {path} cannot be used: {type(fault.orig).__name__}.",
            fix="Check that it is a SQLite file on a local disk with free space, and that no other program locks it.",
        ) from None
    except ConfigFault:
        store.close()
        raise
    return store


def _open_postgres(url: URL, log: Log | None) -> SqlStore:
    engine = postgres.open_engine(url)
    store = SqlStore(engine, postgres.dialect(engine))
    try:
        with engine.connect() as connection:
            postgres.check(connection)
        if not store.ready():
            _upgrade(store, log)
    except DBAPIError as fault:
        store.close()
        # Before a statement was sent, the words are libpq's own: about host, user and database, never a password.
        words = str(fault.orig).strip() if fault.statement is None else type(fault.orig).__name__
        raise ConfigFault(
            f"The database {_place(url)} cannot be used: {words}.",
            fix="Check PA_DATABASE, that the server runs, and that the user may create tables in that database.",
        ) from None
    except ConfigFault:
        store.close()
        raise
    return store


def _place(url: URL) -> str:
    return f"{url.database or ''} at {url.host or url.query.get('host', 'the local socket')}"


def _upgrade(store: SqlStore, log: Log | None) -> None:
    from gateway.adapters.store.migrate import upgrade  # noqa: PLC0415 - Alembic only when there is something to do

    before, after = upgrade(store.engine)
    if log:
        log.write("store.migrated", before=before or "none", after=after)


def _sqlite_file(url: URL) -> Path:
    if url.query:
        raise ConfigFault("The URL of a SQLite database takes no options.", fix=_FIX)
    if not url.database or url.database == ":memory:":
        raise ConfigFault("The database must be a file: what is in memory is lost with the process.", fix=_FIX)
    return Path(url.database)
