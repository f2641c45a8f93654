"""What every test may use."""

import pytest

from gateway.flow.world import World
from tests.worlds import build_world


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Write the golden files anew; then read the diff.")


@pytest.fixture
def world() -> World:
    """A world over a memory store whose payer is the sandbox without a network."""
    return build_world()
