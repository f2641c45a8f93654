"""`/orders`: an order comes in, is completed or only checked, and the caller is told what became of it."""

from typing import Any

import pytest

from gateway.fhir import json
from gateway.ports import Query
from tests.unit.api.calling import FHIR, ORDER, Api, completion, order_without_diagnosis
from tests.worlds import SandboxPayer, build_world


def test_an_order_that_is_decided_in_time_answers_201_with_the_decision_and_its_place(api: Api) -> None:
    answer = api.submit()
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"order", "authorizations"}
    assert answer.headers["location"] == f"/orders/{body['order']}"
    (record,) = body["authorizations"]
    assert (record["state"], record["determination"], record["next"]) == ("decided", "approved", "")
    assert record["items"][0]["answer"]["authorization_number"]
    assert record["order"] == body["order"]
    assert api.get(answer.headers["location"]).json() == body


def test_an_order_with_gaps_answers_202_at_once_with_the_gaps_and_the_next_step(api: Api) -> None:
    answer = api.submit(order_without_diagnosis())
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/orders/{answer.json()['order']}"
    (record,) = answer.json()["authorizations"]
    assert record["state"] == "documenting"
    assert record["gaps"]
    assert all(gap["path"] and gap["need"] and gap["rule"] for gap in record["gaps"])
    assert record["next"].endswith(f"PATCH /orders/{answer.json()['order']}")


def test_a_completion_finishes_the_same_authorization(api: Api) -> None:
    first = api.submit(order_without_diagnosis()).json()
    answer = api.complete(first["order"], completion())
    assert answer.status_code == 200
    (record,) = answer.json()["authorizations"]
    assert record["id"] == first["authorizations"][0]["id"]
    assert (record["state"], record["gaps"]) == ("decided", [])


def test_a_completion_that_leaves_a_gap_answers_202(api: Api) -> None:
    order = api.submit(order_without_diagnosis()).json()["order"]
    answer = api.complete(order, b'{"resourceType": "Patient", "id": "ada", "gender": "female"}')
    assert answer.status_code == 202
    assert answer.json()["authorizations"][0]["gaps"]


def test_a_decided_order_takes_no_completion(api: Api) -> None:
    answer = api.complete(api.submit().json()["order"], completion())
    assert answer.status_code == 409
    assert answer.json()["code"] == "illegal-transition"


def test_wait_0_answers_before_anything_is_sent(idle: Api) -> None:
    answer = idle.submit(wait=0)
    assert answer.status_code == 202
    assert answer.json()["authorizations"][0]["state"] == "ready"


def test_a_held_order_is_not_sent_and_says_how_to_let_it_go(api: Api) -> None:
    answer = api.submit(hold=True)
    assert answer.status_code == 202
    (record,) = answer.json()["authorizations"]
    assert record["state"] == "held"
    assert record["next"].endswith(f"POST /authorizations/{record['id']}/release")
    assert isinstance(api.world.payer_client, SandboxPayer)
    assert api.world.payer_client.received == []


def test_the_stored_order_is_the_exact_bytes(idle: Api) -> None:
    body = ORDER.replace(b"\n", b"\r\n")
    order = idle.submit(body, wait=0).json()["order"]
    assert idle.world.store.order(order).body == body


def test_plain_json_is_taken_too(idle: Api) -> None:
    answer = idle.post(
        "/orders", content=ORDER, headers={"Content-Type": "application/json; charset=utf-8"}, params={"wait": 0}
    )
    assert answer.status_code == 202


def test_split_makes_one_authorization_for_each_order(idle: Api) -> None:
    assert [len(record["order_refs"]) for record in submit_two(idle, split=False)] == [2]
    apart = submit_two(Api(build_world()), split=True)
    assert [len(record["order_refs"]) for record in apart] == [1, 1]
    assert apart[0]["related"] == [apart[1]["id"]]


def submit_two(idle: Api, *, split: bool) -> Any:
    order = json.loads(ORDER)
    first = order["entry"][0]
    order["entry"].append(
        {
            "fullUrl": "urn:uuid:3f0c6f0e-6a52-4c57-9a5e-0c7f3d1b2a99",
            "resource": {**first["resource"], "id": "knee-mri-again", "occurrenceDateTime": "2027-01-12"},
        }
    )
    return idle.submit(json.dumps(order), wait=0, split=split).json()["authorizations"]


def test_a_payer_or_requestor_that_is_not_there_is_refused(idle: Api) -> None:
    for name in ("payer", "requestor"):
        answer = idle.submit(wait=0, **{name: "nobody"})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-order")
    assert idle.world.store.authorizations(Query()) == ()


def test_a_check_says_what_an_order_would_become_and_stores_nothing(idle: Api) -> None:
    answer = idle.post("/orders/check", content=ORDER, headers=FHIR)
    assert answer.status_code == 200
    (check,) = answer.json()["checks"]
    assert (check["outlook"], check["payer"], check["guide"], check["bundle"]) == ("ready", "sandbox", "2.2.1", None)
    assert check["choices"]
    assert idle.world.store.authorizations(Query()) == ()


def test_a_check_lists_the_gaps(idle: Api) -> None:
    (check,) = idle.post("/orders/check", content=order_without_diagnosis(), headers=FHIR).json()["checks"]
    assert (check["outlook"], check["items"]) == ("incomplete", [])
    assert check["gaps"]


def test_a_check_shows_the_bundle_with_every_digit_of_its_numbers(idle: Api) -> None:
    order = ORDER.replace(b'{"value": 1, "unit": "service"}', b'{"value": 1.00, "unit": "service"}')
    assert order != ORDER
    answer = idle.post("/orders/check", content=order, headers=FHIR, params={"bundle": True})
    (check,) = json.loads(answer.content)["checks"]
    assert check["bundle"]["entry"][0]["resource"]["resourceType"] == "Claim"
    assert str(check["bundle"]["entry"][0]["resource"]["item"][0]["quantity"]["value"]) == "1.00"


def test_an_order_that_is_not_there_is_not_found(idle: Api) -> None:
    for method, path in (("GET", "/orders/none"), ("GET", "/orders/check"), ("PATCH", "/orders/none")):
        answer = idle.call(method, path, content=b"{}", headers=FHIR)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("query", [{"holdd": "true"}, {"wait": 0, "bundel": "true"}, {"hold": "maybe"}])
def test_a_query_parameter_that_means_nothing_is_refused_and_nothing_is_stored(
    idle: Api, query: dict[str, object]
) -> None:
    stored = idle.submit(hold=True).json()["order"]
    before = idle.get("/events").json()
    for method, path in (("POST", "/orders"), ("POST", "/orders/check"), ("PATCH", f"/orders/{stored}")):
        answer = idle.call(method, path, content=ORDER, headers=FHIR, params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), f"{method} {path}"
        assert "holdd" not in answer.text
    assert idle.get("/events").json() == before
