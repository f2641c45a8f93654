"""The sweep runs beside the workers, says what it found, and its failure ends nothing."""

from dataclasses import replace
from threading import Event

import pytest

from gateway.model.authorization import State
from gateway.model.changes import ChangeSet
from gateway.model.errors import GatewayError
from gateway.worker import Pool
from gateway.worker.sweeper import sweep_once
from tests.unit.worker.orders import LEASE, Answering, TwoClocks, add_orders
from tests.worlds import HeardLog, build_world


def test_a_record_without_a_row_is_put_on_its_way_when_a_pool_starts() -> None:
    clock, log = TwoClocks(), HeardLog()
    world = replace(build_world(), clock=clock, log=log, payer_client=Answering(clock))
    (identity,) = add_orders(world, 1)
    world.store.commit(ChangeSet(void=(identity,)))
    decided = Event()
    world.waiters.listen(
        lambda: decided.set() if world.store.authorization(identity).state is State.DECIDED else None, to=[identity]
    )
    pool = Pool(world, threads=1, lease=LEASE)
    pool.start()
    try:
        assert decided.wait(20)
    finally:
        pool.stop(within=5)
    assert ("sweep.found", {"authorizations": 1}) in log.lines


def test_a_sweep_that_finds_nothing_says_nothing() -> None:
    log = HeardLog()
    sweep_once(replace(build_world(), log=log))
    assert log.lines == []


@pytest.mark.parametrize(("fault", "said"), [
    (GatewayError("The database is away."), {"code": "error"}),
    (ZeroDivisionError("Jane Doe"), {"fault"}),
])  # fmt: skip
def test_a_sweep_that_fails_is_logged_and_raises_nothing(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, said: object
) -> None:
    def broken(*_: object) -> int:
        raise fault

    monkeypatch.setattr("gateway.worker.sweeper.sweep", broken)
    log = HeardLog()
    sweep_once(replace(build_world(), log=log))
    ((line, fields),) = log.lines
    assert line == "sweep.failed"
    assert said in (fields, set(fields))
    assert "Jane" not in str(fields)
