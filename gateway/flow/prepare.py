"""From an order to a checked request: read, map, check, one conclusion per Claim. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from gateway.conformance import NotEvaluated
from gateway.fhir import json
from gateway.fhir.outcome import Issue
from gateway.flow.world import World
from gateway.model.authorization import Blocker, Urgency
from gateway.model.clocks import due
from gateway.model.errors import BadOrder
from gateway.model.events import Event, GapsFound, HandedOff, RequestBuilt
from gateway.model.order import Benefit, Gap, OrderContext
from gateway.orders import Options, read
from gateway.orders.chart import resource_name
from gateway.orders.request import BuiltRequest, build
from gateway.payers.site import Review


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """How a caller wants an order treated; empty means: let the rules choose."""

    split: bool = False
    hold: bool = False
    requestor: str = ""
    payer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What became of one Claim's worth of an order.

    Attributes:
        order_refs: the orders in it, as `Type/id`, in item sequence.
        event: GapsFound, RequestBuilt or HandedOff.
        body: the request as it will travel; empty unless the event is RequestBuilt.
        warnings: findings of the profile check that do not block; `unchecked` is what it could not evaluate.
        held_by: why the request waits for release; empty when it may go.
    """

    order_refs: tuple[str, ...]
    patient: str
    urgency: Urgency
    event: Event
    body: bytes = b""
    warnings: tuple[Issue, ...] = ()
    unchecked: tuple[NotEvaluated, ...] = ()
    held_by: str = ""


def documents(body: bytes, completions: Sequence[bytes]) -> list[Any]:
    """The parsed order and its completions.

    Raises:
        BadOrder: one of them is not strict JSON; the message names the place and the fix.
    """
    return [
        _parse(raw, f"completion {number}" if number else "order") for number, raw in enumerate([body, *completions])
    ]


def _parse(raw: bytes, what: str) -> Any:
    try:
        return json.loads(raw)
    except json.JsonFault as fault:
        raise BadOrder(
            f"The {what} is not JSON the gateway can trust: {fault.rule} at {fault.place}. {fault.text}", fix=fault.fix
        ) from None


def prepare(
    world: World,
    parsed: Sequence[Any],
    treatment: Treatment,
    *,
    now: datetime,
    settled: frozenset[str] = frozenset(),
) -> tuple[Prepared, ...]:
    """One conclusion per Claim the order makes; orders in `settled` (`Type/id`) have theirs and take no part.

    Raises:
        BadOrder: there is no order in it, or none of a supported type.
    """
    today = now.astimezone(ZoneInfo(world.site.time_zone)).date()
    options = Options(
        split=treatment.split,
        requestor=treatment.requestor,
        payer=treatment.payer,
        today=today,
        tables=world.tables,
        settled=settled,
    )
    contexts = read(parsed, world.site, world.payers, options)
    return tuple(_conclude(world, context, treatment, now) for context in contexts)


def _conclude(world: World, context: OrderContext, treatment: Treatment, now: datetime) -> Prepared:
    urgency = Urgency.EXPEDITED if context.expedited else Urgency.STANDARD
    conclusion = partial(_prepared, context, urgency)
    if context.benefit is Benefit.PHARMACY:
        return conclusion(HandedOff(at=now, actor="gateway", where=context.handoff, choices=context.choices))
    known: dict[str, Any] = {
        "at": now,
        "actor": "gateway",
        "payer": context.payer_id,
        **_due(world, context.payer_id, urgency, now),
    }
    if not context.payer_id or not context.requestor_id or not context.coverage:
        gaps = _distinct((*context.gaps, *_further_gaps(world, context, now)))
        return conclusion(GapsFound(**known, gaps=gaps, choices=context.choices))
    payer = world.payers[context.payer_id]
    guide = world.guide(payer)
    built = build(context, guide.mappings, world.site, payer, now=now, new_id=world.ids.new)
    gaps = _distinct((*context.gaps, *built.gaps))
    choices = (*context.choices, *built.choices)
    if gaps:
        return conclusion(GapsFound(**known, gaps=gaps, choices=choices))
    report = guide.profiles.check(built.bundle)
    blockers = tuple(_blocker(issue) for issue in report.issues if issue.is_error)
    if blockers:
        return conclusion(GapsFound(**known, blockers=blockers, choices=choices))
    return conclusion(
        _built(built, context, known, payer.speaks["pas"], urgency),
        body=json.dumps(built.bundle),
        warnings=report.issues,
        unchecked=report.not_evaluated,
        held_by=_held_by(treatment, world.site.review, payer.review),
    )


def _due(world: World, payer: str, urgency: Urgency, now: datetime) -> dict[str, Any]:
    """When the decision would be due if the request went out now, so that urgent work that waits sorts first."""
    if payer not in world.payers:
        return {}
    due_at, basis = due(world.payers[payer].clocks, urgency, now)
    return {"due_at": due_at, "due_basis": f"{basis}, if it were sent at once"}


def _further_gaps(world: World, context: OrderContext, now: datetime) -> tuple[Gap, ...]:
    """What the request would lack even if payer, requestor and coverage were known: one list, not two rounds.

    A trial request for a stand-in payer and requestor finds it; the request itself is thrown away.
    """
    if not world.payers or not world.site.requestors:
        return ()
    payer = world.payers[context.payer_id or next(iter(world.payers))]
    requestor = context.requestor_id or world.site.requestors[0].key
    trial = replace(context, payer_id=payer.id, requestor_id=requestor)
    built = build(trial, world.guide(payer).mappings, world.site, payer, now=now, new_id=world.ids.new)
    return tuple(gap for gap in built.gaps if context.coverage or not gap.element.startswith("Coverage"))


def _prepared(context: OrderContext, urgency: Urgency, event: Event, **parts: Any) -> Prepared:
    refs = tuple(resource_name(order) for order in context.orders)
    return Prepared(order_refs=refs, patient=resource_name(context.patient), urgency=urgency, event=event, **parts)


def _built(
    built: BuiltRequest, context: OrderContext, known: dict[str, Any], guide: str, urgency: Urgency
) -> RequestBuilt:
    return RequestBuilt(
        **known,
        items=built.items,
        choices=(*context.choices, *built.choices),
        guide=guide,
        requestor=context.requestor_id,
        coverage=resource_name(context.coverage),
        urgency=urgency,
        trace_system=built.trace_system,
        trace_value=built.trace_value,
        submission_id=built.submission_id,
        claim_url=built.claim_url,
    )


def _held_by(treatment: Treatment, site: Review, payer: Review) -> str:
    for who, wish in (
        ("the caller asked for it", treatment.hold),
        ("the site reviews every request", site is Review.HOLD),
        ("this payer's profile asks for review", payer is Review.HOLD),
    ):
        if wish:
            return who
    return ""


def _blocker(issue: Issue) -> Blocker:
    return Blocker(rule=issue.rule, path=issue.path, text=issue.text, fix=issue.fix)


def _distinct(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    return tuple(dict.fromkeys(gaps))
