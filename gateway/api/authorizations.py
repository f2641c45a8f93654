"""`/authorizations`: the records, what happened to them, and the exact bytes that travelled."""

import re
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from gateway.api import event_views, views
from gateway.api.callers import CallerOf
from gateway.api.documentation import EVERY_CALL, INVALID, NOT_FOUND, refusals, shows, shows_bytes
from gateway.api.forms import Filters, Following
from gateway.api.owned import OwnAuthorization
from gateway.api.view import answer
from gateway.api.worlds import WorldOf
from gateway.flow.change import SUBMIT
from gateway.model.errors import NotFound, nothing_here
from gateway.model.exchange import Direction, Exchange
from gateway.ports import Query as Wanted

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(?:; ?[\w.+-]+=[\w.+-]+)*", re.ASCII)


router = APIRouter(prefix="/authorizations", tags=["authorizations"])
_UNKNOWN = refusals(NOT_FOUND, INVALID, *EVERY_CALL)


@router.get(
    "",
    response_model=views.Page,
    responses=shows("page", "The most urgent first; those without a due time last.") | refusals(INVALID, *EVERY_CALL),
)
def list_authorizations(world: WorldOf, caller: CallerOf, filters: Annotated[Filters, Query()]) -> Response:
    """The caller's authorizations, by when the payer's decision is due."""
    found = world.store.authorizations(_wanted(caller.client, filters))
    return answer(
        views.Page(
            authorizations=views.authorizations(world, found[: filters.limit]),
            limit=filters.limit,
            offset=filters.offset,
            more=len(found) > filters.limit,
        )
    )


@router.get(
    "/{id}", response_model=views.Authorization, responses=shows("authorization", "The authorization.") | _UNKNOWN
)
def get_authorization(world: WorldOf, record: OwnAuthorization) -> Response:
    """One authorization."""
    return answer(views.authorization(world, record))


@router.get(
    "/{id}/events",
    response_model=event_views.Events,
    responses=shows("events", "In the order in which they happened.") | _UNKNOWN,
)
def list_events(world: WorldOf, record: OwnAuthorization, following: Annotated[Following, Query()]) -> Response:
    """What happened to an authorization."""
    found = world.store.events(authorization=record.id, after=following.after, limit=following.limit)
    return answer(event_views.events(found, after=following.after))


@router.get(
    "/{id}/exchanges",
    response_model=views.Exchanges,
    responses=shows("exchanges", "Drafts, requests and replies, in order.") | _UNKNOWN,
)
def list_exchanges(world: WorldOf, record: OwnAuthorization) -> Response:
    """What travelled between the gateway and the payer; bodies are fetched one by one."""
    return answer(views.Exchanges(exchanges=tuple(map(views.exchange, world.store.exchanges(record.id)))))


@router.get(
    "/{id}/exchanges/{leg}/body",
    response_class=Response,
    responses=shows_bytes("The exact bytes, in their own media type.") | _UNKNOWN,
)
def get_exchange_body(world: WorldOf, record: OwnAuthorization, leg: str) -> Response:
    """The exact bytes of one leg."""
    for exchange in world.store.exchanges(record.id):
        if exchange.id == leg:
            return _exact(exchange)
    raise nothing_here("exchange")


@router.get(
    "/{id}/request", response_class=Response, responses=shows_bytes("The request as last built or sent.") | _UNKNOWN
)
def get_request(world: WorldOf, record: OwnAuthorization) -> Response:
    """The exact bytes of the request as it was last built or sent."""
    every = [leg for leg in world.store.exchanges(record.id) if leg.operation == SUBMIT]
    legs = [leg for leg in every if leg.direction is not Direction.REPLY]
    if not legs:
        raise NotFound("No request was built for this authorization.", fix="Complete the order first.")
    return _exact(legs[-1])


def _wanted(client: str, filters: Filters) -> Wanted:
    return Wanted(
        client=client,
        order_id=filters.order,
        patient=filters.patient,
        payer=filters.payer,
        states=tuple(filters.state),
        due_before=filters.due_before,
        limit=filters.limit + 1,
        offset=filters.offset,
    )


def _exact(exchange: Exchange) -> Response:
    # A payer chose the media type; it is passed on only when it is one, and never shown by a browser.
    known = _MEDIA_TYPE.fullmatch(exchange.media_type)
    response = Response(exchange.body, headers={"Content-Disposition": "attachment"})
    response.headers["Content-Type"] = exchange.media_type if known else "application/octet-stream"
    return response
