"""Builds ChangeSets: applies events to records, keeps the account of it, and commits."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.fhir import json
from gateway.flow.notify import notifications
from gateway.flow.world import World
from gateway.model import lifecycle
from gateway.model.authorization import Authorization, State
from gateway.model.changes import Cause, ChangeSet, Completion, IntakeKey, LoggedEvent, StoredOrder, Work
from gateway.model.events import Event, OrderReceived
from gateway.model.exchange import Direction, Exchange, Reply
from gateway.ports import DUE

SUBMIT = "submit"
INQUIRE = "inquire"


@dataclass(slots=True)
class Changes:
    """A ChangeSet in the making: `open` and `apply` keep record, events and work in step.

    A step belongs to the state it was scheduled for: a record that moves gets a new one, or has none any more.
    """

    records: dict[str, Authorization] = field(default_factory=dict)
    events: list[LoggedEvent] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    work: dict[str, Work] = field(default_factory=dict)

    def open(self, identity: str, event: OrderReceived) -> Authorization:
        """A new record and its first event."""
        record = lifecycle.start(identity, event)
        return self._keep(record, None, event)

    def apply(self, record: Authorization, event: Event) -> Authorization:
        """The record after `event`. Raises IllegalTransition."""
        present = self.records.get(record.id, record)
        return self._keep(lifecycle.apply(present, event), present, event)

    def schedule(self, record: Authorization, step: str, due_at: datetime, *, tries: int = 0) -> None:
        """The record's next step; `tries` when it is the same one again."""
        self.work[record.id] = Work(authorization=record.id, step=step, due_at=due_at, lane=record.payer, tries=tries)

    def set_aside(self, record: Authorization, step: str, cause: Cause, reason: str, at: datetime) -> None:
        """Leave the next step to a person; `pa work list` shows it."""
        self.work[record.id] = Work(
            authorization=record.id,
            step=step,
            due_at=at,
            lane=record.payer,
            cause=cause,
            reason=reason,
            set_aside_at=at,
        )

    def change_set(self, *, finished: Work | None = None, held: Work | None = None) -> ChangeSet:
        kept = {work.authorization for work in (finished, held) if work} | self.work.keys()
        earlier = {event.authorization for event in self.events if event.before}
        return ChangeSet(
            records=tuple(self.records.values()),
            events=tuple(self.events),
            exchanges=tuple(self.exchanges),
            work=tuple(self.work.values()),
            finished=finished,
            held=held,
            void=tuple(sorted(earlier - kept)),
        )

    def _keep(self, record: Authorization, before: Authorization | None, event: Event) -> Authorization:
        self.records[record.id] = record
        self.events.append(
            LoggedEvent(
                authorization=record.id,
                version=record.version,
                before=before.state if before else None,
                after=record.state,
                event=event,
            )
        )
        return record


def commit(
    world: World,
    changes: Changes,
    *,
    finished: Work | None = None,
    held: Work | None = None,
    order: StoredOrder | None = None,
    completion: Completion | None = None,
    keys: tuple[IntakeKey, ...] = (),
) -> None:
    """Put it on disk with the steps that tell the clients of it, then wake those who wait for it.

    Raises:
        Conflict: a record has moved on, the step is another's by now, or a key is taken; nothing was written.
    """
    change = changes.change_set(finished=finished, held=held)
    told = notifications(change.records, change.events, world.site.webhooks, world.clock.now())
    world.store.commit(replace(change, work=(*change.work, *told), order=order, completion=completion, keys=keys))
    # That a request is going out ends nobody's waiting.
    moved = [record for record in change.records if record.state is not State.SUBMITTING]
    names = {name for record in moved for name in (record.id, record.order_id)}
    if names or change.work or told:
        world.waiters.announce(names | {DUE} if change.work or told else names)


def leg(
    record: Authorization, identity: str, direction: Direction, at: datetime, body: bytes, **parts: str
) -> Exchange:
    """One leg of an exchange of `record`, a submit unless `operation` says otherwise.

    A leg that opens an exchange is its own pair.
    """
    return Exchange(
        id=identity,
        authorization=record.id,
        pair=parts.get("pair", identity),
        operation=parts.get("operation", SUBMIT),
        attempt=record.attempts,
        direction=direction,
        at=at,
        url=parts.get("url", ""),
        identifier=parts.get("identifier", ""),
        media_type="application/fhir+json",
        sha256=json.digest(body),
        body=body,
    )


def reply_leg(record: Authorization, identity: str, request: Exchange, reply: Reply) -> Exchange:
    """The reply to `request`, as it came."""
    present = leg(
        record, identity, Direction.REPLY, reply.received_at, reply.body, pair=request.id, operation=request.operation
    )
    return replace(present, status=reply.status, media_type=reply.media_type)


def reply_to(request: Exchange, exchanges: tuple[Exchange, ...]) -> Reply | None:
    """The reply to `request` that was kept, as it came."""
    kept = next((one for one in exchanges if one.direction is Direction.REPLY and one.pair == request.id), None)
    if kept is None:
        return None
    return Reply(status=kept.status, media_type=kept.media_type, body=kept.body, received_at=kept.at)


def latest(exchanges: tuple[Exchange, ...], direction: Direction, operation: str = SUBMIT) -> Exchange | None:
    """The last leg of that kind."""
    meant = (one for one in reversed(exchanges) if one.direction is direction and one.operation == operation)
    return next(meant, None)
