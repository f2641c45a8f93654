"""Refusals are problem+json, name place, rule and fix, and never repeat what was sent."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from gateway.adapters.store.memory import MemoryStore
from gateway.api import body
from gateway.flow.world import World
from gateway.model.changes import ChangeSet
from gateway.model.errors import ConfigFault
from gateway.settings import Settings
from tests.unit.api.calling import FHIR, ORDER, Api, order_without_diagnosis
from tests.worlds import HeardLog

CANARY = "Zebedee-Quagmire-1931"


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    told: dict[str, Any] = answer.json()
    assert (told["status"], told["code"]) == (status, code)
    assert told["title"]
    assert told["detail"]
    assert told["fix"]
    return told


def heard(world: World) -> str:
    assert isinstance(world.log, HeardLog)
    return repr(world.log.lines)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"nonsense " + CANARY.encode(),
        b'{"resourceType": "Bundle", "a": 1, "a": 2}',
        b"\xff\xfe{}",
        b'{"resourceType": "' + CANARY.encode() + b'"}',
        b"[]",
        b"[" * 100_000,
        b'{"a": NaN}',
        b'"' + CANARY.encode() + b'"',
        b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "id": "'
        + CANARY.encode()
        + b'"}}]}',
        b'{"resourceType": "Bundle", "entry": "' + CANARY.encode() + b'"}',
        b"1",
        b"null",
    ],
)
def test_what_is_not_an_order_is_refused_without_a_word_of_it(idle: Api, content: bytes) -> None:
    answer = idle.submit(content)
    problem(answer, 400, "bad-order")
    assert CANARY not in answer.text + heard(idle.world)


@pytest.mark.parametrize(
    "media_type",
    ["application/fhir+xml", "text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data; boundary=x"],
)
def test_a_body_of_another_media_type_is_refused(idle: Api, media_type: str) -> None:
    told = problem(idle.post("/orders", content=ORDER, headers={"Content-Type": media_type}), 415, "media-type")
    assert "application/fhir+json" in told["fix"]


def test_a_compressed_body_is_refused_and_not_unpacked(idle: Api) -> None:
    headers = {**FHIR, "Content-Encoding": "gzip"}
    problem(idle.post("/orders", content=gzip.compress(ORDER), headers=headers), 415, "media-type")


def small(world: World) -> Api:
    return Api(world, settings=Settings(order_bytes=2048))


def test_a_body_that_is_too_large_is_refused_with_the_limit_and_the_connection_ends(world: World) -> None:
    answer = small(world).submit(ORDER)
    told = problem(answer, 413, "too-large")
    assert "2048" in told["fix"]
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("header", "read"), [((b"content-length", b"102400"), 0), ((b"transfer-encoding", b"chunked"), 3)]
)
def test_of_a_body_that_is_too_large_no_more_is_read_than_it_takes_to_know(
    world: World, header: tuple[bytes, bytes], read: int
) -> None:
    taken, told = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": b" " * 1024, "more_body": taken < 100}

    async def send(message: Any) -> None:
        told.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), header]
    scope = {"type": "http", "method": "POST", "path": "/orders", "raw_path": b"/orders", "query_string": b"",
             "headers": headers, "http_version": "1.1", "scheme": "http", "root_path": "",
             "client": ("127.0.0.1", 1), "server": None, "asgi": {"version": "3.0"}}  # fmt: skip
    asyncio.run(small(world).app(scope, receive, send))
    assert (taken, told[0]["status"]) == (read, 413)


def test_a_body_that_does_not_arrive_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "_SECONDS", 0.01)

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(60)

    problem(Api(world).post("/orders", content=stuck(), headers=FHIR), 408, "too-slow")


@pytest.mark.parametrize(
    "content",
    [b"{", b"[" * 10_000, b'{"by": NaN}', b'{"by": "a", "by": "b"}', b'"\xff"', b'{"by": "' + b"x" * 70_000 + b'"}'],
)
def test_an_act_that_is_not_json_is_refused(idle: Api, content: bytes) -> None:
    identity = idle.submit(hold=True).json()["authorizations"][0]["id"]
    answer = idle.post(
        f"/authorizations/{identity}/release", content=content, headers={"Content-Type": "application/json"}
    )
    problem(answer, 400, "unreadable")


@pytest.mark.parametrize("sent", [{CANARY: 1}, {"by": [CANARY]}, {"by": CANARY + "\x00"}, [CANARY], CANARY])
def test_what_is_wrong_with_an_act_is_told_without_its_content(idle: Api, sent: Any) -> None:
    identity = idle.submit(hold=True).json()["authorizations"][0]["id"]
    answer = idle.post(f"/authorizations/{identity}/release", json=sent)
    assert problem(answer, 422, "invalid")["errors"]
    assert CANARY not in answer.text + heard(idle.world)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/authorizations?state={CANARY}", 422),
        ("GET", f"/authorizations?{CANARY}=1", 422),
        ("GET", f"/authorizations?due_before={CANARY}", 422),
        ("GET", f"/events?after={CANARY}", 422),
        ("GET", f"/authorizations/{CANARY}", 404),
        ("GET", f"/authorizations/{CANARY}/exchanges/{CANARY}/body", 404),
        ("GET", f"/orders/{CANARY}", 404),
        ("GET", f"/{CANARY}", 404),
        ("GET", f"/orders/{CANARY}/", 404),
        ("DELETE", f"/orders/{CANARY}", 405),
        (CANARY.upper(), "/events", 405),
        ("POST", f"/orders?wait={CANARY}", 422),
        ("POST", f"/orders?payer={CANARY}", 400),
        ("POST", f"/orders?requestor={CANARY}", 400),
    ],
)
def test_a_path_or_query_is_never_repeated(idle: Api, method: str, path: str, status: int) -> None:
    parts: dict[str, Any] = {"content": ORDER, "headers": FHIR} if method == "POST" else {}
    answer = idle.call(method, path, **parts)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert CANARY.lower() not in (answer.text + heard(idle.world) + repr(answer.headers)).lower()


def test_an_id_that_is_none_never_reaches_the_store(world: World) -> None:
    class Untouched(MemoryStore):
        def authorization(self, identity: str) -> Any:
            raise AssertionError

        order = authorization

    api = Api(replace(world, store=Untouched()))
    for path in ("/authorizations/%00", "/orders/%F0%9F%A6%93", "/authorizations/" + "a" * 500):
        problem(api.get(path), 404, "not-found")


def test_a_wrong_method_says_which_are_right(idle: Api) -> None:
    answer = idle.call("DELETE", "/events")
    problem(answer, 405, "wrong-method")
    assert answer.headers["allow"] == "GET"


class Bursting(MemoryStore):
    """Fails as a defect would, with content in its words."""

    def order(self, identity: str) -> Any:
        raise RuntimeError(CANARY)

    def clients(self) -> Any:
        if self.bursts_early:
            raise RuntimeError(CANARY)
        return ()

    bursts_early = False


@pytest.mark.parametrize("early", [False, True])
def test_a_defect_is_an_opaque_500_whose_id_is_in_the_log(
    world: World, early: bool, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    store = Bursting()
    store.bursts_early = early
    answer = Api(replace(world, store=store)).get("/orders/a")
    told = problem(answer, 500, "internal")
    assert isinstance(world.log, HeardLog)
    failed = [fields for line, fields in world.log.lines if line == "http.failed"]
    assert [fields["id"] for fields in failed] == [told["id"]]
    assert "RuntimeError" in str(failed[0]["fault"])
    captured = capfd.readouterr()
    everything = answer.text + heard(world) + captured.out + captured.err + caplog.text
    assert CANARY not in everything
    assert "Traceback" not in everything


def test_of_a_wrong_configuration_only_the_first_line_is_told(world: World) -> None:
    class Unusable(MemoryStore):
        def commit(self, change: ChangeSet) -> None:
            raise ConfigFault("It is wrong.", fix="Correct it.", problems=["/srv/secret/place.yaml:1: wrong"])

    told = problem(Api(replace(world, store=Unusable())).submit(), 500, "config")
    assert (told["detail"], told["fix"]) == ("It is wrong.", "Correct it.")


def test_every_answer_is_private_and_of_one_kind(idle: Api) -> None:
    for path in ("/events", "/health", "/nothing", "/openapi.json"):
        headers = idle.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_a_call_is_logged_once_by_its_route_and_without_anything_it_said(idle: Api) -> None:
    identity = idle.submit(order_without_diagnosis(), wait=0).json()["authorizations"][0]["id"]
    idle.get(f"/authorizations/{identity}/events", params={"after": 0})
    assert isinstance(idle.world.log, HeardLog)
    served = [fields for line, fields in idle.world.log.lines if line == "http.served"]
    assert [(row["method"], row["route"], row["status"], row["client"]) for row in served] == [
        ("POST", "/orders", 202, "local"),
        ("GET", "/authorizations/{id}/events", 200, "local"),
    ]
    assert identity not in repr(served)


def test_what_the_api_logs_are_lines_of_the_closed_list(idle: Api) -> None:
    from gateway.adapters.log_lines import LINES

    idle.get("/events")
    idle.get("/nothing")
    assert isinstance(idle.world.log, HeardLog)
    for line, fields in idle.world.log.lines:
        assert fields.keys() <= LINES[line].fields
