"""Waits for an order's authorizations to come to rest, without holding a thread (design 4.1)."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from anyio import move_on_after, to_thread

from gateway.flow.world import World
from gateway.model.authorization import Authorization, State
from gateway.ports import Query

MARGIN_SECONDS = 2.0
_POLL_SECONDS = 1.0
_MOVING = (State.READY, State.SUBMITTING, State.IN_DOUBT)
_FINAL = (State.DECIDED, State.CANCELLED, State.HANDED_OFF)
_MOST = 1000


async def settled(world: World, order_id: str, *, longest: float | None) -> tuple[Authorization, ...]:
    """The authorizations of an order once all are at rest, or as they are when the payer's time to respond is over.

    `longest` shortens the wait, in seconds. A commit in this process wakes us at once; others are seen by polling.
    """
    loop, moved = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop has ended, and whoever waited with it
            loop.call_soon_threadsafe(moved.set)

    forget = world.waiters.listen(wake, to=[order_id])
    try:
        records = await to_thread.run_sync(authorizations_of, world, order_id)
        patience = _patience(world, records) if longest is None else min(_patience(world, records), longest)
        end, until = loop.time() + patience, world.clock.now() + timedelta(seconds=patience)
        while any(is_moving(record, until) for record in records) and (left := end - loop.time()) > 0:
            with move_on_after(min(left, _POLL_SECONDS)):
                await moved.wait()
            moved.clear()  # before reading: what is committed while we read wakes us again
            records = await to_thread.run_sync(authorizations_of, world, order_id)
        return records
    finally:
        forget()


def authorizations_of(world: World, order_id: str) -> tuple[Authorization, ...]:
    return world.store.authorizations(Query(order_id=order_id, limit=_MOST))


def is_moving(record: Authorization, until: datetime) -> bool:
    """Whether the gateway itself will move the record by then.

    An attempt or an inquiry that is due only later is at rest, and so is a doubt that only a person can settle.
    """
    if record.not_before is None:
        return record.state in _MOVING and record.state is not State.IN_DOUBT
    return record.state in _MOVING and record.not_before < until


def all_final(records: Sequence[Authorization]) -> bool:
    """Whether nothing more is expected of any of them."""
    return all(record.state in _FINAL for record in records)


def _patience(world: World, records: Sequence[Authorization]) -> float:
    payers = {record.payer for record in records if record.state in _MOVING} & world.payers.keys()
    return max((world.payers[payer].clocks.respond.seconds for payer in payers), default=0.0) + MARGIN_SECONDS
