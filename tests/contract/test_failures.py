"""A database that failed is told by what is known of the cause and what to do, never in its own words."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.adapters.store.failures import told

SECRET = "Jane Example"


def failed(fault: Exception, *, closed: bool = False) -> DBAPIError:
    return OperationalError("INSERT", {"name": SECRET}, fault, connection_invalidated=closed)


def test_a_sqlite_file_that_another_program_holds_is_told_as_that(tmp_path: Path) -> None:
    file = tmp_path / "gateway.db"
    with sqlite3.connect(file, isolation_level=None) as holder, sqlite3.connect(file, timeout=0) as waiting:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError) as busy:
            waiting.execute("BEGIN IMMEDIATE")
    fault = told(failed(busy.value))
    assert (str(fault), fault.status) == ("The database failed: another program holds the file.", 503)
    assert "holds it" in fault.fix


def test_a_full_disk_under_sqlite_is_told_as_that(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "gateway.db", isolation_level=None) as small:
        small.execute("CREATE TABLE big (text)")
        small.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as full:
            small.execute("INSERT INTO big VALUES (?)", (SECRET * 100_000,))
    fault = told(failed(full.value))
    assert (str(fault), fault.fix) == ("The database failed: the disk is full.", "Make room on its disk.")


def test_a_postgresql_server_that_does_not_run_is_told_as_that() -> None:
    with pytest.raises(psycopg.OperationalError) as refused:
        psycopg.connect("postgresql://pa:hush-hush@127.0.0.1:1/gateway", connect_timeout=2)
    fault = told(failed(refused.value))
    assert str(fault) == "The database failed: the connection was refused."
    assert "server of PA_DATABASE" in fault.fix
    assert "hush" not in f"{fault} {fault.fix}"


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        ("53100", "the disk is full"),
        ("57P01", "the connection was closed: the server stops or starts"),
        ("08006", "the connection was closed"),
        ("53300", "the server has no connection left"),
        ("55P03", "a lock was held for too long"),
        ("XX000", "SQLSTATE XX000"),
    ],
)
def test_what_postgresql_says_by_its_code_is_told_in_words(state: str, cause: str) -> None:
    fault = told(failed(psycopg.errors.lookup(state)(SECRET)))
    assert str(fault) == f"The database failed: {cause}."
    assert "SQLite" not in fault.fix


def test_a_connection_that_is_gone_without_a_code_was_closed() -> None:
    assert "the connection was closed" in str(told(failed(psycopg.OperationalError(SECRET), closed=True)))


def test_a_pool_without_a_free_connection_and_an_unknown_fault_are_told_too() -> None:
    assert "no connection came free" in str(told(PoolTimeout()))
    fault = told(failed(sqlite3.ProgrammingError(SECRET)))
    assert str(fault) == "The database failed: ProgrammingError."
    assert SECRET not in f"{fault} {fault.fix}"
