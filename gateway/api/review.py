"""`/authorizations/{id}/…`: what people do with an authorization."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from gateway.api import owned, views
from gateway.api.body import json_body
from gateway.api.callers import CallerOf
from gateway.api.documentation import (
    BODY,
    INVALID,
    MOVED_ON,
    NOT_FOUND,
    NOT_NOW,
    NOT_THAT,
    UNKNOWN_CALLER,
    UNREADABLE,
    refusals,
    shows,
    takes,
)
from gateway.api.forms import Act, Decision, Drop
from gateway.api.view import answer
from gateway.flow import review
from gateway.flow.world import World

ActBody = Annotated[Act, Depends(json_body(Act))]
DropBody = Annotated[Drop, Depends(json_body(Drop))]
DecisionBody = Annotated[Decision, Depends(json_body(Decision))]


def review_router(world: World) -> APIRouter:
    router = APIRouter(
        prefix="/authorizations/{id}",
        tags=["review"],
        responses=shows("authorization", "The authorization as it is now.")
        | refusals(UNREADABLE, NOT_FOUND, MOVED_ON, NOT_NOW, INVALID, NOT_THAT, *BODY, *UNKNOWN_CALLER),
    )

    @router.post("/release", response_model=views.Authorization, openapi_extra=takes(Act, "act", required=False))
    def release(caller: CallerOf, id: str, act: ActBody) -> Response:  # noqa: A002 - the public name of the parameter
        """Let a held request go; it is sent by the next free worker."""
        identity = owned.authorization(world.store, caller, id).id
        return answer(views.authorization(review.release(world, identity, actor=act.actor(caller))))

    @router.post("/drop", response_model=views.Authorization, openapi_extra=takes(Drop, "drop"))
    def drop(caller: CallerOf, id: str, act: DropBody) -> Response:  # noqa: A002
        """Give a request up before the payer has it."""
        identity = owned.authorization(world.store, caller, id).id
        return answer(views.authorization(review.drop(world, identity, actor=act.actor(caller), reason=act.reason)))

    @router.post("/acknowledge", response_model=views.Authorization, openapi_extra=takes(Act, "act", required=False))
    def acknowledge(caller: CallerOf, id: str, act: ActBody) -> Response:  # noqa: A002
        """Confirm having seen an answer that changed the request."""
        identity = owned.authorization(world.store, caller, id).id
        return answer(views.authorization(review.acknowledge(world, identity, actor=act.actor(caller))))

    @router.post("/decision", response_model=views.Authorization, openapi_extra=takes(Decision, "decision"))
    def record_decision(caller: CallerOf, id: str, act: DecisionBody) -> Response:  # noqa: A002
        """Enter a decision that came by phone, portal, fax or mail."""
        identity = owned.authorization(world.store, caller, id).id
        decided = review.record_decision(
            world,
            identity,
            [one.spoken() for one in act.decisions],
            actor=act.actor(caller),
            channel=act.channel,
            evidence=act.evidence,
        )
        return answer(views.authorization(decided))

    return router
