"""The payer's profile decides which version of the guide a request is written and checked in."""

import pytest

from gateway.fhir import json
from gateway.flow import intake
from gateway.flow.prepare import Treatment
from gateway.flow.world import World
from gateway.model.events import RequestBuilt
from tests.worlds import ORDERS


@pytest.mark.parametrize(("payer_id", "version"), [("SANDBOX", "2.2.1"), ("SANDBOX-201", "2.0.1")])
def test_the_payer_of_the_coverage_decides_the_version(payer_id: str, version: str, world: World) -> None:
    order = json.loads((ORDERS / "two_orders.json").read_bytes())
    for entry in order["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Coverage":
            resource["payor"] = [{"identifier": {"system": "urn:example:payer", "value": payer_id}}]
    [prepared] = intake.check(world, json.dumps(order), (), Treatment())
    assert isinstance(prepared.event, RequestBuilt)
    assert prepared.event.guide == version
    claim = json.loads(prepared.body)["entry"][0]["resource"]
    assert any("TransmissionIdentifiers" in row["url"] for row in claim.get("extension", [])) is (version == "2.2.1")
