"""The migrations build the schema that the code's tables describe, all or nothing, once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from gateway.adapters.store import migrate, open_store, sqlite, tables
from gateway.model.errors import ConfigFault


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    pair = sqlite.open_engine(tmp_path / "migrated.db"), sqlite.open_engine(tmp_path / "created.db")
    yield pair
    for engine in pair:
        engine.dispose()


def described(engine: Engine) -> dict[str, Any]:
    seen = inspect(engine)
    return {
        table: {
            "columns": [{**column, "type": repr(column["type"])} for column in seen.get_columns(table)],
            "primary key": seen.get_pk_constraint(table),
            "foreign keys": sorted(seen.get_foreign_keys(table), key=str),
            "unique": sorted(seen.get_unique_constraints(table), key=str),
            "indexes": sorted(seen.get_indexes(table), key=str),
            "options": seen.get_table_options(table),
        }
        for table in seen.get_table_names()
        if table not in ("alembic_version", "sqlite_sequence")
    }


def test_the_schema_from_migrations_is_the_schema_of_the_tables(engines: tuple[Engine, Engine]) -> None:
    migrated, created = engines
    migrate.upgrade(migrated)
    tables.metadata.create_all(created)
    assert described(migrated) == described(created)
    assert set(described(migrated)) == set(tables.metadata.tables)
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, tables.metadata) == []


def test_positions_of_events_and_exchanges_are_never_given_twice(engines: tuple[Engine, Engine]) -> None:
    migrate.upgrade(engines[0])
    with engines[0].connect() as connection:
        made = dict(connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all())
    assert "AUTOINCREMENT" in made["event"]
    assert "AUTOINCREMENT" in made["exchange"]


def test_upgrading_says_what_it_did_and_does_it_once(engines: tuple[Engine, Engine]) -> None:
    assert migrate.upgrade(engines[0]) == ("", tables.REVISION)
    assert migrate.upgrade(engines[0]) == (tables.REVISION, tables.REVISION)


def test_the_revision_the_code_expects_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [tables.REVISION]


def test_a_database_written_by_a_newer_gateway_is_refused_untouched(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    store = open_store(url)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(ConfigFault, match="newer"):
        open_store(url)


def test_a_migration_that_fails_leaves_nothing_behind(
    engines: tuple[Engine, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    execute = op.execute

    def fail(statement: str) -> None:
        if "exchange_replace" in statement:
            raise RuntimeError("no space left")
        execute(statement)

    monkeypatch.setattr(op, "execute", fail)
    with pytest.raises(RuntimeError):
        migrate.upgrade(engines[0])
    assert inspect(engines[0]).get_table_names() == []
    monkeypatch.undo()
    assert migrate.upgrade(engines[0]) == ("", tables.REVISION)


def test_opening_a_store_logs_a_migration_once(tmp_path: Path) -> None:
    lines: list[tuple[str, dict[str, Any]]] = []

    class Lines:
        def write(self, line: str, /, **fields: str | int | float) -> None:
            lines.append((line, fields))

    url = f"sqlite:///{tmp_path / 'per%cent' / 'gateway.db'}"
    for _ in range(2):
        open_store(url, Lines()).close()
    assert lines == [("store.migrated", {"before": "none", "after": tables.REVISION})]
