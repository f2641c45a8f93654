"""The tables, in portable SQLAlchemy Core; `migrations/` builds the same ones step by step.

The record is kept whole as JSON text; its other columns repeat what queries filter and sort by.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from gateway.adapters.store.types import Instant, Vocabulary
from gateway.model.authorization import Result, State
from gateway.model.exchange import Direction

REVISION = "0002"
"""The migration this code expects to be the last one applied."""

POSITION = BigInteger().with_variant(Integer, "sqlite")
"""Counts rows of all records; SQLite numbers only what is called INTEGER, whose 64 bits it has anyway."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

order = Table(
    "order",
    metadata,
    Column("id", String, primary_key=True),
    Column("client", String, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("split", Boolean, nullable=False),
    Column("hold", Boolean, nullable=False),
    Column("requestor", String, nullable=False),
    Column("payer", String, nullable=False),
)

completion = Table(
    "completion",
    metadata,
    Column("order_id", String, ForeignKey("order.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("actor", String, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("order_id", "number"),
)

authorization = Table(
    "authorization",
    metadata,
    Column("id", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("client", String, nullable=False),
    Column("order_id", String, ForeignKey("order.id"), nullable=False),
    Column("patient", String, nullable=False),
    Column("payer", String, nullable=False),
    Column("state", Vocabulary(State), nullable=False),
    Column("determination", Vocabulary(Result), nullable=False),
    Column("due_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("record", Text, nullable=False),
    # Every index ends in the sort of `ports.Query`, so a page of a filtered list is read, not sorted.
    Index(None, "due_at", "created_at", "id"),
    Index(None, "client", "due_at", "created_at", "id"),
    Index(None, "state", "due_at", "created_at", "id"),
    Index(None, "payer", "due_at", "created_at", "id"),
    Index(None, "patient", "due_at", "created_at", "id"),
    Index(None, "order_id", "due_at", "created_at", "id"),
)

event = Table(
    "event",
    metadata,
    Column("position", POSITION, primary_key=True, autoincrement=True),
    Column("authorization", String, ForeignKey("authorization.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String, nullable=False),
    Column("before", Vocabulary(State)),
    Column("after", Vocabulary(State), nullable=False),
    Column("payload", Text, nullable=False),
    # As in the record, whose client never changes: the feed of one client is read without those of the others.
    Column("client", String, nullable=False, server_default=""),
    UniqueConstraint("authorization", "version"),
    Index(None, "client", "position"),
    sqlite_autoincrement=True,
)

exchange = Table(
    "exchange",
    metadata,
    Column("position", POSITION, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False),
    Column("authorization", String, ForeignKey("authorization.id"), nullable=False),
    Column("pair", String, nullable=False),
    Column("operation", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("direction", Vocabulary(Direction), nullable=False),
    Column("at", Instant, nullable=False),
    Column("url", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("media_type", String, nullable=False),
    Column("identifier", String, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("id"),
    Index(None, "authorization", "position"),
    sqlite_autoincrement=True,
)

work = Table(
    "work",
    metadata,
    Column("authorization", String, ForeignKey("authorization.id"), nullable=False),
    Column("step", String, nullable=False),
    # Empty once the step is done: the row stays for its fence, which must never start again.
    Column("due_at", Instant),
    Column("owner", String, nullable=False),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False),
    Column("key", String, nullable=False),
    Column("lane", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("cause", String),
    Column("reason", Text, nullable=False),
    Column("set_aside_at", Instant),
    PrimaryKeyConstraint("authorization", "key"),
)

_WAITING = work.c.due_at.is_not(None) & work.c.set_aside_at.is_(None)
# What a claim looks at, lane by lane: steps that are done or set aside are not in it, however many there are. A claim
# changes none of its columns, so PostgreSQL need not touch it.
Index(
    "ix_work_waiting",
    work.c.lane,
    work.c.due_at,
    work.c.authorization,
    work.c.key,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)
# The sort of what is set aside. There is none for what waits: whoever plans a claim might prefer it to the lanes.
Index(
    "ix_work_set_aside",
    work.c.set_aside_at,
    work.c.due_at,
    work.c.authorization,
    work.c.key,
    sqlite_where=work.c.set_aside_at.is_not(None),
    postgresql_where=work.c.set_aside_at.is_not(None),
)

intake_key = Table(
    "intake_key",
    metadata,
    Column("client", String, nullable=False),
    Column("key", String, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("order_id", String, ForeignKey("order.id"), nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("client", "key"),
)

payer_state = Table(
    "payer_state",
    metadata,
    Column("lane", String, primary_key=True),
    Column("state", Text, nullable=False),
)

client = Table(
    "client",
    metadata,
    Column("name", String, primary_key=True),
    Column("token_sha256", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("token_sha256"),
)
