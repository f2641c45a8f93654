"""The stores every contract test runs against; a further database is one more entry in `KINDS`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.adapters.store import open_store
from gateway.adapters.store.memory import MemoryStore
from gateway.adapters.store.sql import SqlStore
from gateway.ports import Store
from tests.postgres import Cluster, cluster

KINDS = ("memory", "sqlite", "postgres")


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    with cluster() as running:
        yield running


@pytest.fixture(scope="session")
def template(server: Cluster) -> str:
    """A database with our schema and nothing in it, as SQL to copy."""
    name = server.database()
    open_store(server.url(name)).close()
    return server.dump(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'gateway.db'}"


@pytest.fixture
def postgres_url(server: Cluster, template: str) -> str:
    return server.copy(template)


@pytest.fixture(params=KINDS[1:])
def url(request: pytest.FixtureRequest) -> str:
    """A fresh database of each kind that has one."""
    chosen: str = request.getfixturevalue(f"{request.param}_url")
    return chosen


@pytest.fixture
def opening(url: str) -> Iterator[Callable[[], SqlStore]]:
    """Opens the same database as often as wanted: each is a replica."""
    with ExitStack() as stack:

        def another() -> SqlStore:
            store = open_store(url)
            stack.callback(store.close)
            return store

        yield another


@pytest.fixture
def durable(opening: Callable[[], SqlStore]) -> SqlStore:
    """A store in a database, of each kind."""
    return opening()


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    opened = open_store(request.getfixturevalue(f"{request.param}_url"))
    yield opened
    opened.close()
