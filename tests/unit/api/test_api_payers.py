"""`/payers`: everybody sees how they do; operators pause and resume them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.flow.world import World
from gateway.payers.site import Told, Webhook
from gateway.settings import Settings
from gateway.worker import drain
from tests import stuck
from tests.unit.api.calling import Api, add_client

LEASE = timedelta(seconds=20)


def operated(world: World, name: str, *operators: str) -> Api:
    return Api(world, add_client(world, name), settings=Settings(operators=",".join(operators)))


def test_every_payer_is_listed_with_its_state(idle: Api) -> None:
    rows = idle.get("/payers").json()["payers"]
    assert [(row["id"], row["state"], row["until"], row["why"]) for row in rows] == [
        ("sandbox", "open", None, ""), ("sandbox-201", "open", None, "")]  # fmt: skip


def test_a_paused_payer_is_sent_nothing_and_a_resumed_one_what_waited(idle: Api) -> None:
    paused = idle.post("/payers/sandbox/pause", json={"reason": "maintenance", "by": "Nora Quist"})
    assert (paused.status_code, paused.json()["state"]) == (200, "paused")
    assert paused.json()["why"] == "paused by person:Nora Quist@local: maintenance"
    (record,) = idle.submit(wait=0).json()["authorizations"]
    drain(idle.world, [record["id"]], lease=LEASE)
    waiting = idle.get(f"/authorizations/{record['id']}").json()
    assert (waiting["state"], waiting["next"]) == ("ready", "Nothing: waits: sandbox is paused (maintenance)")
    (same,) = idle.get(f"/orders/{record['order']}").json()["authorizations"]
    assert same["next"] == waiting["next"] == record["next"]
    assert idle.get("/authorizations").json()["authorizations"] == [same]
    assert idle.post("/payers/sandbox/resume").json()["state"] == "open"
    drain(idle.world, [record["id"]], lease=LEASE)
    assert idle.get(f"/authorizations/{record['id']}").json()["state"] == "decided"


def test_a_pause_needs_a_reason(idle: Api) -> None:
    for form in ({}, {"reason": ""}):
        assert idle.post("/payers/sandbox/pause", json=form).status_code == 422
    assert idle.get("/payers").json()["payers"][0]["state"] == "open"


def test_a_client_who_is_no_operator_sees_and_changes_nothing(world: World) -> None:
    clinic = operated(world, "clinic", "operations")
    assert clinic.get("/payers").status_code == 200
    for way in ("pause", "resume"):
        answer = clinic.post(f"/payers/sandbox/{way}", json={"reason": "x"} if way == "pause" else {})
        assert (answer.status_code, answer.json()["code"]) == (403, "not-operator")
    assert world.store.payer_states() == ()


def test_a_client_named_as_operator_may(world: World) -> None:
    operations = operated(world, "operations", "night-shift", "operations")
    assert operations.post("/payers/sandbox/pause", json={"reason": "x"}).status_code == 200
    assert operations.post("/payers/sandbox/resume", json={}).status_code == 200


def test_an_operator_sees_nothing_of_the_orders_and_the_work_of_others(world: World) -> None:
    operations = operated(world, "operations", "operations")
    identity = stuck.in_doubt(world, client="clinic")
    assert operations.get("/work").json()["work"] == []
    assert operations.get("/authorizations").json()["authorizations"] == []
    assert operations.get(f"/authorizations/{identity}").status_code == 404
    about = operations.get("/openapi.json").json()
    assert "sees the orders and the work of its own only" in about["paths"]["/payers/{id}/pause"]["post"]["description"]


@pytest.mark.parametrize("payer", ["nobody", "client:clinic", "client:other", "%00"])
def test_what_is_no_payer_of_the_callers_is_not_there(idle: Api, payer: str) -> None:
    assert idle.post(f"/payers/{payer}/pause", json={"reason": "x"}).status_code == 404


def test_only_a_clients_own_webhook_is_shown(world: World) -> None:
    hooks = tuple(
        Webhook(
            client=name, url=f"https://{name}.example/hook", secrets=("env:X",), events=Told.ALL, allow_loopback=False
        )
        for name in ("clinic", "other")
    )
    seeing = operated(replace(world, site=replace(world.site, webhooks=hooks)), "clinic")
    assert [row["id"] for row in seeing.get("/payers").json()["payers"]] == ["client:clinic", "sandbox", "sandbox-201"]
