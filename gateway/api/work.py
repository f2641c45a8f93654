"""`/work`: what cannot go on by itself, in one place; retry it or give it up, singly or by cause."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from gateway.api import work_views
from gateway.api.body import json_body
from gateway.api.callers import CallerOf
from gateway.api.documentation import (
    BODY,
    CANNOT_BE_ASKED,
    EVERY_CALL,
    INVALID,
    MOVED_ON,
    NOT_NOW,
    NOTHING_ASIDE,
    UNREADABLE,
    refusals,
    shows,
    takes,
)
from gateway.api.forms import Act, Drop, WorkFilters, WorkKey
from gateway.api.view import answer
from gateway.api.worlds import WorldOf
from gateway.flow import work
from gateway.model.changes import Cause
from gateway.model.errors import nothing_here
from gateway.ports import WorkQuery

ActBody = Annotated[Act, Depends(json_body(Act))]
DropBody = Annotated[Drop, Depends(json_body(Drop))]


def _own_work(
    world: WorldOf,
    caller: CallerOf,
    which: Annotated[WorkKey, Query()],
    authorization: Annotated[str, Path(description="Authorization id.")],
) -> work.Stuck:
    """Found by the row, not by the record: of what is stuck the record may be what cannot be read."""
    asked = WorkQuery(authorization=authorization, client=caller.client, limit=1000)
    for one in work.stuck(world, asked):
        if one.work.key == which.key:
            return one
    raise nothing_here("set-aside work")


OwnWork = Annotated[work.Stuck, Depends(_own_work)]
"""The caller's set-aside step that path and query name; NotFound otherwise."""

router = APIRouter(prefix="/work", tags=["work"])
_ONE = shows("work_done_one", "It was done.") | refusals(
    UNREADABLE, NOTHING_ASIDE, MOVED_ON, NOT_NOW, INVALID, CANNOT_BE_ASKED, *BODY, *EVERY_CALL
)
_MANY = shows("work_done", "To how many it was done, and which were left as they are.") | refusals(
    UNREADABLE, INVALID, *BODY, *EVERY_CALL
)
Of = Annotated[Cause, Query(description="Everything of the caller's that stopped for this cause.")]


@router.get(
    "",
    response_model=work_views.Work,
    responses=shows("work", "The longest stuck first.") | refusals(INVALID, *EVERY_CALL),
)
def list_work(world: WorldOf, caller: CallerOf, filters: Annotated[WorkFilters, Query()]) -> Response:
    """What of the caller's cannot go on by itself, why, and what a person can do about it."""
    asked = WorkQuery(
        client=caller.client,
        lane=filters.payer,
        cause=filters.cause,
        limit=filters.limit + 1,
        offset=filters.offset,
    )
    found = work.stuck(world, asked)
    return answer(
        work_views.Work(
            work=tuple(map(work_views.stuck, found[: filters.limit])),
            limit=filters.limit,
            offset=filters.offset,
            more=len(found) > filters.limit,
        )
    )


@router.post(
    "/retry",
    response_model=work_views.Done,
    openapi_extra=takes(Act, "act", required=False),
    responses=_MANY,
)
def retry_cause(world: WorldOf, caller: CallerOf, act: ActBody, cause: Of) -> Response:
    """Let all of the caller's work of one cause go on, e.g. once a payer takes our credentials again."""
    done = work.retry_all(world, WorkQuery(client=caller.client, cause=cause), actor=act.actor(caller))
    return answer(work_views.done(done))


@router.post("/give-up", response_model=work_views.Done, openapi_extra=takes(Drop, "drop"), responses=_MANY)
def give_up_cause(world: WorldOf, caller: CallerOf, act: DropBody, cause: Of) -> Response:
    """End all of the caller's work of one cause."""
    asked = WorkQuery(client=caller.client, cause=cause)
    return answer(work_views.done(work.give_up_all(world, asked, actor=act.actor(caller), reason=act.reason)))


@router.get(
    "/{authorization}",
    response_model=work_views.Stuck,
    responses=shows("stuck", "The step, why it stopped, and what to do.")
    | refusals(NOTHING_ASIDE, INVALID, *EVERY_CALL),
)
def get_work(one: OwnWork) -> Response:
    """One step that was set aside."""
    return answer(work_views.stuck(one))


@router.post(
    "/{authorization}/retry",
    response_model=work_views.Done,
    responses=_ONE,
    openapi_extra=takes(Act, "act", required=False),
)
def retry(world: WorldOf, one: OwnWork, caller: CallerOf, act: ActBody) -> Response:
    """Let it go on: ask the payer again, send again what it surely did not take, or do the step again."""
    work.retry(world, one.work.authorization, one.work.key, actor=act.actor(caller))
    return answer(work_views.Done(done=1, failed=()))


@router.post(
    "/{authorization}/give-up", response_model=work_views.Done, responses=_ONE, openapi_extra=takes(Drop, "drop")
)
def give_up(world: WorldOf, one: OwnWork, caller: CallerOf, act: DropBody) -> Response:
    """End it: the request is dropped, or the client is not told of that event; the account of it stays."""
    work.give_up(world, one.work.authorization, one.work.key, actor=act.actor(caller), reason=act.reason)
    return answer(work_views.Done(done=1, failed=()))
