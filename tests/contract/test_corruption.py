"""A row that no gateway wrote is set aside, says why, and stops nothing else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from gateway.adapters.store.faults import StoreFault
from gateway.adapters.store.sql import SqlStore
from gateway.model.changes import Cause, ChangeSet
from gateway.model.errors import Conflict
from gateway.model.payer_state import PayerState
from gateway.ports import Query, WorkQuery
from tests.contract.lives import START, opened, work

LEASE = timedelta(seconds=60)


def spoil(store: SqlStore, table: str, assignment: str, where: str) -> None:
    with store.engine.connect() as connection:
        connection.execute(text(f'UPDATE "{table}" SET {assignment} WHERE {where}'))  # noqa: S608 - our own words
        connection.commit()


NO_INSTANTS = ("'tomorrow'", "''", "'2026-02-31T09:30:00.000000Z'", "'2026-03-02T09:30:00.000000'", "'~'")
SPOILT = [
    *(("due_at", f"due_at = {value}") for value in NO_INSTANTS),
    *(("lease_until", f"lease_until = {value}") for value in NO_INSTANTS),
    ("cause", "cause = 'nonsense'"),
]
UNTYPED = [
    ("fence", "fence = 'x'"),
    ("tries", "tries = x'00ff'"),
    ("due_at", "due_at = x'ff'"),
    ("owner", "owner = x'00'"),
    ("lane", "lane = x'00'"),
]
"""What only SQLite lets into a column."""


@pytest.mark.parametrize(("column", "assignment"), SPOILT + UNTYPED)
def test_a_step_that_cannot_be_read_is_set_aside_and_the_next_one_is_claimed(
    durable: SqlStore, column: str, assignment: str
) -> None:
    if (column, assignment) in UNTYPED and durable.engine.dialect.name != "sqlite":
        pytest.skip("the column's type does not let it in")
    for name in ("bad", "good"):
        opened(durable, name, due=[START - timedelta(hours=1)])
    spoil(durable, "work", assignment, "\"authorization\" = 'bad'")

    listed = {step.authorization: step for step in durable.works(WorkQuery())}
    assert listed.keys() == {"bad", "good"}
    assert (listed["bad"].cause, listed["good"].cause) == (Cause.CORRUPT, None), "shown even before it is met"

    claimed = [durable.claim("a", START, LEASE) for _ in range(2)]
    assert [step.authorization if step else None for step in claimed] == ["good", None]
    (aside,) = durable.works(WorkQuery(set_aside=True, cause=Cause.CORRUPT))
    assert (aside.authorization, aside.set_aside_at, aside.owner) == ("bad", START, "")
    assert column in aside.reason
    assert "tomorrow" not in aside.reason
    assert "nonsense" not in aside.reason

    durable.commit(ChangeSet(work=(replace(work("bad"), tries=0),)))
    retried = durable.claim("b", START, LEASE)
    assert retried
    assert retried.authorization == "bad"
    durable.commit(ChangeSet(finished=retried))


def test_a_step_in_a_closed_lane_that_can_never_come_due_is_found_too(durable: SqlStore) -> None:
    opened(durable, "bad")
    durable.commit(ChangeSet(work=(replace(work("bad"), lane="acorn"),)))
    spoil(durable, "work", "due_at = 'never'", "true")
    assert durable.claim("a", START, LEASE, closed=["acorn"]) is None
    assert [step.cause for step in durable.works(WorkQuery(set_aside=True))] == [Cause.CORRUPT]


def test_whoever_held_a_step_that_was_spoilt_meanwhile_is_refused(durable: SqlStore) -> None:
    opened(durable, "one", due=[START])
    held = durable.claim("a", START, LEASE)
    assert held
    spoil(durable, "work", "lease_until = 'never'", "true")
    assert durable.claim("b", START, LEASE) is None
    with pytest.raises(Conflict):
        durable.commit(ChangeSet(finished=held))


def test_a_record_that_cannot_be_read_is_a_fault_of_its_own_and_listed_as_work(durable: SqlStore) -> None:
    for name in ("bad", "good"):
        opened(durable, name, due=[START])
    spoil(durable, "authorization", 'record = \'{"id": "jane-example"}\'', "id = 'bad'")
    for _ in range(2):
        assert [record.id for record in durable.authorizations(Query())] == ["good"]
        with pytest.raises(StoreFault) as fault:
            durable.authorization("bad")
        assert "jane" not in str(fault.value) + fault.value.fix
    assert durable.authorization("good").id == "good"
    (aside,) = durable.works(WorkQuery(set_aside=True))
    assert (aside.authorization, aside.key, aside.step, aside.cause) == ("bad", "record", "read", Cause.CORRUPT)
    assert "cannot be read" in aside.reason
    assert durable.works(WorkQuery(set_aside=True, client="valley-clinic")) == (aside,)


@pytest.mark.parametrize("state", ["", "{}", '{"lane": "acorn", "failures": "many"}'])
def test_a_payer_whose_state_cannot_be_read_is_paused_until_a_person_resumes_it(durable: SqlStore, state: str) -> None:
    durable.change_payer("acorn", lambda present: replace(present, failures=1))
    durable.change_payer("birch", lambda present: replace(present, failures=2))
    spoil(durable, "payer_state", f"state = '{state}'", "lane = 'acorn'")
    acorn, birch = durable.payer_states()
    assert (acorn.lane, acorn.paused_by, birch) == ("acorn", "gateway", PayerState(lane="birch", failures=2))

    def resume(present: PayerState) -> PayerState:
        assert present.paused_by == "gateway"
        return PayerState(lane="acorn")

    assert durable.change_payer("acorn", resume) == PayerState(lane="acorn")
    assert durable.payer_states()[0] == PayerState(lane="acorn")


def test_what_is_put_aside_says_what_was_left_of_it(durable: SqlStore) -> None:
    opened(durable, "one", due=[START])
    durable.claim("a", START, LEASE)
    spoil(durable, "work", "cause = 'nonsense', lease_until = NULL", "true")
    assert durable.claim("b", START, LEASE) is None
    aside: Any = durable.work("one")
    assert (aside.step, aside.due_at, aside.tries, aside.fence) == ("submit", START, 1, 2)
