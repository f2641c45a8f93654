"""One process serves a SQLite file, and goes on at once with what the one before it had in hand."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gateway.adapters.store import open_store
from gateway.adapters.store.memory import MemoryStore
from gateway.adapters.store.serving import serving
from gateway.adapters.store.sql import SqlStore
from gateway.model.changes import ChangeSet
from gateway.model.errors import ConfigFault, Conflict
from tests.contract.lives import START, opened

LEASE = timedelta(seconds=20)


@pytest.fixture
def store(sqlite_url: str) -> Iterator[SqlStore]:
    opened_store = open_store(sqlite_url)
    yield opened_store
    opened_store.close()


def test_a_second_process_is_refused_while_the_first_serves(store: SqlStore) -> None:
    with serving(store), pytest.raises(ConfigFault, match="Another process serves"), serving(store):
        pass
    with serving(store):
        pass


def test_the_steps_of_a_process_that_died_are_free_at_once_and_their_fences_rise(store: SqlStore) -> None:
    opened(store, "one", due=[START])
    dead = store.claim("worker-dead", START, LEASE)
    assert dead is not None
    assert store.claim("worker-new", START, LEASE) is None
    with serving(store):
        again = store.claim("worker-new", START, LEASE)
        assert again is not None
        assert again.fence > dead.fence + 1
        with pytest.raises(Conflict):
            store.commit(ChangeSet(finished=dead))


def test_what_the_command_line_has_in_hand_stays_its_own(store: SqlStore) -> None:
    opened(store, "one", due=[START])
    assert store.claim("cli-1", START, LEASE) is not None
    with serving(store):
        assert store.claim("worker-new", START, LEASE) is None


def test_a_store_that_many_serve_is_left_as_it_is() -> None:
    store = MemoryStore()
    with serving(store), serving(store):
        pass
