"""The embedded database as a file: who may read it, what survives a kill, and that no history can be rewritten."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, text, update
from sqlalchemy.exc import DBAPIError

from gateway.adapters.store import open_store, tables
from gateway.adapters.store.faults import StoreFault
from gateway.adapters.store.sql import SqlStore
from gateway.model.authorization import State
from gateway.model.changes import ChangeSet
from gateway.model.errors import ConfigFault, NotFound
from gateway.ports import Query
from tests.contract.lives import START, Life, exchange, opened, order

HERE = Path(__file__).parent


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[SqlStore]:
    store = open_store(sqlite_url)
    yield store
    store.close()


def start(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    repository = HERE.parent.parent
    environment = {**os.environ, "PYTHONPATH": f"{repository}{os.pathsep}{HERE}"}
    return subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment, cwd=repository)


def test_a_new_file_and_its_companions_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    opened(store, "one")
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["gateway.db", "gateway.db-shm", "gateway.db-wal"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    store.close()


def test_every_connection_writes_ahead_syncs_fully_and_checks_references(sqlite_store: SqlStore) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}
    with sqlite_store.engine.connect() as one, sqlite_store.engine.connect() as two:
        for connection in (one, two):
            assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted} == wanted


def test_a_folder_that_is_not_there_is_a_slip_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigFault, match="its folder does not exist") as fault:
        open_store(f"sqlite:///{tmp_path / 'tpyo' / 'gateway.db'}")
    assert "PA_DATABASE" in fault.value.fix
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///x.db?mode=ro",
        "nonsense",
        "oracle://x",
        "sqlite:////proc/no/such.db",
        "sqlite:////dev/null",
    ],
)
def test_a_database_that_cannot_be_used_is_a_config_fault_with_a_fix(url: str) -> None:
    with pytest.raises(ConfigFault) as fault:
        open_store(url)
    assert fault.value.fix


def test_a_file_that_is_no_database_is_a_config_fault(tmp_path: Path, sqlite_url: str) -> None:
    (tmp_path / "gateway.db").write_bytes(b"Jane Example, born 1980" * 100)
    with pytest.raises(ConfigFault) as fault:
        open_store(sqlite_url)
    assert "Jane" not in str(fault.value)


def test_what_a_killed_process_committed_is_there(sqlite_url: str) -> None:
    code = """
import os, signal, sys
from tests.contract.lives import opened, exchange
from gateway.adapters.store import open_store, tables
from gateway.model.changes import ChangeSet
store = open_store(sys.argv[1])
life = opened(store, "one", due=[])
store.commit(life.built().change(exchanges=(exchange("leg", "one", b"exact \\x00 bytes"),)))
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert start(code, sqlite_url).wait() == -9
    store = open_store(sqlite_url)
    assert store.authorization("one").state is State.READY
    assert [leg.body for leg in store.exchanges("one")] == [b"exact \x00 bytes"]
    store.close()


def test_what_a_killed_process_had_not_finished_committing_is_not_there(sqlite_url: str) -> None:
    code = """
import os, signal, sys
from sqlalchemy import event
from tests.contract.lives import Life, order
from gateway.adapters.store import open_store, tables
store = open_store(sys.argv[1])
event.listen(store.engine, "commit", lambda _: os.kill(os.getpid(), signal.SIGKILL))
store.commit(Life("one", "order-one").open().change(order=order("order-one")))
"""
    assert start(code, sqlite_url).wait() == -9
    store = open_store(sqlite_url)
    with pytest.raises(NotFound):
        store.order("order-one")
    opened(store, "one")
    store.close()


def test_processes_that_start_together_and_write_together_lose_nothing(sqlite_url: str) -> None:
    code = """
import sys
from tests.contract.lives import opened
from gateway.adapters.store import open_store, tables
store = open_store(sys.argv[1])
for n in range(15):
    opened(store, f"{sys.argv[2]}-{n}")
"""
    writers = [start(code, sqlite_url, name) for name in ("a", "b", "c")]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    store = open_store(sqlite_url)
    assert len(store.events(limit=1000)) == 45
    store.close()


def test_a_writer_keeps_other_processes_out_from_its_first_look(sqlite_store: SqlStore, tmp_path: Path) -> None:
    opened(sqlite_store, "one", due=[START])
    stranger = sqlite3.connect(tmp_path / "gateway.db", isolation_level=None, timeout=0)
    turned_away: list[str] = []

    def intrude(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT work"):
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                stranger.execute("BEGIN IMMEDIATE")
            turned_away.append(statement)

    event.listen(sqlite_store.engine, "after_cursor_execute", intrude)
    assert sqlite_store.claim("a", START, timedelta(seconds=60))
    assert turned_away
    stranger.close()


def test_a_reference_that_leads_nowhere_is_refused_by_the_database_itself(sqlite_store: SqlStore) -> None:
    with pytest.raises(DBAPIError), sqlite_store.engine.connect() as connection:
        connection.execute(
            text("INSERT INTO work (authorization, step, owner, fence) VALUES ('nobody', 'submit', '', 0)")
        )


def test_a_fault_of_the_database_never_quotes_content(sqlite_store: SqlStore) -> None:
    with sqlite_store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE exchange")
    life = opened(sqlite_store, "one", patient="Patient/jane-example")
    with pytest.raises(StoreFault) as fault:
        sqlite_store.commit(life.built().change(exchanges=(exchange("leg", "one", b"Jane Example"),)))
    said = repr(fault.value) + str(fault.value) + fault.value.fix
    assert "ane" not in said.lower().replace("database", "")
    assert fault.value.__cause__ is None
    assert sqlite_store.authorization("one").version == 1


@pytest.mark.parametrize("record", ['{"id": "jane-example"}', "jane-example", '{"id": 1, "state": "jane-example"}'])
def test_a_record_changed_from_outside_is_a_fault_that_does_not_quote_it(sqlite_store: SqlStore, record: str) -> None:
    opened(sqlite_store, "one")
    with sqlite_store.engine.begin() as connection:
        connection.execute(update(tables.authorization).values(record=record))
    with pytest.raises(StoreFault) as fault:
        sqlite_store.authorization("one")
    assert "jane" not in str(fault.value)
    assert fault.value.__cause__ is None


def test_an_event_of_an_unknown_kind_is_a_fault(sqlite_store: SqlStore) -> None:
    opened(sqlite_store, "one")
    with sqlite_store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER event_update")
        connection.exec_driver_sql("UPDATE event SET name = 'Exploded'")
    with pytest.raises(StoreFault):
        sqlite_store.events()


def test_a_value_that_does_not_fit_its_type_is_never_stored(sqlite_store: SqlStore) -> None:
    life = Life("one", "order-one").open(related=["a list"])
    with pytest.raises(ValueError, match="types") as fault:
        sqlite_store.commit(life.change(order=order("order-one")))
    assert "a list" not in str(fault.value)
    with pytest.raises(NotFound):
        sqlite_store.order("order-one")


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (Query(), "due_at"),
        (Query(due_before=START), "due_at"),
        (Query(client="a"), "client"),
        (Query(client="a", due_before=START), "client"),
        (Query(order_id="a"), "order_id"),
        (Query(patient="a"), "patient"),
        (Query(payer="a"), "payer"),
        (Query(states=(State.READY,)), "state"),
    ],
)
def test_a_page_of_the_worklist_is_read_from_an_index_and_not_sorted(
    sqlite_store: SqlStore, query: Query, index: str
) -> None:
    plans = explained(sqlite_store, lambda: sqlite_store.authorizations(query))
    assert f"USING INDEX ix_authorization_{index}" in plans
    assert "TEMP B-TREE" not in plans


def test_feeds_and_exchanges_are_read_from_an_index(sqlite_store: SqlStore) -> None:
    opened(sqlite_store, "one", due=[START])
    for read in (
        lambda: sqlite_store.events(after=5),
        lambda: sqlite_store.events(after=5, client="a"),
        lambda: sqlite_store.last_exchange("one"),
        lambda: sqlite_store.exchanges("one"),
        lambda: sqlite_store.completions("one"),
    ):
        plans = explained(sqlite_store, read)
        assert "SCAN" not in plans
        assert "TEMP B-TREE" not in plans


@pytest.mark.parametrize("closed", [(), ("acorn",)])
def test_a_claim_reads_what_waits_lane_by_lane_and_nothing_else(
    sqlite_store: SqlStore, closed: tuple[str, ...]
) -> None:
    opened(sqlite_store, "one", due=[START])
    plans = explained(sqlite_store, lambda: sqlite_store.claim("a", START, START - START, closed=closed))
    reads = {line for line in plans.splitlines() if "work" in line}
    assert all(
        "ix_work_waiting" in line or "sqlite_autoindex_work_1 (authorization=? AND key=?)" in line for line in reads
    )
    assert len(reads) > 3


def explained(store: SqlStore, read: object) -> str:
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    read()  # type: ignore[operator]
    event.remove(store.engine, "before_cursor_execute", note)
    with store.engine.connect() as connection:
        return "\n".join(
            row[3]
            for statement, parameters in asked
            if statement.startswith(("SELECT", "WITH", "UPDATE"))
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        )


def test_a_store_without_its_schema_is_not_ready(sqlite_store: SqlStore) -> None:
    assert sqlite_store.ready()
    with sqlite_store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert not sqlite_store.ready()
    with sqlite_store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    assert not sqlite_store.ready()


def test_an_empty_change_is_nothing(sqlite_store: SqlStore) -> None:
    sqlite_store.commit(ChangeSet())
    assert sqlite_store.events() == ()
