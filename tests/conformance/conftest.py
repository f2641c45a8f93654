"""The checker, loaded once, and the bundles it is tried on."""

from pathlib import Path
from typing import Any

import pytest

from gateway.conformance import Profiles
from gateway.fhir import json

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def profiles() -> Profiles:
    """PAS 2.2.1."""
    return Profiles.load(ROOT / "profiles/pas/2.2.1")


@pytest.fixture
def request_bundle() -> Any:
    """A good request with invented people; each test gets its own to spoil."""
    return json.loads((HERE / "golden_request.json").read_bytes())


@pytest.fixture
def response_bundle() -> Any:
    """A good response to it: item 1 approved, item 2 modified."""
    return json.loads((HERE / "golden_response.json").read_bytes())
