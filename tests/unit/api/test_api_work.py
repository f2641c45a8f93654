"""`/work`, `/authorizations/{id}/doubt` and `…/resolve`: what is stuck is seen, understood and moved."""

from datetime import datetime
from typing import Any

import pytest

from gateway.flow.world import World
from gateway.model.authorization import State
from gateway.model.changes import Cause
from tests import stuck
from tests.unit.api.calling import Api, add_client
from tests.worlds import SandboxPayer


@pytest.fixture
def idle(world: World) -> Api:
    return Api(world)


def listed(api: Api, **query: Any) -> list[Any]:
    answer = api.get("/work", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["work"])


def test_what_is_in_doubt_is_listed_with_its_reason_payload_and_what_to_do(idle: Api) -> None:
    identity = stuck.in_doubt(idle.world)
    (row,) = listed(idle)
    assert (row["authorization"], row["cause"], row["state"], row["lane"]) == (
        identity,
        "doubt",
        "in_doubt",
        "sandbox",
    )
    assert "may be this one" in row["reason"]
    assert row["what_to_do"]
    assert idle.get(row["payload"]).status_code == 200
    assert idle.get(f"/work/{identity}").json() == row


def test_what_only_waits_for_the_payer_is_no_work_for_a_person_yet_and_is_seen_by_its_state(idle: Api) -> None:
    identity = stuck.asking(idle.world)
    assert listed(idle) == []
    (record,) = idle.get("/authorizations", params={"state": "in_doubt"}).json()["authorizations"]
    assert record["id"] == identity
    assert record["next"].startswith("Nothing: nothing is sent before the payer is asked")
    assert datetime.fromisoformat(record["next_attempt_at"]) > idle.world.clock.now()


def test_the_list_is_narrowed_by_cause_and_payer_and_turned_by_pages(idle: Api) -> None:
    doubt = stuck.in_doubt(idle.world)
    defects = [stuck.set_aside(idle.world, Cause.DEFECT, "it failed", number=number) for number in range(2, 5)]
    assert [row["authorization"] for row in listed(idle, cause="doubt")] == [doubt]
    assert {row["authorization"] for row in listed(idle, cause="defect")} == set(defects)
    assert len(listed(idle, payer="sandbox")) == 4
    assert listed(idle, payer="sandbox-201") == []
    pages = [idle.get("/work", params={"limit": 2, "offset": offset}).json() for offset in (0, 2)]
    assert [page["more"] for page in pages] == [True, False]
    assert len({row["authorization"] for page in pages for row in page["work"]}) == 4
    assert idle.get("/work", params={"cause": "sloth"}).status_code == 422


def test_a_client_sees_and_moves_the_work_of_its_own_records_only(world: World) -> None:
    first, second = Api(world, add_client(world, "first")), Api(world, add_client(world, "second"))
    identity = stuck.in_doubt(world, client="first")
    assert [row["authorization"] for row in listed(first)] == [identity]
    assert listed(second) == []
    absent = "00000000-0000-4000-8000-00000000dead"
    for method, path, body in (
        ("GET", "/work/{}", None),
        ("POST", "/work/{}/retry", {}),
        ("POST", "/work/{}/give-up", {"reason": "x"}),
        ("GET", "/authorizations/{}/doubt", None),
        ("POST", "/authorizations/{}/resolve", {"as": "none", "reason": "x"}),
    ):
        answers = [second.call(method, path.format(one), json=body) for one in (identity, absent)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    assert second.post("/work/retry", params={"cause": "doubt"}).json() == {"done": 0, "failed": []}
    assert first.get(f"/work/{identity}").status_code == 200


def test_a_step_is_retried_and_is_off_the_list(idle: Api) -> None:
    identity = stuck.set_aside(idle.world, Cause.DEFECT, "it failed")
    assert idle.post(f"/work/{identity}/retry", json={"by": "Nora"}).json() == {"done": 1, "failed": []}
    assert listed(idle) == []
    work = idle.world.store.work(identity)
    assert work is not None
    assert (work.cause, work.due_at) == (None, idle.world.clock.now())
    assert idle.post(f"/work/{identity}/retry").status_code == 404


def test_a_webhooks_message_is_named_by_its_key(idle: Api) -> None:
    identity = stuck.set_aside(idle.world, Cause.WEBHOOK, "HTTP 500", key="notify/2")
    assert idle.get(f"/work/{identity}").status_code == 404
    assert idle.get(f"/work/{identity}", params={"key": "notify/2"}).json()["lane"] == "client:local"
    given_up = idle.post(f"/work/{identity}/give-up", params={"key": "notify/2"}, json={"reason": "it is retired"})
    assert given_up.json()["done"] == 1
    assert listed(idle) == []
    assert idle.world.store.authorization(identity).state is State.READY


def test_giving_up_drops_the_request_with_who_and_why(idle: Api) -> None:
    identity = stuck.in_doubt(idle.world)
    assert idle.post(f"/work/{identity}/give-up", json={}).status_code == 422
    idle.post(f"/work/{identity}/give-up", json={"reason": "ordered anew", "by": "Nora"})
    assert idle.world.store.authorization(identity).state is State.CANCELLED
    event = idle.get(f"/authorizations/{identity}/events").json()["events"][-1]
    assert (event["name"], event["actor"], event["reason"]) == ("Dropped", "person:Nora@local", "ordered anew")


def test_all_of_a_cause_go_on_at_once_and_the_others_stay(idle: Api) -> None:
    many = {stuck.set_aside(idle.world, Cause.DEFECT, "it failed", number=number) for number in range(1, 6)}
    doubt = stuck.in_doubt(idle.world)
    assert idle.post("/work/retry", params={"cause": "defect"}).json() == {"done": len(many), "failed": []}
    assert [row["authorization"] for row in listed(idle)] == [doubt]
    assert idle.post("/work/retry").status_code == 422
    assert idle.post("/work/give-up", params={"cause": "doubt"}, json={"reason": "a test"}).json()["done"] == 1
    assert listed(idle) == []


def test_the_evidence_stands_side_by_side(idle: Api) -> None:
    identity = stuck.in_doubt(idle.world)
    shown = idle.get(f"/authorizations/{identity}/doubt").json()
    assert (shown["state"], shown["ask_at"]) == ("in_doubt", None)
    assert "/resolve" in shown["next"]
    (service,) = shown["sent"]["services"]
    assert (service["service"]["code"], bool(shown["sent"]["trace_value"])) == ("73721", True)
    (inquiry,) = shown["inquiries"]
    (candidate,) = inquiry["candidates"]
    assert (inquiry["found"], candidate["whose"], candidate["determination"]) == ("candidates", "unsaid", "approved")
    assert candidate["services"][0]["number"]


def test_before_the_payer_was_asked_the_evidence_says_when_it_will_be(idle: Api) -> None:
    identity = stuck.asking(idle.world)
    shown = idle.get(f"/authorizations/{identity}/doubt").json()
    assert shown["inquiries"] == []
    assert datetime.fromisoformat(shown["ask_at"]) > idle.world.clock.now()


def test_it_is_this_one_makes_the_candidate_the_answer(idle: Api) -> None:
    identity = stuck.in_doubt(idle.world)
    (inquiry,) = idle.get(f"/authorizations/{identity}/doubt").json()["inquiries"]
    key = inquiry["candidates"][0]["key"]
    answer = idle.post(f"/authorizations/{identity}/resolve", json={"as": "this", "candidate": key, "by": "Nora"})
    assert answer.status_code == 200, answer.text
    record = answer.json()
    assert (record["state"], record["determination"]) == ("decided", "approved")
    assert record["items"][0]["answer"]["authorization_number"] == inquiry["candidates"][0]["services"][0]["number"]
    assert idle.get(f"/authorizations/{identity}/events").json()["events"][-1]["actor"] == "person:Nora@local"
    assert listed(idle) == []


def test_it_is_none_sends_the_same_bytes_again(idle: Api) -> None:
    identity = stuck.in_doubt(idle.world)
    body = {"as": "none", "reason": "call 4711: they have nothing", "by": "Nora"}
    assert idle.post(f"/authorizations/{identity}/resolve", json=body).json()["state"] == "ready"
    events = idle.get(f"/authorizations/{identity}/events").json()["events"]
    assert (events[-1]["name"], events[-1]["detail"]) == ("NotAtPayer", "call 4711: they have nothing")
    stuck.do(idle.world, identity)
    payer = idle.world.payer_client
    assert isinstance(payer, SandboxPayer)
    assert payer.received[0] == payer.received[1]


def test_stop_ends_it(idle: Api) -> None:
    identity = stuck.in_doubt(idle.world)
    body = {"as": "stop", "reason": "the patient moved"}
    assert idle.post(f"/authorizations/{identity}/resolve", json=body).json()["state"] == "cancelled"
    assert listed(idle) == []
    again = idle.post(f"/authorizations/{identity}/resolve", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "illegal-transition")
    assert again.json()["detail"].startswith("It was resolved already: cancelled, by ehr:local at 2026-11-24")
    assert again.json()["fix"].startswith(f"Read what became of it: GET /authorizations/{identity}")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"as": "maybe"},
        {"as": "this"},
        {"as": "this", "candidate": "000000000000"},
        {"as": "none"},
        {"as": "none", "reason": "  "},
        {"as": "stop", "reason": "x", "candidate": "000000000000"},
        {"way": "stop", "reason": "x"},
    ],
)
def test_a_resolution_that_says_too_little_changes_nothing(idle: Api, body: dict[str, str]) -> None:
    identity = stuck.in_doubt(idle.world)
    before = idle.get(f"/authorizations/{identity}").json()
    answer = idle.post(f"/authorizations/{identity}/resolve", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["fix"]
    assert idle.get(f"/authorizations/{identity}").json() == before


def test_what_happens_to_a_doubt_is_told_in_words(idle: Api) -> None:
    identity = stuck.in_doubt(idle.world)
    events = {one["name"]: one for one in idle.get("/events").json()["events"] if one["authorization"] == identity}
    assert "the payer is asked at" in events["ReplyLost"]["detail"]
    assert "a person is needed" in events["DoubtRemains"]["detail"]
    assert events["DoubtRemains"]["reason"]
