"""PostgreSQL: what happens when it is not there, goes away or comes back, and that no history can be rewritten."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.adapters.store import open_store, postgres, steps, tables
from gateway.adapters.store.faults import StoreFault
from gateway.adapters.store.sql import SqlStore
from gateway.model.authorization import State
from gateway.model.changes import ChangeSet
from gateway.model.errors import ConfigFault, Conflict, NotFound
from gateway.ports import Query
from tests.contract.lives import START, Life, completion, exchange, opened, order
from tests.postgres import Cluster, cluster

LEASE = timedelta(seconds=60)


@pytest.fixture
def store(postgres_url: str) -> Iterator[SqlStore]:
    opened_store = open_store(postgres_url)
    yield opened_store
    opened_store.close()


@pytest.fixture
def own() -> Iterator[Cluster]:
    """A server of the test's own, to stop and start."""
    with cluster() as server:
        yield server


# --- opening


def test_a_server_that_cannot_be_reached_is_a_config_fault_without_the_password() -> None:
    with pytest.raises(ConfigFault) as fault:
        open_store("postgresql://pa:hush-hush@127.0.0.1:1/gateway")
    assert "gateway at 127.0.0.1" in str(fault.value)
    assert "hush" not in str(fault.value) + fault.value.fix


def test_a_database_that_does_not_exist_and_an_option_that_does_not_are_config_faults(server: Cluster) -> None:
    for url in (server.url("nowhere"), server.url("postgres") + "&no_such_option=1"):
        with pytest.raises(ConfigFault) as fault:
            open_store(url)
        assert fault.value.fix


def test_a_database_that_cannot_hold_every_text_is_refused(server: Cluster) -> None:
    made = "CREATE DATABASE narrow TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"
    server.run("psql", "-qX", "-d", "postgres", "-c", made)
    with pytest.raises(ConfigFault, match="LATIN1"):
        open_store(server.url("narrow"))


def test_the_driver_may_be_named_in_the_url(postgres_url: str) -> None:
    store = open_store(postgres_url.replace("postgresql:", "postgresql+psycopg:"))
    assert store.ready()
    store.close()


def test_replicas_that_start_together_on_an_empty_database_all_start(server: Cluster) -> None:
    url, start = server.url(server.database()), Barrier(4)
    ready: list[bool] = []

    def begin() -> None:
        start.wait()
        store = open_store(url)
        ready.append(store.ready())
        store.close()

    threads = [Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ready == [True] * 4


def test_every_connection_waits_for_the_disk_and_for_nothing_else_for_ever(server: Cluster) -> None:
    name = server.database()
    careless = f"ALTER DATABASE {name} SET synchronous_commit = off"
    server.run("psql", "-qX", "-d", "postgres", "-c", careless)
    store = open_store(server.url(name))
    wanted = {"synchronous_commit": "on", "statement_timeout": "30s", "lock_timeout": "10s"}
    wanted["idle_in_transaction_session_timeout"] = "8s"
    with store.engine.connect() as connection:
        assert {name: connection.exec_driver_sql(f"SHOW {name}").scalar() for name in wanted} == wanted
    store.close()


# --- going away


def test_a_server_that_goes_away_is_a_store_fault_and_after_its_restart_all_goes_on(own: Cluster) -> None:
    store = open_store(own.url(own.database()))
    life = opened(store, "one", due=[START])
    claimed = store.claim("a", START, LEASE)
    assert claimed
    own.stop("immediate")
    for attempt in (
        lambda: store.authorization("one"),
        lambda: store.commit(life.built().change(finished=claimed)),
        lambda: store.claim("a", START, LEASE),
        lambda: store.renew([claimed], START),
    ):
        with pytest.raises(StoreFault):
            attempt()
    assert not store.ready()
    own.start()
    assert store.ready()
    assert store.authorization("one").version == 1
    assert store.work("one") == claimed
    again = Life("one", life.order_id, record=store.authorization("one"), now=life.now)
    store.commit(again.built().change(finished=claimed))
    assert store.authorization("one").version == 2
    store.close()


def test_a_connection_killed_midway_writes_nothing_and_the_next_one_works(store: SqlStore) -> None:
    life = opened(store, "one")

    def kill(connection: Any, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO event"):
            event.remove(store.engine, "before_cursor_execute", kill)
            pid = connection.connection.dbapi_connection.info.backend_pid
            with store.engine.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    event.listen(store.engine, "before_cursor_execute", kill)
    change = life.built().change(exchanges=(exchange("leg", "one"),))
    with pytest.raises(StoreFault):
        store.commit(change)
    assert store.authorization("one").version == 1
    assert store.exchanges("one") == ()
    store.commit(change)
    assert store.authorization("one").version == 2


@pytest.mark.parametrize("written", [True, False])
def test_a_connection_lost_while_committing_says_that_nobody_knows_and_repeating_does_no_harm(
    store: SqlStore, written: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = opened(store, "one")
    commit = store.engine.dialect.do_commit

    def lose(raw: Any) -> None:
        monkeypatch.undo()
        pid = raw.dbapi_connection.info.backend_pid
        if written:
            commit(raw)
        with store.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        raw.execute("SELECT 1")

    change = life.built().change()
    monkeypatch.setattr(store.engine.dialect, "do_commit", lose)
    with pytest.raises(StoreFault, match="not known"):
        store.commit(change)
    if written:
        with pytest.raises(Conflict):
            store.commit(change)
    else:
        store.commit(change)
    assert store.authorization("one").version == 2
    assert len(store.events()) == 2


def test_a_pool_that_has_nothing_left_is_a_store_fault(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store.engine.pool, "_timeout", 0.05)
    held = [store.engine.connect() for _ in range(postgres.CONNECTIONS)]
    with pytest.raises(StoreFault):
        store.events()
    assert not store.ready()
    for connection in held:
        connection.close()
    assert store.events() == ()


# --- against each other


def test_two_who_wait_for_each_other_are_untangled_and_both_get_through(store: SqlStore) -> None:
    for name in ("one", "two"):
        opened(store, name, due=[START])
    both, runs = Barrier(2), list[str]()

    def take(first: str, second: str) -> Callable[[Any], None]:
        def work_of(connection: Any) -> None:
            runs.append(first)
            one = update(tables.work).values(owner=f"by {first}")
            connection.execute(one.where(tables.work.c.authorization == first))
            if len(runs) <= 2:
                both.wait()
            connection.execute(one.where(tables.work.c.authorization == second))

        return work_of

    threads = [
        Thread(target=store._dialect.writer.run, args=(take(*pair),)) for pair in (("one", "two"), ("two", "one"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 3, "the one that was undone began again"


def test_a_step_another_is_just_claiming_is_passed_over_and_not_waited_for(store: SqlStore) -> None:
    for name in ("one", "two"):
        opened(store, name, due=[START])
    with store.engine.connect() as slow, slow.begin():
        assert steps.claim(slow, "slow", START, LEASE, steps.look(slow, START, None, ()))
        found = store.claim("fast", START, LEASE)
        assert found
        assert found.authorization == "two"
        assert store.claim("fast", START, LEASE) is None


def test_whoever_holds_a_step_keeps_others_from_it_until_he_has_committed(store: SqlStore) -> None:
    life = opened(store, "one", due=[START])
    held = store.claim("a", START, LEASE)
    assert held
    is_writing, may_go = Event(), Event()

    def wait(_c: Any, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO event"):
            is_writing.set()
            may_go.wait()

    event.listen(store.engine, "before_cursor_execute", wait)
    thread = Thread(target=lambda: store.commit(life.built().change(held=held)))
    thread.start()
    is_writing.wait()
    assert store.claim("b", START + timedelta(hours=1), LEASE) is None, "its lease is over, but it is just writing"
    may_go.set()
    thread.join()
    assert store.authorization("one").state is State.READY
    assert store.claim("b", START + timedelta(hours=1), LEASE)


STOPPED = """
import sys
from gateway.adapters.store import open_store, postgres
postgres._SESSION = postgres._SESSION.replace("'8s'", "'300ms'")

def stop(state):
    print("stopped", flush=True)
    sys.stdin.readline()
    return state

open_store(sys.argv[1]).change_payer("acorn", stop)
"""


def test_a_process_that_is_stopped_midway_does_not_keep_the_others_waiting(store: SqlStore, postgres_url: str) -> None:
    store.change_payer("acorn", lambda state: state)
    line = [sys.executable, "-c", STOPPED, postgres_url]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        assert process.stdout.readline() == b"stopped\n"
        process.send_signal(signal.SIGSTOP)
        store.change_payer("acorn", lambda state: replace(state, paused_by="Ines"))
        process.send_signal(signal.SIGCONT)
        process.communicate(b"\n")
    assert process.returncode == 1, "it has lost its transaction, and is told so"
    assert [state.paused_by for state in store.payer_states()] == ["Ines"]


def test_its_clock_is_the_servers_whatever_the_time_zone(store: SqlStore) -> None:
    with store.engine.connect() as connection:
        before = connection.execute(select(func.clock_timestamp())).scalar_one()
        connection.exec_driver_sql("SET timezone = 'Asia/Kathmandu'")
        connection.commit()
    now = store.now()
    assert now
    assert before <= now <= before + timedelta(minutes=1)
    assert now.utcoffset() == timedelta(0)


def test_events_that_another_may_still_precede_wait_until_it_has_ended(store: SqlStore) -> None:
    before = opened(store, "before")
    is_writing, may_go = Event(), Event()

    def wait(_c: Any, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO event") and not is_writing.is_set():
            is_writing.set()
            may_go.wait()

    event.listen(store.engine, "after_cursor_execute", wait)
    slow = Thread(target=opened, args=(store, "slow"))
    slow.start()
    is_writing.wait()
    opened(store, "fast")
    store.commit(before.built().change())

    def seen() -> list[str]:
        return [logged.authorization for logged in store.events()]

    assert "fast" not in seen()
    assert len(store.events(authorization="before")) == 2, "one record's own are in order"
    may_go.set()
    slow.join()
    assert seen() == ["before", "slow", "fast", "before"]


def test_events_wait_for_one_whose_transaction_has_only_begun(store: SqlStore) -> None:
    for name in ("one", "two"):
        opened(store, name)
    with store.engine.connect() as slow, slow.begin():
        store._dialect.begin_events(slow)
        opened(store, "three")
        assert len(store.events()) in (1, 2), "nothing that could still be overtaken"
    assert len(store.events()) == 3


# --- history


REWRITING = {
    "update": "UPDATE \"{table}\" SET {column} = 'forged'",
    "delete": 'DELETE FROM "{table}"',
    "truncate": 'TRUNCATE "{table}" CASCADE',
    "upsert": 'INSERT INTO "{table}" SELECT * FROM "{table}" ON CONFLICT ({key}) DO UPDATE SET {column} = \'forged\'',
    "as a replica": 'SET session_replication_role = replica; DELETE FROM "{table}"',
}
COLUMNS = {
    "order": ("client", "id"),
    "completion": ("actor", "order_id, number"),
    "event": ("actor", "position"),
    "exchange": ("url", "position"),
}


@pytest.mark.parametrize("attempt", REWRITING)
@pytest.mark.parametrize("table", COLUMNS)
def test_history_cannot_be_rewritten(store: SqlStore, table: str, attempt: str) -> None:
    life = opened(store, "one").built()
    store.commit(life.change(completion=completion("order-one", 1), exchanges=(exchange("leg", "one"),)))
    before = store.order("order-one"), store.completions("order-one"), store.events(), store.exchanges("one")
    column, key = COLUMNS[table]
    with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
        connection.exec_driver_sql(REWRITING[attempt].format(table=table, column=column, key=key))
    assert before == (
        store.order("order-one"),
        store.completions("order-one"),
        store.events(),
        store.exchanges("one"),
    )


def test_a_reference_that_leads_nowhere_is_refused_by_the_database_itself(store: SqlStore) -> None:
    row = {"authorization": "nobody", "key": "", "step": "x", "owner": "", "fence": 0, "lane": "", "tries": 0}
    with pytest.raises(IntegrityError), store.engine.begin() as connection:
        connection.execute(insert(tables.work).values(**row, reason=""))


def test_a_fault_of_the_database_never_quotes_content(store: SqlStore) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE exchange")
    life = opened(store, "one", patient="Patient/jane-example")
    with pytest.raises(StoreFault) as fault:
        store.commit(life.built().change(exchanges=(exchange("leg", "one", b"Jane Example"),)))
    said = repr(fault.value) + str(fault.value) + fault.value.fix
    assert "jane" not in said.lower()
    assert fault.value.__cause__ is None
    assert store.authorization("one").version == 1


# --- plans


def explained(store: SqlStore, read: Callable[[], object]) -> str:
    """The plans of what `read` asks, as if the tables were too large to be read whole."""
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    read()
    event.remove(store.engine, "before_cursor_execute", note)
    with store.engine.connect() as connection:
        for way in ("seqscan", "bitmapscan", "sort"):
            connection.exec_driver_sql(f"SET enable_{way} = off")
        return "\n".join(
            row[0]
            for statement, parameters in asked
            if statement.startswith(("SELECT", "WITH", "UPDATE")) and not re.search("position_seq|pg_", statement)
            for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        )


def test_pages_feeds_and_claims_are_read_from_an_index_and_not_sorted(store: SqlStore) -> None:
    opened(store, "one", due=[START])
    for read in (
        lambda: store.authorizations(Query()),
        lambda: store.authorizations(Query(client="a", due_before=START)),
        lambda: store.events(after=5),
        lambda: store.events(after=5, client="a"),
        lambda: store.last_exchange("one"),
        lambda: store.exchanges("one"),
        lambda: store.claim("a", START, LEASE),
        lambda: store.completions("one"),
    ):
        plans = explained(store, read)
        assert "Seq Scan" not in plans
        assert "Sort" not in plans


def test_a_claim_reads_what_waits_lane_by_lane_and_nothing_else(store: SqlStore) -> None:
    opened(store, "one", due=[START])
    reads = [line for line in explained(store, lambda: store.claim("a", START, LEASE)).splitlines() if "Scan" in line]
    indexes = {line.split(" using ")[1].split(" ")[0] for line in reads if " using " in line}
    assert indexes == {"ix_work_waiting", "pk_work"}


def test_what_is_not_there_stays_not_found_after_a_fault(store: SqlStore) -> None:
    with pytest.raises(NotFound):
        store.commit(ChangeSet(completion=completion("nothing", 1)))
    store.commit(ChangeSet(order=order("one")))
    assert store.order("one") == order("one")
