"""1,500 orders over all fault classes, half of them on PostgreSQL with one API and two workers: as on SQLite."""

from pathlib import Path

import pytest

from tests.faults.runs import good_run, total
from tests.postgres import need_postgres

ORDERS = 250


@pytest.mark.parametrize("model", [1, 2, 3])
def test_every_order_is_authorized_once_and_recorded(model: int, tmp_path: Path) -> None:
    need_postgres()
    kept = good_run(tmp_path, orders=ORDERS, payer_model=model, database="postgresql", seed=200 + model)
    row = total(kept)
    refused = sum(one["orders"] for one in kept["rows"] if one["name"] == "F27")
    assert (row["orders"], row["authorizations"], row["in_doubt"]) == (ORDERS, ORDERS - refused, 0)
    assert row["with_person"] == refused
