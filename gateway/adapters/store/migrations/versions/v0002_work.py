"""Steps by key and lane, set aside with a cause; keys of intake; the state of payers; events by client.

Nothing in doubt stays unlisted.

`work` gets another primary key, which is no addition: no release with revision 0001 was ever published, so no older
gateway runs beside this one.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NOT_ADDITIVE = "the primary key of work: revision 0001 was never published"

_INSTANT = sa.String(27).with_variant(sa.String(27, collation="C"), "postgresql")
_OLD = ("authorization", "step", "due_at", "owner", "lease_until", "fence")
_IN_DOUBT = "No trustworthy answer came back: ask the payer what became of the request, and resolve it."


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_work()
    else:
        _alter_work()
    waiting = sa.text("due_at IS NOT NULL AND set_aside_at IS NULL")
    aside = sa.text("set_aside_at IS NOT NULL")
    _index("ix_work_waiting", ["lane", "due_at", "authorization", "key"], waiting)
    _index("ix_work_set_aside", ["set_aside_at", "due_at", "authorization", "key"], aside)
    _new_tables()
    op.execute('UPDATE work SET lane = (SELECT payer FROM "authorization" AS a WHERE a.id = work."authorization")')
    _list_doubts()
    _events_by_client()


def _added() -> list[sa.Column[object]]:
    """The new columns; what old rows say in them is a default only while they are filled."""
    return [
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_aside_at", _INSTANT, nullable=True),
    ]


def _rebuild_work() -> None:
    """SQLite cannot change a primary key."""
    op.create_table(
        "work_rebuilt",
        sa.Column("authorization", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("due_at", _INSTANT, nullable=True),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("lease_until", _INSTANT, nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        *_added(),
        sa.PrimaryKeyConstraint("authorization", "key", name="pk_work"),
        sa.ForeignKeyConstraint(["authorization"], ["authorization.id"], name="fk_work_authorization"),
    )
    old = ", ".join(f'"{name}"' for name in _OLD)
    op.execute(
        f"INSERT INTO work_rebuilt ({old}, key, lane, tries, reason) SELECT {old}, '', '', 0, '' FROM work"  # noqa: S608 - our own columns
    )
    op.drop_table("work")
    op.rename_table("work_rebuilt", "work")


def _alter_work() -> None:
    op.drop_index("ix_work_due_at_authorization", "work")
    fill = {"key": "", "lane": "", "tries": "0", "reason": ""}
    for column in _added():
        column.server_default = sa.DefaultClause(fill[column.name]) if column.name in fill else None
        op.add_column("work", column)
    for name in fill:
        op.alter_column("work", name, server_default=None)
    op.drop_constraint("pk_work", "work", type_="primary")
    op.create_primary_key("pk_work", "work", ["authorization", "key"])


def _index(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, "work", columns, sqlite_where=where, postgresql_where=where)


def _new_tables() -> None:
    op.create_table(
        "intake_key",
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("client", "key", name="pk_intake_key"),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name="fk_intake_key_order_id"),
    )
    op.create_table(
        "payer_state",
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lane", name="pk_payer_state"),
    )


def _events_by_client() -> None:
    """The only time that events are changed: each is told whose it is, so their guards step aside for it."""
    op.add_column("event", sa.Column("client", sa.String(), server_default="", nullable=False))
    fill = 'UPDATE event SET client = (SELECT client FROM "authorization" AS a WHERE a.id = event."authorization")'
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        guards = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'event'"
        kept = connection.exec_driver_sql(guards).all()
        for name, _ in kept:
            op.execute(f"DROP TRIGGER {name}")
        op.execute(fill)
        for _, made in kept:
            op.execute(made)
    else:
        op.execute("ALTER TABLE event DISABLE TRIGGER event_change")
        op.execute(fill)
        op.execute("ALTER TABLE event ENABLE ALWAYS TRIGGER event_change")
    op.create_index("ix_event_client_position", "event", ["client", "position"])


def _list_doubts() -> None:
    """Revision 0001 had no step for a record in doubt; now it is one that waits for a person."""
    names = ("id", "payer", "state", "updated_at", "record")
    records = sa.table("authorization", *(sa.column(name) for name in names))
    work = sa.table("work", *(sa.column(name) for name in (*_OLD, *(column.name for column in _added()))))
    connection = op.get_bind()
    for doubt in connection.execute(sa.select(records).where(records.c.state == "in_doubt")).mappings().all():
        # Nothing can happen to a record in doubt but its end, so it was last changed when the doubt began.
        since = {**json.loads(doubt["record"]), "in_doubt_at": doubt["updated_at"]}
        record = json.dumps(since, ensure_ascii=False, separators=(",", ":"))
        connection.execute(sa.update(records).where(records.c.id == doubt["id"]).values(record=record))
        mine = work.c.authorization == doubt["id"]
        present = connection.execute(sa.select(work.c.fence, work.c.due_at).where(mine)).mappings().first()
        aside = {
            "step": "inquire",
            "due_at": doubt["updated_at"],
            "lane": doubt["payer"],
            "cause": "doubt",
            "reason": _IN_DOUBT,
            "set_aside_at": doubt["updated_at"],
        }
        if present is None:
            new = {"authorization": doubt["id"], "key": "", "owner": "", "fence": 0, "tries": 0}
            connection.execute(sa.insert(work).values(**new, **aside))
        elif present["due_at"] is None:
            connection.execute(sa.update(work).where(mine).values(**aside, fence=present["fence"] + 1))
