"""An order comes in, is completed, or is only looked at; nothing is promised before it is committed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.fhir import json
from gateway.flow import repeats
from gateway.flow.change import SUBMIT, Changes, commit, leg
from gateway.flow.prepare import Prepared, Treatment, documents, prepare
from gateway.flow.world import World
from gateway.model.authorization import Authorization, State
from gateway.model.changes import ChangeSet, Completion, IntakeKey, StoredOrder
from gateway.model.errors import Conflict, IllegalTransition, OurFault
from gateway.model.events import Dropped, Event, Held, OrderCompleted, OrderReceived, RequestBuilt
from gateway.model.exchange import Direction
from gateway.model.lifecycle import allows
from gateway.ports import Query

_MOST_TRIES = 10


@dataclass(frozen=True, slots=True)
class Received:
    """What an order became: its id, and one authorization per Claim; `again` when it had come before."""

    order_id: str
    authorizations: tuple[str, ...]
    again: bool = False


def check(world: World, body: bytes, completions: Sequence[bytes], treatment: Treatment) -> tuple[Prepared, ...]:
    """All of the work up to sending, and nothing stored.

    Raises:
        BadOrder: the order or a completion cannot be read.
    """
    return prepare(world, documents(body, completions), treatment, now=world.clock.now())


def receive(
    world: World, body: bytes, treatment: Treatment, *, client: str, actor: str, idempotency_key: str = ""
) -> Received:
    """Store the order and what it became, and schedule the sending; committed when this returns.

    A repeat, by its `idempotency_key` or by its orders and their revisions, changes nothing and gives the first result.

    Raises:
        BadOrder: the order cannot be read; nothing is stored, the caller still has it.
        KeyReused, OrdersKnown: it repeats something else, or only in part; nothing is stored.
    """
    asked = repeats.Asked(client, idempotency_key, body, treatment)
    if first := repeats.known_by_header(world.store, asked):
        return _again(world, first)
    now = world.clock.now()
    parsed = documents(body, ())
    prepared = prepare(world, parsed, treatment, now=now)
    named = repeats.name_orders(parsed[0], body, prepared)
    order = StoredOrder(
        id=world.ids.new(),
        client=client,
        received_at=now,
        sha256=json.digest(body),
        body=body,
        split=treatment.split,
        hold=treatment.hold,
        requestor=treatment.requestor,
        payer=treatment.payer,
    )
    # Another may take in the same in this very moment: one of the two is refused, and looks again.
    for left in reversed(range(_MOST_TRIES)):
        try:
            return _received(world, asked, order, prepared, named, actor)
        except Conflict:
            if not left:
                raise
    raise AssertionError("the last try returns or raises")


def _received(
    world: World,
    asked: repeats.Asked,
    order: StoredOrder,
    prepared: Sequence[Prepared],
    named: Sequence[repeats.Named],
    actor: str,
) -> Received:
    """One try. Raises Conflict when another was faster."""
    now = order.received_at
    if first := repeats.known_by_header(world.store, asked):
        return _again(world, first)
    known = repeats.chains(world.store, order.client, named)
    if first := repeats.known_by_orders(world.store, known, named):
        if own := asked.keys(first, now):
            world.store.commit(ChangeSet(keys=own))
        return _again(world, first)
    prepared = repeats.held_for_earlier(prepared, repeats.earlier(world.store, known, named))
    changes = Changes()
    identities = _open(world, changes, order, prepared, actor, now)
    keys = repeats.next_keys(known, named, client=order.client, order_id=order.id, at=now)
    commit(world, changes, order=order, keys=(*asked.keys(order.id, now), *keys))
    world.log.write("order.received", order=order.id, authorizations=len(identities), size=len(order.body))
    return Received(order.id, identities)


def _again(world: World, order_id: str) -> Received:
    world.log.write("order.repeated", order=order_id)
    records = world.store.authorizations(Query(order_id=order_id, limit=repeats.MOST))
    return Received(order_id, tuple(record.id for record in records), again=True)


def complete(world: World, order_id: str, body: bytes, *, actor: str) -> Received:
    """Merge a completion file over a stored order and build anew what may still change.

    Records that a payer already has keep what was sent; the completion reaches the others.

    Raises:
        NotFound: no such order.
        BadOrder: the completion cannot be read.
        IllegalTransition: no authorization of the order may change any more.
    """
    now = world.clock.now()
    order = world.store.order(order_id)
    earlier = world.store.completions(order_id)
    records = world.store.authorizations(Query(order_id=order_id, limit=1000))
    changeable = [record for record in records if allows(record, OrderCompleted)]
    if not changeable:
        states = ", ".join(sorted({record.state for record in records}))
        raise IllegalTransition(states, OrderCompleted.__name__, ["a new order"])
    known = _by_refs(records, changeable)
    treatment = Treatment(split=order.split, hold=order.hold, requestor=order.requestor, payer=order.payer)
    parsed = documents(order.body, [*(completion.body for completion in earlier), body])
    # Orders that a payer has, or that were decided or dropped, keep what became of them.
    open_refs = {ref for record in changeable for ref in record.order_refs}
    settled = frozenset(ref for record in records for ref in record.order_refs if ref not in open_refs)
    prepared = prepare(world, parsed, treatment, now=now, settled=settled)
    completion = Completion(
        order_id=order_id, number=len(earlier) + 1, actor=actor, received_at=now, sha256=json.digest(body), body=body
    )
    prepared, keys = _beside_other_revisions(world, order, completion, parsed[0], prepared)
    changes = Changes()
    identities = _rebuild(world, changes, order, prepared, changeable, known, actor, now)
    commit(world, changes, completion=completion, keys=keys)
    world.log.write("order.completed", order=order_id, completion=completion.number, authorizations=len(identities))
    return Received(order_id, identities)


def _beside_other_revisions(
    world: World, order: StoredOrder, completion: Completion, document: Any, prepared: Sequence[Prepared]
) -> tuple[tuple[Prepared, ...], tuple[IntakeKey, ...]]:
    """A completed order waits for a person where another revision of it is live, and takes a number, like a new one."""
    named = repeats.name_orders(document, order.body, prepared)
    chains = repeats.chains(world.store, order.client, named)
    live = repeats.earlier(world.store, chains, named, besides=order.id)
    fingerprint = json.digest(json.canonical(["completion", order.id, completion.number]))
    keys = repeats.next_keys(
        chains, named, client=order.client, order_id=order.id, at=completion.received_at, fingerprint=fingerprint
    )
    return repeats.held_for_earlier(prepared, live, which="another"), keys


def _by_refs(
    records: Sequence[Authorization], changeable: Sequence[Authorization]
) -> Mapping[tuple[str, ...], Authorization]:
    """The records that may change, by the orders in them; none when the orders have no names to tell them apart.

    Raises:
        OurFault: they cannot be told apart, and one of them is past changing: completing could ask for it again.
    """
    refs = [ref for record in records if record.state is not State.CANCELLED for ref in record.order_refs]
    if len(set(refs)) == len(refs) and all("/" in ref for ref in refs):
        return {record.order_refs: record for record in changeable}
    if len(changeable) < len([record for record in records if record.state is not State.CANCELLED]):
        raise OurFault(
            "The orders in this input have no ids that tell them apart, and one of them is past changing.",
            fix="Send the others as a new order, each resource with an id.",
        )
    return {}


def _rebuild(
    world: World,
    changes: Changes,
    order: StoredOrder,
    prepared: Sequence[Prepared],
    changeable: Sequence[Authorization],
    known: Mapping[tuple[str, ...], Authorization],
    actor: str,
    now: datetime,
) -> tuple[str, ...]:
    identities: list[str] = []
    fresh: list[Prepared] = []
    for one in prepared:
        record = known.get(one.order_refs)
        if record is None:
            fresh.append(one)
            continue
        _conclude(world, changes, changes.apply(record, OrderCompleted(at=now, actor=actor)), one, now)
        identities.append(record.id)
    if not prepared:
        raise OurFault(
            "The completion leaves no order to ask authorization for.", fix="Drop the authorization instead."
        )
    for record in [one for one in changeable if one.id not in identities]:
        reopened = changes.apply(record, OrderCompleted(at=now, actor=actor))
        changes.apply(reopened, Dropped(at=now, actor=actor, reason="the completed order groups into other claims"))
    return (*identities, *_open(world, changes, order, fresh, actor, now))


def _open(
    world: World, changes: Changes, order: StoredOrder, prepared: Sequence[Prepared], actor: str, now: datetime
) -> tuple[str, ...]:
    identities = tuple(world.ids.new() for _ in prepared)
    for identity, one in zip(identities, prepared, strict=True):
        opened = changes.open(
            identity,
            OrderReceived(
                at=now,
                actor=actor,
                client=order.client,
                order_id=order.id,
                order_refs=one.order_refs,
                patient=one.patient,
                urgency=one.urgency,
                hold=order.hold,
                related=tuple(other for other in identities if other != identity),
            ),
        )
        _conclude(world, changes, opened, one, now)
    return identities


def _conclude(world: World, changes: Changes, record: Authorization, one: Prepared, now: datetime) -> None:
    built = changes.apply(record, one.event)
    _report(world, built, one.event)
    if not isinstance(one.event, RequestBuilt):
        return
    changes.exchanges.append(
        leg(built, world.ids.new(), Direction.DRAFT, now, one.body, identifier=built.submission_id)
    )
    if one.held_by:
        changes.apply(built, Held(at=now, actor="gateway", reason=one.held_by))
    else:
        changes.schedule(built, SUBMIT, now)


def _report(world: World, record: Authorization, event: Event) -> None:
    if isinstance(event, RequestBuilt):
        world.log.write("request.built", authorization=record.id, payer=record.payer, items=len(record.items))
    elif record.gaps or record.blockers:
        world.log.write(
            "request.blocked", authorization=record.id, gaps=len(record.gaps), blockers=len(record.blockers)
        )
