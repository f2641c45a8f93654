"""Canaries: private values in orders and payer replies must come out of nothing but the record's own reader."""

import asyncio
import io
import logging
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.adapters.log import JsonLog
from gateway.api.app import create_app
from gateway.fhir import json
from gateway.flow.world import World
from gateway.model.exchange import Outcome
from gateway.ports import Client
from gateway.settings import Settings
from gateway.worker import drain
from tests.private import CANARIES, leaks
from tests.worlds import NOW, ORDERS, build_world, reply


def poisoned(name: str) -> bytes:
    """An example order whose patient, coverage and notes carry the canaries."""
    document = json.loads((ORDERS / f"{name}.json").read_bytes())
    for entry in document["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Patient":
            resource["name"] = [{"family": CANARIES["family"], "given": [CANARIES["given"]]}]
            resource["birthDate"] = CANARIES["birth"]
            resource["address"] = [{"line": [CANARIES["street"]], "city": "Springfield", "state": "IL"}]
            resource["telecom"] = [{"system": "phone", "value": CANARIES["phone"]}]
        if resource["resourceType"] == "Coverage":
            resource["subscriberId"] = CANARIES["member"]
            resource["identifier"] = [
                {
                    "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MB"}]},
                    "system": CANARIES["key"],
                    "value": CANARIES["member"],
                }
            ]
        if resource["resourceType"] in ("ServiceRequest", "DeviceRequest"):
            resource["note"] = [{"text": CANARIES["note"]}]
    return json.dumps(document)


def hostile_replies() -> list[Outcome]:
    everything = " ".join(CANARIES.values())
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "invalid", "details": {"text": everything}, "diagnostics": everything}],
    }
    return [
        reply(outcome, status=400),
        reply(outcome, status=500),
        reply(outcome),
        reply({"resourceType": everything}),
        reply({"resourceType": "Bundle", "type": everything, "entry": [{"resource": everything}]}),
        reply(everything),
    ]


def logged_world(script: list[Outcome] | None = None) -> tuple[World, io.StringIO]:
    world = build_world(script=script)
    sink = io.StringIO()
    object.__setattr__(world, "log", JsonLog(sink))
    return world, sink


def call(world: World, method: str, path: str, **parts: Any) -> httpx.Response:
    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app=create_app(world, Settings(_env_file=None)), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8180") as client:
            return await client.request(method, path, **parts)

    return asyncio.run(go())


@pytest.mark.parametrize("name", sorted(path.stem for path in ORDERS.glob("*.json")))
def test_an_order_leaves_no_canary_in_the_log(name: str) -> None:
    world, sink = logged_world()
    answer = call(
        world, "POST", "/orders?wait=0", content=poisoned(name), headers={"Content-Type": "application/fhir+json"}
    )
    assert answer.status_code in (201, 202)
    drain(world, [one["id"] for one in answer.json()["authorizations"]], lease=timedelta(minutes=1))
    assert "order.received" in sink.getvalue()
    assert leaks(sink.getvalue()) == []


@pytest.mark.parametrize("number", range(6))
def test_a_payer_that_echoes_private_values_puts_none_into_the_log(number: int) -> None:
    world, sink = logged_world([hostile_replies()[number]])
    answer = call(
        world, "POST", "/orders?wait=0", content=poisoned("knee_mri"), headers={"Content-Type": "application/fhir+json"}
    )
    drain(world, [one["id"] for one in answer.json()["authorizations"]], lease=timedelta(minutes=1))
    assert "submit." in sink.getvalue()
    assert leaks(sink.getvalue()) == []


@pytest.mark.parametrize(
    "body",
    [
        poisoned("knee_mri")[:-20],
        b'{"resourceType": "Patient", "name": [{"family": "Canaryfamily"}]}',
        b'{"resourceType": "ServiceRequest", "id": "Canaryfamily", "id": "Canaryfamily"}',
        b'["Canaryfamily", {"resourceType": "Canaryfamily"}]',
        b"\xff Canaryfamily",
    ],
    ids=["cut", "no order", "duplicate key", "odd list", "not utf-8"],
)
def test_a_refusal_quotes_nothing_of_the_body(body: bytes) -> None:
    world, sink = logged_world()
    answer = call(world, "POST", "/orders", content=body, headers={"Content-Type": "application/fhir+json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert leaks(answer.text) == []
    assert leaks(sink.getvalue()) == []


def test_an_unexpected_failure_shows_neither_content_nor_traceback() -> None:
    world, sink = logged_world()

    def explode(*_: object, **__: object) -> None:
        raise RuntimeError(" ".join(CANARIES.values()))

    object.__setattr__(world.ids, "new", explode) if hasattr(world.ids, "__slots__") else setattr(
        world.ids, "new", explode
    )
    answer = call(
        world, "POST", "/orders", content=poisoned("knee_mri"), headers={"Content-Type": "application/fhir+json"}
    )
    assert answer.status_code == 500
    assert leaks(answer.text + sink.getvalue()) == []
    assert "Traceback" not in answer.text + sink.getvalue()


def test_no_record_shows_its_private_parts_in_a_traceback() -> None:
    world, _ = logged_world()
    answer = call(
        world, "POST", "/orders?wait=0", content=poisoned("knee_mri"), headers={"Content-Type": "application/fhir+json"}
    )
    record = world.store.authorization(answer.json()["authorizations"][0]["id"])
    legs = world.store.exchanges(record.id)
    order = world.store.order(record.order_id)
    try:
        raise ValueError(repr((record, legs, order)))
    except ValueError:
        assert leaks(traceback.format_exc()) == []


def test_the_canaries_bite(tmp_path: Path) -> None:
    """The order really carries them: they do reach the payer."""
    world, _ = logged_world()
    answer = call(
        world, "POST", "/orders?wait=0", content=poisoned("knee_mri"), headers={"Content-Type": "application/fhir+json"}
    )
    drain(world, [one["id"] for one in answer.json()["authorizations"]], lease=timedelta(minutes=1))
    sent = world.payer_client.received[0].decode()  # type: ignore[attr-defined]
    assert {"family", "given", "birth", "member"} <= set(leaks(sent))


def test_a_token_that_is_not_known_is_nowhere_repeated(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "httpx")  # the test's own client logs the address it calls
    world, sink = logged_world()
    world.store.add_client(Client("ehr", "0" * 64, NOW))
    headers = {"Authorization": f"Bearer {CANARIES['token']}"}
    answer = call(world, "GET", f"/authorizations?patient={CANARIES['member']}", headers=headers)
    assert answer.status_code == 401
    assert leaks(answer.text + str(answer.headers) + sink.getvalue()) == []
