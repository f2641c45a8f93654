"""The migrations build the schema that the code's tables describe, all or nothing, once; on every database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect

from gateway.adapters.store import migrate, open_store, tables
from gateway.model.errors import ConfigFault
from tests.migration.schemas import described, scripts, without_triggers


def test_the_schema_from_migrations_is_the_schema_of_the_tables(new_engine: Callable[[], Engine]) -> None:
    migrated, created = new_engine(), new_engine()
    migrate.upgrade(migrated)
    tables.metadata.create_all(created)
    assert without_triggers(described(migrated)) == described(created)
    assert set(described(migrated)) == set(tables.metadata.tables)
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, tables.metadata) == []


def test_the_tables_of_history_have_triggers_that_refuse_every_change(new_engine: Callable[[], Engine]) -> None:
    engine = new_engine()
    migrate.upgrade(engine)
    guarded = {table: len(parts["triggers"]) for table, parts in described(engine).items() if parts["triggers"]}
    each = 3 if engine.dialect.name == "sqlite" else 2
    assert guarded == dict.fromkeys(("order", "completion", "event", "exchange"), each)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_positions_of_events_and_exchanges_are_never_given_twice(new_engine: Callable[[], Engine]) -> None:
    engine = new_engine()
    migrate.upgrade(engine)
    with engine.connect() as connection:
        made = dict(connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all())
    assert "AUTOINCREMENT" in made["event"]
    assert "AUTOINCREMENT" in made["exchange"]


def test_upgrading_says_what_it_did_and_does_it_once(new_engine: Callable[[], Engine]) -> None:
    engine = new_engine()
    assert migrate.upgrade(engine) == ("", tables.REVISION)
    assert migrate.upgrade(engine) == (tables.REVISION, tables.REVISION)


def test_the_revision_the_code_expects_is_the_newest_migration() -> None:
    assert scripts().get_heads() == [tables.REVISION]


def test_a_database_written_by_a_newer_gateway_is_refused_untouched(new_url: Callable[[], str]) -> None:
    url = new_url()
    store = open_store(url)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(ConfigFault, match="newer"):
        open_store(url)


def test_a_migration_that_fails_leaves_nothing_behind(
    new_engine: Callable[[], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    engine, create = new_engine(), op.create_table

    def fail(name: str, *parts: Any, **options: Any) -> Any:
        if name == "payer_state":
            raise RuntimeError("no space left")
        return create(name, *parts, **options)

    monkeypatch.setattr(op, "create_table", fail)
    with pytest.raises(RuntimeError):
        migrate.upgrade(engine)
    assert inspect(engine).get_table_names() == []
    monkeypatch.undo()
    assert migrate.upgrade(engine) == ("", tables.REVISION)


def test_opening_a_store_logs_a_migration_once(tmp_path: Path) -> None:
    lines: list[tuple[str, dict[str, Any]]] = []

    class Lines:
        def write(self, line: str, /, **fields: str | int | float) -> None:
            lines.append((line, fields))

    (tmp_path / "per%cent").mkdir()
    url = f"sqlite:///{tmp_path}/per%25cent/gateway.db"
    for _ in range(2):
        open_store(url, Lines()).close()
    assert lines == [("store.migrated", {"before": "none", "after": tables.REVISION})]
