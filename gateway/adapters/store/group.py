"""Group commit: what many threads want written at once goes to disk together, for the price of one sync.

There is one writer at a time. Whoever comes first leads: it writes its own job and all that wait, each within a
savepoint, so that one that is refused spoils no other, and commits them together. Nobody is answered before that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from gateway.adapters.store.faults import StoreFault

Result = TypeVar("Result")
_MOST = 64
"""Jobs of one transaction: more would make the first of them wait for little gain."""


@dataclass(slots=True, eq=False)
class _Job:
    """`turn` is set when it is over, or when its thread has to lead."""

    work: Callable[[Connection], Any]
    turn: Event = field(default_factory=Event)
    is_over: bool = False
    result: Any = None
    fault: Exception | None = None

    def end(self, fault: Exception | None) -> None:
        """Over, with the fault of the whole group, if there is one: then no refusal within it was final either."""
        self.fault = fault or self.fault
        self.is_over = True
        self.turn.set()


class GroupWriter:
    """Runs jobs that write; `engine` begins transactions that can write from the start."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._waiting: list[_Job] = []
        self._is_led = False

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` returns, once it is on disk.

        Raises:
            DBAPIError: the database failed; nothing was written.
            Exception: whatever `work` raises; nothing of it was written.
        """
        job = _Job(work)
        with self._lock:
            self._waiting.append(job)
            follows, self._is_led = self._is_led, True
        if follows:
            self._wait(job)
        if not job.is_over:
            self._lead()
        if job.fault:
            raise job.fault
        result: Result = job.result
        return result

    def _wait(self, job: _Job) -> None:
        try:
            job.turn.wait()
        except BaseException:  # the thread is being stopped: it must not be waited for to lead
            with self._lock:
                if job in self._waiting:
                    self._waiting.remove(job)
                has_to_lead = job.turn.is_set() and not job.is_over
            if has_to_lead:
                self._pass_on()
            raise

    def _lead(self) -> None:
        with self._lock:
            group, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
        fault: Exception | None = StoreFault("Writing was broken off.", fix="Try again.")
        try:
            self._commit(group)
            fault = None
        except Exception as failure:  # noqa: BLE001 - it is raised in the thread of every job of the group
            fault = failure
        finally:
            self._pass_on()
            for job in group:
                job.end(fault)

    def _pass_on(self) -> None:
        with self._lock:
            heir = self._waiting[0] if self._waiting else None
            self._is_led = heir is not None
            if heir:
                heir.turn.set()

    def _commit(self, group: Sequence[_Job]) -> None:
        with self._engine.begin() as connection:
            if len(group) == 1:
                group[0].result = group[0].work(connection)
                return
            for job in group:
                _attempt(connection, job)


def _attempt(connection: Connection, job: _Job) -> None:
    connection.exec_driver_sql("SAVEPOINT job")
    try:
        job.result = job.work(connection)
    except Exception as fault:
        raw: Any = connection.connection.dbapi_connection
        if not raw.in_transaction:  # a full disk or a failing one: SQLite gave up all of it
            raise
        connection.exec_driver_sql("ROLLBACK TO job")
        job.fault = fault
    connection.exec_driver_sql("RELEASE job")
