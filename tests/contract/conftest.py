"""The stores every contract test runs against; a further database is one more entry in `STORES`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.store import open_store
from gateway.adapters.store.memory import MemoryStore
from gateway.ports import Store

STORES: dict[str, Any] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: open_store(f"sqlite:///{folder / 'gateway.db'}"),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = STORES[request.param](tmp_path)
    yield opened
    if hasattr(opened, "close"):
        opened.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'gateway.db'}"
