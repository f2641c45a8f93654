"""Writes what a release leaves in a database, as SQL: `python -m tests.migration.make_dump` (dumps/README.md)."""

import sqlite3
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.adapters.store import open_store, tables
from gateway.model import events as e
from gateway.model.authorization import Result
from gateway.model.changes import ChangeSet
from gateway.ports import Client, Store
from tests.contract.lives import START, completion, exchange, lives, opened, order, work
from tests.postgres import cluster

FOLDER = Path(__file__).parent / "dumps"
LEASE = timedelta(seconds=60)


def fill(store: Store) -> None:
    """Invented data: a life for each way things go, and steps that are due, claimed, done and in doubt."""
    for life in lives():
        store.commit(life.change(order=order(life.order_id), exchanges=(exchange(f"leg-{life.id}", life.id),)))
    store.commit(ChangeSet(completion=completion("order-gaps", 1)))
    for name in ("done", "claimed", "due", "later"):
        life = opened(store, name)
        due = START + timedelta(days=1) if name == "later" else START
        store.commit(life.built().change(work=(work(name, due),)))
        if name == "done":
            held = store.claim("worker-1", START, LEASE)
            assert held
            store.commit(life.sent().happen(e.Decided, answers=(), determination=Result.APPROVED).change(finished=held))
        if name == "claimed":
            assert store.claim("worker-2", START, LEASE)
    doubtful = opened(store, "doubtful", due=[START])
    store.commit(doubtful.built().change())
    held = store.claim("worker-3", START, LEASE, only=["doubtful"])
    assert held
    store.commit(doubtful.sent().happen(e.ReplyLost, reason="read-timeout").change(finished=held))
    store.add_client(Client("valley-clinic", "0" * 64, datetime(2026, 1, 1, tzinfo=UTC)))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "gateway.db"
        store = open_store(f"sqlite:///{file}")
        fill(store)
        store.close()
        with sqlite3.connect(file) as connection:
            (FOLDER / f"{tables.REVISION}-sqlite.sql").write_text("\n".join(connection.iterdump()) + "\n")
    with cluster() as server:
        name = server.database()
        store = open_store(server.url(name))
        fill(store)
        store.close()
        (FOLDER / f"{tables.REVISION}-postgres.sql").write_text(server.dump(name) + "\n")


if __name__ == "__main__":
    main()
