"""The public JSON of authorizations, events, exchanges and checks: stable names, whatever the core calls them."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.api.finding_views import Blocker, Choice, Finding, Gap, NotEvaluated, Rejection
from gateway.api.item_views import AuthorizedItem, Item, Note
from gateway.api.lanes import Lanes
from gateway.api.next_step import sentence
from gateway.api.view import View
from gateway.fhir import json
from gateway.flow.prepare import Prepared
from gateway.flow.world import World
from gateway.model import authorization as model
from gateway.model.authorization import Result, State, Urgency
from gateway.model.events import GapsFound, HandedOff, RequestBuilt
from gateway.model.exchange import Direction
from gateway.model.exchange import Exchange as Leg
from gateway.model.lifecycle import name


class Authorization(View):
    """One prior authorization, from order to decision."""

    id: str
    version: int
    order: str
    """Id of the stored order it was made from."""
    order_refs: tuple[str, ...]
    """The orders inside it, in item sequence."""
    patient: str
    coverage: str
    requestor: str
    payer: str
    guide: str
    state: State
    """Where the work stands; the payer's answer is `determination`."""
    determination: Result
    """The payer's answer rolled up over the items."""
    urgency: Urgency
    due_at: datetime | None
    due_basis: str
    items: tuple[Item, ...]
    additional: tuple[AuthorizedItem, ...]
    rejections: tuple[Rejection, ...]
    notes: tuple[Note, ...]
    gaps: tuple[Gap, ...]
    blockers: tuple[Blocker, ...]
    choices: tuple[Choice, ...]
    held_by: str
    """Why the request waits for release; empty when it does not."""
    handoff: str
    """Where an order goes that is not for this path."""
    acknowledge: bool
    """Whether a person must confirm having seen the answer."""
    attention: str
    next: str
    """What somebody has to do next, or what it waits for; empty when nobody has to do anything."""
    trace_system: str
    trace_value: str
    attempts: int
    next_attempt_at: datetime | None
    related: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime | None
    answered_at: datetime | None
    decided_at: datetime | None


class Order(View):
    """An order and the authorizations made from it, the most urgent first."""

    order: str
    authorizations: tuple[Authorization, ...]


class Page(View):
    """Some authorizations, by when their decision is due; `more` says whether a next page has any."""

    authorizations: tuple[Authorization, ...]
    limit: int
    offset: int
    more: bool


class Exchange(View):
    """One leg of what travelled between the gateway and a payer; its bytes are at `…/exchanges/{leg}/body`."""

    id: str
    pair: str
    """Joins a reply to its request."""
    operation: str
    attempt: int
    direction: Direction
    at: datetime
    url: str
    status: int
    """HTTP status of a reply; 0 on a request."""
    media_type: str
    identifier: str
    """Bundle.identifier of a request."""
    sha256: str
    size: int


class Exchanges(View):
    exchanges: tuple[Exchange, ...]


class Outlook(StrEnum):
    """What would become of an order that is only checked."""

    READY = "ready"
    INCOMPLETE = "incomplete"
    HANDED_OFF = "handed_off"


class Check(View):
    """What one Claim's worth of an order would become; nothing is stored."""

    order_refs: tuple[str, ...]
    patient: str
    urgency: Urgency
    outlook: Outlook
    payer: str
    guide: str
    items: tuple[Item, ...]
    gaps: tuple[Gap, ...]
    blockers: tuple[Blocker, ...]
    choices: tuple[Choice, ...]
    warnings: tuple[Finding, ...]
    not_evaluated: tuple[NotEvaluated, ...]
    held_by: str
    handoff: str
    bundle: Any
    """The request as it would travel; null unless it was asked for and is ready."""


class Checks(View):
    checks: tuple[Check, ...]


def authorization(world: World, record: model.Authorization) -> Authorization:
    """The public form of a record; what it waits for is as it is now."""
    return authorizations(world, [record])[0]


def authorizations(world: World, records: Sequence[model.Authorization]) -> tuple[Authorization, ...]:
    lanes = Lanes.of(world, records)
    return tuple(_authorization(record, lanes) for record in records)


def _authorization(record: model.Authorization, lanes: Lanes) -> Authorization:
    own = {"order": record.order_id, "next": sentence(record, lanes), "next_attempt_at": record.not_before}
    same = {field: getattr(record, field) for field in Authorization.model_fields if field not in own}
    return Authorization.model_validate({**same, **own})


def order(world: World, identity: str, records: Sequence[model.Authorization]) -> Order:
    return Order(order=identity, authorizations=authorizations(world, records))


def exchange(leg: Leg) -> Exchange:
    same = {field: getattr(leg, field) for field in Exchange.model_fields if field != "size"}
    return Exchange.model_validate({**same, "size": len(leg.body)})


def prepared(one: Prepared, *, with_bundle: bool = False) -> Check:
    """The public form of a check; numbers in the bundle keep their digits when written by `gateway.fhir.json`."""
    concluded = one.event
    parts: dict[str, Any] = {"payer": "", "guide": "", "items": (), "gaps": (), "blockers": (), "handoff": ""}
    if isinstance(concluded, RequestBuilt):
        parts |= {
            "outlook": Outlook.READY,
            "payer": concluded.payer,
            "guide": concluded.guide,
            "items": concluded.items,
            "choices": concluded.choices,
        }
    elif isinstance(concluded, GapsFound):
        parts |= {
            "outlook": Outlook.INCOMPLETE,
            "gaps": concluded.gaps,
            "blockers": concluded.blockers,
            "choices": concluded.choices,
        }
    elif isinstance(concluded, HandedOff):
        parts |= {"outlook": Outlook.HANDED_OFF, "handoff": concluded.where, "choices": concluded.choices}
    else:
        raise TypeError(f"a check ends in {name(type(concluded))}, which has no public form")
    return Check.model_validate(
        {
            **parts,
            "order_refs": one.order_refs,
            "patient": one.patient,
            "urgency": one.urgency,
            "warnings": one.warnings,
            "not_evaluated": one.unchecked,
            "held_by": one.held_by,
            "bundle": json.loads(one.body) if with_bundle and one.body else None,
        }
    )
