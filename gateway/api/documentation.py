"""The OpenAPI document: every body with an example, every refusal with its problem (OpenAPI 3.1, RFC 9457)."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from gateway import __version__
from gateway.adapters.store.faults import StoreFault
from gateway.api.body import FHIR_JSON, JSON, TooLarge, TooSlow, WrongMediaType
from gateway.api.callers import NotLocal, Unauthenticated
from gateway.api.forms import FORMS, Form
from gateway.api.messages import Message
from gateway.api.problems import MEDIA_TYPE, Invalid, Problem, Unreadable, Violation, tell
from gateway.api.view import View
from gateway.fhir import json
from gateway.flow.repeats import KeyReused, OrdersKnown
from gateway.model.errors import BadOrder, Conflict, GatewayError, IllegalTransition, NotFound, OurFault, nothing_here

Responses = dict[int | str, dict[str, Any]]

EXAMPLES = Path(__file__).with_name("examples")
_REF = "#/components/schemas/{model}"
_ABOUT = """\
Orders in, prior authorizations out. `POST /orders` stores an order, builds and checks the request for each Claim it
makes, sends it, and waits for the payer's decision as long as the payer is expected to take for one.

An authorization has three dimensions that never mix: `state` is where the work stands, `determination` is the payer's
answer, validity is on the items. To follow what happens, read `GET /events` with a rising `after`.

Every refusal is `application/problem+json`; decide by its `code`. Texts never quote what was sent. A 503 means that
nothing was promised: call again after `Retry-After`; an order that came in after all is known by its repeat.
"""

EVERY_CALL = (
    Unauthenticated(fix="Send `Authorization: Bearer TOKEN` with a token made by `pa client add NAME`."),
    NotLocal(fix="Call it as 127.0.0.1 or localhost, or set up a client: pa client add NAME."),
    StoreFault("The database failed: the disk is full.", fix="Make room on its disk."),
)
NOT_FOUND = NotFound("There is no such authorization here.", fix="Check the id; ids are never reused.")
INVALID = Invalid([Violation(at="query.limit", rule="less_than_equal", text="Input should be at most 1000")])
MOVED_ON = Conflict()
NOT_NOW = IllegalTransition("submitting", "Released", ["Decided", "Pended", "Rejected", "ReplyLost"])
BAD_ORDER = BadOrder(
    "The order is not JSON the gateway can trust: json-syntax at line 3 column 7. This is not JSON.",
    fix="Correct the syntax there.",
)
UNREADABLE = Unreadable(
    "The body is not JSON: json-syntax at line 1 column 2. This is not JSON.", fix="Correct the syntax there."
)
KEY_REUSED = KeyReused(
    "This Idempotency-Key came with another request before: other bytes, or other options.",
    fix="Send every new request with a key of its own, and only its exact repeat with the same.",
)
ORDERS_KNOWN = OrdersKnown(
    "Orders in this input came before: ServiceRequest/knee-mri is in order 00000000-0000-4000-8000-00000000000d.",
    fix="Send the others alone: ServiceRequest/physical-therapy.",
)
BODY = (
    TooLarge(fix="Send at most 8388608 bytes."),
    TooSlow(fix="Send the whole body within 30 seconds."),
    WrongMediaType(fix=f"Send {FHIR_JSON} or {JSON}, not compressed."),
)
NOTHING_ASIDE = nothing_here("set-aside work")
CANNOT_BE_ASKED = OurFault(
    "This payer cannot be asked by inquiry.", fix="Ask it by telephone, then say what became of it."
)
NO_CANDIDATE = OurFault("The payer showed no such authorization.", fix="Candidates of the last inquiry: 4f0d2c9a81b7.")
NOT_THAT = OurFault("This authorization does not ask to be acknowledged.", fix="Only a modified answer does.")


@cache
def example(name: str) -> Any:
    """The example of that name, from the folder beside this file."""
    return json.loads((EXAMPLES / f"{name}.json").read_bytes())


def _known(name: str) -> str:
    example(name)
    return name


def shows(name: str, text: str, *, status: int = 200, model: type[View] | None = None) -> Responses:
    """A JSON response with an example; `model` where it is not the one of the route."""
    row: dict[str, Any] = {"description": text, "content": {JSON: {"example": _known(name)}}}
    return {status: {**row, "model": model} if model else row}


def shows_bytes(text: str) -> Responses:
    """A response of exact bytes, nearly always a FHIR resource."""
    return {
        200: {"description": text, "content": {FHIR_JSON: {"schema": {"type": "object"}, "example": _known("fhir")}}}
    }


def refusals(*faults: GatewayError) -> Responses:
    """The problem responses of an operation, by status; faults of one status are examples side by side."""
    rows: Responses = {}
    for fault in faults:
        problem = tell(fault)
        row = rows.setdefault(
            fault.status,
            {
                "description": problem.title,
                "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model=Problem.__name__)}, "examples": {}}},
            },
        )
        row["content"][MEDIA_TYPE]["examples"][fault.code] = {"value": problem.plain()}
    return rows


def takes_fhir(name: str, text: str) -> dict[str, Any]:
    """A FHIR JSON request body with an example; `openapi_extra` of a route."""
    content = {"schema": {"type": ["object", "array"], "description": text}, "example": _known(name)}
    return {"requestBody": {"required": True, "content": {FHIR_JSON: content, JSON: content}}}


def takes(form: type[Form], name: str, *, required: bool = True) -> dict[str, Any]:
    """A JSON request body with an example; `openapi_extra` of a route."""
    content = {"schema": {"$ref": _REF.format(model=form.__name__)}, "example": _known(name)}
    return {"requestBody": {"required": required, "content": {JSON: content}}}


class DocumentedApi(FastAPI):
    """An application whose OpenAPI document knows our bodies, problems and tokens."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = get_openapi(
                title="Prior authorization gateway",
                version=__version__,
                description=_ABOUT,
                routes=self.routes,
                webhooks=self.webhooks.routes,
            )
            own = models_json_schema(
                [(form, "validation") for form in FORMS] + [(Problem, "serialization"), (Message, "serialization")],
                ref_template=_REF,
            )[1]["$defs"]
            parts = document["components"]
            parts["schemas"] = dict(sorted({**parts["schemas"], **own}.items()))
            parts["securitySchemes"] = {
                "token": {"type": "http", "scheme": "bearer", "description": "A token made by `pa client add NAME`."}
            }
            document["security"] = [{"token": []}]
            _put_examples(document["paths"])
            _put_examples(document["webhooks"])
            self.openapi_schema = document
        return self.openapi_schema


def _put_examples(part: Any) -> None:
    """Put the example in the place of its name: FastAPI's own pass over the document would drop every null in it."""
    if isinstance(part, dict):
        if isinstance(part.get("example"), str):
            part["example"] = example(part["example"])
        for value in part.values():
            _put_examples(value)
