"""What the flow needs from the world, as Protocols; adapters satisfy them by structure."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from gateway.model.authorization import Authorization, State
from gateway.model.changes import ChangeSet, Completion, LoggedEvent, StoredOrder, Work
from gateway.model.exchange import Exchange, Outcome
from gateway.payers.profile import PayerProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which authorizations; empty fields do not filter. Sorted by `due_at` (none last), then by `created_at`."""

    client: str = ""
    order_id: str = ""
    patient: str = ""
    payer: str = ""
    states: tuple[State, ...] = ()
    due_before: datetime | None = None
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Client:
    """A caller of the API; only the SHA-256 of its token is kept."""

    name: str
    token_sha256: str
    created_at: datetime


class Store(Protocol):
    """Durable memory. Every method is one transaction; `commit` returns only when the change is on disk."""

    def commit(self, change: ChangeSet) -> None:
        """Write all of it or nothing.

        Raises:
            Conflict: a record has moved on since it was read, or the finished step was claimed by another.
        """

    def authorization(self, identity: str) -> Authorization:
        """Raises NotFound."""

    def authorizations(self, query: Query) -> tuple[Authorization, ...]: ...

    def order(self, identity: str) -> StoredOrder:
        """Raises NotFound."""

    def completions(self, order_id: str) -> tuple[Completion, ...]: ...

    def events(
        self, *, after: int = 0, authorization: str = "", client: str = "", limit: int = 100
    ) -> tuple[LoggedEvent, ...]: ...

    def exchanges(self, authorization: str) -> tuple[Exchange, ...]: ...

    def claim(self, owner: str, now: datetime, lease: timedelta, *, only: Collection[str] | None = None) -> Work | None:
        """The most overdue step that is due and not leased to someone else; its fence rises by one.

        `only` limits the choice to these authorizations.
        """

    def work(self, authorization: str) -> Work | None: ...

    def clients(self) -> tuple[Client, ...]: ...

    def add_client(self, client: Client) -> None:
        """Raises Conflict when the name is taken."""

    def remove_client(self, name: str) -> None:
        """Its token is worth nothing from now on; its orders and records stay. Raises NotFound."""

    def ready(self) -> bool:
        """Whether the store answers and its schema is the one this code expects."""


class PayerClient(Protocol):
    """Sends bytes to a payer, authorized; it never repeats a submit on its own."""

    def submit(self, payer: PayerProfile, body: bytes) -> Outcome:
        """POST [base]/Claim/$submit within the payer's total deadline; every failure is a value."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""


class Ids(Protocol):
    def new(self) -> str:
        """A fresh version-4 UUID as lower-case text."""


class Log(Protocol):
    """The closed list of log lines: `line` names one of them, fields are ids, counts, codes, durations."""

    def write(self, line: str, /, **fields: str | int | float) -> None: ...


class Waiters(Protocol):
    """Wakes those who wait for an authorization to move."""

    def announce(self, authorizations: Sequence[str]) -> None: ...

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after every announcement until the returned function is called."""
