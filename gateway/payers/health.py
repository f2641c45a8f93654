"""How a payer is doing, and whether anything may be sent to it now: pure rules over a lane's shared state (G-R7).

Four things stop a lane: a person's pause, a wait the payer asked for, a circuit that opened after failures in a row,
and, for repetitions only, an empty retry budget. A circuit whose time is over lets one probe through; what becomes of
the probe decides. Threat T23 of the security model; Envoy's outlier ejection and the SRE book's 10 % budget.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

from gateway.model.exchange import Lost, NotSent, Outcome, Reply
from gateway.model.payer_state import PayerState
from gateway.payers.profile import Circuit, ReplyRule
from gateway.payers.replies import retry_at

# A few repetitions are there from the start, so that a lone order can be repeated; a hundred first attempts' worth of
# them can be saved up.
AT_START, _SAVED_FIRSTS = 3.0, 100
# When nothing has gone wrong for so long, a repetition does no harm and needs no budget.
CALM_AFTER = timedelta(seconds=30)
_MOST_DOUBLINGS = 20


class Way(StrEnum):
    """Whether a lane is open; `probe`: one step may go, and its outcome decides."""

    OPEN = "open"
    PROBE = "probe"
    BROKEN = "circuit open"
    WAITING = "asked to wait"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Permit:
    """Whether anything may be sent; if not, `until` when (None: until somebody resumes it) and why, in words."""

    way: Way
    until: datetime | None = None
    why: str = ""

    @property
    def closed(self) -> bool:
        return self.way not in (Way.OPEN, Way.PROBE)


@dataclass(frozen=True, slots=True)
class Answered:
    """The payer as a whole works, whatever it thinks of this request."""


@dataclass(frozen=True, slots=True)
class Failed:
    """No connection, no token, no whole answer, or an answer that only a broken server gives."""

    reason: str


@dataclass(frozen=True, slots=True)
class SlowDown:
    """The payer works and wants nothing before `until`."""

    until: datetime
    reason: str


Signal = Answered | Failed | SlowDown


def signal(outcome: Outcome, replies: Mapping[int, ReplyRule], circuit: Circuit, now: datetime) -> Signal | None:
    """What an outcome says of the payer as a whole, by its own table; None when it was we who did not send.

    A payer that asks to wait and does not say how long is left alone for as long as a circuit opens at first.
    """
    if isinstance(outcome, NotSent):
        return None if outcome.ours else Failed(outcome.reason)
    if isinstance(outcome, Lost):
        return Failed(outcome.reason)
    return _signal_of_reply(outcome, replies.get(outcome.status), circuit, now)


def _signal_of_reply(reply: Reply, rule: ReplyRule | None, circuit: Circuit, now: datetime) -> Signal:
    status = reply.status
    own = timedelta(seconds=rule.again_after.seconds) if rule and rule.again_after else None
    busy = status == HTTPStatus.SERVICE_UNAVAILABLE and (reply.retry_after.strip() or own is not None)
    if status == HTTPStatus.TOO_MANY_REQUESTS or busy:
        wait = own or timedelta(seconds=circuit.open.seconds)
        return SlowDown(retry_at(reply.retry_after, now, wait), f"HTTP {status}")
    if 200 <= status < 300 or 400 <= status < 500:
        return Answered()
    return Failed(f"HTTP {status}")


def permit(state: PayerState, now: datetime) -> Permit:
    """Whether anything may be sent to the lane now."""
    if state.paused_by:
        reason = f": {state.pause_reason}" if state.pause_reason else ""
        return Permit(Way.PAUSED, None, f"paused by {state.paused_by}{reason}")
    if state.open_until and state.open_until > now:
        return Permit(Way.BROKEN, state.open_until, f"{state.failures} failures in a row; {state.last_failure}")
    if state.not_before and state.not_before > now:
        return Permit(Way.WAITING, state.not_before, f"the payer asked to wait; {state.last_failure}")
    if state.openings:
        return Permit(Way.PROBE, None, f"{state.failures} failures in a row; the next step is a probe")
    return Permit(Way.OPEN)


def heard(state: PayerState, said: Signal, circuit: Circuit, now: datetime, *, probe: bool = False) -> PayerState:
    """The state after a signal; `probe` when it answers the step that was let through to find out."""
    state = _begun(state)
    if isinstance(said, Answered):
        return replace(state, failures=0, openings=0, open_until=None, last_answer_at=_later(state.last_answer_at, now))
    if isinstance(said, Failed):
        return _failed(state, said.reason, circuit, now, probe)
    return replace(
        state,
        not_before=_later(state.not_before, said.until),
        open_until=now if probe else state.open_until,  # it answers, but not this question: a probe decides, later
        last_answer_at=_later(state.last_answer_at, now),
        last_failure_at=now,
        last_failure=said.reason,
    )


def _failed(state: PayerState, reason: str, circuit: Circuit, now: datetime, probe: bool) -> PayerState:
    told = replace(state, failures=state.failures + 1, last_failure_at=now, last_failure=reason)
    still_open = state.open_until is not None and state.open_until > now
    if still_open and not probe:  # it was under way when the circuit opened, and tells nothing new
        return told
    if not state.openings and told.failures < circuit.failures:
        return told
    doubled = circuit.open.seconds * 2 ** min(state.openings, _MOST_DOUBLINGS)
    wait = timedelta(seconds=min(doubled, circuit.most.seconds))
    return replace(told, openings=state.openings + 1, open_until=now + wait)


def probing(state: PayerState, until: datetime) -> PayerState:
    """The state while one step is let through; if nothing is heard of it `until` then, another may try."""
    return replace(state, open_until=until)


def probe_unused(state: PayerState, now: datetime) -> PayerState:
    """The state when the step that was let through sent nothing: the next one is the probe."""
    return replace(state, open_until=now) if state.openings else state


def is_calm(state: PayerState, now: datetime) -> bool:
    """Whether nothing has gone wrong lately, so that repetitions need no budget."""
    return state.last_failure_at is None or state.last_failure_at <= now - CALM_AFTER


def may_repeat(state: PayerState, now: datetime) -> bool:
    """Whether a step that was sent before may be sent once more."""
    return is_calm(state, now) or state.allowance >= 1


def repeated(state: PayerState) -> PayerState:
    """The state after a repetition: it has spent one of the allowance."""
    return replace(state, allowance=max(state.allowance - 1, 0.0))


def worked(state: PayerState, firsts: int, budget: int, last_answer_at: datetime | None = None) -> PayerState:
    """The state after so many first attempts and routine answers, the last one then; failures of others stay.

    A hundred first attempts earn `budget` repetitions.
    """
    state = _begun(state)
    earned = budget / 100
    allowance = min(state.allowance + earned * firsts, max(earned * _SAVED_FIRSTS, state.allowance))
    answer = _later(state.last_answer_at, last_answer_at) if last_answer_at else state.last_answer_at
    return replace(state, allowance=allowance, last_answer_at=answer)


def paused(state: PayerState, by: str, reason: str, now: datetime) -> PayerState:
    """The state when a person stops all sending."""
    return replace(state, paused_by=by, pause_reason=reason, paused_at=now)


def resumed(state: PayerState, now: datetime) -> PayerState:
    """The state when a person lets sending go on: an open circuit is probed at once, the payer's own wait stays."""
    free = replace(state, paused_by="", pause_reason="", paused_at=None)
    return replace(free, open_until=min(free.open_until, now)) if free.open_until else free


def _begun(state: PayerState) -> PayerState:
    untouched = state.last_answer_at is None and state.last_failure_at is None
    return replace(state, allowance=AT_START) if untouched else state


def _later(one: datetime | None, other: datetime) -> datetime:
    return max(one, other) if one else other
