"""What people do with an authorization: release or drop a held request, enter a decision, acknowledge one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from gateway.flow import doubt
from gateway.flow.change import SUBMIT, Changes, commit
from gateway.flow.world import World
from gateway.model.authorization import Answer, Authorization, Channel, Code, Dates, Note, Quantity, Result
from gateway.model.determination import roll_up
from gateway.model.errors import OurFault
from gateway.model.events import Acknowledged, DecisionRecorded, Dropped, Event, Released

BY_HAND = (
    Result.APPROVED,
    Result.PARTLY_APPROVED,
    Result.MODIFIED,
    Result.DENIED,
    Result.CANCELLED,
    Result.NO_ACTION_REQUIRED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenDecision:
    """A decision as a person heard or read it. `item` 0 means every item."""

    item: int = 0
    result: Result
    authorization_number: str = ""
    valid_from: date | None = None
    valid_through: date | None = None
    quantity: Quantity | None = None
    reason_codes: tuple[str, ...] = ()
    note: str = ""


def release(world: World, identity: str, *, actor: str) -> Authorization:
    """Let a held request go; it is sent by the next free worker. Raises NotFound, IllegalTransition."""
    changes = Changes()
    now = world.clock.now()
    record = changes.apply(world.store.authorization(identity), Released(at=now, actor=actor))
    changes.schedule(record, SUBMIT, now)
    return _commit(world, changes, record)


def drop(world: World, identity: str, *, actor: str, reason: str) -> Authorization:
    """Give a request up before the payer has it, or while nobody knows whether it has it.

    Raises:
        NotFound, IllegalTransition: no such record, or it is in no state to be dropped.
        Conflict: the payer is being asked about it at this moment.
    """
    doubt.refuse_while_asked(world, world.store.authorization(identity))
    return _happen(world, identity, Dropped(at=world.clock.now(), actor=actor, reason=reason))


def acknowledge(world: World, identity: str, *, actor: str) -> Authorization:
    """A person has seen a modified answer. Raises NotFound, IllegalTransition, OurFault when nothing asks for it."""
    record = world.store.authorization(identity)
    if not record.acknowledge:
        raise OurFault("This authorization does not ask to be acknowledged.", fix="Only a modified answer does.")
    return _happen(world, identity, Acknowledged(at=world.clock.now(), actor=actor))


def record_decision(
    world: World,
    identity: str,
    decisions: Sequence[SpokenDecision],
    *,
    actor: str,
    channel: Channel,
    evidence: str,
    decided_on: date | None = None,
) -> Authorization:
    """Enter a decision that came by phone, portal, fax or mail, with who, when and the evidence.

    `decided_on` is the day the payer decided, today in the site's time zone when left out. An item that is not named
    keeps the final answer it has.

    Raises:
        NotFound, IllegalTransition: no such record, or it is in no state to be decided.
        OurFault: no evidence, a day to come, an item that is not there or named twice, an open item left out, or a
            result nobody can decide.
    """
    record = world.store.authorization(identity)
    now = world.clock.now()
    today = now.astimezone(ZoneInfo(world.site.time_zone)).date()
    if not evidence.strip():
        raise OurFault(
            "A decision entered by hand needs its evidence.",
            fix="Say who said it, a call reference, or where the letter is kept.",
        )
    if decided_on and decided_on > today:
        raise OurFault("The day of the decision is still to come.", fix="Write the day on which the payer decided.")
    answers = _answers(record, decisions, channel, decided_on or today)
    results = {item.sequence: item.result for item in record.items} | {n: one.result for n, one in answers}
    event = DecisionRecorded(
        at=now,
        actor=actor,
        answers=answers,
        evidence=evidence,
        decided_on=decided_on or today,
        determination=roll_up(list(results.values())),
    )
    return _happen(world, identity, event, record=record)


def _answers(
    record: Authorization, decisions: Sequence[SpokenDecision], channel: Channel, day: date
) -> tuple[tuple[int, Answer], ...]:
    wanted = [item.sequence for item in record.items] or list(range(1, len(record.order_refs) + 1))
    spoken: dict[int, Answer] = {}
    for decision in decisions:
        if decision.result not in BY_HAND:
            raise OurFault(f"{decision.result} is not a decision.", fix=f"Use one of: {', '.join(BY_HAND)}.")
        for sequence in [decision.item] if decision.item else wanted:
            if sequence not in wanted or sequence in spoken:
                raise OurFault(
                    f"Item {sequence} is not in this authorization, or is decided twice.",
                    fix=f"Its items are: {', '.join(map(str, wanted))}.",
                )
            spoken[sequence] = _answer(decision, channel, day)
    final = {item.sequence for item in record.items if item.result in BY_HAND}
    if missing := [sequence for sequence in wanted if sequence not in spoken and sequence not in final]:
        raise OurFault(f"No decision for item {', '.join(map(str, missing))}.", fix="Decide every open item.")
    return tuple(sorted(spoken.items()))


def _answer(decision: SpokenDecision, channel: Channel, day: date) -> Answer:
    valid = Dates(decision.valid_from, decision.valid_through)
    return Answer(
        result=decision.result,
        channel=channel,
        issued=day,
        authorization_number=decision.authorization_number,
        valid=valid if valid != Dates() else None,
        quantity=decision.quantity,
        reasons=tuple(Code(code, source=channel.value) for code in decision.reason_codes),
        notes=(Note(decision.note, source=channel.value),) if decision.note else (),
    )


def _happen(world: World, identity: str, event: Event, *, record: Authorization | None = None) -> Authorization:
    changes = Changes()
    changed = changes.apply(record or world.store.authorization(identity), event)
    return _commit(world, changes, changed)


def _commit(world: World, changes: Changes, record: Authorization) -> Authorization:
    commit(world, changes)
    world.log.write("authorization.moved", authorization=record.id, state=record.state.value)
    return record
