"""What the tests of order reading share."""

import pytest

from gateway.conformance import Profiles
from tests.unit.orders.reading import ROOT


@pytest.fixture(scope="session")
def profiles() -> Profiles:
    return Profiles.load(ROOT / "profiles" / "pas" / "2.2.1")
