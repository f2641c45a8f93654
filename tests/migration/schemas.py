"""A database's schema as plain values, to be compared."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from gateway.adapters.store import migrate

_OTHERS = ("alembic_version", "sqlite_sequence")


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    return made


def scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(config())


def upgrade_to(engine: Engine, revision: str) -> None:
    with engine.execution_options(writes=True).begin() as connection:
        made = config()
        made.attributes["connection"] = connection
        command.upgrade(made, revision)


def described(engine: Engine) -> dict[str, dict[str, Any]]:
    """Tables, their columns, keys and indexes, and their triggers as the database tells them."""
    seen = inspect(engine)
    with engine.connect() as connection:
        triggers = _triggers(connection)
    return {
        table: {
            "columns": [{**column, "type": _type(column["type"])} for column in seen.get_columns(table)],
            "primary key": seen.get_pk_constraint(table),
            "foreign keys": sorted(seen.get_foreign_keys(table), key=str),
            "unique": sorted(seen.get_unique_constraints(table), key=str),
            "indexes": sorted((_index(index) for index in seen.get_indexes(table)), key=str),
            "options": seen.get_table_options(table),
            "triggers": sorted(trigger for owner, trigger in triggers if owner == table),
        }
        for table in seen.get_table_names()
        if table not in _OTHERS
    }


def without_triggers(schema: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Only migrations make triggers; the tables of the code know nothing of them."""
    return {table: {**parts, "triggers": []} for table, parts in schema.items()}


def _type(kind: Any) -> str:
    return f"{kind!r} {getattr(kind, 'collation', None)}"


def _index(index: Any) -> dict[str, Any]:
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return {**index, "dialect_options": options}


def _triggers(connection: Connection) -> list[tuple[str, str]]:
    asked = {
        "sqlite": "SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT relname, tgenabled::text || pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger"
        " JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal",
    }
    return [(owner, trigger) for owner, trigger in connection.exec_driver_sql(asked[connection.dialect.name])]
