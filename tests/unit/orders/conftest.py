"""What the tests of order reading share."""

import pytest

from gateway.conformance import Profiles
from gateway.mapping import Mappings
from gateway.payers.profile import Payers, load_payers
from gateway.payers.site import Site, load_site
from tests.unit.orders.reading import ROOT


@pytest.fixture(scope="session")
def site() -> Site:
    return load_site(ROOT / "profiles" / "site.example.yaml")


@pytest.fixture(scope="session")
def payers() -> Payers:
    return load_payers(ROOT / "profiles" / "payers")


@pytest.fixture(scope="session")
def mappings() -> Mappings:
    return Mappings.load(ROOT / "mappings" / "pas" / "2.2.1", ROOT / "mappings" / "codes")


@pytest.fixture(scope="session")
def profiles() -> Profiles:
    return Profiles.load(ROOT / "profiles" / "pas" / "2.2.1")
