"""`POST /profile/check`: any FHIR JSON is held against a guide, and nothing of it is stored."""

from typing import Any

import pytest

from gateway.api.documentation import example
from gateway.fhir import json
from gateway.flow.world import World
from tests.unit.api.calling import FHIR, Api, add_client
from tests.worlds import ROOT

GOOD = (ROOT / "tests" / "conformance" / "golden_request.json").read_bytes()
AS_FHIR = {**FHIR, "Accept": "application/fhir+json"}


def check(api: Api, body: bytes = GOOD, headers: dict[str, str] | None = None, **query: Any) -> Any:
    return api.post("/profile/check", content=body, headers=headers or FHIR, params=query)


def test_a_good_bundle_is_ok(idle: Api) -> None:
    answer = check(idle)
    assert answer.status_code == 200
    found = answer.json()
    assert found["ok"]
    assert found["issues"] == []
    assert found["guide"] == "pas/2.2.1"
    assert found["profile"].endswith("profile-pas-request-bundle|2.2.1")
    assert found["not_evaluated"]


def test_the_documented_example_gets_the_documented_answer(idle: Api) -> None:
    body = json.dumps(example("resource"))
    assert check(idle, body).json() == example("profile_check")
    answer = check(idle, body, AS_FHIR)
    assert answer.headers["content-type"] == "application/fhir+json"
    assert answer.json() == example("profile_outcome")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/json;q=0.5, application/fhir+json", "application/fhir+json"),
        ("application/fhir+json;q=0.1, application/json", "application/json"),
        ("application/fhir+json;q=0", "application/json"),
        ("application/fhir+json;q=nan", "application/json"),
        ("text/html", "application/json"),
    ],
)
def test_the_answer_comes_as_it_is_accepted(idle: Api, accept: str, media_type: str) -> None:
    assert check(idle, headers={**FHIR, "Accept": accept}).headers["content-type"] == media_type


def test_errors_are_an_answer_and_not_a_refusal(idle: Api) -> None:
    bundle = json.loads(GOOD)
    del bundle["entry"][0]["resource"]["use"]
    answer = check(idle, json.dumps(bundle))
    assert (answer.status_code, answer.json()["ok"]) == (200, False)
    assert ("cardinality", "Bundle.entry[0].resource.use") in [
        (issue["rule"], issue["path"]) for issue in answer.json()["issues"]
    ]


def test_strict_asks_the_second_reader_too(idle: Api) -> None:
    body = json.dumps(example("resource"))
    rules = [issue["rule"] for issue in check(idle, body, strict="true").json()["issues"]]
    assert rules == ["primitive-format", "r4b"]


def test_a_profile_may_be_named(idle: Api) -> None:
    canonical = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/profile-pas-response-bundle"
    assert not check(idle, profile=canonical).json()["ok"]
    refused = check(idle, profile="http://example.org/none")
    assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
    assert "example.org" not in refused.text


def test_a_guide_that_serves_orders_is_not_loaded_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("loaded again")

    monkeypatch.setattr("gateway.api.profile_check.loaded", never)
    assert check(Api(world), guide="2.2.1").status_code == 200


def test_a_guide_that_serves_no_orders_is_loaded_when_asked_for(idle: Api) -> None:
    from dataclasses import replace

    bare = Api(replace(idle.world, guides={}))
    assert check(bare).json()["ok"]


@pytest.mark.parametrize(
    ("body", "headers", "query", "status", "code"),
    [
        (b'{"resourceType": "Canary"', FHIR, {}, 400, "unreadable"),
        (b'{"a": 1, "a": 2}', FHIR, {}, 400, "unreadable"),
        (b"{}", {"Content-Type": "text/plain"}, {}, 415, "media-type"),
        (b"{}", FHIR, {"guide": "pas/9.9"}, 404, "not-found"),
        (b"{}", FHIR, {"guide": "../../etc"}, 404, "not-found"),
        (b"{}", FHIR, {"guides": "x"}, 422, "invalid"),
        (b"{}", FHIR, {"strict": "perhaps"}, 422, "invalid"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_the_style_of_the_house(
    idle: Api, body: bytes, headers: dict[str, str], query: dict[str, str], status: int, code: str
) -> None:
    answer = check(idle, body, headers, **query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Canary" not in answer.text


def test_a_body_too_large_is_refused(world: World) -> None:
    from gateway.settings import Settings

    small = Api(world, settings=Settings(order_bytes=2048))
    assert check(small).status_code == 413


def test_only_a_known_caller_may_check_and_nothing_is_stored_or_logged(world: World) -> None:
    headers = add_client(world, "clinic")
    assert check(Api(world)).status_code == 401
    known = Api(world, headers)
    assert check(known).status_code == 200
    assert not known.get("/authorizations").json()["authorizations"]
    assert not known.get("/events").json()["events"]
    lines = world.log.lines  # type: ignore[attr-defined]
    assert {name for name, _ in lines} == {"http.served"}
    assert "/profile/check" in {fields["route"] for _, fields in lines}
