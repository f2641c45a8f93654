"""Who may call, what each sees, and what happens when nobody is set up to call."""

from collections.abc import Iterator

import pytest

from gateway.api.callers import may_bind
from gateway.flow.world import World
from gateway.model.errors import ConfigFault
from gateway.ports import Client
from tests.unit.api.calling import FHIR, ORDER, Api, add_client, bearer, working
from tests.worlds import NOW

OPEN = {"/health", "/ready", "/.well-known/jwks.json"}


def operations(api: Api) -> Iterator[tuple[str, str]]:
    for path, methods in api.app.openapi()["paths"].items():
        for method in methods:
            yield method.upper(), path


@pytest.fixture
def first(world: World) -> Iterator[Api]:
    with working(world):
        yield Api(world, add_client(world, "first"))


@pytest.fixture
def second(first: Api) -> Api:
    return Api(first.world, add_client(first.world, "second"))


def test_no_operation_but_the_open_ones_answers_without_a_token(first: Api) -> None:
    anonymous = Api(first.world)
    for method, path in operations(first):
        answer = anonymous.call(method, path.replace("{", "").replace("}", ""))
        assert (answer.status_code == 401) == (path not in OPEN), f"{method} {path}"
        if path not in OPEN:
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["code"] == "unauthenticated"


def test_nobody_learns_without_a_token_which_paths_there_are(first: Api) -> None:
    anonymous = Api(first.world)
    assert anonymous.get("/nothing").content == anonymous.get("/events").content


def test_a_token_is_worth_nothing_as_soon_as_its_client_is_removed(first: Api, second: Api) -> None:
    assert second.get("/events").status_code == 200
    first.world.store.remove_client("second")
    assert second.get("/events").status_code == 401
    assert first.get("/events").status_code == 200


@pytest.mark.parametrize(
    "value",
    [
        "token-of-first",
        "Basic token-of-first",
        "Bearer",
        "Bearer ",
        "Bearer token-of-firs",
        "Bearer token-of-first2",
        "Bearer TOKEN-OF-FIRST",
        "Bearer token-of-first x",
    ],
)
def test_anything_but_the_exact_token_is_refused(first: Api, value: str) -> None:
    assert Api(first.world, {"Authorization": value}).get("/events").status_code == 401


def test_a_hash_from_the_database_is_no_token(first: Api) -> None:
    (client,) = first.world.store.clients()
    assert Api(first.world, bearer(client.token_sha256)).get("/events").status_code == 401


def test_two_tokens_are_refused_even_if_one_is_right(first: Api) -> None:
    async def run() -> int:
        async with Api(first.world).client() as client:
            pair = [("Authorization", "Bearer nonsense"), ("Authorization", "Bearer token-of-first")]
            return (await client.get("/events", headers=pair)).status_code

    import asyncio

    assert asyncio.run(run()) == 401


def test_the_scheme_may_be_written_in_any_case(first: Api) -> None:
    assert Api(first.world, {"Authorization": "bearer token-of-first"}).get("/events").status_code == 200


def test_a_client_sees_nothing_of_another_and_is_told_the_same_as_of_what_is_not_there(first: Api, second: Api) -> None:
    order = first.submit().json()
    (record,) = order["authorizations"]
    leg = first.get(f"/authorizations/{record['id']}/exchanges").json()["exchanges"][0]["id"]
    owned = {"{id}": record["id"], "{authorization}": record["id"], "{order}": order["order"], "{leg}": leg}
    absent = dict.fromkeys(owned, "00000000-0000-4000-8000-00000000dead")
    bodies = {
        "drop": {"reason": "x"},
        "resolve": {"as": "stop", "reason": "x"},
        "give-up": {"reason": "x"},
        "decision": {"channel": "fax", "evidence": "x", "decisions": [{"result": "denied"}]},
    }
    tried = 0
    for method, template in operations(first):
        if "{" not in template or template.startswith("/payers"):  # payers are nobody's own
            continue
        body = {"headers": FHIR, "content": b"{}"} if method == "PATCH" else {}
        if method == "POST":
            body = {"json": bodies.get(template.rpartition("/")[2], {})}
        answers = []
        for names in (owned, absent):
            path = template
            for name, value in names.items():
                path = path.replace(name, value)
            answers.append(second.call(method, path, **body))
        assert [answer.status_code for answer in answers] == [404, 404], f"{method} {template}"
        assert answers[0].content == answers[1].content
        tried += 1
    assert tried == 16
    assert first.get(f"/authorizations/{record['id']}").json()["version"] == record["version"]


def test_lists_and_events_hold_the_clients_own_only(first: Api, second: Api) -> None:
    mine, other = first.submit().json(), second.submit().json()
    for api, order in ((first, mine), (second, other)):
        identity = order["authorizations"][0]["id"]
        assert [record["id"] for record in api.get("/authorizations").json()["authorizations"]] == [identity]
        assert {event["authorization"] for event in api.get("/events").json()["events"]} == {identity}
    asked = second.get("/authorizations", params={"order": mine["order"]}).json()
    assert asked["authorizations"] == []


def test_an_order_says_which_client_sent_it(first: Api) -> None:
    identity = first.submit().json()["authorizations"][0]["id"]
    assert first.get(f"/authorizations/{identity}/events").json()["events"][0]["actor"] == "ehr:first"


def test_as_soon_as_a_client_is_added_everybody_needs_a_token(world: World) -> None:
    api = Api(world)
    assert api.get("/events").status_code == 200
    headers = add_client(world, "first")
    assert api.get("/events").status_code == 401
    assert Api(world, headers).get("/events").status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8180", "127.8.9.1", "localhost", "LocalHost:1", "[::1]:8180"])
def test_without_clients_this_machine_may_call(idle: Api, host: str) -> None:
    assert idle.get("/events", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "attacker.example",
        "attacker.example:8180",
        "127.0.0.1.attacker.example",
        "10.0.0.1",
        "localhost.attacker.example",
        "0.0.0.0",
        "",
        "[::1",
        "user@127.0.0.1.evil.example",
    ],
)
def test_without_clients_a_name_that_was_rebound_to_this_machine_is_refused(idle: Api, host: str) -> None:
    answer = idle.post("/orders", content=ORDER, headers={**FHIR, "Host": host})
    assert (answer.status_code, answer.json()["code"]) == (403, "not-local")


@pytest.mark.parametrize("origin", ["https://attacker.example", "null", "http://127.0.0.1.attacker.example"])
def test_without_clients_a_web_page_cannot_act_through_the_browser(idle: Api, origin: str) -> None:
    identity = idle.submit(hold=True).json()["authorizations"][0]["id"]
    answer = idle.post(f"/authorizations/{identity}/release", headers={"Origin": origin})
    assert (answer.status_code, answer.json()["code"]) == (403, "not-local")
    assert idle.get(f"/authorizations/{identity}").json()["state"] == "held"


def test_with_clients_the_token_counts_and_any_host_may_be_named(first: Api) -> None:
    assert first.get("/events", headers={"Host": "gateway.clinic.example"}).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_without_clients_loopback_may_be_bound(host: str) -> None:
    may_bind(host, ())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.1.2.3", "gateway.clinic.example"])
def test_without_clients_nothing_else_may_be_bound(host: str) -> None:
    with pytest.raises(ConfigFault) as refused:
        may_bind(host, ())
    assert "pa client add" in refused.value.fix
    may_bind(host, (Client("first", "00", NOW),))
