"""`/events`: everything that happens to a caller's authorizations, for those who follow."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from gateway.api import event_views
from gateway.api.callers import CallerOf
from gateway.api.documentation import EVERY_CALL, INVALID, refusals, shows
from gateway.api.forms import Following
from gateway.api.view import answer
from gateway.api.worlds import WorldOf

router = APIRouter(tags=["events"])


@router.get(
    "/events",
    response_model=event_views.Events,
    responses=shows("events", "Rising by position.") | refusals(INVALID, *EVERY_CALL),
)
def follow_events(world: WorldOf, caller: CallerOf, following: Annotated[Following, Query()]) -> Response:
    """Events of all of the caller's authorizations, rising by position, each with its state before and after.

    Keep `next` once you are done with a page, and pass it as `after` next time. Whoever stops in between gets the
    page again: each event comes at least once, so do what an event asks for once per `position`. Events stay for
    ever; reading again from any position gives the same.
    """
    found = world.store.events(client=caller.client, after=following.after, limit=following.limit)
    return answer(event_views.events(found, after=following.after))
