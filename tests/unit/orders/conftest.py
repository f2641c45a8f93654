"""What the tests of order reading share."""

import pytest

from gateway.conformance import Profiles
from tests.unit.orders.reading import the_profiles


@pytest.fixture(scope="session")
def profiles() -> Profiles:
    return the_profiles()
