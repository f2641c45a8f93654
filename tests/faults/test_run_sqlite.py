"""1,500 orders over all fault classes, half of them on SQLite: one authorization each, none lost, none unrecorded."""

from pathlib import Path

import pytest

from tests.faults.runs import ALL, good_run, total

ORDERS = 250


@pytest.mark.parametrize("model", [1, 2, 3])
def test_every_order_is_authorized_once_and_recorded(model: int, tmp_path: Path) -> None:
    kept = good_run(tmp_path, orders=ORDERS, payer_model=model, seed=100 + model)
    row = total(kept)
    refused = sum(one["orders"] for one in kept["rows"] if one["name"] == "F27")
    assert [one["name"] for one in kept["rows"]] == [*sorted(ALL, key=lambda name: (len(name), name)), "all"]
    assert (row["orders"], row["authorizations"], row["in_doubt"]) == (ORDERS, ORDERS - refused, 0)
    assert row["with_person"] == refused
    assert 1.2 < row["attempts"] < 3  # the faults bite, and are not answered by hammering
