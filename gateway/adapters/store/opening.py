"""Opens the store behind a URL and brings its schema up to date."""

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from gateway.adapters.store import sqlite
from gateway.adapters.store.sql import SqlStore
from gateway.model.errors import ConfigFault
from gateway.ports import Log


def open_store(url: str, log: Log | None = None) -> SqlStore:
    """See `gateway.adapters.store.open_store`."""
    path = _sqlite_file(url)
    store = SqlStore(sqlite.open_engine(path), sqlite.dialect())
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


def _upgrade(store: SqlStore, log: Log | None) -> None:
    from gateway.adapters.store.migrate import upgrade  # noqa: PLC0415 - Alembic only when there is something to do

    before, after = upgrade(store.engine)
    if log:
        log.write("store.migrated", before=before or "none", after=after)


def _sqlite_file(url: str) -> Path:
    fix = "Write PA_DATABASE as sqlite:///gateway.db, or sqlite:////an/absolute/path.db."
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigFault("The database URL cannot be read.", fix=fix) from None
    if parsed.get_backend_name() != "sqlite":
        raise ConfigFault(f"No store for {parsed.get_backend_name()} databases.", fix=fix)
    if parsed.query:
        raise ConfigFault("The database URL takes no options.", fix=fix)
    if not parsed.database or parsed.database == ":memory:":
        raise ConfigFault("The database must be a file: what is in memory is lost with the process.", fix=fix)
    return Path(parsed.database)
