"""Orders that other people's systems wrote become submitted and answered authorizations; skips without ../shared."""

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.fhir import json
from gateway.flow import intake
from gateway.flow.prepare import Treatment
from gateway.flow.world import World
from gateway.model.authorization import Authorization, Result, State
from gateway.worker import drain
from tests.worlds import ORDERS, ROOT

CORPUS = ROOT.parent / "shared" / "corpus"
BR_PROVIDER = CORPUS / "orders" / "br-provider"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared with other people's orders is not there")


def third_party(name: str) -> bytes:
    files = [f"seed-data__{name}.json", "seed-data__o2teddy_01__patient.json", "seed-data__o2teddy_02__coverage.json"]
    return json.dumps([json.loads((BR_PROVIDER / file).read_bytes()) for file in files])


def run(world: World, order: bytes, completion: bytes | None = None) -> tuple[Authorization, Authorization]:
    """The record as the order alone leaves it, and as it is in the end."""
    received = intake.receive(world, order, Treatment(), client="test", actor="ehr:test")
    first = world.store.authorization(received.authorizations[0])
    if completion:
        received = intake.complete(world, received.order_id, completion, actor="person:test")
    drain(world, received.authorizations, lease=timedelta(minutes=1))
    return first, world.store.authorization(received.authorizations[0])


@pytest.mark.parametrize(
    ("name", "completion", "result"),
    [
        ("o2teddy_05_device-request-cpap-e0601", "cpap", Result.APPROVED),
        ("o2teddy_06_service-request-neat-A0426", "transport", Result.APPROVED),
    ],
)
def test_it_is_sent_and_answered_once_a_completion_holds_what_the_gaps_named(
    world: World, name: str, completion: str, result: Result
) -> None:
    extra = (ORDERS / "completions" / "br-provider" / f"{completion}.json").read_bytes()
    first, last = run(world, third_party(name), extra)
    assert first.state is State.DOCUMENTING
    assert first.gaps
    assert (last.state, last.determination) == (State.DECIDED, result)
    assert (last.gaps, last.blockers) == ((), ())


def test_the_tablet_is_told_apart_and_handed_off(world: World) -> None:
    _, last = run(world, third_party("o2teddy_medicationrequest"))
    assert last.state is State.HANDED_OFF


def test_a_synthea_patient_with_a_coverage_and_an_order_of_ours(world: World) -> None:
    (patient,) = (CORPUS / "patients" / "synthea-smart-2019").glob("*.json")
    order = next(Path(ORDERS / "synthea").glob("*.json")).read_bytes()
    _, last = run(world, order, patient.read_bytes())
    assert (last.state, last.determination) == (State.PENDED, Result.PENDED)  # no scenario decides its code
    assert last.answered_at is not None
    assert (last.gaps, last.blockers) == ((), ())
