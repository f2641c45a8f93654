"""Orders, completions, events and exchanges are only ever added to, whoever writes into the file."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from gateway.adapters.store import open_store
from tests.contract.lives import completion, exchange, opened

COLUMNS = {"order": "client", "completion": "actor", "event": "actor", "exchange": "url"}
"""For each table, a column someone might like to have said something else."""

NEW_KEYS = {"id": "'new'", "number": "9", "version": "9"}

# `all`: every column, `keyed`: all but the row id; `forged`: with one falsified, `rekeyed`: under a fresh key.
ATTEMPTS = {
    "update": "UPDATE {table} SET {column} = 'forged'",
    "update or replace": "UPDATE OR REPLACE {table} SET {column} = 'forged'",
    "delete": "DELETE FROM {table}",
    "insert": "INSERT INTO {table} ({all}) SELECT {forged} FROM {table}",
    "insert or replace": "INSERT OR REPLACE INTO {table} ({all}) SELECT {forged} FROM {table}",
    "insert or ignore": "INSERT OR IGNORE INTO {table} ({all}) SELECT {forged} FROM {table}",
    "replace by key": "REPLACE INTO {table} ({keyed}) SELECT {forged_keyed} FROM {table}",
    "replace by row id": "REPLACE INTO {table} (rowid, {keyed}) SELECT rowid, {rekeyed} FROM {table}",
    "upsert": "INSERT INTO {table} ({all}) SELECT {forged} FROM {table} WHERE true ON CONFLICT ({key}) DO UPDATE"
    " SET {column} = 'forged'",
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with one row or more in every table of `COLUMNS`."""
    file = tmp_path_factory.mktemp("history") / "gateway.db"
    store = open_store(f"sqlite:///{file}")
    life = opened(store, "one").built()
    store.commit(life.change(completion=completion("order-one", 1), exchanges=(exchange("leg", "one"),)))
    store.close()
    return file


@pytest.fixture(params=[True, False], ids=["recursive triggers", "a stranger without them"])
def connection(request: pytest.FixtureRequest, written: Path, tmp_path: Path) -> sqlite3.Connection:
    stranger = sqlite3.connect(shutil.copy(written, tmp_path), isolation_level=None)
    stranger.execute(f"PRAGMA recursive_triggers = {request.param:d}")
    return stranger


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("name", COLUMNS)
def test_history_cannot_be_rewritten(connection: sqlite3.Connection, name: str, attempt: str) -> None:
    described = connection.execute("SELECT name, pk FROM pragma_table_info(?)", (name,)).fetchall()
    columns = [column for column, _ in described]
    # The position of an event or an exchange is its row id: without it, a row is known by its other key.
    keyed = [column for column in columns if column != "position"]
    parts = {
        "table": f'"{name}"',
        "column": COLUMNS[name],
        "key": ", ".join(column for column, key in described if key),
        "all": listed(columns, {}),
        "forged": listed(columns, {COLUMNS[name]: "'forged'"}),
        "keyed": listed(keyed, {}),
        "forged_keyed": listed(keyed, {COLUMNS[name]: "'forged'"}),
        "rekeyed": listed(keyed, NEW_KEYS),
    }
    before = list(connection.iterdump())
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(ATTEMPTS[attempt].format_map(parts))
    assert list(connection.iterdump()) == before
    connection.close()


def listed(columns: list[str], values: dict[str, str]) -> str:
    return ", ".join(values.get(column, f'"{column}"') for column in columns)


def test_a_new_row_is_still_welcome(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO completion (order_id, number, actor, received_at, sha256, body)"
        " SELECT order_id, 2, actor, received_at, sha256, body FROM completion"
    )
    connection.close()
