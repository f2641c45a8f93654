"""SQLite: one file, one writer at a time, every commit on disk before it returns."""

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import IntegrityError

from gateway.adapters.store.dialect import Dialect
from gateway.adapters.store.group import GroupWriter
from gateway.model.errors import ConfigFault

_BUSY_MILLISECONDS = 15_000
_POOL = 16

# busy_timeout first: the switch to WAL waits for other processes too. recursive_triggers makes the delete
# triggers of the append-only tables fire for INSERT OR REPLACE as well.
_PRAGMAS = (
    f"busy_timeout = {_BUSY_MILLISECONDS}",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "recursive_triggers = ON",
)
_DUPLICATE = ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_TRIGGER")


def open_engine(path: Path) -> Engine:
    """An engine over the file at `path`; a new file is readable by its owner only, its folder is never made.

    Raises:
        ConfigFault: the folder is not there, or the file cannot be made or written.
    """
    if not path.parent.is_dir():  # most likely a slip of the pen: whoever reads a new database finds nothing in it
        raise ConfigFault(
            f"The database file {path} cannot be opened: its folder does not exist.",
            fix="Correct PA_DATABASE (sqlite:////an/absolute/path.db has four slashes), or make the folder.",
        )
    try:
        # SQLite would create it with the process's umask; its -wal and -shm files take over the mode of this one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as fault:
        raise ConfigFault(
            f"The database file {path} cannot be opened: {fault.strerror}.", fix="Set PA_DATABASE to a writable place."
        ) from None
    engine = create_engine(
        URL.create("sqlite", database=str(path.absolute())),
        connect_args={"isolation_level": None},  # the driver begins nothing on its own; `_begin` does
        pool_size=_POOL,
        max_overflow=_POOL,
        hide_parameters=True,  # an error text never quotes content
    )
    event.listen(engine, "connect", _connect)
    event.listen(engine, "begin", _begin)
    return engine


def dialect(engine: Engine) -> Dialect:
    return Dialect(
        is_duplicate=_is_duplicate,
        reader=engine.execution_options(reads=True),
        writer=GroupWriter(engine.execution_options(writes=True)),
        begin_events=_one_at_a_time,
        settled=_one_at_a_time,
        now=_by_this_machine,
        looks_apart=True,
    )


def _connect(connection: sqlite3.Connection, _: Any) -> None:
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A writer takes its place before it reads: upgrading a read transaction fails when another wrote meanwhile.
    options = connection.get_execution_options()
    if not options.get("reads"):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")


def _one_at_a_time(_: Connection) -> None:
    """Positions are given in the order of commits, as there is one writer at a time."""


def _by_this_machine(_: Connection) -> None:
    """The file is on a disk of this machine, and so are all who open it."""


def _is_duplicate(fault: IntegrityError) -> bool:
    return getattr(fault.orig, "sqlite_errorname", "") in _DUPLICATE
