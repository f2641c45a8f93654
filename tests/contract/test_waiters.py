"""Whoever waits is woken by a commit of any process that can reach the store."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Event

import pytest

from gateway.adapters.store.memory import MemoryStore
from gateway.adapters.store.sql import SqlStore
from gateway.adapters.waiters import ThreadWaiters, open_waiters
from tests.postgres import cluster

LONG = 20.0


@pytest.fixture
def waiting(opening: Callable[[], SqlStore]) -> Iterator[Callable[[], ThreadWaiters]]:
    with ExitStack() as stack:

        def another() -> ThreadWaiters:
            waiters = open_waiters(opening())
            stack.callback(waiters.close)
            return waiters

        yield another


def test_an_announcement_wakes_those_of_the_same_process_at_once(waiting: Callable[[], ThreadWaiters]) -> None:
    waiters, calls = waiting(), list[int]()
    waiters.listen(lambda: calls.append(1))
    forget = waiters.listen(lambda: calls.append(2))
    calls.clear()
    waiters.announce(["one"])
    assert set(calls) == {1, 2}
    forget()
    calls.clear()
    waiters.announce(["one"])
    assert set(calls) == {1}


def test_who_listens_to_one_is_not_woken_for_another(waiting: Callable[[], ThreadWaiters]) -> None:
    waiters, calls = waiting(), list[str]()
    forget = waiters.listen(lambda: calls.append("one"), to=["one", "first"])
    waiters.listen(lambda: calls.append("two"), to=["two"])
    calls.clear()  # one that has just connected wakes everybody
    waiters.announce(["one", "first"])
    waiters.announce(["three"])
    assert calls.count("one") == 1
    waiters.announce([])
    assert "two" in calls
    forget()
    calls.clear()
    waiters.announce(["one"])
    assert "one" not in calls


def test_waiters_in_memory_and_of_a_file_reach_this_process(sqlite_url: str) -> None:
    from gateway.adapters.store import open_store

    file = open_store(sqlite_url)
    assert [type(open_waiters(store)) for store in (MemoryStore(), file)] == [ThreadWaiters, ThreadWaiters]
    file.close()


def woken_by_another(one: ThreadWaiters, other: ThreadWaiters) -> bool:
    """Whether `other` can wake a listener of `one`: three times, as one that has just connected wakes by itself."""
    woken = Event()
    forget = one.listen(woken.set)
    heard = 0
    for _ in range(int(LONG / 0.2)):
        woken.clear()
        other.announce(["one"])
        heard += woken.wait(0.2)
        if heard == 3:
            break
    forget()
    return heard == 3


def test_an_announcement_wakes_those_of_other_processes_on_postgresql(postgres_url: str) -> None:
    from gateway.adapters.store import open_store

    stores = open_store(postgres_url), open_store(postgres_url)
    one, other = (open_waiters(store) for store in stores)
    assert woken_by_another(one, other)
    assert woken_by_another(other, one)
    for opened in (one, other, *stores):
        opened.close()


def test_after_a_restart_of_the_server_others_are_heard_again() -> None:
    from gateway.adapters.store import open_store

    with cluster() as server:
        url = server.url(server.database())
        stores = open_store(url), open_store(url)
        one, other = (open_waiters(store) for store in stores)
        assert woken_by_another(one, other)
        server.stop("immediate")
        one.announce(["nobody hears"])
        server.start()
        assert woken_by_another(one, other)
        for opened in (one, other, *stores):
            opened.close()


def test_another_process_is_told_who_has_moved(postgres_url: str) -> None:
    from gateway.adapters.store import open_store

    stores = open_store(postgres_url), open_store(postgres_url)
    one, other = (open_waiters(store) for store in stores)
    assert woken_by_another(one, other)
    mine, others = Event(), Event()
    one.listen(mine.set, to=["mine"])
    one.listen(others.set, to=["others"])
    other.announce(["mine"])
    assert mine.wait(LONG)
    assert not others.is_set()
    other.announce([str(number) for number in range(1000)])  # more than a notification holds
    assert others.wait(LONG)
    for opened in (one, other, *stores):
        opened.close()
