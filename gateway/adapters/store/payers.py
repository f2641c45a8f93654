"""How each payer is doing, kept as JSON text by lane; every function is part of a transaction."""

from collections.abc import Callable

from sqlalchemy import Connection, insert, select, update

from gateway.adapters.store import tables
from gateway.adapters.store.codec import decode, encode
from gateway.adapters.store.faults import StoreFault
from gateway.model.payer_state import PayerState

_OF = tables.payer_state.c


def every(connection: Connection) -> tuple[PayerState, ...]:
    rows = connection.execute(select(_OF.lane, _OF.state).order_by(_OF.lane))
    return tuple(_state(row.lane, row.state) for row in rows)


def change(connection: Connection, lane: str, alter: Callable[[PayerState], PayerState]) -> PayerState:
    """See `ports.Store.change_payer`."""
    mine = _OF.lane == lane
    text = connection.execute(select(_OF.state).where(mine).with_for_update()).scalar()
    if text is None:
        # Two who begin a lane at once: the second one's row is refused as a duplicate, so it is not lost.
        state = alter(PayerState(lane=lane))
        connection.execute(insert(tables.payer_state).values(lane=lane, state=encode(state)))
        return state
    before = _state(lane, text)
    state = alter(before)
    if state != before:
        connection.execute(update(tables.payer_state).where(mine).values(state=encode(state)))
    return state


def _state(lane: str, text: str) -> PayerState:
    """A state that cannot be read stops the lane: a pause that a person ordered may have been in it."""
    try:
        return decode(PayerState, text)
    except StoreFault:
        return PayerState(
            lane=lane, paused_by="gateway", pause_reason="Its stored state cannot be read; resume it when it is well."
        )
