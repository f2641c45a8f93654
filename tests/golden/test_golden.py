"""Every example order in each guide version, stage by stage: order, request bundle, reply, record, inquiry.

A changed file is changed behaviour. `pytest tests/golden --update-golden` writes them anew; the diff is what a reviewer
reads (`examples/golden/README.md`).
"""

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.api import views
from gateway.fhir import json
from gateway.flow import intake
from gateway.flow.prepare import Treatment
from gateway.model.exchange import Direction
from gateway.orders.inquiry import build_inquiry
from gateway.worker import drain
from tests.worlds import ORDERS, ROOT, CountedIds, build_world

GOLDEN = ROOT / "examples" / "golden"
# 2.2.1 goes the way the order itself leads; 2.0.1 to the sandbox that speaks it
TREATMENTS = {"2.0.1": Treatment(payer="sandbox-201"), "2.2.1": Treatment()}
_STAGES = {Direction.DRAFT: None, Direction.REQUEST: "1_bundle", Direction.REPLY: "2_reply"}


def stages(order: Path, version: str) -> dict[str, bytes]:
    world = build_world()
    received = intake.receive(world, order.read_bytes(), TREATMENTS[version], client="golden", actor="ehr:golden")
    drain(world, received.authorizations, lease=timedelta(minutes=1))
    found: dict[str, bytes] = {}
    for number, identity in enumerate(received.authorizations, start=1):
        prefix = f"claim{number}_" if len(received.authorizations) > 1 else ""
        for exchange in world.store.exchanges(identity):
            if stage := _STAGES[exchange.direction]:
                found[f"{prefix}{stage}"] = json.pretty(json.loads(exchange.body))
            if exchange.direction is Direction.REQUEST:
                asking = build_inquiry(
                    exchange.body, world.guides[version].mappings, now=world.clock.now(), new_id=CountedIds(1 << 40).new
                )
                found[f"{prefix}4_inquiry"] = json.pretty(json.loads(asking.body))
        record = views.authorization(world, world.store.authorization(identity)).plain()
        found[f"{prefix}3_record"] = json.pretty(record)
    return found


@pytest.mark.parametrize("version", TREATMENTS)
@pytest.mark.parametrize("order", sorted(ORDERS.glob("*.json")), ids=lambda path: path.stem)
def test_an_example_order_still_gives_the_same_bundle_reply_and_record(
    order: Path, version: str, request: pytest.FixtureRequest
) -> None:
    folder = GOLDEN / version / order.stem
    found = stages(order, version)
    if request.config.getoption("--update-golden"):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.json"):
            old.unlink()
        for name, content in found.items():
            (folder / f"{name}.json").write_bytes(content + b"\n")
    kept = {path.stem: path.read_bytes() for path in folder.glob("*.json")}
    assert kept.keys() == found.keys()
    for name, content in found.items():
        assert kept[name] == content + b"\n", f"{name} changed; run with --update-golden and read the diff"


@pytest.mark.parametrize("version", TREATMENTS)
def test_every_golden_folder_has_its_order(version: str) -> None:
    assert {path.name for path in (GOLDEN / version).iterdir()} == {path.stem for path in ORDERS.glob("*.json")}


def test_there_is_a_golden_folder_for_every_version_that_has_mappings() -> None:
    versions = {path.name for path in (ROOT / "mappings" / "pas").iterdir() if path.is_dir()}
    assert versions == TREATMENTS.keys() == {path.name for path in GOLDEN.iterdir() if path.is_dir()}


@pytest.mark.parametrize("version", TREATMENTS)
def test_the_record_says_which_version_was_sent(version: str) -> None:
    for file in (GOLDEN / version).glob("*/*3_record.json"):
        record = json.loads(file.read_bytes())
        assert record["guide"] in (version, ""), file.parent.name
        assert record["guide"] or record["state"] in ("documenting", "handed_off"), file.parent.name
