"""Wakes those in this process who wait for an authorization to move."""

from collections.abc import Callable, Sequence
from threading import Lock


class ThreadWaiters:
    """Calls every listener after every commit; whoever is woken looks at the store again."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._listeners: set[Callable[[], None]] = set()

    def announce(self, authorizations: Sequence[str]) -> None:  # noqa: ARG002 - every listener looks for itself
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after every announcement until the returned function is called."""
        with self._lock:
            self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)
