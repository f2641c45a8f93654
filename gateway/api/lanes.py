"""When the gateway goes on with an authorization, in words: at its time, or when its payer may be sent to again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.flow.world import World
from gateway.model.authorization import Authorization, State
from gateway.model.payer_state import PayerState
from gateway.payers import health
from gateway.payers.health import Permit, Way

# What is due is in some worker's hands for a moment before its record says so.
_PATIENCE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Lanes:
    """How the payers are doing now."""

    now: datetime
    states: Mapping[str, PayerState]

    @classmethod
    def of(cls, world: World, records: Sequence[Authorization]) -> "Lanes":
        """The payers' present states; they are read only when one of the records waits for its payer."""
        needed = any(map(_goes_on, records))
        states = world.store.payer_states() if needed else ()
        return cls(world.clock.now(), {state.lane: state for state in states})

    def outlook(self, record: Authorization, coming: str) -> str:
        """E.g. `COMING at 2026-11-24 12:00:00 UTC` or `waits: sandbox is paused (…)`; empty when nothing is to come."""
        if not _goes_on(record):
            return ""
        at = record.not_before
        state = self.states.get(record.payer) or PayerState(lane=record.payer)
        if waits := _waits(record.payer, state, health.permit(state, self.now)):
            return f"waits: {waits}" + (f", and not before {_time(at)}" if at and at > self.now else "")
        if at is None:
            return ""
        return f"overdue since {_time(at)}" if at < self.now - _PATIENCE else f"{coming} at {_time(at)}"


def _goes_on(record: Authorization) -> bool:
    """Whether the gateway itself takes the next step, and it is one at the payer."""
    return record.state is State.READY or (record.state is State.IN_DOUBT and record.not_before is not None)


def _waits(payer: str, state: PayerState, permit: Permit) -> str:
    if permit.way is Way.PAUSED:
        return f"{payer} is paused" + (f" ({state.pause_reason})" if state.pause_reason else "")
    if permit.way is Way.BROKEN:
        return f"the circuit of {payer} is open ({permit.why}); it goes as soon as that closes"
    if permit.way is Way.PROBE:
        return f"a probe of {payer} decides; it goes as soon as the payer's circuit closes"
    if permit.way is Way.WAITING and permit.until:
        return f"{payer} asked to wait until {_time(permit.until)}"
    return ""


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
