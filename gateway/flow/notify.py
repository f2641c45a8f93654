"""Tells clients what happened to their authorizations: one POST for each event, in order, at least once.

Standard Webhooks 1.0 (message ids, retries, status 410). The step is in the same ChangeSet as its event, so that no
event is told before it is on disk, and none is forgotten. A process that dies after the POST leaves the step behind,
and the event is told again under the same id. `notifications`, `render` and `conclude` are pure; `run` performs the
one effect between them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus

from gateway.fhir import json
from gateway.flow.world import World
from gateway.model.authorization import Authorization
from gateway.model.changes import Cause, ChangeSet, LoggedEvent, Work
from gateway.model.events import Decided, DecisionRecorded, Event
from gateway.model.exchange import Outcome, Reply
from gateway.model.lifecycle import name
from gateway.payers.replies import retry_at
from gateway.payers.site import Told, Webhook
from gateway.ports import Hold, WorkQuery

NOTIFY = "notify"
PATIENCE = timedelta(days=3)
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, 7200, 18_000, 36_000))
# How far a wait may be off its schedule, so that what failed together does not come back together.
_JITTER = 0.2
# How long after an earlier event of the record it is looked again whether that one has been told.
_BEHIND = timedelta(seconds=0.25)
_MOST_EVENTS = 10_000


def notifications(
    records: Iterable[Authorization], events: Iterable[LoggedEvent], webhooks: Sequence[Webhook], now: datetime
) -> tuple[Work, ...]:
    """The steps that tell of `events`, due now: one for each event that the client of its record wants to hear of.

    `records` are those that the events happened to.
    """
    if not webhooks:
        return ()
    clients = {record.id: record.client for record in records}
    wanted = {webhook.client: webhook.events for webhook in webhooks}
    return tuple(
        Work(
            authorization=one.authorization,
            step=NOTIFY,
            key=f"{NOTIFY}/{one.version}",
            lane=f"client:{client}",
            due_at=now,
        )
        for one in events
        if (client := clients[one.authorization]) in wanted and _concerns(one.event, wanted[client])
    )


def run(world: World, work: Work, hold: Hold) -> None:
    """Tell a client of one event; every outcome ends in a committed ChangeSet.

    Raises:
        Conflict: another worker holds the step by now; the client may be told twice, under the same id.
    """
    record = world.store.authorization(work.authorization)
    webhook = world.site.webhook(record.client)
    if webhook is None:
        world.store.commit(ChangeSet(finished=work))
        world.log.write("webhook.removed", authorization=record.id, client=record.client)
        return
    now = world.clock.now()
    version = _version(work)
    if ahead := _ahead(world, record.id, version):
        _put(world, work, _behind(work, ahead, now))
        return
    logged = next(one for one in world.store.events(authorization=record.id, limit=version) if one.version == version)
    outcome = world.notifier.tell(webhook, _identity(logged), render(record, logged), hold)
    rest = conclude(work, outcome, logged.event.at, now=world.clock.now())
    _put(world, work, rest)
    _report(world, record, work, outcome, rest)


def render(record: Authorization, logged: LoggedEvent) -> bytes:
    """The message: what happened, by ids and codes only; who wants more follows the link, with a token.

    `before` and `after` belong to the event; `state` and `determination` are the record's at the time of telling,
    which may be past later events already.
    """
    kind = name(type(logged.event))
    return json.dumps({
        "type": f"authorization.{re.sub(r'(?<!^)(?=[A-Z])', '_', kind).lower()}",
        "id": _identity(logged),
        "authorization": record.id,
        "order": record.order_id,
        "event": kind,
        "position": logged.position,
        "version": logged.version,
        "before": logged.before,
        "after": logged.after,
        "state": record.state,
        "determination": record.determination,
        "at": logged.event.at.isoformat().replace("+00:00", "Z"),
        "links": {"authorization": f"/authorizations/{record.id}", "events": f"/authorizations/{record.id}/events"},
    })  # fmt: skip


def conclude(work: Work, outcome: Outcome, happened: datetime, *, now: datetime) -> Work | None:
    """What is left of the step: nothing after a 2xx; else another try, until PATIENCE after the event `happened`.

    The wait grows with the tries; a longer Retry-After is honoured up to its limit, a shorter one is not. After a
    410, and when patience has ended, the step is set aside, and the later events of the record are told.
    """
    status = outcome.status if isinstance(outcome, Reply) else 0
    if 200 <= status < 300:
        return None
    said = f"HTTP {status}" if isinstance(outcome, Reply) else outcome.reason
    if status == HTTPStatus.GONE:
        return _aside(
            work, f"{said}: the receiver says that this webhook is gone; correct or remove it in site.yaml", now
        )
    end = happened + PATIENCE
    if now >= end:
        return _aside(work, f"not told in {PATIENCE.days} days; the last try: {said}", now)
    wait = WAITS[min(max(work.tries, 1), len(WAITS)) - 1] * (1 + _JITTER * (2 * _share(work) - 1))
    again = now + wait
    if isinstance(outcome, Reply):
        again = max(again, retry_at(outcome.retry_after, now, wait))
    return _free(work, due_at=min(again, end))


def _concerns(event: Event, told: Told) -> bool:
    return told is Told.ALL or isinstance(event, Decided | DecisionRecorded)


def _identity(logged: LoggedEvent) -> str:
    return f"{logged.authorization}/{logged.version}"


def _version(work: Work) -> int:
    return int(work.key.removeprefix(f"{NOTIFY}/"))


def _ahead(world: World, authorization: str, version: int) -> Work | None:
    """The step of an earlier event of the record that is still to be told; one that was set aside is not."""
    query = WorkQuery(authorization=authorization, step=NOTIFY, set_aside=False, limit=_MOST_EVENTS)
    earlier = [one for one in world.store.works(query) if _version(one) < version]
    return min(earlier, key=_version, default=None)


def _behind(work: Work, ahead: Work, now: datetime) -> Work:
    """The step put off until the one ahead is due, which is no try of its own."""
    return replace(_free(work, due_at=max(ahead.due_at, now) + _BEHIND), tries=work.tries - 1)


def _free(work: Work, *, due_at: datetime) -> Work:
    return replace(work, due_at=due_at, owner="", lease_until=None)


def _aside(work: Work, reason: str, now: datetime) -> Work:
    return replace(_free(work, due_at=now), cause=Cause.WEBHOOK, reason=reason, set_aside_at=now)


def _share(work: Work) -> float:
    """A number from 0 to 1 that looks like dice and is always the same for the same step and try, as replays need."""
    digest = sha256(f"{work.authorization}/{work.key}/{work.tries}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 0xFFFF_FFFF


def _put(world: World, work: Work, rest: Work | None) -> None:
    world.store.commit(ChangeSet(work=(rest,) if rest else (), finished=work))


def _report(world: World, record: Authorization, work: Work, outcome: Outcome, rest: Work | None) -> None:
    line = "webhook.told"
    if rest:
        line = "webhook.set_aside" if rest.cause else "webhook.failed"
    status = {"status": outcome.status} if isinstance(outcome, Reply) else {}
    world.log.write(line, authorization=record.id, client=record.client, attempt=work.tries, **status)
