"""Builds ChangeSets: applies events to records and keeps the account of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.fhir import json
from gateway.model import lifecycle
from gateway.model.authorization import Authorization
from gateway.model.changes import ChangeSet, LoggedEvent, Work
from gateway.model.events import Event, OrderReceived
from gateway.model.exchange import Direction, Exchange, Reply

SUBMIT = "submit"


@dataclass(slots=True)
class Changes:
    """A ChangeSet in the making: `open` and `apply` keep record, events and work in step."""

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

    def schedule(self, record: Authorization, step: str, due_at: datetime) -> None:
        self.work[record.id] = Work(authorization=record.id, step=step, due_at=due_at)

    def change_set(self, *, finished: Work | None = None) -> ChangeSet:
        return ChangeSet(
            records=tuple(self.records.values()),
            events=tuple(self.events),
            exchanges=tuple(self.exchanges),
            work=tuple(self.work.values()),
            finished=finished,
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


def leg(
    record: Authorization, identity: str, direction: Direction, at: datetime, body: bytes, **parts: str
) -> Exchange:
    """One leg of the submit exchange of `record`; a leg that opens an exchange is its own pair."""
    return Exchange(
        id=identity,
        authorization=record.id,
        pair=parts.get("pair", identity),
        operation=SUBMIT,
        attempt=record.attempts,
        direction=direction,
        at=at,
        url=parts.get("url", ""),
        identifier=parts.get("identifier", ""),
        media_type="application/fhir+json",
        sha256=json.digest(body),
        body=body,
    )


def reply_leg(record: Authorization, identity: str, pair: str, reply: Reply) -> Exchange:
    present = leg(record, identity, Direction.REPLY, reply.received_at, reply.body, pair=pair)
    return replace(present, status=reply.status, media_type=reply.media_type)
