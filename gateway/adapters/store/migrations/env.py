"""Alembic's entry: migrates on the connection `gateway.adapters.store.migrate` hands over, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
