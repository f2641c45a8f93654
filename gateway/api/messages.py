"""What the gateway posts to a client's webhook, for the OpenAPI document (Standard Webhooks 1.0)."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from gateway.api.body import JSON
from gateway.api.view import View
from gateway.model.authorization import Result, State


class Links(View):
    authorization: str
    events: str


class Message(View):
    """What happened to an authorization, by ids and codes only; who wants more follows the links, with a token."""

    type: str
    """E.g. `authorization.decided`."""
    id: str
    """The same whenever the same message comes again; also in the header `webhook-id`."""
    authorization: str
    order: str
    event: str
    position: int
    """As in `GET /events`."""
    version: int
    before: State | None
    after: State
    state: State
    """Of the authorization at the moment of telling, which may be past later events already."""
    determination: Result
    at: datetime
    links: Links


router = APIRouter()
_BODY: dict[str, Any] = {
    "security": [],
    "requestBody": {
        "required": True,
        "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{Message.__name__}"}, "example": "message"}},
    },
}


@router.post("event", openapi_extra=_BODY, responses={200: {"description": "Any 2xx: it was heard."}})
def told() -> None:
    """An event of an authorization, posted to the webhook that the site profile names for the client.

    It comes at least once and, for each authorization, in order; `webhook-id` tells repeats. `webhook-signature` is an
    HMAC-SHA256 over id, `webhook-timestamp` and body. What is not answered with a 2xx for three days is given up and
    listed at `GET /work`; it stays readable at `GET /events`.
    """
