"""Wakes those who wait for an authorization to move: in this process, and on PostgreSQL in every other one too.

A hint and no more: whoever waits also looks by himself now and then.
"""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING

from gateway.adapters.store.memory import MemoryStore

if TYPE_CHECKING:
    from gateway.adapters.store.sql import SqlStore


class ThreadWaiters:
    """Calls every listener after every commit; whoever is woken looks at the store again."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._listeners: set[Callable[[], None]] = set()

    def announce(self, authorizations: Sequence[str]) -> None:  # noqa: ARG002 - every listener looks for itself
        self._wake()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after every announcement until the returned function is called."""
        with self._lock:
            self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def close(self) -> None:
        """Nothing is held open."""

    def _wake(self) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()


def open_waiters(store: "MemoryStore | SqlStore") -> ThreadWaiters:
    """The waiters that reach as far as the store does; to be closed before it."""
    if isinstance(store, MemoryStore) or store.engine.dialect.name != "postgresql":
        return ThreadWaiters()
    from gateway.adapters.postgres_waiters import PostgresWaiters  # noqa: PLC0415 - its driver is an extra

    return PostgresWaiters(store.engine)
