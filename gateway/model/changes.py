"""What one step changes, as one value: the Store commits all of it or nothing."""

from dataclasses import dataclass, field
from datetime import datetime

from gateway.model.authorization import Authorization, State
from gateway.model.events import Event
from gateway.model.exchange import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOrder:
    """An order as it arrived: the caller's bytes, and how they asked it to be treated."""

    id: str
    client: str
    received_at: datetime
    sha256: str
    body: bytes = field(repr=False)
    split: bool = False
    hold: bool = False
    requestor: str = ""
    payer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A completion file for an order: resources merged over the order's own, in order of `number` (from 1)."""

    order_id: str
    number: int
    actor: str
    received_at: datetime
    sha256: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """An event as kept: append-only. `position` is given by the Store, rising over all records."""

    position: int = 0
    authorization: str
    version: int
    before: State | None
    after: State
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The next step of an authorization: the row that is the unit of work (design 4.2).

    Attributes:
        fence: rises with every claim; a commit with an older fence is refused.
        lease_until: until then the step belongs to `owner`.
    """

    authorization: str
    step: str
    due_at: datetime
    owner: str = ""
    lease_until: datetime | None = None
    fence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """Everything one step changes.

    Attributes:
        records: as they shall be; version n replaces version n - 1, version 1 is new.
        work: the next step of each record named here replaces its present one.
        finished: a claimed step that is done; its fence is verified in the same transaction. When `work` names
            the same authorization, the step is replaced, else removed.
    """

    order: StoredOrder | None = None
    completion: Completion | None = None
    records: tuple[Authorization, ...] = ()
    events: tuple[LoggedEvent, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    work: tuple[Work, ...] = ()
    finished: Work | None = None
