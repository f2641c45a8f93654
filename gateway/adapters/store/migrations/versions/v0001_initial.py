"""The first schema: orders, records, their account, what travelled, the next steps, API clients."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_INSTANT = sa.String(27).with_variant(sa.String(27, collation="C"), "postgresql")
_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SORT = ("due_at", "created_at", "id")

# For each table that is only ever added to: what a new row may not share with a stored one. INSERT OR REPLACE
# deletes without asking, so an existing key is refused before it does.
_APPEND_ONLY = {
    "order": "id = NEW.id OR rowid = NEW.rowid",
    "completion": "(order_id = NEW.order_id AND number = NEW.number) OR rowid = NEW.rowid",
    "event": "position = NEW.position OR (authorization = NEW.authorization AND version = NEW.version)",
    "exchange": "position = NEW.position OR id = NEW.id",
}


def upgrade() -> None:
    _orders()
    _authorizations()
    _account()
    _work()
    if op.get_bind().dialect.name == "sqlite":
        for name, taken in _APPEND_ONLY.items():
            _refuse_changes(name, taken)
    else:
        _refuse_all_changes()


def _orders() -> None:
    op.create_table(
        "order",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("split", sa.Boolean(), nullable=False),
        sa.Column("hold", sa.Boolean(), nullable=False),
        sa.Column("requestor", sa.String(), nullable=False),
        sa.Column("payer", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_order"),
    )
    op.create_table(
        "completion",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "number", name="pk_completion"),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name="fk_completion_order_id"),
    )


def _authorizations() -> None:
    op.create_table(
        "authorization",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("patient", sa.String(), nullable=False),
        sa.Column("payer", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("determination", sa.String(), nullable=False),
        sa.Column("due_at", _INSTANT, nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_authorization"),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name="fk_authorization_order_id"),
    )
    op.create_index("ix_authorization_due_at_created_at_id", "authorization", list(_SORT))
    for name in ("client", "state", "payer", "patient", "order_id"):
        op.create_index(f"ix_authorization_{name}_due_at_created_at_id", "authorization", [name, *_SORT])


def _account() -> None:
    op.create_table(
        "event",
        sa.Column("position", _POSITION, autoincrement=True, nullable=False),
        sa.Column("authorization", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_event"),
        sa.ForeignKeyConstraint(["authorization"], ["authorization.id"], name="fk_event_authorization"),
        sa.UniqueConstraint("authorization", "version", name="uq_event_authorization_version"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "exchange",
        sa.Column("position", _POSITION, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("authorization", sa.String(), nullable=False),
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_exchange"),
        sa.ForeignKeyConstraint(["authorization"], ["authorization.id"], name="fk_exchange_authorization"),
        sa.UniqueConstraint("id", name="uq_exchange_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exchange_authorization_position", "exchange", ["authorization", "position"])


def _work() -> None:
    op.create_table(
        "work",
        sa.Column("authorization", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("due_at", _INSTANT, nullable=True),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("lease_until", _INSTANT, nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("authorization", name="pk_work"),
        sa.ForeignKeyConstraint(["authorization"], ["authorization.id"], name="fk_work_authorization"),
    )
    op.create_index("ix_work_due_at_authorization", "work", ["due_at", "authorization"])
    op.create_table(
        "client",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_client"),
        sa.UniqueConstraint("token_sha256", name="uq_client_token_sha256"),
    )


def _refuse_changes(name: str, taken: str) -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
    stored = f'SELECT 1 FROM "{name}" WHERE {taken}'  # noqa: S608 - names of our own tables
    op.execute(f'CREATE TRIGGER {name}_update BEFORE UPDATE ON "{name}" {refuse}')
    op.execute(f'CREATE TRIGGER {name}_delete BEFORE DELETE ON "{name}" {refuse}')
    op.execute(f'CREATE TRIGGER {name}_replace BEFORE INSERT ON "{name}" WHEN EXISTS ({stored}) {refuse}')


def _refuse_all_changes() -> None:
    """PostgreSQL: INSERT replaces nothing there, but TRUNCATE empties. ALWAYS: even where a replica applies changes."""
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
    )
    for name in _APPEND_ONLY:
        for trigger, when in (("change", "UPDATE OR DELETE"), ("truncate", "TRUNCATE")):
            each = "STATEMENT" if trigger == "truncate" else "ROW"
            op.execute(
                f'CREATE TRIGGER {name}_{trigger} BEFORE {when} ON "{name}"'
                f" FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
            op.execute(f'ALTER TABLE "{name}" ENABLE ALWAYS TRIGGER {name}_{trigger}')
