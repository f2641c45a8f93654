"""`/payers`: whether anything is sent to each payer now; an operator can pause one, and resume it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from gateway.api.body import json_body
from gateway.api.callers import LOCAL, CallerOf
from gateway.api.documentation import BODY, EVERY_CALL, INVALID, UNREADABLE, refusals, shows, takes
from gateway.api.forms import Act, Pause
from gateway.api.view import View, answer
from gateway.api.worlds import WorldOf
from gateway.flow.world import World
from gateway.model.errors import NotFound, OurFault, nothing_here
from gateway.model.payer_state import PayerState
from gateway.payers import health


class NotOperator(OurFault):
    """Pausing and resuming a payer concerns every client, so it is for operators."""

    code = "not-operator"
    status = 403


class Payer(View):
    """How a payer is doing, for all of the gateway together."""

    id: str
    """The payer's id, or `client:NAME` for the caller's own webhook."""
    name: str
    state: health.Way
    until: datetime | None
    """When sending goes on by itself; null when nothing stops it, or only a person can."""
    why: str
    failures: int
    """Attempts that failed in a row for reasons of the payer as a whole."""
    last_answer_at: datetime | None
    last_failure_at: datetime | None
    last_failure: str


class Payers(View):
    payers: tuple[Payer, ...]


ActBody = Annotated[Act, Depends(json_body(Act))]
PauseBody = Annotated[Pause, Depends(json_body(Pause))]
Id = Annotated[str, Path(alias="id", description="Payer id.")]

_NO_PAYER = nothing_here("payer")
_NOT_OPERATOR = NotOperator(fix="Call as a client named in PA_OPERATORS, or use `pa payer pause` and `resume`.")


def _operator(request: Request, caller: CallerOf) -> None:
    if caller.client not in {LOCAL, *request.app.state.operators}:
        raise _NOT_OPERATOR


router = APIRouter(prefix="/payers", tags=["payers"], responses=refusals(INVALID, *EVERY_CALL))
_OPERATED = shows("payer", "The payer as it is now.") | refusals(
    UNREADABLE, _NO_PAYER, _NOT_OPERATOR, INVALID, *BODY, *EVERY_CALL
)
_OPERATOR = [Depends(_operator)]


@router.get("", response_model=Payers, responses=shows("payers", "By id."))
def list_payers(world: WorldOf, caller: CallerOf) -> Response:
    """Every payer, and the caller's own webhook: open, paused, circuit open, or asked to wait."""
    states = {state.lane: state for state in world.store.payer_states()}
    lanes = sorted(_names(world, caller.client))
    return answer(Payers(payers=tuple(_view(world, states.get(lane) or PayerState(lane=lane)) for lane in lanes)))


@router.post(
    "/{id}/pause",
    response_model=Payer,
    responses=_OPERATED,
    dependencies=_OPERATOR,
    openapi_extra=takes(Pause, "pause"),
)
def pause(world: WorldOf, caller: CallerOf, payer: Id, form: PauseBody) -> Response:
    """Send nothing more to a payer, from a second on, until it is resumed; orders are still taken.

    For operators (PA_OPERATORS). An operator sees the orders and the work of its own only, as every client does.
    """
    now, by = world.clock.now(), form.actor(caller)
    lane = _lane(world, caller.client, payer)
    return answer(_view(world, world.store.change_payer(lane, lambda s: health.paused(s, by, form.reason, now))))


@router.post(
    "/{id}/resume",
    response_model=Payer,
    responses=_OPERATED,
    dependencies=_OPERATOR,
    openapi_extra=takes(Act, "act", required=False),
)
def resume(world: WorldOf, caller: CallerOf, payer: Id, act: ActBody) -> Response:  # noqa: ARG001 - who, for the log
    """Let sending go on: a pause ends, an open circuit is probed at once; a wait the payer asked for stays.

    For operators (PA_OPERATORS).
    """
    now = world.clock.now()
    lane = _lane(world, caller.client, payer)
    after = world.store.change_payer(lane, lambda state: health.resumed(state, now))
    world.waiters.announce(())
    return answer(_view(world, after))


def _names(world: World, client: str) -> dict[str, str]:
    """The lanes a caller may see, and what they are called."""
    names = {payer.id: payer.name for payer in world.payers.values()}
    if world.site.webhook(client):
        names[f"client:{client}"] = "Your webhook"
    return names


def _lane(world: World, client: str, lane: str) -> str:
    if lane not in _names(world, client):
        raise NotFound(str(_NO_PAYER), fix="See GET /payers.")
    return lane


def _view(world: World, state: PayerState) -> Payer:
    permit = health.permit(state, world.clock.now())
    payer = world.payers.get(state.lane)
    return Payer(
        id=state.lane,
        name=payer.name if payer else "Your webhook",
        state=permit.way,
        until=permit.until,
        why=permit.why,
        failures=state.failures,
        last_answer_at=state.last_answer_at,
        last_failure_at=state.last_failure_at,
        last_failure=state.last_failure,
    )
