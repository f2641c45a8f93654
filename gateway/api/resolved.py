"""The refusal of a second resolution: what became of the doubt, by whom and when."""

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.flow.world import World
from gateway.model.authorization import Authorization, Result, State
from gateway.model.changes import LoggedEvent
from gateway.model.errors import IllegalTransition, OurFault

_PAGE = 1000


class NotInDoubt(OurFault):
    """The record is in a state where this cannot happen."""

    code = IllegalTransition.code
    status = IllegalTransition.status


@contextmanager
def resolving(world: World, identity: str, *, fix: str) -> Iterator[None]:
    """Resolve a doubt inside the block.

    Raises:
        NotInDoubt: there is no doubt; instead of IllegalTransition, in words for who resolves it. `fix` says where
            to read more.
    """
    try:
        yield
    except IllegalTransition:
        record = world.store.authorization(identity)
        if record.state is State.IN_DOUBT:
            raise
        raise NotInDoubt(_became(world, record), fix=fix) from None


def _became(world: World, record: Authorization) -> str:
    stands = record.state.replace("_", " ")
    if record.determination is not Result.NONE:
        stands += f" {record.determination.replace('_', ' ')}"
    settled = _settled(world, record.id)
    if settled is None:
        return f"It is not in doubt: it is {stands}."
    by = settled.event.actor.removeprefix("person:")
    return f"It was resolved already: {stands}, by {by} at {settled.event.at:%Y-%m-%d %H:%M} UTC."


def _settled(world: World, identity: str) -> LoggedEvent | None:
    """The event that ended the last doubt; None when there never was one."""
    found, after = None, 0
    while page := world.store.events(authorization=identity, after=after, limit=_PAGE):
        for logged in page:
            if logged.before == State.IN_DOUBT and logged.after != State.IN_DOUBT:
                found = logged
        after = page[-1].position
    return found
