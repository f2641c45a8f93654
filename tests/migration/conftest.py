"""An empty database of each kind, as an engine and as a URL."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from gateway.adapters.store import postgres, sqlite
from tests.postgres import Cluster, cluster


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    with cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def new_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes another empty database, and tells its URL."""
    if kind == "postgres":
        server: Cluster = request.getfixturevalue("server")
        return lambda: server.url(server.database())
    return lambda: f"sqlite:///{tmp_path / f'{len(list(tmp_path.iterdir()))}.db'}"


@pytest.fixture
def new_engine(kind: str, new_url: Callable[[], str]) -> Iterator[Callable[[], Engine]]:
    with ExitStack() as stack:

        def another() -> Engine:
            url = new_url()
            engine = postgres.open_engine(make_url(url)) if kind == "postgres" else sqlite.open_engine(_file(url))
            stack.callback(engine.dispose)
            return engine

        yield another


def _file(url: str) -> Path:
    return Path(make_url(url).database or "")
