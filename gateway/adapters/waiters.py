"""Wakes those who wait for an authorization to move: in this process, and on PostgreSQL in every other one too.

A hint and no more: whoever waits also looks by himself now and then.
"""

from collections.abc import Callable, Collection
from threading import Lock
from typing import TYPE_CHECKING

from gateway.adapters.store.memory import MemoryStore

if TYPE_CHECKING:
    from gateway.adapters.store.sql import SqlStore

Listener = Callable[[], None]


class ThreadWaiters:
    """Calls the listeners that an announcement is for; whoever is woken looks at the store again.

    Each by what it listens to: with a hundred callers waiting, a step must not wake a hundred.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._listeners: dict[str, set[Listener]] = {}

    def announce(self, moved: Collection[str]) -> None:
        """Call who listens to one of `moved`, or to anything; nothing named: everybody."""
        self._wake(moved)

    def listen(self, listener: Listener, to: Collection[str] = ()) -> Callable[[], None]:
        """Call `listener` after every announcement of one of `to`, or of anything, until the result is called."""
        names = frozenset(to) or frozenset([""])
        with self._lock:
            for name in names:
                self._listeners.setdefault(name, set()).add(listener)
        return lambda: self._forget(listener, names)

    def close(self) -> None:
        """Nothing is held open."""

    def _forget(self, listener: Listener, names: Collection[str]) -> None:
        with self._lock:
            for name in names:
                present = self._listeners.get(name, set())
                present.discard(listener)
                if not present:
                    self._listeners.pop(name, None)

    def _wake(self, moved: Collection[str] = ()) -> None:
        with self._lock:
            names = {"", *moved} if moved else self._listeners.keys()
            listeners = {one for name in names for one in self._listeners.get(name, ())}
        for listener in listeners:
            listener()


def open_waiters(store: "MemoryStore | SqlStore") -> ThreadWaiters:
    """The waiters that reach as far as the store does; to be closed before it."""
    if isinstance(store, MemoryStore) or store.engine.dialect.name != "postgresql":
        return ThreadWaiters()
    from gateway.adapters.postgres_waiters import PostgresWaiters  # noqa: PLC0415 - its driver is an extra

    return PostgresWaiters(store.engine)
