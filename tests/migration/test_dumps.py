"""What every earlier release left in a database still opens, migrates and works (see dumps/README.md)."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, select

from gateway.adapters.store import migrate, open_store, postgres, sqlite, tables
from gateway.adapters.store.sql import SqlStore
from gateway.model import events as e
from gateway.model import lifecycle
from gateway.model.authorization import State
from gateway.model.changes import Cause
from gateway.ports import Query, WorkQuery
from tests.contract.lives import START, Life, order, work
from tests.migration.schemas import described

DUMPS = Path(__file__).parent / "dumps"
RELEASES = sorted({file.stem.split("-")[0] for file in DUMPS.glob("*.sql")})
LEASE = timedelta(seconds=60)
LATER = START + timedelta(minutes=5)


@pytest.fixture(params=RELEASES)
def url(request: pytest.FixtureRequest, kind: str, new_url: Callable[[], str]) -> str:
    """A database as that release left it."""
    found, script = new_url(), (DUMPS / f"{request.param}-{kind}.sql").read_text()
    if kind == "postgres":
        with psycopg.connect(found, autocommit=True) as connection:
            connection.execute(script.encode())
        return found
    with sqlite3.connect(make_url(found).database or "") as file:
        file.executescript(script)
    file.close()
    return found


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = open_store(url)
    yield opened
    opened.close()


def test_every_release_has_a_dump_of_each_kind() -> None:
    assert {file.name for file in DUMPS.glob("*.sql")} == {
        f"{release}-{kind}.sql" for release in RELEASES for kind in ("sqlite", "postgres")
    }


def test_its_schema_becomes_the_present_one(store: SqlStore, kind: str, new_url: Callable[[], str]) -> None:
    assert store.ready()
    url = make_url(new_url())
    fresh = postgres.open_engine(url) if kind == "postgres" else sqlite.open_engine(Path(url.database or ""))
    migrate.upgrade(fresh)
    assert described(store.engine) == described(fresh)
    fresh.dispose()


def test_its_records_are_those_their_events_lead_to_as_far_as_it_knew(store: SqlStore) -> None:
    """What a later release has added to the record says nothing about an older one until its next event."""
    records = store.authorizations(Query())
    with store.engine.connect() as connection:
        of = tables.authorization.c
        known = {identity: json.loads(record) for identity, record in connection.execute(select(of.id, of.record))}
    assert len(records) >= 10
    for record in records:
        first, *later = [logged.event for logged in store.events(authorization=record.id)]
        assert isinstance(first, e.OrderReceived)
        replayed = lifecycle.start(record.id, first)
        for event in later:
            replayed = lifecycle.apply(replayed, event)
        assert {name: getattr(record, name) for name in known[record.id]} == {
            name: getattr(replayed, name) for name in known[record.id]
        }
        assert store.order(record.order_id)
    assert store.exchanges("decided")[0].body == b"\x00\xff{ }\r\n"
    assert len(store.completions("order-gaps")) == 1
    assert [client.name for client in store.clients()] == ["valley-clinic"]


def test_its_events_are_found_by_their_client(store: SqlStore) -> None:
    every = store.events(limit=1000)
    assert {record.client for record in store.authorizations(Query(limit=1000))} == {"valley-clinic"}
    assert store.events(client="valley-clinic", limit=1000) == every
    assert store.events(client="nobody") == ()


def test_everything_in_doubt_is_listed_for_a_person(store: SqlStore) -> None:
    doubtful = {record.id for record in store.authorizations(Query(states=(State.IN_DOUBT,)))}
    assert doubtful
    listed = store.works(WorkQuery(set_aside=True, cause=Cause.DOUBT))
    assert {step.authorization for step in listed} == doubtful
    for step in listed:
        record = store.authorization(step.authorization)
        assert (step.step, step.lane, step.key) == ("inquire", record.payer, "")
        assert step.set_aside_at == record.updated_at
        assert step.reason


def test_its_steps_are_claimed_and_finished_and_what_was_done_stays_done(store: SqlStore) -> None:
    assert store.claim("new", START - timedelta(seconds=1), LEASE) is None
    claimed = []
    while step := store.claim("new", LATER, LEASE):
        claimed.append(step)
    assert [(step.authorization, step.lane, step.step) for step in claimed] == [
        ("claimed", "acorn", "submit"),
        ("due", "acorn", "submit"),
    ], "the lease of the one that was claimed is over"
    assert [step.authorization for step in store.works(WorkQuery(set_aside=False))] == ["claimed", "due", "later"]
    for step in claimed:
        record = store.authorization(step.authorization)
        life = Life(record.id, record.order_id, record=record, now=LATER)
        store.commit(life.sent().change(finished=step, work=(work(record.id, LATER, "inquire"),)))
        assert store.authorization(record.id).state is State.SUBMITTING


def test_new_orders_come_after_the_old_ones(store: SqlStore) -> None:
    last = store.events(limit=1000)[-1].position
    store.commit(Life("new", "order-new").open().change(order=order("order-new")))
    assert [event.authorization for event in store.events(after=last)] == ["new"]
    assert tables.REVISION
