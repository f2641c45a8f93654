"""Looks for what moves no more: records that wait for a step which no row holds, and requests past their deadline.

The first cannot happen as long as every change is one transaction; a restored backup or a damaged row can bring it
about all the same.
"""

from collections.abc import Iterator
from datetime import datetime

from gateway.flow.change import SUBMIT, Changes, commit
from gateway.flow.work import next_step
from gateway.flow.world import World
from gateway.model.authorization import Authorization, State
from gateway.model.changes import Cause, ChangeSet, Work
from gateway.model.errors import Conflict
from gateway.model.events import Held
from gateway.ports import DUE, Query

_MOVING = (State.READY, State.SUBMITTING, State.IN_DOUBT)
_PAGE = 200


def sweep(world: World) -> int:
    """Give every record that waits for a step a row, and every request past its deadline to a person; how many."""
    now = world.clock.now()
    found = 0
    for record in _moving(world):
        work = world.store.work(record.id)
        try:
            found += _put_on_its_way(world, record, now) if work is None else _stop_when_late(world, record, work, now)
        except Conflict:  # it moved meanwhile, so it is not stuck
            continue
    return found


def _moving(world: World) -> Iterator[Authorization]:
    offset = 0
    while page := world.store.authorizations(Query(states=_MOVING, limit=_PAGE, offset=offset)):
        yield from page
        offset += _PAGE


def _put_on_its_way(world: World, record: Authorization, now: datetime) -> bool:
    present = world.store.authorization(record.id)
    step = next_step(present, now)
    if step is None or present.version != record.version or world.store.work(record.id):
        return False
    world.store.commit(ChangeSet(work=(step,)))
    world.waiters.announce([record.id, DUE])
    return True


def _stop_when_late(world: World, record: Authorization, work: Work, now: datetime) -> bool:
    """A request that its payer never took, and whose decision is due: nobody need wait for that any longer."""
    deadline = record.answer_by or record.due_at
    if record.state is not State.READY or work.owner or work.cause or deadline is None or deadline > now:
        return False
    changes = Changes()
    reason = f"the decision was due and the payer could not be reached; {record.attention or 'it was not tried'}"
    held = changes.apply(record, Held(at=now, actor="gateway", reason=reason))
    changes.set_aside(held, SUBMIT, Cause.UNREACHABLE, reason, now)
    commit(world, changes, finished=work)
    return True
