"""A sick disk under SQLite: it is full for a while, now and then it cannot write, and others hold the database.

The first half is for the process of the gateway, the second for the nemesis outside it.
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from sqlalchemy import event
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import Pool

_NO_LIMIT = 4_294_967_294
_FULL_SECONDS, _BUSY_SECONDS, _PEACE_SECONDS = 3.0, 5.0, 3.0


def fail_now_and_then(every: int) -> None:
    """From now on every `every`-th commit of a writing transaction in this process fails with an I/O error.

    The transaction is rolled back, as SQLite does when its file cannot be written or synchronized.
    """
    commit: Callable[[Any, Any], None] = SQLiteDialect_pysqlite.do_commit
    changes: dict[int, int] = {}
    lock = Lock()
    commits = 0

    def do_commit(dialect: Any, connection: Any) -> None:
        nonlocal commits
        driver = connection.driver_connection
        with lock:
            wrote = driver.total_changes != changes.get(id(driver), 0)
            changes[id(driver)] = driver.total_changes
            commits += wrote
            fails = wrote and commits % every == 0
        if fails:
            driver.rollback()
            raise sqlite3.OperationalError("disk I/O error")
        commit(dialect, connection)

    SQLiteDialect_pysqlite.do_commit = do_commit  # type: ignore[method-assign]


def be_full_while(sign: Path) -> None:
    """While the file `sign` is there, the database cannot grow: SQLite itself answers that the disk is full."""

    def checked_out(driver: Any, *_: Any) -> None:
        # A limit below the present size is that size; it is kept by the connection, so it is set each time.
        driver.execute(f"PRAGMA max_page_count = {1 if sign.exists() else _NO_LIMIT}")

    event.listen(Pool, "checkout", checked_out)


class DiskTrouble:
    """In turns: the disk is full, peace, another connection holds the database for five seconds, peace."""

    def __init__(self, database: Path, sign: Path) -> None:
        self._database, self._sign = database, sign
        self._over = Event()
        self._thread = Thread(target=self._go, name="disk")
        self.times = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End it; whatever was wrong is right again."""
        self._over.set()
        self._thread.join()

    def _go(self) -> None:
        while not self._over.wait(_PEACE_SECONDS):
            self.times += 1
            self._fill() if self.times % 2 else self._hold()

    def _fill(self) -> None:
        self._sign.touch()
        self._over.wait(_FULL_SECONDS)
        self._sign.unlink()

    def _hold(self) -> None:
        connection = sqlite3.connect(self._database, isolation_level=None, timeout=_BUSY_SECONDS)
        try:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(_BUSY_SECONDS)
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:  # the gateway held it all the time; the next turn tries again
            pass
        finally:
            connection.close()
