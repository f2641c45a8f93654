"""What every Store promises: all or nothing, nobody overwrites what they did not read, filters and order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier, Thread

import pytest

from gateway.model import events as e
from gateway.model import lifecycle
from gateway.model.authorization import State
from gateway.model.changes import ChangeSet
from gateway.model.errors import Conflict, NotFound
from gateway.ports import Client, Query, Store
from tests.contract.lives import START, Life, completion, exchange, lives, opened, order, work


def test_a_record_comes_back_as_it_was_committed(store: Store) -> None:
    for life in lives():
        store.commit(life.change(order=order(life.order_id)))
        assert store.authorization(life.id) == life.record


def test_replaying_the_events_of_a_record_gives_the_stored_record(store: Store) -> None:
    seen = set()
    for life in lives():
        store.commit(life.change(order=order(life.order_id)))
        first, *later = [logged.event for logged in store.events(authorization=life.id)]
        assert isinstance(first, e.OrderReceived)
        record = lifecycle.start(life.id, first)
        for event in later:
            record = lifecycle.apply(record, event)
        assert record == store.authorization(life.id)
        seen |= {type(first), *map(type, later)}
    assert seen == {e.OrderReceived}.union(*lifecycle.TRANSITIONS.values()), "a life for every event class"


def test_events_come_back_in_order_of_position_with_states_and_versions(store: Store) -> None:
    one, two = opened(store, "one"), opened(store, "two", client="hill-clinic")
    store.commit(one.built().change())
    store.commit(two.happen(e.HandedOff, where="elsewhere").change())
    feed = store.events()
    assert [event.position for event in feed] == sorted({event.position for event in feed})
    assert [(event.authorization, event.version, event.before, event.after) for event in feed] == [
        ("one", 1, None, State.RECEIVED),
        ("two", 1, None, State.RECEIVED),
        ("one", 2, State.RECEIVED, State.READY),
        ("two", 2, State.RECEIVED, State.HANDED_OFF),
    ]
    assert store.events(after=feed[1].position) == feed[2:]
    assert store.events(limit=3) == feed[:3]
    assert store.events(authorization="two") == (feed[1], feed[3])
    assert store.events(client="valley-clinic") == (feed[0], feed[2])
    assert store.events(client="valley-clinic", after=feed[0].position, limit=1) == (feed[2],)
    assert store.events(client="valley-clinic", authorization="two") == ()


def test_a_record_someone_else_moved_on_is_a_conflict(store: Store) -> None:
    life = opened(store, "one")
    rival = Life("one", life.order_id, record=life.record, now=life.now)
    store.commit(life.built().change())
    with pytest.raises(Conflict):
        store.commit(rival.happen(e.HandedOff, where="elsewhere").change())
    assert store.authorization("one") == life.record
    assert len(store.events()) == 2


def test_a_record_cannot_be_opened_twice(store: Store) -> None:
    life = opened(store, "one")
    with pytest.raises(Conflict):
        store.commit(Life("one", life.order_id).open().change())


def test_a_record_nobody_opened_cannot_be_moved(store: Store) -> None:
    life = Life("one", "order-one").open()
    life.change()
    with pytest.raises(Conflict):
        store.commit(life.built().change(order=order("order-one")))
    with pytest.raises(NotFound):
        store.order("order-one")


def test_a_change_nobody_committed_cannot_be_skipped(store: Store) -> None:
    life = opened(store, "one").built()
    life.change()
    with pytest.raises(Conflict):
        store.commit(life.sent().change())
    assert store.authorization("one").version == 1


def test_several_events_in_one_change_count_from_the_version_that_was_read(store: Store) -> None:
    life = opened(store, "one")
    store.commit(life.built().sent().happen(e.ReplyLost, reason="read-timeout").change())
    assert store.authorization("one").version == 4


@pytest.mark.parametrize("bad", ["event missing", "event of nobody", "hole", "state", "twice"])
def test_a_change_whose_account_disagrees_with_its_records_is_refused(store: Store, bad: str) -> None:
    life = Life("one", "order-one").open().built()
    assert life.record
    good = life.change(order=order("order-one"))
    changes = {
        "event missing": replace(good, events=()),
        "event of nobody": replace(good, records=()),
        "hole": replace(good, events=(good.events[0], replace(good.events[1], version=3))),
        "state": replace(good, records=(replace(life.record, state=State.DECIDED),)),
        "twice": replace(good, records=good.records * 2),
    }
    with pytest.raises(ValueError, match=r"change|record"):
        store.commit(changes[bad])
    with pytest.raises(NotFound):
        store.order("order-one")
    store.commit(good)


def test_a_change_that_fails_midway_leaves_nothing(store: Store) -> None:
    one, two = opened(store, "one", due=[START]), opened(store, "two")
    store.commit(one.happen(e.GapsFound).change(exchanges=(exchange("leg", "one"),)))
    rival = Life("two", two.order_id, record=two.record, now=two.now)
    store.commit(two.built().change())

    def everything() -> tuple[object, ...]:
        records = store.authorizations(Query())
        return records, store.events(), store.exchanges("one"), store.work("one"), store.completions("order-one")

    before = everything()
    good = one.happen(e.OrderCompleted).change(
        order=order("new"),
        completion=completion("order-one", 1),
        exchanges=(exchange("leg-2", "one"),),
        work=(work("one", START + timedelta(days=1)),),
    )
    stale = rival.happen(e.HandedOff, where="elsewhere").change()
    for fault, bad in (
        (Conflict, replace(good, records=good.records + stale.records, events=good.events + stale.events)),
        (Conflict, replace(good, exchanges=(exchange("leg-3", "one"), exchange("leg", "one")))),
        (NotFound, replace(good, exchanges=(exchange("leg-3", "one"), exchange("leg-4", "nobody")))),
        (NotFound, replace(good, work=(*good.work, work("nobody")))),
    ):
        with pytest.raises(fault):
            store.commit(bad)
        assert everything() == before
        with pytest.raises(NotFound):
            store.order("new")
    store.commit(good)
    assert store.authorization("one").version == 3


def test_what_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        store.authorization("nobody")
    with pytest.raises(NotFound):
        store.order("nothing")
    with pytest.raises(NotFound):
        store.commit(ChangeSet(completion=completion("nothing", 1)))
    with pytest.raises(NotFound):
        store.commit(Life("one", "nothing").open().change())
    assert store.completions("nothing") == ()
    assert store.exchanges("nobody") == ()
    assert store.work("nobody") is None


def test_orders_and_completions_keep_their_bytes_and_their_treatment(store: Store) -> None:
    body = bytes(range(256)) * 300
    store.commit(ChangeSet(order=order("one", body=body)))
    for number in (2, 1):
        store.commit(ChangeSet(completion=completion("one", number)))
    assert store.order("one") == order("one", body=body)
    assert store.completions("one") == (completion("one", 1), completion("one", 2))
    with pytest.raises(Conflict):
        store.commit(ChangeSet(order=order("one")))
    with pytest.raises(Conflict):
        store.commit(ChangeSet(completion=completion("one", 1)))
    assert store.order("one").body == body


def test_exchanges_come_back_in_the_order_they_were_committed(store: Store) -> None:
    opened(store, "one")
    legs = tuple(exchange(f"leg-{n}", "one", bytes([n])) for n in (3, 1, 2))
    store.commit(ChangeSet(exchanges=legs[:2]))
    store.commit(ChangeSet(exchanges=legs[2:]))
    assert store.exchanges("one") == legs
    with pytest.raises(Conflict):
        store.commit(ChangeSet(exchanges=(exchange("leg-1", "one", b"other"),)))


def test_authorizations_are_filtered_and_sorted_by_due_time_none_last(store: Store) -> None:
    later, sooner = START + timedelta(days=2), START + timedelta(days=1)
    for name, due_at, parts in (
        ("later", later, {}),
        ("sooner", sooner.astimezone(timezone(timedelta(hours=-7))), {"client": "hill-clinic"}),
        ("none-young", None, {"now": START + timedelta(hours=1)}),
        ("none-old", None, {"patient": "Patient/p2"}),
    ):
        life = opened(store, name, **parts).built("birch" if name == "later" else "acorn")
        store.commit((life.sent(due_at) if due_at else life).change())

    def ids(**query: object) -> list[str]:
        return [record.id for record in store.authorizations(Query(**query))]  # type: ignore[arg-type]

    assert ids() == ["sooner", "later", "none-old", "none-young"]
    assert ids(limit=2, offset=1) == ["later", "none-old"]
    assert ids(client="hill-clinic") == ["sooner"]
    assert ids(payer="birch") == ["later"]
    assert ids(patient="Patient/p2") == ["none-old"]
    assert ids(order_id="order-later") == ["later"]
    assert ids(states=(State.READY,)) == ["none-old", "none-young"]
    assert ids(states=(State.READY, State.SUBMITTING), payer="acorn") == ["sooner", "none-old", "none-young"]
    assert ids(due_before=later) == ["sooner"]
    assert ids(due_before=later + timedelta(microseconds=1)) == ["sooner", "later"]
    assert ids(client="nobody") == []


def test_clients_are_unique_by_name_and_by_token(store: Store) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    b, a = Client("b", "1" * 64, now), Client("a", "2" * 64, now)
    store.add_client(b)
    store.add_client(a)
    assert store.clients() == (a, b)
    for taken in (Client("a", "3" * 64, now), Client("c", "1" * 64, now)):
        with pytest.raises(Conflict):
            store.add_client(taken)
    assert store.clients() == (a, b)


def test_a_client_that_is_removed_is_gone_and_its_name_and_token_are_free_again(store: Store) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    a, b = Client("a", "1" * 64, now), Client("b", "2" * 64, now)
    store.add_client(a)
    store.add_client(b)
    life = opened(store, "one", client="a")
    store.remove_client("a")
    assert store.clients() == (b,)
    assert store.authorizations(Query(client="a")) == (life.record,)
    with pytest.raises(NotFound):
        store.remove_client("a")
    store.add_client(a)
    assert store.clients() == (a, b)


def test_a_store_that_can_be_used_says_so(store: Store) -> None:
    assert store.ready()


def test_two_threads_committing_at_once_lose_nothing(store: Store) -> None:
    each, start = 25, Barrier(2)
    life = opened(store, "shared")
    won: list[str] = []

    def commit(name: str) -> None:
        start.wait()
        for n in range(each):
            own = opened(store, f"{name}-{n}")
            store.commit(own.built().change(exchanges=(exchange(f"leg-{name}-{n}", own.id),)))
            rival = Life("shared", life.order_id, record=store.authorization("shared"), now=life.now)
            step = rival.built() if rival.record and rival.record.state is State.RECEIVED else rival
            if step.fresh:
                try:
                    store.commit(step.change())
                    won.append(name)
                except Conflict:
                    pass

    threads = [Thread(target=commit, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    feed = store.events(limit=1000)
    assert len(feed) == 2 * each * 2 + 2
    assert len(won) == 1
    assert all(store.authorization(f"{name}-{n}").version == 2 for name in ("a", "b") for n in range(each))
    assert all(store.exchanges(f"{name}-{n}") for name in ("a", "b") for n in range(each))


def test_the_last_leg_is_named_without_its_body(store: Store) -> None:
    life, other = opened(store, "one"), opened(store, "two")
    assert store.last_exchange("one") == store.last_exchange("nobody") == ""
    store.commit(life.built().change(exchanges=(exchange("z-first", "one"), exchange("a-second", "one"))))
    store.commit(other.built().change(exchanges=(exchange("m-other", "two"),)))
    assert store.last_exchange("one") == "a-second"
    assert store.last_exchange("two") == "m-other"
