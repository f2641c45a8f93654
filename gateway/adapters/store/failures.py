"""What is told of a database that failed: what is known of the cause, and what to do, by kind of database.

The database's own words may quote content, so they are not passed on; its codes say enough.
"""

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.adapters.store.faults import StoreFault

_SPACE = "Make room on its disk."
_SQLITE_FIX = "Check the file of PA_DATABASE: its disk, who may write it, and that no other program holds it."
_POSTGRES_FIX = "Check that the server of PA_DATABASE runs and can be reached, its locks and its number of connections."
_BUSY = ("another program holds the file", "End what holds it, e.g. a database browser or a backup; then try again.")
# By the beginning of SQLite's own name of the result, and of PostgreSQL's SQLSTATE; the first that fits counts.
_SQLITE = {
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_FULL": ("the disk is full", _SPACE),
    "SQLITE_READONLY": ("the file may not be written", "Let the gateway's user write it and its folder."),
    "SQLITE_CANTOPEN": ("the file cannot be opened", "See that it and its folder are there and may be read."),
    "SQLITE_CORRUPT": ("the file is damaged", "Restore it from a backup."),
    "SQLITE_NOTADB": ("the file is no SQLite database", "Restore it from a backup."),
    "SQLITE_IOERR": ("the disk failed", "Check the disk; then try again."),
}
_POSTGRES = {
    "08": ("the connection was closed", _POSTGRES_FIX),
    "28": ("the server did not let the user in", "Check user and password of PA_DATABASE."),
    "3D": ("the database is not there", "Check the name of the database in PA_DATABASE."),
    "42501": ("the user may not do this", "Give the user of PA_DATABASE the rights it had when it made the tables."),
    "53100": ("the disk is full", _SPACE),
    "53300": ("the server has no connection left", "Raise its max_connections, or run fewer processes."),
    "55P03": ("a lock was held for too long", "See in pg_stat_activity who holds it; then try again."),
    "57014": ("a statement took too long", "Check the load of the server; then try again."),
    "57P": ("the connection was closed: the server stops or starts", "Try again when it runs."),
}


def told(fault: DBAPIError | PoolTimeout) -> StoreFault:
    """The fault of the store, without a word of the database."""
    if isinstance(fault, PoolTimeout):
        return StoreFault("The database failed: no connection came free in time.", fix=_POSTGRES_FIX)
    if name := getattr(fault.orig, "sqlite_errorname", ""):
        cause, fix = _first(_SQLITE, name) or (name, _SQLITE_FIX)
    elif state := getattr(fault.orig, "sqlstate", ""):
        cause, fix = _first(_POSTGRES, state) or (f"SQLSTATE {state}", _POSTGRES_FIX)
    elif fault.connection_invalidated:
        cause, fix = _POSTGRES["08"]
    elif "connection refused" in str(fault.orig).lower():
        cause, fix = "the connection was refused", _POSTGRES_FIX
    else:
        cause, fix = type(fault.orig).__name__, f"{_POSTGRES_FIX} For SQLite: {_SQLITE_FIX}"
    return StoreFault(f"The database failed: {cause}.", fix=fix)


def _first(rows: dict[str, tuple[str, str]], code: str) -> tuple[str, str] | None:
    return next((row for begins, row in rows.items() if code.startswith(begins)), None)
