"""One process serves a SQLite file: a lock that ends with its process, and the steps of the one before it freed.

On PostgreSQL many serve, and a dead one's leases end by themselves.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from gateway.adapters.store.sql import SqlStore
from gateway.model.errors import ConfigFault
from gateway.ports import Store

WORKERS = "worker-"
"""How the owners begin whose process is the serving one; those of the command line do not."""


@contextmanager
def serving(store: Store) -> Iterator[None]:
    """Serve this store for as long as the block lasts.

    Raises:
        ConfigFault: another process serves the same SQLite file.
    """
    if not isinstance(store, SqlStore) or store.engine.dialect.name != "sqlite":
        yield
        return
    file = f"{store.engine.url.database}-serving"
    # A lock of SQLite's own: every platform has it, and it ends with the process, however that ends.
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise ConfigFault(
                "Another process serves this database.",
                fix="Stop it first; a SQLite file has one serving process. For more, set PA_DATABASE to PostgreSQL.",
            ) from None
        store.free_all(WORKERS)
        yield
