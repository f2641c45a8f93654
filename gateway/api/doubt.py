"""`/authorizations/{id}/doubt` and `…/resolve`: a request that may have reached the payer, and what became of it."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from gateway.api import doubt_views, views
from gateway.api.body import json_body
from gateway.api.callers import CallerOf
from gateway.api.documentation import (
    BODY,
    EVERY_CALL,
    INVALID,
    MOVED_ON,
    NO_CANDIDATE,
    NOT_FOUND,
    NOT_NOW,
    UNREADABLE,
    refusals,
    shows,
    takes,
)
from gateway.api.forms import Resolution
from gateway.api.lanes import Lanes
from gateway.api.next_step import sentence
from gateway.api.owned import OwnAuthorization
from gateway.api.resolved import resolving
from gateway.api.view import answer
from gateway.api.worlds import WorldOf
from gateway.flow import doubt, review

ResolutionBody = Annotated[Resolution, Depends(json_body(Resolution))]

router = APIRouter(prefix="/authorizations/{id}", tags=["doubt"])


@router.get(
    "/doubt",
    response_model=doubt_views.Doubt,
    responses=shows("doubt", "The evidence; empty of inquiries when the payer was not asked.")
    | refusals(NOT_FOUND, INVALID, *EVERY_CALL),
)
def get_doubt(world: WorldOf, record: OwnAuthorization) -> Response:
    """What was sent beside what the payer shows, so that a person can say whether it is the same."""
    shown = doubt.evidence(world, record.id)
    return answer(doubt_views.evidence(shown, following=sentence(shown.record, Lanes.of(world, [shown.record]))))


@router.post(
    "/resolve",
    response_model=views.Authorization,
    openapi_extra=takes(Resolution, "resolution"),
    responses=shows("authorization", "The authorization as it is now.")
    | refusals(UNREADABLE, NOT_FOUND, MOVED_ON, NOT_NOW, INVALID, NO_CANDIDATE, *BODY, *EVERY_CALL),
)
def resolve(world: WorldOf, record: OwnAuthorization, caller: CallerOf, said: ResolutionBody) -> Response:
    """Say what became of a request in doubt: it is this one; it is none, send again; or stop.

    `none` sends the same bytes again, so make sure first: a payer that has the request after all decides it twice.
    """
    actor = said.actor(caller)
    here = f"/authorizations/{record.id}"
    with resolving(world, record.id, fix=f"Read what became of it: GET {here}, GET {here}/events."):
        match said.way:
            case "this":
                moved = doubt.adopt(world, record.id, said.candidate, actor=actor)
            case "none":
                moved = doubt.send_again(world, record.id, actor=actor, reason=said.reason)
            case "stop":
                moved = review.drop(world, record.id, actor=actor, reason=said.reason)
    return answer(views.authorization(world, moved))
