"""Telling clients: with the event or not at all, in order, at least once, for three days, without a private value."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from gateway.adapters.store.memory import MemoryStore
from gateway.fhir import json
from gateway.flow import intake, notify
from gateway.flow import work as stuck
from gateway.flow.notify import NOTIFY, PATIENCE, WAITS, conclude, notifications
from gateway.flow.prepare import Treatment
from gateway.flow.world import World
from gateway.model.changes import Cause, ChangeSet, Work
from gateway.model.errors import Conflict
from gateway.model.exchange import Lost, NotSent, Outcome, Reply
from gateway.payers.site import Told, Webhook
from gateway.ports import WorkQuery
from gateway.worker import drain
from tests.private import leaks
from tests.scrub.test_scrub import poisoned
from tests.worlds import NOW, ORDERS, FixedClock, HeardLog, HeardNotifier, Unending, build_world

LEASE = timedelta(seconds=30)
HOOK = Webhook(
    client="ehr", url="https://ehr.example/hook", secrets=("env:HOOK",), events=Told.ALL, allow_loopback=False
)


def answered(status: int, retry_after: str = "") -> Reply:
    return Reply(status=status, media_type="", body=b"", received_at=NOW, retry_after=retry_after)


def world_with(*hooks: Webhook, script: list[Outcome] | None = None, store: MemoryStore | None = None) -> World:
    """A world whose client `ehr` is told by this script, and by 204 when the script has ended."""
    world = build_world(store=store)
    return replace(world, site=replace(world.site, webhooks=hooks or (HOOK,)), notifier=HeardNotifier(script or []))


def receive(world: World, body: bytes | None = None, client: str = "ehr") -> str:
    """An order comes in: two events of one record, in one commit."""
    order = body or (ORDERS / "home_oxygen.json").read_bytes()
    return intake.receive(world, order, Treatment(), client=client, actor=f"ehr:{client}").authorizations[0]


def told(world: World) -> list[str]:
    assert isinstance(world.notifier, HeardNotifier)
    return [identity for _, identity, _ in world.notifier.told]


def waiting(world: World) -> list[Work]:
    return sorted(world.store.works(WorkQuery(step=NOTIFY)), key=lambda one: one.key)


def claimed(world: World, owner: str = "worker") -> Work:
    """The most overdue step that tells."""
    while work := world.store.claim(owner, world.clock.now(), LEASE):
        if work.step == NOTIFY:
            return work
    raise AssertionError("nothing is due")


def steps(world: World) -> Iterator[Work]:
    """Do what is due; then what the next step is due at, and so on; yields each step before it is done."""
    assert isinstance(world.clock, FixedClock)
    while open_ := [one for one in waiting(world) if not one.set_aside_at]:
        world.clock.present = max(world.clock.present, min(one.due_at for one in open_))
        work = claimed(world)
        yield work
        notify.run(world, work, Unending())


def test_every_event_of_a_commit_is_told_by_a_step_in_the_same_change() -> None:
    class Watching(MemoryStore):
        def commit(self, change: ChangeSet) -> None:
            seen.append(change)
            super().commit(change)

    seen: list[ChangeSet] = []
    world = world_with(store=Watching())
    identity = receive(world)
    (change,) = seen
    assert [event.version for event in change.events] == [1, 2]
    tell = [work for work in change.work if work.step == NOTIFY]
    assert [(work.authorization, work.key, work.lane, work.due_at) for work in tell] == [
        (identity, "notify/1", "client:ehr", NOW),
        (identity, "notify/2", "client:ehr", NOW),
    ]


def test_a_client_without_a_webhook_is_not_told_and_another_is() -> None:
    world = world_with()
    receive(world, client="other")
    assert waiting(world) == []
    assert notifications((), (), (), NOW) == ()


def test_who_asked_for_decisions_hears_of_nothing_else() -> None:
    world = world_with(replace(HOOK, events=Told.DECISIONS))
    identity = receive(world)
    assert waiting(world) == []
    drain(world, [identity], lease=LEASE)
    for _ in steps(world):
        pass
    kinds = [type(one.event).__name__ for one in world.store.events(authorization=identity)]
    assert kinds[-1] == "Decided"
    assert told(world) == [f"{identity}/{len(kinds)}"]


def test_a_message_is_thin_and_holds_no_private_value() -> None:
    world = world_with()
    identity = receive(world, poisoned("home_oxygen"))
    for _ in steps(world):
        pass
    record = world.store.authorization(identity)
    assert isinstance(world.notifier, HeardNotifier)
    (_, _, first), (_, _, second) = world.notifier.told
    assert leaks(first.decode() + second.decode()) == []
    assert record.patient not in first.decode() + second.decode()
    assert json.loads(second) == {
        "type": "authorization.request_built",
        "id": f"{identity}/2",
        "authorization": identity,
        "order": record.order_id,
        "event": "RequestBuilt",
        "position": 2,
        "version": 2,
        "before": "received",
        "after": "ready",
        "state": "ready",
        "determination": "none",
        "at": "2026-11-24T15:00:00Z",
        "links": {"authorization": f"/authorizations/{identity}", "events": f"/authorizations/{identity}/events"},
    }
    assert json.loads(first)["before"] is None
    assert json.loads(first)["type"] == "authorization.order_received"


def test_what_was_told_is_done_and_logged_by_ids() -> None:
    world = world_with()
    identity = receive(world)
    assert [work.tries for work in steps(world)] == [1, 1]
    assert told(world) == [f"{identity}/1", f"{identity}/2"]
    assert waiting(world) == []
    assert isinstance(world.log, HeardLog)
    assert world.log.lines[-1] == (
        "webhook.told",
        {"authorization": identity, "client": "ehr", "attempt": 1, "status": 204},
    )


def test_events_of_a_record_are_told_in_order_though_one_fails_and_ten_sorts_before_nine() -> None:
    fourth = [answered(204)] * 3 + [answered(500), Lost("x"), NotSent("x")]
    world = world_with(script=fourth)
    identity = receive(world, (ORDERS / "with_gaps.json").read_bytes())
    order = world.store.authorization(identity).order_id
    for _ in range(5):
        intake.complete(world, order, b'{"resourceType":"Practitioner","id":"gaps-orderer"}', actor="ehr:ehr")
    tries = {work.key: work.tries for work in steps(world)}
    numbers = [int(one.rpartition("/")[2]) for one in told(world)]
    assert numbers == [1, 2, 3, 4, 4, 4, *range(4, 13)]
    assert tries == {f"notify/{n}": 4 if n == 4 else 1 for n in range(1, 13)}, "waiting behind another is no try"
    assert waiting(world) == []


def test_a_later_event_waits_while_another_worker_tells_the_earlier_one() -> None:
    world = world_with()
    identity = receive(world)
    first, second = claimed(world, "one"), claimed(world, "two")
    notify.run(world, second, Unending())
    assert told(world) == []
    behind = world.store.work(identity, "notify/2")
    assert behind is not None
    assert (behind.tries, behind.owner, behind.lease_until) == (0, "", None)
    assert NOW < behind.due_at < NOW + timedelta(seconds=1)
    notify.run(world, first, Unending())
    assert isinstance(world.clock, FixedClock)
    world.clock.present = behind.due_at
    notify.run(world, claimed(world, "two"), Unending())
    assert told(world) == [f"{identity}/1", f"{identity}/2"]


def test_who_dies_between_the_post_and_the_commit_tells_again_under_the_same_id() -> None:
    class Dying(MemoryStore):
        dies = False

        def commit(self, change: ChangeSet) -> None:
            if self.dies:
                raise SystemExit
            super().commit(change)

    store = Dying()
    world = world_with(store=store)
    identity = receive(world)
    work = claimed(world, "first")
    store.dies = True
    with pytest.raises(SystemExit):
        notify.run(world, work, Unending())
    store.dies = False
    assert isinstance(world.clock, FixedClock)
    world.clock.advance(LEASE)
    again = claimed(world, "second")
    assert (again.key, again.tries) == ("notify/1", 2)
    notify.run(world, again, Unending())
    assert told(world) == [f"{identity}/1", f"{identity}/1"]
    assert isinstance(world.notifier, HeardNotifier)
    (_, _, once), (_, _, twice) = world.notifier.told
    assert once == twice


def test_a_zombie_cannot_undo_what_the_next_worker_did() -> None:
    world = world_with(script=[answered(204), answered(500)])
    receive(world)
    zombie = claimed(world, "zombie")
    assert isinstance(world.clock, FixedClock)
    world.clock.advance(LEASE)
    notify.run(world, claimed(world, "next"), Unending())
    with pytest.raises(Conflict):
        notify.run(world, zombie, Unending())
    assert [work.key for work in waiting(world)] == ["notify/2"]


def test_a_dead_webhook_is_tried_for_three_days_then_shown_and_the_next_event_goes_on() -> None:
    world = world_with(script=[answered(503)] * 99)
    receive(world)
    times: list[datetime] = []
    for work in steps(world):
        if waiting(world)[0].set_aside_at:
            break
        if work.key == "notify/1":
            times.append(world.clock.now())
    waits = [after - before for before, after in pairwise(times)]
    assert times[-1] == NOW + PATIENCE
    assert waits[:6] == sorted(waits[:6])
    for wait, planned in zip(waits[:-1], [*WAITS, *[WAITS[-1]] * len(waits)], strict=False):
        assert planned * 0.8 <= wait <= planned * 1.2
    assert 12 <= len(times) <= 16
    dead = waiting(world)[0]
    assert (dead.key, dead.cause, dead.set_aside_at) == ("notify/1", Cause.WEBHOOK, NOW + PATIENCE)
    assert dead.reason == "not told in 3 days; the last try: HTTP 503"
    assert world.store.works(WorkQuery(cause=Cause.WEBHOOK, set_aside=True)) == (dead,)
    notify.run(replace(world, notifier=HeardNotifier()), work, Unending())
    assert waiting(world) == [dead], "the next one is told"


def test_a_webhook_that_is_gone_is_set_aside_at_once_and_the_next_event_is_told() -> None:
    world = world_with(script=[answered(410)])
    identity = receive(world)
    for _ in steps(world):
        pass
    assert told(world) == [f"{identity}/1", f"{identity}/2"]
    (gone,) = waiting(world)
    assert (gone.key, gone.cause, gone.tries) == ("notify/1", Cause.WEBHOOK, 1)
    assert gone.reason.startswith("HTTP 410: ")
    assert isinstance(world.log, HeardLog)
    assert "webhook.set_aside" in [line for line, _ in world.log.lines]


def test_what_was_set_aside_is_told_when_a_person_retries_it() -> None:
    world = world_with(script=[answered(410)])
    identity = receive(world)
    for _ in steps(world):
        pass
    stuck.retry(world, identity, "notify/1", actor="person:p")
    for _ in steps(world):
        pass
    assert told(world)[-1] == f"{identity}/1"
    assert waiting(world) == []


def test_a_webhook_that_was_removed_ends_its_steps_with_a_line_in_the_log() -> None:
    world = world_with()
    receive(world)
    world = replace(world, site=replace(world.site, webhooks=()))
    for _ in steps(world):
        pass
    assert told(world) == []
    assert waiting(world) == []
    assert isinstance(world.log, HeardLog)
    assert [line for line, _ in world.log.lines].count("webhook.removed") == 2


STEP = Work(authorization="a", step=NOTIFY, key="notify/1", lane="client:ehr", due_at=NOW, tries=1)


@pytest.mark.parametrize(
    "outcome",
    [answered(status) for status in (301, 302, 307, 308, 400, 401, 404, 429, 500, 503)] + [Lost("x"), NotSent("x")],
    ids=lambda outcome: str(outcome.status) if isinstance(outcome, Reply) else type(outcome).__name__,
)
def test_anything_but_2xx_and_410_is_tried_again(outcome: Outcome) -> None:
    rest = conclude(STEP, outcome, NOW, now=NOW)
    assert rest is not None
    assert rest.cause is None
    assert timedelta(seconds=4) <= rest.due_at - NOW <= timedelta(seconds=6)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_means_told(status: int) -> None:
    assert conclude(STEP, answered(status), NOW, now=NOW) is None


def test_what_failed_together_does_not_come_back_together_and_a_replay_gives_the_same() -> None:
    def due(n: int) -> datetime:
        rest = conclude(replace(STEP, authorization=f"a{n}", tries=5), Lost("x"), NOW, now=NOW)
        assert rest is not None
        return rest.due_at

    dues = {due(n) for n in range(200)}
    assert len(dues) == 200
    assert max(dues) - min(dues) > WAITS[4] * 0.3
    assert due(7) == due(7)


@pytest.mark.parametrize(
    ("retry_after", "tries", "least", "most"),
    [
        ("120", 1, 120, 120),  # longer than planned: honoured
        ("1", 2, 48, 72),  # shorter than planned: it would be called every second for three days
        ("-5", 2, 48, 72),
        ("999999999999", 1, 3600, 3600),  # no longer than an hour
        ("nonsense", 1, 4, 6),
        ("Tue, 24 Nov 2026 15:10:00 GMT", 1, 600, 600),
    ],
)
def test_a_longer_retry_after_is_honoured_within_limits(retry_after: str, tries: int, least: int, most: int) -> None:
    for status in (429, 503):
        rest = conclude(replace(STEP, tries=tries), answered(status, retry_after), NOW, now=NOW)
        assert rest is not None
        assert least <= (rest.due_at - NOW).total_seconds() <= most


def test_no_wait_reaches_past_the_end_so_that_the_last_try_is_made_then() -> None:
    rest = conclude(replace(STEP, tries=9), Lost("x"), NOW, now=NOW + PATIENCE - timedelta(minutes=1))
    assert rest is not None
    assert rest.due_at == NOW + PATIENCE
