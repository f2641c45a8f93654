"""What a repeated order is known by, and how payers are doing: both are shared by all who use the store."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from gateway.model.changes import ChangeSet, IntakeKey
from gateway.model.errors import Conflict, NotFound
from gateway.model.payer_state import PayerState
from gateway.ports import Store
from tests.contract.lives import START, order


def key(name: str, order_id: str = "one", client: str = "valley-clinic") -> IntakeKey:
    return IntakeKey(client=client, key=name, fingerprint="f" * 64, order_id=order_id, at=START)


def test_a_key_is_kept_with_the_order_it_became(store: Store) -> None:
    both = (key("header:1"), key("order:1"))
    store.commit(ChangeSet(order=order("one"), keys=both))
    assert store.intake_keys("valley-clinic", ["order:1", "header:1", "header:2"]) == both
    assert store.intake_keys("hill-clinic", ["header:1"]) == ()
    assert store.intake_keys("valley-clinic", []) == ()


def test_a_taken_key_refuses_the_whole_change(store: Store) -> None:
    store.commit(ChangeSet(order=order("one"), keys=(key("header:1"),)))
    with pytest.raises(Conflict):
        store.commit(ChangeSet(order=order("two"), keys=(key("order:2", "two"), key("header:1", "two"))))
    with pytest.raises(NotFound):
        store.order("two")
    assert store.intake_keys("valley-clinic", ["order:2"]) == ()
    other = key("header:1", "three", "hill-clinic")
    store.commit(ChangeSet(order=order("three", "hill-clinic"), keys=(other,)))
    assert store.intake_keys("hill-clinic", ["header:1"]) == (other,)


def test_a_key_of_an_order_nobody_stored_is_refused(store: Store) -> None:
    with pytest.raises(NotFound):
        store.commit(ChangeSet(keys=(key("header:1"),)))


def test_of_many_who_bring_the_same_key_at_once_one_is_first(store: Store) -> None:
    callers, start = 8, Barrier(8)
    told: list[str] = []

    def bring(n: int) -> None:
        start.wait()
        try:
            store.commit(ChangeSet(order=order(f"order-{n}"), keys=(key("header:1", f"order-{n}"),)))
            told.append(f"order-{n}")
        except Conflict:
            pass

    threads = [Thread(target=bring, args=(n,)) for n in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found.order_id for found in store.intake_keys("valley-clinic", ["header:1"])] == told
    assert len(told) == 1


def test_the_state_of_a_payer_is_what_the_last_change_made_of_it(store: Store) -> None:
    assert store.payer_states() == ()
    paused = PayerState(
        lane="birch",
        paused_by="person:Ana Ruiz",
        paused_at=START,
        pause_reason="they migrate tonight",
        open_until=START + timedelta(seconds=30),
        allowance=0.3,
    )
    assert store.change_payer("birch", lambda _: paused) == paused
    assert store.change_payer("acorn", lambda state: state) == PayerState(lane="acorn")
    failed = store.change_payer("birch", lambda state: replace(state, failures=state.failures + 1))
    assert failed == replace(paused, failures=1)
    assert store.payer_states() == (PayerState(lane="acorn"), failed)


def test_a_change_that_fails_leaves_the_state_as_it_was(store: Store) -> None:
    def fail(_: PayerState) -> PayerState:
        raise RuntimeError("no")

    store.change_payer("acorn", lambda state: replace(state, failures=7))
    with pytest.raises(RuntimeError):
        store.change_payer("acorn", fail)
    assert store.payer_states() == (PayerState(lane="acorn", failures=7),)


def test_no_change_of_a_payer_is_lost_to_another_at_the_same_time(store: Store) -> None:
    each, start = 20, Barrier(6)

    def fail(_: int) -> None:
        start.wait()
        for _ in range(each):
            store.change_payer("acorn", lambda state: replace(state, failures=state.failures + 1))

    threads = [Thread(target=fail, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [state.failures for state in store.payer_states()] == [6 * each]
