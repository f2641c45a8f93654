"""Every example order, stage by stage: order, request bundle, reply, record. A changed file is changed behaviour.

`pytest tests/golden --update-golden` writes them anew; the diff is what a reviewer reads.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.api import views
from gateway.fhir import json
from gateway.flow import intake
from gateway.flow.prepare import Treatment
from gateway.model.exchange import Direction
from gateway.worker import drain
from tests.worlds import ORDERS, build_world

HERE = Path(__file__).parent
_STAGES = {Direction.DRAFT: None, Direction.REQUEST: "1_bundle", Direction.REPLY: "2_reply"}


def stages(order: Path) -> dict[str, bytes]:
    world = build_world()
    received = intake.receive(world, order.read_bytes(), Treatment(), client="golden", actor="ehr:golden")
    drain(world, received.authorizations, lease=timedelta(minutes=1))
    found: dict[str, bytes] = {}
    for number, identity in enumerate(received.authorizations, start=1):
        prefix = f"claim{number}_" if len(received.authorizations) > 1 else ""
        for exchange in world.store.exchanges(identity):
            if stage := _STAGES[exchange.direction]:
                found[f"{prefix}{stage}"] = json.pretty(json.loads(exchange.body))
        record = views.authorization(world.store.authorization(identity)).plain()
        found[f"{prefix}3_record"] = json.pretty(record)
    return found


@pytest.mark.parametrize("order", sorted(ORDERS.glob("*.json")), ids=lambda path: path.stem)
def test_an_example_order_still_gives_the_same_bundle_reply_and_record(
    order: Path, request: pytest.FixtureRequest
) -> None:
    folder = HERE / order.stem
    found = stages(order)
    if request.config.getoption("--update-golden"):
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*.json"):
            old.unlink()
        for name, content in found.items():
            (folder / f"{name}.json").write_bytes(content + b"\n")
    kept = {path.stem: path.read_bytes() for path in folder.glob("*.json")}
    assert kept.keys() == found.keys()
    for name, content in found.items():
        assert kept[name] == content + b"\n", f"{name} changed; run with --update-golden and read the diff"


def test_every_golden_folder_has_its_order() -> None:
    assert {path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__"} == {
        path.stem for path in ORDERS.glob("*.json")
    }
