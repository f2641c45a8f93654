"""What people do with an authorization, over HTTP."""

from typing import Any

import pytest

from gateway.api.documentation import example
from tests.unit.api.calling import Api, add_client, order_without_diagnosis


def held(api: Api) -> str:
    return str(api.submit(hold=True).json()["authorizations"][0]["id"])


def last_actor(api: Api, identity: str) -> str:
    return str(api.get(f"/authorizations/{identity}/events").json()["events"][-1]["actor"])


def test_a_release_without_a_body_lets_the_request_go(idle: Api) -> None:
    identity = held(idle)
    answer = idle.post(f"/authorizations/{identity}/release")
    assert (answer.status_code, answer.json()["state"]) == (200, "ready")
    assert last_actor(idle, identity) == "ehr:local"


def test_who_did_it_is_kept_beside_the_client_that_says_so(idle: Api) -> None:
    identity = held(idle)
    idle.post(f"/authorizations/{identity}/release", json=example("act"))
    assert last_actor(idle, identity) == "person:Nora Quist@local"


def test_a_dropped_request_is_cancelled_with_its_reason(idle: Api) -> None:
    identity = held(idle)
    answer = idle.post(f"/authorizations/{identity}/drop", json=example("drop"))
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    again = idle.post(f"/authorizations/{identity}/release")
    assert (again.status_code, again.json()["code"]) == (409, "illegal-transition")
    assert "nothing any more" in again.json()["fix"]


def test_a_decision_by_phone_is_entered_with_number_dates_and_quantity(idle: Api) -> None:
    identity = idle.submit(order_without_diagnosis(), wait=0).json()["authorizations"][0]["id"]
    answer = idle.post(f"/authorizations/{identity}/decision", json=example("decision"))
    assert answer.status_code == 200, answer.text
    record = answer.json()
    assert (record["state"], record["determination"]) == ("decided", "approved")
    given = record["items"][0]["answer"]
    assert (given["channel"], given["authorization_number"]) == ("phone", "AUTH0001")
    assert given["valid"] == {"start": "2026-12-01", "end": "2027-02-28"}
    assert given["quantity"] == {"value": 1, "unit": ""}


def test_the_evidence_of_a_decision_by_phone_can_be_read_back_and_by_its_caller_only(idle: Api) -> None:
    identity = idle.submit(order_without_diagnosis(), wait=0).json()["authorizations"][0]["id"]
    found = idle.get(f"/authorizations/{identity}/events").json()["events"][1]
    assert (found["name"], found["gaps"], found["detail"]) == ("GapsFound", 1, "1 gap(s), 0 profile error(s)")
    said = example("decision") | {"decided_on": "2026-11-20"}
    assert idle.post(f"/authorizations/{identity}/decision", json=said).status_code == 200
    for path in (f"/authorizations/{identity}/events", "/events"):
        recorded = idle.get(path).json()["events"][-1]
        assert recorded["name"] == "DecisionRecorded"
        assert [recorded[field] for field in ("evidence", "channel", "decided_on")] == [
            said["evidence"],
            "phone",
            "2026-11-20",
        ]
        assert recorded["detail"] == f"approved by phone on 2026-11-20: {said['evidence']}"
    other = Api(idle.world, add_client(idle.world, "other"))
    assert said["evidence"] not in other.get("/events").text
    assert other.get(f"/authorizations/{identity}/events").status_code == 404


def test_what_nobody_asked_to_acknowledge_is_refused(api: Api) -> None:
    identity = api.submit().json()["authorizations"][0]["id"]
    answer = api.post(f"/authorizations/{identity}/acknowledge")
    assert (answer.status_code, answer.json()["code"]) == (422, "refused")
    assert answer.json()["fix"]


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"channel": "pas"}, "body.channel"),
        ({"evidence": ""}, "body.evidence"),
        ({"decisions": []}, "body.decisions"),
        ({"decisions": [{"result": "granted"}]}, "body.decisions.0.result"),
        ({"decisions": [{"result": "approved", "valid_from": "12/01/2026"}]}, "body.decisions.0.valid_from"),
        (
            {"decisions": [{"result": "approved", "valid_from": "2026-12-02", "valid_through": "2026-12-01"}]},
            "body.decisions.0",
        ),
        ({"by": "x" * 81}, "body.by"),
    ],
)
def test_a_decision_of_the_wrong_form_is_refused_at_its_place(idle: Api, change: dict[str, Any], at: str) -> None:
    identity = idle.submit(order_without_diagnosis(), wait=0).json()["authorizations"][0]["id"]
    answer = idle.post(f"/authorizations/{identity}/decision", json=example("decision") | change)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert at in [error["at"] for error in answer.json()["errors"]]


def test_evidence_of_blanks_and_pended_as_a_decision_are_refused_by_the_flow(idle: Api) -> None:
    identity = idle.submit(order_without_diagnosis(), wait=0).json()["authorizations"][0]["id"]
    for change in ({"evidence": "  "}, {"decisions": [{"result": "pended"}]}):
        answer = idle.post(f"/authorizations/{identity}/decision", json=example("decision") | change)
        assert (answer.status_code, answer.json()["code"]) == (422, "refused")
