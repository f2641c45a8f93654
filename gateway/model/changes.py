"""What one step changes, as one value: the Store commits all of it or nothing."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

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


class Cause(StrEnum):
    """Why a step cannot go on by itself; what a person can do differs by it (`pa work show`)."""

    DOUBT = "doubt"
    UNREACHABLE = "unreachable"
    NOT_ACCEPTED = "not_accepted"
    CONFIGURATION = "configuration"
    WEBHOOK = "webhook"
    CORRUPT = "corrupt"
    DEFECT = "defect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A step that is to be done: the row that is the unit of work (design 4.2).

    Attributes:
        step: `submit`, `inquire` or `notify`.
        key: empty for the record's own next step; `notify/<version>` for telling the caller of one event.
        lane: whose pause, circuit, rate and bulkhead it is subject to: a payer's id, or `client:NAME`.
        tries: how often it was claimed; carried along when the same step is scheduled again.
        fence: rises with every claim; a commit with an older fence is refused.
        lease_until: until then the step belongs to `owner`, who renews it while he lives.
        cause: why it was set aside, with `reason` in words; nobody claims it until a person retries it.
    """

    authorization: str
    step: str
    due_at: datetime
    key: str = ""
    lane: str = ""
    tries: int = 0
    owner: str = ""
    lease_until: datetime | None = None
    fence: int = 0
    cause: Cause | None = None
    reason: str = ""
    set_aside_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeKey:
    """By what a repeated `POST /orders` of a client is known again, and the order that the first one became.

    Attributes:
        key: `header:<SHA-256 of Idempotency-Key>`, or `order:<SHA-256 of order and patient>/<number>`, counted from 1
            over the revisions and completions of one order.
        fingerprint: SHA-256 of what was asked, or half a SHA-256 each of the order's revision and of its content.
    """

    client: str
    key: str
    fingerprint: str
    order_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """Everything one step changes.

    Attributes:
        records: as they shall be; version n replaces version n - 1, version 1 is new.
        work: each replaces the step with the same authorization and key, and raises its fence.
        finished: a claimed step that is done; its fence is verified in the same transaction. When `work` names
            the same authorization and key, the step is replaced, else removed.
        held: a claimed step that goes on: its fence is verified in the same transaction, and the row stays, in the
            `lane` that is given here: empty for one that is subject to nobody's limits any more.
        void: authorizations whose own next step (key empty), if any, is removed whoever has it: the record moved on
            without it. Its fence rises, so its holder is refused.
        keys: refused as a whole when one of them is taken.
    """

    order: StoredOrder | None = None
    completion: Completion | None = None
    records: tuple[Authorization, ...] = ()
    events: tuple[LoggedEvent, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    work: tuple[Work, ...] = ()
    finished: Work | None = None
    held: Work | None = None
    void: tuple[str, ...] = ()
    keys: tuple[IntakeKey, ...] = ()
