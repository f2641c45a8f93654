"""`/authorizations` and `/events`: what is kept can be found, followed and fetched byte for byte."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gateway.fhir import json
from gateway.model.changes import ChangeSet
from gateway.model.exchange import Direction, Lost
from gateway.payers.profile import Inquiry, Payers
from tests.unit.api.calling import ORDER, Api, another_order, order_without_diagnosis, working
from tests.worlds import NOW, FixedClock, SandboxPayer, build_world


def decided(api: Api, body: bytes = ORDER) -> str:
    return str(api.submit(body).json()["authorizations"][0]["id"])


def ids(api: Api, **query: object) -> list[str]:
    answer = api.get("/authorizations", params=query)
    assert answer.status_code == 200, answer.text
    return [record["id"] for record in answer.json()["authorizations"]]


def test_filters_narrow_the_list(api: Api) -> None:
    done = decided(api)
    gappy = api.submit(order_without_diagnosis()).json()
    open_ = gappy["authorizations"][0]["id"]
    assert sorted(ids(api)) == sorted([done, open_])
    assert ids(api, state="decided") == [done]
    assert sorted(ids(api, state=["decided", "documenting"])) == sorted([done, open_])
    assert ids(api, order=gappy["order"]) == [open_]
    assert sorted(ids(api, payer="sandbox")) == sorted([done, open_])
    assert ids(api, payer="another") == []
    assert ids(api, patient="Patient/nobody") == []
    assert len(ids(api, patient="Patient/ada")) == 2


def test_the_most_urgent_comes_first_and_due_before_cuts() -> None:
    world = build_world(script=[Lost("the line went dead")] * 3)
    clock = world.clock
    assert isinstance(clock, FixedClock)
    unasked = {
        name: replace(one, lost_reply=replace(one.lost_reply, inquiry=Inquiry.NONE))
        for name, one in world.payers.items()
    }
    world = replace(world, payers=Payers(unasked))
    with working(world):
        api = Api(world)
        for day in (3, 1, 2):
            clock.present = NOW + timedelta(days=day)
            assert api.submit(another_order(day)).json()["authorizations"][0]["state"] == "in_doubt"
    due = [datetime.fromisoformat(one["due_at"]) for one in api.get("/authorizations").json()["authorizations"]]
    assert due == [NOW + timedelta(days=day + 7) for day in (1, 2, 3)]
    assert len(ids(api, due_before=due[1].strftime("%Y-%m-%dT%H:%M:%SZ"))) == 1
    assert len(ids(api, due_before=f"{due[1] + timedelta(days=1):%Y-%m-%d}")) == 2
    assert ids(api, due_before=f"{due[0]:%Y-%m-%d}") == []


def test_pages_follow_each_other_without_hole_or_repeat(idle: Api) -> None:
    for number in range(5):
        idle.submit(another_order(number), wait=0)
    pages = [idle.get("/authorizations", params={"limit": 2, "offset": offset}).json() for offset in (0, 2, 4)]
    assert [page["more"] for page in pages] == [True, True, False]
    seen = [record["id"] for page in pages for record in page["authorizations"]]
    assert len(set(seen)) == len(seen) == 5


@pytest.mark.parametrize(
    "query",
    [
        {"state": "approved"},
        {"limit": 0},
        {"limit": 1001},
        {"due_before": "2026-13-01"},
        {"due_before": "2026-12-01T00:00:00"},
        {"staet": "decided"},
        {"patient": "a\x00b"},
    ],
)
def test_a_filter_that_means_nothing_is_refused_rather_than_ignored(idle: Api, query: dict[str, object]) -> None:
    answer = idle.get("/authorizations", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"]


def test_events_tell_the_whole_life_in_order(api: Api) -> None:
    identity = decided(api)
    events = api.get(f"/authorizations/{identity}/events").json()["events"]
    assert [event["name"] for event in events] == ["OrderReceived", "RequestBuilt", "SubmitStarted", "Decided"]
    assert [event["before"] for event in events] == [None, *[event["after"] for event in events[:-1]]]
    assert events[-1]["after"] == "decided"
    assert events[0]["actor"] == "ehr:local"
    assert [event["detail"] for event in events] == ["", "1 item(s) for sandbox, PAS 2.2.1", "", "approved"]


def test_whoever_follows_events_resumes_where_they_stopped_and_misses_nothing(api: Api) -> None:
    first, second = decided(api), decided(api, another_order(2))
    seen: list[tuple[int, str]] = []
    after = 0
    while (page := api.get("/events", params={"after": after, "limit": 3}).json())["events"]:
        seen += [(event["position"], event["authorization"]) for event in page["events"]]
        after = page["next"]
    assert page["next"] == after
    assert [position for position, _ in seen] == sorted({position for position, _ in seen})
    assert {authorization for _, authorization in seen} == {first, second}
    assert len(seen) == 8


def test_exchanges_name_hash_size_and_times_and_never_carry_the_body(api: Api) -> None:
    identity = decided(api)
    legs = api.get(f"/authorizations/{identity}/exchanges").json()["exchanges"]
    assert [leg["direction"] for leg in legs] == ["draft", "request", "reply"]
    assert legs[2]["pair"] == legs[1]["id"]
    assert legs[2]["status"] == 200
    for leg in legs:
        body = api.get(f"/authorizations/{identity}/exchanges/{leg['id']}/body")
        assert body.headers["content-type"] == "application/fhir+json"
        assert (len(body.content), json.digest(body.content)) == (leg["size"], leg["sha256"])


def test_the_request_is_the_bytes_that_were_sent(api: Api) -> None:
    answer = api.get(f"/authorizations/{decided(api)}/request")
    assert isinstance(api.world.payer_client, SandboxPayer)
    assert answer.content == api.world.payer_client.received[0]
    assert answer.headers["content-type"] == "application/fhir+json"
    assert answer.headers["content-disposition"] == "attachment"


def test_the_request_is_the_one_built_last(idle: Api) -> None:
    held = idle.submit(hold=True).json()
    path = f"/authorizations/{held['authorizations'][0]['id']}"
    before = idle.get(f"{path}/request").content
    idle.complete(held["order"], b'{"resourceType": "ServiceRequest", "id": "knee-mri", "priority": "urgent"}')
    drafts = [leg["sha256"] for leg in idle.get(f"{path}/exchanges").json()["exchanges"]]
    after = idle.get(f"{path}/request").content
    assert drafts == [json.digest(before), json.digest(after)]
    assert before != after


def test_no_request_was_built_for_an_order_with_gaps(api: Api) -> None:
    identity = api.submit(order_without_diagnosis()).json()["authorizations"][0]["id"]
    answer = api.get(f"/authorizations/{identity}/request")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("written", ["text/html\r\nX-Evil: 1", "text/html, evil", "", "héllo/wörld"])
def test_a_media_type_that_is_none_is_not_passed_on(api: Api, written: str) -> None:
    identity = decided(api)
    reply = next(leg for leg in api.world.store.exchanges(identity) if leg.direction is Direction.REPLY)
    odd = replace(reply, id="odd-leg", media_type=written)
    api.world.store.commit(ChangeSet(exchanges=(odd,)))
    answer = api.get(f"/authorizations/{identity}/exchanges/odd-leg/body")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.content == reply.body


def test_a_leg_of_another_authorization_is_not_found_here(api: Api) -> None:
    first, second = decided(api), decided(api, another_order(2))
    leg = api.get(f"/authorizations/{first}/exchanges").json()["exchanges"][0]["id"]
    assert api.get(f"/authorizations/{second}/exchanges/{leg}/body").status_code == 404
