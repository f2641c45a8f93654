"""Payers that cannot tell, an older guide, a sick database: nothing is sent again on a guess, and nothing is lost."""

from pathlib import Path

import pytest

from gateway.chaos.scale import constant, scaled_waits
from tests.faults.runs import ALL, good_run, total
from tests.postgres import need_postgres

ONE_EACH = len(ALL)


def test_a_payer_that_cannot_be_asked_gets_nothing_twice_and_a_person_gets_the_doubt(tmp_path: Path) -> None:
    row = total(good_run(tmp_path, orders=3 * ONE_EACH, payer_model=4, seed=3))
    assert row["in_doubt"] > ONE_EACH
    assert row["with_person"] >= row["in_doubt"]


def test_without_a_trace_no_look_alike_is_adopted_and_nothing_is_sent_again(tmp_path: Path) -> None:
    row = total(good_run(tmp_path, orders=3 * ONE_EACH, trace=False, seed=4))
    assert row["in_doubt"] > ONE_EACH
    assert row["with_person"] >= row["in_doubt"]


def test_the_older_guide_keeps_the_promise_too(tmp_path: Path) -> None:
    row = total(good_run(tmp_path, orders=2 * ONE_EACH, version="2.0.1", seed=5))
    assert row["in_doubt"] == 0


def test_a_full_a_busy_and_a_failing_disk_lose_nothing(tmp_path: Path) -> None:
    kept = good_run(tmp_path, orders=2 * ONE_EACH, disk=True, seed=6)
    assert kept["troubles"] >= 2


def test_a_database_that_is_restarted_and_killed_loses_nothing(tmp_path: Path) -> None:
    need_postgres()
    kept = good_run(tmp_path, orders=186, database="postgresql", restarts=True, seed=5)
    assert kept["troubles"] >= 1


@pytest.mark.parametrize("path", scaled_waits())
def test_each_shortened_wait_is_a_constant_of_the_gateway(path: str) -> None:
    constant(path)


def test_a_wait_that_is_gone_is_named() -> None:
    with pytest.raises(LookupError, match=r"gateway\.worker\.crew\._NO_SUCH is no number or length of time"):
        constant("gateway.worker.crew._NO_SUCH")
