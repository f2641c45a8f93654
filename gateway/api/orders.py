"""`/orders`: an EHR order comes in, is completed, or is only checked."""

from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from gateway.api import views
from gateway.api.body import FhirBody
from gateway.api.callers import CallerOf
from gateway.api.documentation import (
    BAD_ORDER,
    BODY,
    EVERY_CALL,
    INVALID,
    KEY_REUSED,
    MOVED_ON,
    NOT_FOUND,
    NOT_NOW,
    ORDERS_KNOWN,
    Responses,
    refusals,
    shows,
    takes_fhir,
)
from gateway.api.forms import Rehearsal, Submission, Waiting
from gateway.api.owned import OwnOrder
from gateway.api.view import answer
from gateway.api.waiting import all_final, authorizations_of, settled
from gateway.api.worlds import TurnsOf, WorldOf
from gateway.flow import intake
from gateway.flow.world import World
from gateway.model.authorization import Authorization

_ORDER = "A Bundle, a list of resources, or one order resource (FHIR R4)."
_COMPLETION = "Resources that complete the order: they are merged over its own by type and id (FHIR R4)."
_LATER = "Stored; something is still open: see `state` and `next` of each, and ask again at Location."


REPLAYED = "Idempotency-Replayed"
_REPLAYED = {
    REPLAYED: {
        "description": "`true` when the order had come before; this is what became of it.",
        "schema": {"type": "string"},
    }
}
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[ -~]*$",
        description="Names this request among all of the caller's, for ever; at most 255 printable ASCII characters.",
    ),
]


def _documented(done: int, headers: dict[str, Any] | None = None) -> Responses:
    finished = "Nothing more is expected: decided, cancelled, or not for this path."
    rows = shows("order_decided", finished, status=done) | shows("order_open", _LATER, status=202, model=views.Order)
    return {status: {**row, "headers": headers} if headers else row for status, row in rows.items()}


router = APIRouter(prefix="/orders", tags=["orders"])


@router.post(
    "",
    status_code=201,
    response_model=views.Order,
    openapi_extra=takes_fhir("order", _ORDER),
    responses=_documented(201, _REPLAYED) | refusals(BAD_ORDER, INVALID, KEY_REUSED, ORDERS_KNOWN, *BODY, *EVERY_CALL),
)
async def submit_order(
    world: WorldOf,
    turns: TurnsOf,
    caller: CallerOf,
    asked: Annotated[Submission, Query()],
    body: FhirBody,
    idempotency_key: IdempotencyKey = "",
) -> Response:
    """Store an order, build and send its requests, and wait for the decisions.

    The order is durable before this answers. The answer comes as soon as nothing is under way any more.

    Whoever is not sure that an order arrived sends it again, as often as need be: the repeat is answered with the first
    result as it is by then, and `Idempotency-Replayed: true`. It is known by its `Idempotency-Key`, and without one by
    its orders (type and id or identifier, and patient) and their revision (`meta.versionId`, else the content). A new
    revision of an order whose authorization is under way or decided is held for a person; see `held_by`.
    """
    receive = partial(
        intake.receive,
        world,
        body,
        asked.treatment(),
        client=caller.client,
        actor=caller.actor,
        idempotency_key=idempotency_key,
    )
    received = await to_thread.run_sync(receive, limiter=turns)
    records = await settled(world, received.order_id, longest=asked.wait)
    replayed = {REPLAYED: "true"} if received.again else {}
    return await to_thread.run_sync(partial(_outcome, world, received.order_id, records, done=201, headers=replayed))


@router.post(
    "/check",
    response_model=views.Checks,
    openapi_extra=takes_fhir("order", _ORDER),
    responses=shows("checks", "One check per Claim the order makes.")
    | refusals(BAD_ORDER, INVALID, *BODY, *EVERY_CALL),
)
async def check_order(world: WorldOf, turns: TurnsOf, asked: Annotated[Rehearsal, Query()], body: FhirBody) -> Response:
    """Do everything up to sending, and store nothing."""
    prepared = await to_thread.run_sync(partial(intake.check, world, body, (), asked.treatment()), limiter=turns)
    return answer(views.Checks(checks=tuple(views.prepared(one, with_bundle=asked.bundle) for one in prepared)))


@router.get(
    "/{order}",
    response_model=views.Order,
    responses=shows("order_decided", "The order's authorizations.") | refusals(NOT_FOUND, INVALID, *EVERY_CALL),
)
def get_order(world: WorldOf, order: OwnOrder) -> Response:
    """The authorizations made from an order."""
    return answer(views.order(world, order.id, authorizations_of(world, order.id)))


@router.patch(
    "/{order}",
    response_model=views.Order,
    openapi_extra=takes_fhir("completion", _COMPLETION),
    responses=_documented(200) | refusals(BAD_ORDER, NOT_FOUND, MOVED_ON, NOT_NOW, INVALID, *BODY, *EVERY_CALL),
)
async def complete_order(
    world: WorldOf, caller: CallerOf, order: OwnOrder, asked: Annotated[Waiting, Query()], body: FhirBody
) -> Response:
    """Merge what was missing over a stored order, build its requests anew, send them, and wait as for a new order.

    Requests that the payer already has are left as they are.
    """
    await to_thread.run_sync(partial(intake.complete, world, order.id, body, actor=caller.actor))
    records = await settled(world, order.id, longest=asked.wait)
    return await to_thread.run_sync(partial(_outcome, world, order.id, records, done=200))


def _outcome(
    world: World,
    order: str,
    records: tuple[Authorization, ...],
    *,
    done: int,
    headers: dict[str, str] | None = None,
) -> Response:
    status = done if all_final(records) else 202
    every = {"Location": f"/orders/{order}", **(headers or {})}
    return answer(views.order(world, order, records), status=status, headers=every)
