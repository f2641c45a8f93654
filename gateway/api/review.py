"""`/authorizations/{id}/…`: what people do with an authorization."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from gateway.api import views
from gateway.api.body import json_body
from gateway.api.callers import CallerOf
from gateway.api.documentation import (
    BODY,
    EVERY_CALL,
    INVALID,
    MOVED_ON,
    NOT_FOUND,
    NOT_NOW,
    NOT_THAT,
    UNREADABLE,
    refusals,
    shows,
    takes,
)
from gateway.api.forms import Act, Decision, Drop
from gateway.api.owned import OwnAuthorization
from gateway.api.view import answer
from gateway.api.worlds import WorldOf
from gateway.flow import review

ActBody = Annotated[Act, Depends(json_body(Act))]
DropBody = Annotated[Drop, Depends(json_body(Drop))]
DecisionBody = Annotated[Decision, Depends(json_body(Decision))]


router = APIRouter(
    prefix="/authorizations/{id}",
    tags=["review"],
    responses=shows("authorization", "The authorization as it is now.")
    | refusals(UNREADABLE, NOT_FOUND, MOVED_ON, NOT_NOW, INVALID, NOT_THAT, *BODY, *EVERY_CALL),
)


@router.post("/release", response_model=views.Authorization, openapi_extra=takes(Act, "act", required=False))
def release(world: WorldOf, record: OwnAuthorization, caller: CallerOf, act: ActBody) -> Response:
    """Let a held request go; it is sent by the next free worker."""
    return answer(views.authorization(world, review.release(world, record.id, actor=act.actor(caller))))


@router.post("/drop", response_model=views.Authorization, openapi_extra=takes(Drop, "drop"))
def drop(world: WorldOf, record: OwnAuthorization, caller: CallerOf, act: DropBody) -> Response:
    """Give a request up before the payer has it."""
    return answer(views.authorization(world, review.drop(world, record.id, actor=act.actor(caller), reason=act.reason)))


@router.post("/acknowledge", response_model=views.Authorization, openapi_extra=takes(Act, "act", required=False))
def acknowledge(world: WorldOf, record: OwnAuthorization, caller: CallerOf, act: ActBody) -> Response:
    """Confirm having seen an answer that changed the request."""
    return answer(views.authorization(world, review.acknowledge(world, record.id, actor=act.actor(caller))))


@router.post("/decision", response_model=views.Authorization, openapi_extra=takes(Decision, "decision"))
def record_decision(world: WorldOf, record: OwnAuthorization, caller: CallerOf, act: DecisionBody) -> Response:
    """Enter a decision that came by phone, portal, fax or mail."""
    decided = review.record_decision(
        world,
        record.id,
        [one.spoken() for one in act.decisions],
        actor=act.actor(caller),
        channel=act.channel,
        evidence=act.evidence,
        decided_on=act.decided_on,
    )
    return answer(views.authorization(world, decided))
