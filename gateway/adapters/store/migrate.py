"""Brings a database's schema up to date with the migrations shipped beside this file."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from gateway.adapters.store.postgres import take_turns
from gateway.model.errors import ConfigFault


def upgrade(engine: Engine) -> tuple[str, str]:
    """Apply what is missing, all or nothing; the revision before (empty: none) and after.

    Processes that start together take turns; the second finds nothing left to do.

    Raises:
        ConfigFault: a newer gateway wrote this database.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with engine.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            take_turns(connection)
        before = _revision(connection)
        if before and before not in {script.revision for script in scripts.walk_revisions()}:
            raise ConfigFault(
                "The database was written by a newer gateway.", fix="Run that release, or restore an older database."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return before, _revision(connection)


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""
