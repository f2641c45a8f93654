"""A caller waits for the decision without holding a thread, and never longer than it is worth."""

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from anyio import to_thread

from gateway.adapters.store.memory import MemoryStore
from gateway.api import waiting
from gateway.flow.world import World
from gateway.model.authorization import Authorization
from gateway.model.clocks import Duration
from gateway.model.exchange import NotSent
from gateway.payers.profile import Payers, Retry
from gateway.ports import Query
from tests.unit.api.calling import FHIR, ORDER, Api, GatedPayer, another_order, working
from tests.worlds import FixedClock, build_world


def without_delay(payers: Payers) -> Payers:
    """The same payers, promising to respond at once."""
    return Payers({name: replace(one, clocks=replace(one.clocks, respond=Duration())) for name, one in payers.items()})


def with_patience(payers: Payers) -> Payers:
    """The same payers, tried again after hours, whatever the jitter."""
    hours = Duration(clock=timedelta(hours=100))
    retry = Retry(first=hours, most=hours)
    return Payers({name: replace(one, retry=retry) for name, one in payers.items()})


class DeafWaiters:
    """Nobody hears anything, as of a commit in another process."""

    def announce(self, authorizations: object) -> None: ...

    def listen(self, listener: object, to: object = ()) -> object:
        return lambda: None


class WatchedStore(MemoryStore):
    """Tells how often somebody looked whether an order has come to rest."""

    def __init__(self) -> None:
        super().__init__()
        self.looked, self.looks = threading.Event(), 0

    def authorizations(self, query: Query) -> tuple[Authorization, ...]:
        found = super().authorizations(query)
        self.looks += 1
        self.looked.set()
        return found


@pytest.fixture
def store() -> WatchedStore:
    return WatchedStore()


@pytest.fixture
def world(store: WatchedStore) -> World:
    return build_world(store=store)


@pytest.fixture
def payer(world: World) -> GatedPayer:
    return GatedPayer(world)


@pytest.fixture
def gated(world: World, payer: GatedPayer) -> Iterator[Api]:
    patient_world = replace(world, payer_client=payer)
    with working(patient_world):
        yield Api(patient_world)
        payer.gate.set()


async def post(api: Api, body: bytes = ORDER, **query: float) -> httpx.Response:
    async with api.client() as client:
        return await client.post("/orders", content=body, headers=FHIR, params=query)


def test_the_wait_ends_as_soon_as_the_decision_is_committed(
    gated: Api, payer: GatedPayer, store: WatchedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_POLL_SECONDS", 60.0)  # only the announcement can end it

    async def run() -> httpx.Response:
        call = asyncio.create_task(post(gated))
        assert await to_thread.run_sync(store.looked.wait, 10)
        assert await to_thread.run_sync(payer.arrived.wait, 10)
        assert not call.done()
        payer.gate.set()
        return await asyncio.wait_for(call, 10)

    answer = asyncio.run(run())
    assert answer.status_code == 201
    assert answer.json()["authorizations"][0]["state"] == "decided"


def test_a_decision_committed_by_another_process_is_seen_by_polling(
    world: World, payer: GatedPayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_POLL_SECONDS", 0.01)
    here = replace(world, payer_client=payer, waiters=DeafWaiters())  # type: ignore[arg-type]
    payer.gate.set()
    with working(replace(world, payer_client=payer)):
        assert Api(here).submit().status_code == 201


def test_many_callers_wait_without_a_thread_each(gated: Api, payer: GatedPayer) -> None:
    callers = 60  # more than there are threads to borrow (40)

    async def run() -> list[httpx.Response]:
        calls = [asyncio.create_task(post(gated, another_order(n))) for n in range(callers)]
        assert await to_thread.run_sync(payer.arrived.wait, 10)
        async with gated.client() as client:
            assert (await asyncio.wait_for(client.get("/ready"), 10)).status_code == 200
        payer.gate.set()
        return await asyncio.gather(*calls)

    assert {answer.status_code for answer in asyncio.run(run())} == {201}


def test_a_caller_may_wait_for_less_and_looks_only_when_something_moves(gated: Api, store: WatchedStore) -> None:
    async def run() -> httpx.Response:
        call = asyncio.create_task(post(gated, wait=0.2))
        assert await to_thread.run_sync(store.looked.wait, 10)
        gated.world.waiters.announce([])
        return await call

    answer = asyncio.run(run())
    assert answer.status_code == 202
    assert answer.json()["authorizations"][0]["state"] in ("ready", "submitting")
    assert store.looks <= 5


def test_whoever_is_done_waiting_is_not_called_any_more(gated: Api) -> None:
    listeners = gated.world.waiters._listeners  # type: ignore[attr-defined]
    before = dict(listeners)
    gated.submit(wait=0.01)
    assert listeners == before


def test_nobody_waits_longer_than_the_payer_takes_to_respond(gated: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MARGIN_SECONDS", 0.05)
    begun = time.monotonic()
    answer = Api(replace(gated.world, payers=without_delay(gated.world.payers))).submit()
    assert answer.status_code == 202
    assert time.monotonic() - begun < 10


def test_an_attempt_that_is_due_only_later_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MARGIN_SECONDS", 4.9)
    world = build_world(script=[NotSent("connection refused")])
    world = replace(world, payers=with_patience(world.payers))
    begun = time.monotonic()
    with working(world):
        answer = Api(replace(world, payers=without_delay(world.payers))).submit()
    (record,) = answer.json()["authorizations"]
    assert (answer.status_code, record["state"]) == (202, "ready")
    assert record["next_attempt_at"]
    assert record["attention"]
    assert time.monotonic() - begun < 4


def test_an_attempt_that_is_due_soon_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_POLL_SECONDS", 0.01)
    world = build_world(script=[NotSent("connection refused")])
    clock = world.clock
    assert isinstance(clock, FixedClock)

    def hurry() -> None:  # the worker polls by the world's clock: let it pass
        if any(record.not_before for record in world.store.authorizations(Query())):
            clock.present += timedelta(seconds=10)

    world.waiters.listen(hurry)
    with working(world):
        assert Api(world).submit().status_code == 201
