"""Steps beside the first: other keys, lanes, leases that are renewed or given back, steps set aside, who lists them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from gateway.adapters.store import tables
from gateway.adapters.store.sql import SqlStore
from gateway.model import events as e
from gateway.model.changes import Cause, ChangeSet, Work
from gateway.model.errors import Conflict
from gateway.ports import LONGEST_LEASE, Store, WorkQuery
from tests.contract.lives import START, opened, work

LEASE = timedelta(seconds=60)
HOUR = timedelta(hours=1)


def claimed(store: Store, owner: str = "a", seconds: float = 0, **parts: Any) -> Work:
    found = store.claim(owner, START + timedelta(seconds=seconds), LEASE, **parts)
    assert found
    return found


def scheduled(store: Store, authorization: str, **parts: Any) -> Work:
    """A record, if it is not there, and a step of it; as the store has it."""
    step = replace(work(authorization), **parts)
    if not store.events(authorization=authorization):
        opened(store, authorization)
    store.commit(ChangeSet(work=(step,)))
    present = store.work(authorization, step.key)
    assert present
    return present


def test_steps_with_different_keys_of_one_record_live_side_by_side(store: Store) -> None:
    own = scheduled(store, "one", lane="acorn")
    told = scheduled(store, "one", key="notify/2", step="notify", lane="client:valley", due_at=START - HOUR)
    first, second = claimed(store), claimed(store)
    assert [(one.key, one.step, one.lane) for one in (first, second)] == [
        ("notify/2", "notify", "client:valley"),
        ("", "submit", "acorn"),
    ]
    store.commit(ChangeSet(finished=first))
    assert store.work("one", "notify/2") is None
    assert store.work("one") == second
    assert own.fence == told.fence == 0


def test_finishing_one_step_and_scheduling_another_key_touches_no_third(store: Store) -> None:
    scheduled(store, "one", key="notify/1", step="notify")
    scheduled(store, "one")
    done = claimed(store)
    store.commit(ChangeSet(finished=done, work=(replace(work("one"), key="notify/2", step="notify"),)))
    assert [step.key for step in store.works(WorkQuery())] == sorted({"", "notify/1", "notify/2"} - {done.key})


def test_steps_of_closed_lanes_are_passed_over(store: Store) -> None:
    for hours, lane in enumerate(("acorn", "birch", "client:hill")):
        scheduled(store, f"one-{lane[0]}", lane=lane, due_at=START - HOUR * (5 - hours))
    assert claimed(store, closed=["acorn", "client:hill"]).lane == "birch"
    assert store.claim("a", START, LEASE, closed=("acorn", "client:hill")) is None
    assert claimed(store, closed={"acorn"}).lane == "client:hill"
    assert claimed(store).lane == "acorn"


def test_the_most_overdue_step_comes_first_whatever_its_lane(store: Store) -> None:
    for n in range(6):
        scheduled(store, f"one-{n}", lane=f"lane-{n % 3}", due_at=START - timedelta(minutes=(n * 7) % 6))
    order = [claimed(store).authorization for _ in range(6)]
    assert order == sorted(order, key=lambda name: (START - timedelta(minutes=(int(name[-1]) * 7) % 6), name))


def test_only_limits_a_claim_to_these_records_and_still_passes_over_closed_lanes(store: Store) -> None:
    scheduled(store, "one", lane="acorn", due_at=START - HOUR)
    scheduled(store, "two", lane="birch")
    assert claimed(store, only=["two"]).authorization == "two"
    assert store.claim("a", START, LEASE, only=["one"], closed=["acorn"]) is None
    assert store.claim("a", START, LEASE, only=[]) is None
    assert claimed(store, only=["one", "two"]).authorization == "one"


def test_every_claim_counts_as_a_try_and_tries_are_carried_along(store: Store) -> None:
    scheduled(store, "one")
    assert [claimed(store, seconds=100 * n).tries for n in range(3)] == [1, 2, 3]
    held = claimed(store, seconds=400)
    store.commit(ChangeSet(finished=held, work=(replace(work("one"), tries=held.tries),)))
    assert claimed(store, seconds=400).tries == 5
    store.commit(ChangeSet(work=(work("one"),)))
    assert claimed(store, seconds=400).tries == 1


def test_a_renewed_lease_lasts_longer(store: Store) -> None:
    scheduled(store, "one")
    held = claimed(store)
    assert store.renew([held], START + HOUR) == (True,)
    assert store.claim("b", START + timedelta(minutes=59), LEASE) is None
    store.commit(ChangeSet(finished=held))


def test_leases_are_renewed_together_and_each_that_is_lost_is_told(store: Store) -> None:
    for name in ("finished", "kept", "replaced", "taken"):
        scheduled(store, name)
    held = {step.authorization: step for step in (claimed(store) for _ in range(4))}
    store.commit(ChangeSet(finished=held["finished"]))
    store.commit(ChangeSet(work=(work("replaced"),)))
    taken = store.claim("b", START + HOUR, LEASE, only=["taken"])
    assert store.renew([held[name] for name in ("taken", "kept", "replaced", "finished")], START + 2 * HOUR) == (
        False,
        True,
        False,
        False,
    )
    assert store.work("taken") == taken
    kept = store.work("kept")
    assert kept
    assert kept.lease_until == START + 2 * HOUR
    assert store.renew([], START) == ()


def test_the_fence_and_the_owner_both_must_be_right(store: Store) -> None:
    scheduled(store, "one")
    held = claimed(store)
    for wrong in (replace(held, owner="b"), replace(held, fence=held.fence - 1), replace(held, fence=held.fence + 1)):
        assert store.renew([wrong], START + HOUR) == (False,)
        store.give_back(wrong)
        with pytest.raises(Conflict):
            store.commit(ChangeSet(finished=wrong))
        assert store.work("one") == held


def test_a_step_given_back_is_free_at_once_and_due_as_before(store: Store) -> None:
    before = scheduled(store, "one", lane="acorn", tries=2)
    held = claimed(store)
    store.give_back(held)
    present = store.work("one")
    assert present == replace(before, fence=held.fence), "free, and the try that was none is not counted"
    with pytest.raises(Conflict):
        store.commit(ChangeSet(finished=held))
    again = claimed(store, "b")
    assert (again.owner, again.tries, again.fence) == ("b", 3, held.fence + 1)


def test_giving_back_what_another_took_over_does_nothing(store: Store) -> None:
    scheduled(store, "one")
    zombie, heir = claimed(store), claimed(store, "b", 61)
    store.give_back(zombie)
    assert store.work("one") == heir


ASIDE = {"cause": Cause.DOUBT, "reason": "Ask Mr Okafor.", "set_aside_at": START}


def test_a_step_set_aside_is_claimed_by_nobody_until_it_is_scheduled_again(store: Store) -> None:
    aside = scheduled(store, "one", due_at=START - HOUR, **ASIDE)
    assert (aside.cause, aside.reason, aside.set_aside_at) == (Cause.DOUBT, "Ask Mr Okafor.", START)
    assert store.claim("a", START + HOUR, LEASE) is None
    assert store.claim("a", START + HOUR, LEASE, only=["one"]) is None
    store.commit(ChangeSet(work=(work("one"),)))
    again = claimed(store)
    assert (again.cause, again.reason, again.set_aside_at) == (None, "", None)


def test_a_claimed_step_is_set_aside_by_whoever_finishes_it_and_the_zombie_is_refused(store: Store) -> None:
    scheduled(store, "one")
    held = claimed(store)
    store.commit(ChangeSet(finished=held, work=(replace(work("one"), tries=held.tries, **ASIDE),)))
    with pytest.raises(Conflict):
        store.commit(ChangeSet(finished=held))
    present = store.work("one")
    assert present
    assert (present.tries, present.cause) == (1, Cause.DOUBT)


@pytest.mark.parametrize("half", [{"cause": Cause.DEFECT}, {"set_aside_at": START}])
def test_a_step_is_set_aside_with_cause_and_time_or_not_at_all(store: Store, half: dict[str, Any]) -> None:
    opened(store, "one")
    with pytest.raises(ValueError, match="set aside"):
        store.commit(ChangeSet(work=(replace(work("one"), **half),)))


def test_steps_are_listed_by_when_they_were_set_aside_then_by_when_they_are_due(store: Store) -> None:
    opened(store, "hill", client="hill-clinic")
    scheduled(store, "hill", lane="birch", due_at=START + HOUR)
    scheduled(store, "soon", lane="acorn", due_at=START)
    scheduled(store, "soon", lane="client:valley", key="notify/1", step="notify", due_at=START)
    scheduled(store, "old", lane="acorn", cause=Cause.UNREACHABLE, reason="-", set_aside_at=START - HOUR)
    scheduled(store, "young", lane="acorn", **ASIDE)
    opened(store, "done", due=[START - HOUR])
    store.commit(ChangeSet(finished=claimed(store, only=["done"])))

    def keys(**query: Any) -> list[str]:
        return [f"{step.authorization} {step.key}".strip() for step in store.works(WorkQuery(**query))]

    assert keys() == ["old", "young", "soon", "soon notify/1", "hill"]
    assert keys(limit=2, offset=1) == ["young", "soon"]
    assert keys(set_aside=True) == ["old", "young"]
    assert keys(set_aside=False) == ["soon", "soon notify/1", "hill"]
    assert keys(cause=Cause.DOUBT) == ["young"]
    assert keys(lane="acorn") == ["old", "young", "soon"]
    assert keys(step="notify") == ["soon notify/1"]
    assert keys(authorization="soon") == ["soon", "soon notify/1"]
    assert keys(client="hill-clinic") == ["hill"]
    assert keys(client="valley-clinic", lane="acorn", set_aside=False) == ["soon"]
    assert keys(client="nobody") == []


def test_a_step_that_is_held_stays_and_its_fence_is_verified(store: Store) -> None:
    life = opened(store, "one", due=[START])
    held = claimed(store)
    store.commit(life.built().change(held=held))
    assert store.work("one") == held
    heir = claimed(store, "b", 61)
    with pytest.raises(Conflict):
        store.commit(life.sent().change(held=held))
    assert store.authorization("one").version == 2
    store.commit(ChangeSet(held=heir, work=(replace(work("one"), key="notify/2", step="notify"),)))
    store.commit(ChangeSet(finished=heir))
    with pytest.raises(Conflict):
        store.commit(ChangeSet(held=heir))


def test_a_step_that_is_held_goes_on_in_the_lane_that_is_given_and_changes_in_nothing_else(store: Store) -> None:
    life = opened(store, "one")
    scheduled(store, "one", lane="acorn")
    scheduled(store, "one", key="notify/1", step="notify", lane="client:valley")
    held = claimed(store, only=["one"])
    store.commit(life.built().change(held=replace(held, lane="", tries=7, due_at=START + HOUR, step="x")))
    assert store.work("one") == replace(held, lane="")
    assert store.renew([held], START + HOUR) == (True,)
    assert claimed(store, "b", 7200, closed=["acorn", "client:valley"]).lane == ""
    other = store.work("one", "notify/1")
    assert other
    assert other.lane == "client:valley"


@pytest.mark.parametrize("lane", ["acorn", ""])
def test_whoever_has_lost_a_step_moves_it_to_no_lane(store: Store, lane: str) -> None:
    scheduled(store, "one", lane="acorn")
    zombie, heir = claimed(store), claimed(store, "b", 61)
    with pytest.raises(Conflict):
        store.commit(ChangeSet(held=replace(zombie, lane=lane)))
    assert store.work("one") == heir


def test_a_lease_that_a_wrong_clock_wrote_keeps_nobody_away(store: Store) -> None:
    scheduled(store, "one", due_at=START - 24 * HOUR)
    ahead = store.claim("a", START + LONGEST_LEASE + timedelta(microseconds=1), LEASE)
    assert ahead
    assert store.renew([ahead], START + LONGEST_LEASE) == (True,)
    assert store.claim("b", START, LEASE) is None
    assert store.claim("b", START, LEASE, only=["one"]) is None
    assert store.renew([ahead], START + LONGEST_LEASE + timedelta(microseconds=1)) == (True,)
    heir = claimed(store, "b")
    assert (heir.owner, heir.lease_until, heir.fence) == ("b", START + LEASE, ahead.fence + 1)
    with pytest.raises(Conflict):
        store.commit(ChangeSet(finished=ahead))
    year = replace(heir, owner="b")
    assert store.renew([year], START + 8766 * HOUR) == (True,)
    assert claimed(store, "c", only=["one"]).owner == "c"


def test_a_record_that_moves_on_without_its_step_removes_it_whoever_has_it(store: Store) -> None:
    life = opened(store, "one", due=[START])
    scheduled(store, "one", key="notify/1", step="notify")
    held = claimed(store)
    assert held.key == ""
    store.commit(life.happen(e.HandedOff, where="elsewhere").change(void=("one",)))
    assert store.work("one") is None
    assert [step.key for step in store.works(WorkQuery())] == ["notify/1"], "what the caller is told stays"
    with pytest.raises(Conflict):
        store.commit(ChangeSet(finished=held))
    assert store.renew([held], START + HOUR) == (False,)
    store.commit(ChangeSet(work=(work("one"),)))
    with pytest.raises(Conflict):
        store.commit(ChangeSet(finished=held))
    assert claimed(store, "b", only=["one"]).fence > held.fence


def test_voiding_what_is_not_there_is_nothing_and_what_is_set_aside_goes(store: Store) -> None:
    opened(store, "none")
    scheduled(store, "aside", **ASIDE)
    store.commit(ChangeSet(void=("none", "aside", "nobody")))
    assert store.works(WorkQuery()) == ()


def test_a_step_that_is_voided_and_scheduled_in_one_change_is_there_anew(store: Store) -> None:
    scheduled(store, "one")
    held = claimed(store)
    store.commit(ChangeSet(void=("one",), work=(work("one", step="inquire"),)))
    present = claimed(store, "b")
    assert (present.step, present.tries) == ("inquire", 1)
    assert present.fence > held.fence


def test_a_finished_step_of_another_key_leaves_nothing_and_its_old_holder_stays_out(durable: SqlStore) -> None:
    told = scheduled(durable, "one", key="notify/1", step="notify")
    zombie = claimed(durable)
    durable.commit(ChangeSet(finished=claimed(durable, "b", 61)))
    with durable.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(tables.work)).scalar() == 0
    scheduled(durable, "one", key=told.key, step=told.step)
    again = claimed(durable, "c")
    for held in (zombie, replace(zombie, fence=again.fence)):
        with pytest.raises(Conflict):
            durable.commit(ChangeSet(finished=held))
    assert durable.work("one", told.key) == again
