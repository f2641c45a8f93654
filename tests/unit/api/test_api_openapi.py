"""The OpenAPI document is valid, complete, and its examples are true."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gateway.api.documentation import EXAMPLES, example
from gateway.fhir import json
from gateway.flow.notify import render
from gateway.flow.world import World
from tests.unit.api.calling import Api, completion, order_without_diagnosis


@pytest.fixture
def document(idle: Api) -> Any:
    return idle.get("/openapi.json").json()


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def contents(operation: Any) -> Iterator[tuple[str, Any]]:
    """Every media type object of an operation, with where it stands."""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {media_type}", content
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            yield f"{status} {media_type}", content


def validator(document: Any, schema: Any) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document["components"]})


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_it_is_openapi_3_1_with_every_reference_leading_somewhere(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"]
    assert document["security"] == [{"token": []}]
    targets = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= targets


def test_every_schema_is_valid(document: Any) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_body_has_an_example_that_fits_its_schema(document: Any) -> None:
    for name, operation in operations(document):
        for place, content in contents(operation):
            examples = [row["value"] for row in content.get("examples", {}).values()] or [content["example"]]
            for one in examples:
                errors = [error.message for error in validator(document, content["schema"]).iter_errors(one)]
                assert not errors, f"{name} {place}: {errors}"


def test_every_operation_is_described_and_documents_its_success_and_its_refusals(document: Any) -> None:
    seen = set()
    for name, operation in operations(document):
        assert operation["description"], name
        assert operation["operationId"] not in seen
        seen.add(operation["operationId"])
        assert any(status.startswith("2") for status in operation["responses"])
        if operation.get("security") == []:
            continue
        assert {"401", "403", "422", "503"} <= operation["responses"].keys(), name
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"], f"{name} {status}"


def test_the_operations_are_the_promised_ones(document: Any) -> None:
    assert sorted(name for name, _ in operations(document)) == sorted(
        [
            "POST /orders",
            "POST /orders/check",
            "GET /orders/{order}",
            "PATCH /orders/{order}",
            "GET /authorizations",
            "GET /authorizations/{id}",
            "GET /authorizations/{id}/events",
            "GET /authorizations/{id}/exchanges",
            "GET /authorizations/{id}/exchanges/{leg}/body",
            "GET /authorizations/{id}/request",
            "POST /authorizations/{id}/release",
            "POST /authorizations/{id}/drop",
            "POST /authorizations/{id}/acknowledge",
            "POST /authorizations/{id}/decision",
            "GET /authorizations/{id}/doubt",
            "POST /authorizations/{id}/resolve",
            "GET /work",
            "POST /work/retry",
            "POST /work/give-up",
            "GET /work/{authorization}",
            "POST /work/{authorization}/retry",
            "POST /work/{authorization}/give-up",
            "GET /payers",
            "POST /payers/{id}/pause",
            "POST /payers/{id}/resume",
            "GET /events",
            "POST /profile/check",
            "GET /health",
            "GET /ready",
            "GET /.well-known/jwks.json",
        ]
    )


def test_the_message_to_a_webhook_is_described_as_it_is_sent(api: Api, document: Any) -> None:
    (operation,) = (operation for methods in document["webhooks"].values() for operation in methods.values())
    content = operation["requestBody"]["content"]["application/json"]
    identity = api.submit().json()["authorizations"][0]["id"]
    sent = [
        json.loads(render(api.world.store.authorization(identity), logged))
        for logged in api.world.store.events(authorization=identity)
    ]
    for message in (content["example"], *sent):
        errors = [error.message for error in validator(document, content["schema"]).iter_errors(message)]
        assert not errors
        assert message.keys() == content["example"].keys()


def test_every_example_file_is_used(document: Any) -> None:
    every = [*operations(document), *((name, one["post"]) for name, one in document["webhooks"].items())]
    shown = [content.get("example") for _, operation in every for _, content in contents(operation)]
    assert [path.name for path in EXAMPLES.glob("*.json") if example(path.stem) not in shown] == []


def test_the_example_of_an_order_works_as_it_stands(api: Api, document: Any) -> None:
    posted = document["paths"]["/orders"]["post"]["requestBody"]["content"]["application/fhir+json"]["example"]
    answer = api.post("/orders", json=posted)
    assert answer.status_code == 201, answer.text


def test_the_example_of_a_completion_works_as_it_stands(api: Api) -> None:
    order = api.submit(order_without_diagnosis()).json()["order"]
    assert api.complete(order, completion()).status_code == 200


def test_every_answer_fits_its_schema(api: Api, document: Any) -> None:
    order = api.submit().json()["order"]
    (record,) = api.get(f"/orders/{order}").json()["authorizations"]
    api.submit(order_without_diagnosis())
    for template in (
        "/orders/{order}",
        "/authorizations",
        "/authorizations/{id}",
        "/authorizations/{id}/events",
        "/authorizations/{id}/exchanges",
        "/authorizations/{id}/doubt",
        "/work",
        "/events",
        "/health",
        "/ready",
    ):
        content = document["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]
        answer = api.get(template.replace("{order}", order).replace("{id}", record["id"]))
        errors = [error.message for error in validator(document, content["schema"]).iter_errors(answer.json())]
        assert not errors, f"{template}: {errors}"


def test_no_page_loads_anything_from_elsewhere(idle: Api) -> None:
    for path in ("/docs", "/redoc"):
        assert idle.get(path).status_code == 404


def test_health_asks_nothing_and_ready_asks_the_store_and_the_guides(world: World) -> None:
    from dataclasses import replace

    from gateway.adapters.store.memory import MemoryStore

    class Away(MemoryStore):
        def ready(self) -> bool:
            return False

        def clients(self) -> Any:
            raise AssertionError("an open path asks for no clients")

    away = Api(replace(world, store=Away()))
    assert away.get("/health").json() == {"up": True}
    answer = away.get("/ready")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "store": False, "guides": True})
    bare = Api(replace(world, guides={}))
    assert bare.get("/ready").json() == {"ready": False, "store": True, "guides": False}
    assert Api(world).get("/ready").json() == {"ready": True, "store": True, "guides": True}
