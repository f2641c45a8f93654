"""The row that is the unit of work: claimed by one at a time, taken over after its lease, fenced (design 4.2)."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from gateway.model.changes import ChangeSet, Work
from gateway.model.errors import Conflict
from gateway.ports import Store
from tests.contract.lives import START, opened, work

LEASE = timedelta(seconds=60)


def claimed(store: Store, owner: str = "a", seconds: float = 0) -> Work:
    found = store.claim(owner, START + timedelta(seconds=seconds), LEASE)
    assert found
    return found


def test_the_most_overdue_step_is_claimed_first_and_nothing_before_it_is_due(store: Store) -> None:
    opened(store, "future", due=[START + timedelta(microseconds=1)])
    opened(store, "now", due=[START])
    opened(store, "overdue", due=[START - timedelta(days=1)])
    assert [claimed(store).authorization for _ in range(2)] == ["overdue", "now"]
    assert store.claim("a", START, LEASE) is None


def test_a_claim_gives_owner_lease_and_a_higher_fence(store: Store) -> None:
    opened(store, "one", due=[START])
    first = claimed(store)
    assert (first.step, first.owner, first.lease_until) == ("submit", "a", START + LEASE)
    assert store.work("one") == first
    again = claimed(store, "b", 60)
    assert again.fence > first.fence


def test_a_live_lease_keeps_others_and_the_owner_itself_away(store: Store) -> None:
    opened(store, "one", due=[START])
    claimed(store)
    almost = START + LEASE - timedelta(microseconds=1)
    assert store.claim("b", almost, LEASE) is None
    assert store.claim("a", almost, LEASE) is None


def test_a_zombie_whose_lease_was_taken_over_can_write_nothing(store: Store) -> None:
    life = opened(store, "one", due=[START])
    zombie = claimed(store, "a")
    heir = claimed(store, "b", 61)
    with pytest.raises(Conflict):
        store.commit(life.built().change(finished=zombie))
    assert store.authorization("one").version == 1
    assert store.work("one") == heir
    store.commit(ChangeSet(finished=heir))
    assert store.work("one") is None


def test_an_expired_lease_nobody_took_over_still_finishes(store: Store) -> None:
    opened(store, "one", due=[START])
    store.commit(ChangeSet(finished=claimed(store)))
    assert store.claim("b", START + timedelta(days=1), LEASE) is None


def test_a_finished_step_is_replaced_by_the_next_one_or_removed(store: Store) -> None:
    opened(store, "one", due=[START])
    later = START + timedelta(hours=1)
    store.commit(ChangeSet(finished=claimed(store), work=(work("one", later, "inquire"),)))
    present = store.work("one")
    assert present
    assert (present.step, present.due_at, present.owner, present.lease_until) == ("inquire", later, "", None)
    assert store.claim("a", START, LEASE) is None
    store.commit(ChangeSet(finished=claimed(store, "a", 3600)))
    assert store.work("one") is None
    with pytest.raises(Conflict):
        store.commit(ChangeSet(finished=replace(present, owner="a")))


def test_a_finished_step_cannot_be_finished_twice(store: Store) -> None:
    opened(store, "one", due=[START])
    done = claimed(store)
    store.commit(ChangeSet(finished=done))
    with pytest.raises(Conflict):
        store.commit(ChangeSet(finished=done))


def test_whoever_held_a_step_that_was_replaced_is_refused(store: Store) -> None:
    opened(store, "one", due=[START])
    held = claimed(store)
    store.commit(ChangeSet(work=(work("one", START, "other"),)))
    with pytest.raises(Conflict):
        store.commit(ChangeSet(finished=held))
    assert claimed(store, "b").step == "other"


def test_a_fence_never_starts_again_so_an_old_holder_stays_out(store: Store) -> None:
    opened(store, "one", due=[START])
    zombie = claimed(store, "a")
    store.commit(ChangeSet(finished=claimed(store, "b", 61)))
    store.commit(ChangeSet(work=(work("one"),)))
    fences = {zombie.fence}
    for n in range(3):
        heir = claimed(store, "c", 1000 * n)
        assert heir.fence not in fences
        fences.add(heir.fence)
        with pytest.raises(Conflict):
            store.commit(ChangeSet(finished=zombie))


def test_a_step_is_scheduled_free(store: Store) -> None:
    opened(store, "one")
    with pytest.raises(ValueError, match="free"):
        store.commit(ChangeSet(work=(replace(work("one"), owner="a"),)))


def test_many_claimants_never_get_the_same_step(store: Store) -> None:
    steps, owners = 30, 3
    for n in range(steps):
        opened(store, f"one-{n:02}", due=[START])
    start, got = Barrier(owners), [list[str]() for _ in range(owners)]

    def claim(owner: int) -> None:
        start.wait()
        while found := store.claim(f"worker-{owner}", START, LEASE):
            got[owner].append(found.authorization)

    threads = [Thread(target=claim, args=(owner,)) for owner in range(owners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(name for names in got for name in names) == [f"one-{n:02}" for n in range(steps)]
