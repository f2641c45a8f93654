"""`pa payer status | pause | resume`, as an operator meets them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.adapters.store import open_store
from gateway.model.errors import NotFound
from gateway.payers import health
from gateway.payers.health import Failed
from gateway.payers.profile import load_payers
from tests.unit.cli.conftest import Pa
from tests.worlds import ROOT

ORDERS = ROOT / "examples" / "orders"


def test_every_payer_is_listed_open_before_anything_was_sent(pa: Pa) -> None:
    rows = pa.json("payer", "status")
    assert [(row["lane"], row["state"], row["why"]) for row in rows] == [
        (lane, "open", "") for lane in sorted(load_payers(ROOT / "profiles" / "payers"))
    ]


def test_a_paused_payer_says_who_why_and_gets_nothing_and_a_resumed_one_is_open(pa: Pa) -> None:
    said = pa("payer", "pause", "sandbox", "--reason", "maintenance until noon", "--by", "Ana Ruiz")
    assert said == "sandbox · paused · paused by person:Ana Ruiz: maintenance until noon\n"
    assert "maintenance until noon" in pa("payer", "status")
    submitted = pa.json("order", "submit", str(ORDERS / "knee_mri.json"))
    assert submitted["authorizations"][0]["state"] == "ready"
    assert submitted["authorizations"][0]["attempts"] == 0
    assert pa.json("payer", "resume", "sandbox")["state"] == "open"


def test_an_open_circuit_is_shown_with_its_end_and_its_reason_and_is_probed_when_resumed(
    pa: Pa, tmp_path: Path
) -> None:
    circuit = load_payers(ROOT / "profiles" / "payers")["sandbox"].circuit
    now = datetime.now(UTC)
    store = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    for _ in range(circuit.failures):
        store.change_payer("sandbox", lambda state: health.heard(state, Failed("HTTP 502"), circuit, now))
    store.close()
    row = next(row for row in pa.json("payer", "status") if row["lane"] == "sandbox")
    assert (row["state"], row["failures"], row["last_failure"]) == ("circuit open", circuit.failures, "HTTP 502")
    assert datetime.fromisoformat(row["until"]) == now + timedelta(seconds=circuit.open.seconds)
    assert f"{circuit.failures} failures in a row; HTTP 502" in row["why"]
    assert pa.json("payer", "resume", "sandbox")["state"] == "probe"


def test_a_payer_nobody_knows_is_not_found_and_the_known_ones_are_named(pa: Pa) -> None:
    with pytest.raises(NotFound) as fault:
        pa("payer", "pause", "nobody", "--reason", "x")
    assert "sandbox" in fault.value.fix
