"""`POST /orders` again: the first result, and nothing twice."""

import asyncio

import httpx
import pytest

from gateway.fhir import json
from gateway.ports import Query
from tests.unit.api.calling import FHIR, ORDER, Api, another_order, order_without_diagnosis
from tests.worlds import SandboxPayer


def post(api: Api, body: bytes = ORDER, key: str | None = None, **query: object) -> httpx.Response:
    headers = FHIR if key is None else {**FHIR, "Idempotency-Key": key}
    return api.post("/orders", content=body, headers=headers, params=query)


def test_a_repeat_is_answered_with_the_first_result_and_says_so(api: Api) -> None:
    first, again = post(api, key="order-4711"), post(api, key="order-4711")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    payer = api.world.payer_client
    assert isinstance(payer, SandboxPayer)
    assert len(payer.received) == 1


def test_without_a_key_it_is_known_by_the_orders_in_it(api: Api) -> None:
    first, again = post(api), post(api)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert post(api, another_order(2)).json()["order"] != first.json()["order"]


def test_a_repeat_of_what_is_still_open_answers_as_it_is_now(api: Api) -> None:
    first = post(api, order_without_diagnosis(), key="k")
    again = post(api, order_without_diagnosis(), key="k")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()


def test_a_key_that_belongs_to_another_request_is_refused_with_the_rule(api: Api) -> None:
    post(api, key="k")
    for answer in (post(api, another_order(2), key="k"), post(api, key="k", split=True), post(api, key="k", hold=True)):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
        assert answer.json()["fix"]
    assert post(api, key="k", wait=0).headers["idempotency-replayed"] == "true"
    assert len(api.world.store.authorizations(Query())) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "k\u00e4"])
def test_a_key_that_is_none_is_refused_without_being_repeated(api: Api, key: str) -> None:
    async def run() -> httpx.Response:
        async with api.client() as client:
            pairs = [(name.encode(), value.encode()) for name, value in FHIR.items()]
            return await client.post(
                "/orders", content=ORDER, headers=[*pairs, (b"Idempotency-Key", key.encode("latin-1"))]
            )

    answer = asyncio.run(run())
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"][0]["at"] == "header.Idempotency-Key"
    assert not key or key not in answer.text
    assert api.world.store.authorizations(Query()) == ()


def test_orders_of_which_some_came_before_are_refused_with_their_place(api: Api) -> None:
    first = post(api).json()["order"]
    document = json.loads(ORDER)
    other = json.loads(another_order(2))["entry"][0]
    other["resource"]["occurrenceDateTime"] = "2027-01-12"
    document["entry"].append(other)
    answer = post(api, json.dumps(document))
    assert (answer.status_code, answer.json()["code"]) == (409, "orders-known")
    assert f"ServiceRequest/knee-mri is in order {first}" in answer.json()["detail"]
    assert "ServiceRequest/knee-mri-2" in answer.json()["fix"]


def test_another_revision_is_held_and_says_what_to_choose(api: Api) -> None:
    first = post(api).json()["authorizations"][0]
    document = json.loads(ORDER)
    document["entry"][0]["resource"]["meta"] = {"versionId": "2"}
    answer = post(api, json.dumps(document))
    (record,) = answer.json()["authorizations"]
    assert (answer.status_code, record["state"]) == (202, "held")
    assert first["id"] in record["held_by"]
    assert "(decided)" in record["held_by"]
    assert "release" in record["next"]


def test_repeats_at_once_all_get_the_one_result(api: Api) -> None:
    async def run() -> list[httpx.Response]:
        async with api.client() as client:
            headers = {**FHIR, "Idempotency-Key": "k"}
            return await asyncio.gather(*[client.post("/orders", content=ORDER, headers=headers) for _ in range(8)])

    answers = asyncio.run(run())
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["order"] for answer in answers}) == 1
    assert [answer.headers.get("idempotency-replayed") for answer in answers].count(None) == 1
