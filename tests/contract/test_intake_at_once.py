"""Orders that come in at once, over every store: one is taken in, and all are told of it (see test_intake_repeats)."""

import threading
from collections.abc import Callable

import pytest

from gateway.fhir import json
from gateway.flow import intake
from gateway.flow.intake import Received
from gateway.flow.world import World
from gateway.model.authorization import State
from gateway.model.errors import GatewayError
from gateway.ports import Query, Store
from tests.unit.flow.test_intake_repeats import KNEE, count, order, receive, version
from tests.worlds import build_world


@pytest.fixture
def world(store: Store) -> World:
    return build_world(store=store)


def together(*acts: Callable[[], Received]) -> list[Received | GatewayError]:
    """All at once, as far as threads allow; what each came to."""
    start = threading.Barrier(len(acts))
    done: list[Received | GatewayError] = []

    def run(act: Callable[[], Received]) -> None:
        start.wait()
        try:
            done.append(act())
        except GatewayError as fault:
            done.append(fault)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return done


@pytest.mark.parametrize("key", ["", "k-4"])
def test_of_many_repeats_at_once_one_wins_and_all_get_its_result(world: World, key: str) -> None:
    done = together(*[lambda: receive(world, order(), key=key)] * 6)
    received = [one for one in done if isinstance(one, Received)]
    assert len(received) == 6, done
    assert len({one.order_id for one in received}) == 1
    assert [one.again for one in received].count(False) == 1
    assert count(world) == 1


def test_of_many_revisions_at_once_one_goes_and_the_others_wait_for_a_person(world: World) -> None:
    done = together(*[lambda n=n: receive(world, order(KNEE, version(str(n)))) for n in range(6)])
    assert all(isinstance(one, Received) for one in done), done
    states = [record.state for record in world.store.authorizations(Query(limit=1000))]
    assert sorted(states) == [State.HELD] * 5 + [State.READY]


def test_a_completion_and_a_new_revision_at_once_do_not_both_go(world: World) -> None:
    whole = json.loads(order())["entry"][0]["resource"]
    missing = {name: whole[name] for name in ("resourceType", "id", "code")}
    first = receive(world, order(KNEE, lambda resource: resource.pop("code")))
    assert world.store.authorization(first.authorizations[0]).state is State.DOCUMENTING
    done = together(
        lambda: intake.complete(world, first.order_id, json.dumps(missing), actor="person:n"),
        lambda: receive(world, order()),
    )
    states = [record.state for record in world.store.authorizations(Query(limit=1000))]
    assert states.count(State.READY) == 1, (states, done)
