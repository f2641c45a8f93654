"""What the flow needs from the world, as Protocols; adapters satisfy them by structure."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from gateway.model.authorization import Authorization, State
from gateway.model.changes import Cause, ChangeSet, Completion, IntakeKey, LoggedEvent, StoredOrder, Work
from gateway.model.exchange import Exchange, Outcome
from gateway.model.payer_state import PayerState
from gateway.payers.profile import PayerProfile
from gateway.payers.site import Webhook


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


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkQuery:
    """Which steps; empty fields do not filter. Sorted by `set_aside_at` (none last), then by `due_at`."""

    authorization: str = ""
    client: str = ""
    lane: str = ""
    step: str = ""
    cause: Cause | None = None
    set_aside: bool | None = None
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Client:
    """A caller of the API; only the SHA-256 of its token is kept."""

    name: str
    token_sha256: str
    created_at: datetime


LONGEST_LEASE = timedelta(hours=1)


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

    def last_exchange(self, authorization: str) -> str:
        """The id of the last leg, without reading any body; empty when there is none."""

    def claim(
        self,
        owner: str,
        now: datetime,
        lease: timedelta,
        *,
        only: Collection[str] | None = None,
        closed: Collection[str] = (),
    ) -> Work | None:
        """The most overdue step that is due, not set aside and not leased to someone else; fence and tries rise by one.

        `now` is the store's own, where it has one: leases of several machines are judged by one clock. A lease that
        ends later than LONGEST_LEASE from now was written by a clock that was wrong, and counts as over.
        `only` limits the choice to these authorizations; steps of the lanes in `closed` are passed over. A row that
        cannot be read is set aside as corrupt and passed over.
        """

    def renew(self, work: Sequence[Work], until: datetime) -> tuple[bool, ...]:
        """Extend the lease of claimed steps, in one transaction; False for each that is no longer the owner's.

        `until` is by the store's own clock, as `now` of `claim`.
        """

    def give_back(self, work: Work) -> None:
        """Free a claimed step that was not begun, due as before; nothing happens when it was taken over."""

    def work(self, authorization: str, key: str = "") -> Work | None: ...

    def works(self, query: WorkQuery) -> tuple[Work, ...]: ...

    def intake_keys(self, client: str, keys: Collection[str]) -> tuple[IntakeKey, ...]: ...

    def payer_states(self) -> tuple[PayerState, ...]: ...

    def change_payer(self, lane: str, change: Callable[[PayerState], PayerState]) -> PayerState:
        """Replace the state of a lane by what `change` makes of it, in one transaction; the new state."""

    def clients(self) -> tuple[Client, ...]: ...

    def add_client(self, client: Client) -> None:
        """Raises Conflict when the name is taken."""

    def remove_client(self, name: str) -> None:
        """Its token is worth nothing from now on; its orders and records stay. Raises NotFound."""

    def now(self) -> datetime | None:
        """The instant by the database's own clock; None where the store goes by the clock of this machine."""

    def ready(self) -> bool:
        """Whether the store answers and its schema is the one this code expects."""


class Hold(Protocol):
    """A worker's hold on the step it does; a zombie finds that it has none."""

    def left(self) -> float:
        """Seconds for which the step is surely still ours, on a monotonic clock; 0 when it may be another's."""


class PayerClient(Protocol):
    """Sends bytes to a payer, authorized; it never repeats a submit on its own."""

    def submit(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        """POST [base]/Claim/$submit within the payer's total deadline; every failure is a value.

        Not a byte of the request is written once `hold` has nothing left.
        """

    def inquire(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        """POST [base]/Claim/$inquire, likewise."""


class Notifier(Protocol):
    """Tells a client's webhook of an event; it never repeats a POST on its own."""

    def tell(self, webhook: Webhook, identity: str, body: bytes, hold: Hold) -> Outcome:
        """POST `body`, signed, as message `identity` (Standard Webhooks); every failure is a value, as for payers."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""

    def steady(self) -> float:
        """Seconds since some moment: nobody sets them, and they go on while the machine sleeps."""


class Ids(Protocol):
    def new(self) -> str:
        """A fresh version-4 UUID as lower-case text."""


class Log(Protocol):
    """The closed list of log lines: `line` names one of them, fields are ids, counts, codes, durations."""

    def write(self, line: str, /, **fields: str | int | float) -> None: ...


DUE = "due"
"""What is announced when a step may be due."""


class Waiters(Protocol):
    """Wakes those who wait for an authorization to move, or for work."""

    def announce(self, moved: Collection[str]) -> None:
        """Say which authorizations and orders have moved, by their ids, and DUE; nothing named: all may have."""

    def listen(self, listener: Callable[[], None], to: Collection[str] = ()) -> Callable[[], None]:
        """Call `listener` after every announcement of one of these, or of anything, until the result is called."""
