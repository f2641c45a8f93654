"""An API without clients, for the local caller, with a worker beside it."""

from collections.abc import Iterator

import pytest

from gateway.flow.world import World
from tests.unit.api.calling import Api, working


@pytest.fixture
def api(world: World) -> Iterator[Api]:
    with working(world):
        yield Api(world)


@pytest.fixture
def idle(world: World) -> Api:
    """An API with no worker: what is due stays due."""
    return Api(world)
