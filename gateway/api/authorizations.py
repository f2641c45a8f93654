"""`/authorizations`: the records, what happened to them, and the exact bytes that travelled."""

import re
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from gateway.api import owned, views
from gateway.api.callers import CallerOf
from gateway.api.documentation import INVALID, NOT_FOUND, UNKNOWN_CALLER, refusals, shows, shows_bytes
from gateway.api.forms import Filters, Following
from gateway.api.view import answer
from gateway.flow.world import World
from gateway.model.errors import NotFound
from gateway.model.exchange import Direction, Exchange
from gateway.ports import Query as Wanted

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(?:; ?[\w.+-]+=[\w.+-]+)*", re.ASCII)


def authorizations_router(world: World) -> APIRouter:
    router = APIRouter(prefix="/authorizations", tags=["authorizations"])
    unknown = refusals(NOT_FOUND, INVALID, *UNKNOWN_CALLER)

    @router.get(
        "",
        response_model=views.Page,
        responses=shows("page", "The most urgent first; those without a due time last.")
        | refusals(INVALID, *UNKNOWN_CALLER),
    )
    def list_authorizations(caller: CallerOf, filters: Annotated[Filters, Query()]) -> Response:
        """The caller's authorizations, by when the payer's decision is due."""
        found = world.store.authorizations(_wanted(caller.client, filters))
        return answer(
            views.Page(
                authorizations=tuple(map(views.authorization, found[: filters.limit])),
                limit=filters.limit,
                offset=filters.offset,
                more=len(found) > filters.limit,
            )
        )

    @router.get(
        "/{id}", response_model=views.Authorization, responses=shows("authorization", "The authorization.") | unknown
    )
    def get_authorization(caller: CallerOf, id: str) -> Response:  # noqa: A002 - the public name of the parameter
        """One authorization."""
        return answer(views.authorization(owned.authorization(world.store, caller, id)))

    @router.get(
        "/{id}/events",
        response_model=views.Events,
        responses=shows("events", "In the order in which they happened.") | unknown,
    )
    def list_events(caller: CallerOf, id: str, following: Annotated[Following, Query()]) -> Response:  # noqa: A002
        """What happened to an authorization."""
        identity = owned.authorization(world.store, caller, id).id
        found = world.store.events(authorization=identity, after=following.after, limit=following.limit)
        return answer(views.events(found, after=following.after))

    @router.get(
        "/{id}/exchanges",
        response_model=views.Exchanges,
        responses=shows("exchanges", "Drafts, requests and replies, in order.") | unknown,
    )
    def list_exchanges(caller: CallerOf, id: str) -> Response:  # noqa: A002
        """What travelled between the gateway and the payer; bodies are fetched one by one."""
        identity = owned.authorization(world.store, caller, id).id
        return answer(views.Exchanges(exchanges=tuple(map(views.exchange, world.store.exchanges(identity)))))

    @router.get(
        "/{id}/exchanges/{leg}/body",
        response_class=Response,
        responses=shows_bytes("The exact bytes, in their own media type.") | unknown,
    )
    def get_exchange_body(caller: CallerOf, id: str, leg: str) -> Response:  # noqa: A002
        """The exact bytes of one leg."""
        identity = owned.authorization(world.store, caller, id).id
        for exchange in world.store.exchanges(identity):
            if exchange.id == leg:
                return _exact(exchange)
        raise owned.missing("exchange")

    @router.get(
        "/{id}/request", response_class=Response, responses=shows_bytes("The request as last built or sent.") | unknown
    )
    def get_request(caller: CallerOf, id: str) -> Response:  # noqa: A002
        """The exact bytes of the request as it was last built or sent."""
        identity = owned.authorization(world.store, caller, id).id
        legs = [leg for leg in world.store.exchanges(identity) if leg.direction is not Direction.REPLY]
        if not legs:
            raise NotFound("No request was built for this authorization.", fix="Complete the order first.")
        return _exact(legs[-1])

    return router


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
