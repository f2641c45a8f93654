"""Waiters across processes by PostgreSQL's LISTEN and NOTIFY: one thread hears, one tells."""

from collections.abc import Collection
from contextlib import closing
from threading import Event, Lock, Thread
from typing import Any, cast
from uuid import uuid4

import psycopg
from sqlalchemy import Engine, String, bindparam, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.adapters.waiters import ThreadWaiters

_CHANNEL = "pa_moved"
_EVERYTHING = "*"
# It is a hint: nobody needs to wait for the disk.
_NOTIFY = select(
    func.set_config("synchronous_commit", "off", True),  # for this statement
    func.pg_notify(_CHANNEL, bindparam("news", type_=String)),
)
_PATIENCE_SECONDS = 1.0
_MOST_NAMES = 100
"""A notification holds less than 8000 bytes; one that would name more wakes everybody."""
_FAULTS = (DBAPIError, PoolTimeout, psycopg.Error)


class PostgresWaiters(ThreadWaiters):
    """Also wakes the listeners of other processes over the same database; what it misses, they find by looking."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self._speaking = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._me = uuid4().hex
        self._is_closed, self._has_news = Event(), Event()
        self._news_lock, self._news = Lock(), set[str]()
        self._threads = [Thread(target=work, daemon=True) for work in (self._hear, self._tell)]
        for thread in self._threads:
            thread.start()

    def announce(self, moved: Collection[str]) -> None:
        super().announce(moved)
        with self._news_lock:
            self._news.update(moved or [_EVERYTHING])
        self._has_news.set()

    def close(self) -> None:
        """Ends both threads; takes a second at most, or as long as a server that hangs is waited for."""
        self._is_closed.set()
        self._has_news.set()
        for thread in self._threads:
            thread.join()

    def _tell(self) -> None:
        """Many announcements at once are one notification."""
        while not self._is_closed.is_set():
            self._has_news.wait()
            self._has_news.clear()
            with self._news_lock:
                names, self._news = self._news, set()
            if not names:
                continue
            listed = [_EVERYTHING] if _EVERYTHING in names or len(names) > _MOST_NAMES else names
            try:
                with self._speaking.connect() as connection:
                    connection.execute(_NOTIFY, {"news": " ".join((self._me, *listed))})
            except _FAULTS:
                continue  # the server is away; those who wait will look by themselves

    def _hear(self) -> None:
        while not self._is_closed.is_set():
            try:
                with closing(self._connection()) as connection:
                    self._wake()  # what was told while nobody heard
                    self._hear_on(connection)
            except _FAULTS:
                self._is_closed.wait(_PATIENCE_SECONDS)

    def _connection(self) -> psycopg.Connection[Any]:
        """A connection of our own that listens, made as those of the pool are, and not one of them."""
        pooled = self._engine.raw_connection()
        pooled.detach()
        connection = cast("psycopg.Connection[Any]", pooled.dbapi_connection)
        connection.autocommit = True
        connection.execute(f"LISTEN {_CHANNEL}")
        return connection

    def _hear_on(self, connection: psycopg.Connection[Any]) -> None:
        while not self._is_closed.is_set():
            for notice in connection.notifies(timeout=_PATIENCE_SECONDS, stop_after=1):
                who, *moved = notice.payload.split(" ")
                if who != self._me:
                    self._wake(() if _EVERYTHING in moved else moved)
