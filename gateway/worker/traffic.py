"""The lanes of one process: which may be taken from now, and what their outcomes mean for all replicas.

State that replicas share is in the store (`PayerState`); it is read once a second. Failures are written when their
step is over, so that nothing stands between a reply and its being kept; routine successes with the heartbeat, so that a
healthy payer costs no write for each request. A step without a lane sends nothing, so no limit is meant for it.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from threading import RLock

from gateway.adapters.log import describe
from gateway.flow.change import SUBMIT
from gateway.flow.world import World
from gateway.model.changes import Work
from gateway.model.errors import GatewayError
from gateway.model.exchange import NotSent, Outcome
from gateway.model.payer_state import PayerState
from gateway.payers import health
from gateway.payers.profile import PayerProfile, ReplyRule
from gateway.payers.site import Webhook
from gateway.ports import Hold, Notifier, PayerClient
from gateway.worker.lanes import LaneRules, Rate, reserve, rules_of, share

NO_LANE = ""
"""Of a step that only has to be concluded: its request was sent, perhaps by a process that is dead by now."""
_FRESH_SECONDS = 1.0
_PROBE = timedelta(seconds=60)
_NO_RULES: Mapping[int, ReplyRule] = {}


Arrived = tuple[Outcome, Mapping[int, ReplyRule]]
"""What a step was answered, and its payer's own table of replies."""


@dataclass(slots=True)
class Passage:
    """One step on its way through its lane, and what it was let through as; inquiries are neither first nor again."""

    lane: str
    first: bool
    repetition: bool
    probe: bool
    sent: bool = False
    outcomes: list["Arrived"] = field(default_factory=list)


class Traffic:
    """The lanes of one process; thread-safe."""

    def __init__(self, world: World, *, threads: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._world, self._threads, self._monotonic = world, threads, monotonic
        self._lock = RLock()
        self._states: dict[str, PayerState] = {}
        self._read_at = float("-inf")
        self._under_way: Counter[str] = Counter()
        self._probing: set[str] = set()
        self._rates: dict[str, Rate] = {}
        self._firsts: Counter[str] = Counter()
        self._answers: dict[str, datetime] = {}

    def closed(self) -> frozenset[str]:
        """The lanes from which nothing may be taken now. Raises what the store raises."""
        self._refresh()
        with self._lock:
            lanes = {*self._world.payers, *self._states, *self._under_way, *self._rates}
            return frozenset(lane for lane in lanes if lane != NO_LANE and self._is_closed(lane))

    def at_probe(self) -> tuple[str, ...]:
        """The lanes whose circuit lets one step through now."""
        with self._lock:
            return tuple(
                lane
                for lane in sorted(self._states)
                if self._permit(lane).way is health.Way.PROBE and not self._is_closed(lane)
            )

    def reopens(self) -> float:
        """Seconds until the first lane that is closed by its rate opens again; infinity when none is."""
        with self._lock:
            return min((wait for rate in self._rates.values() if (wait := rate.wait())), default=float("inf"))

    def stopped(self, lane: str) -> bool:
        """Whether the lane is closed for longer than a moment: paused, circuit open, or asked to wait."""
        with self._lock:
            return self._permit(lane).closed

    def enter(self, work: Work) -> Passage:
        """Count a claimed step in; the half of admission that asks nothing of the store."""
        with self._lock:
            lane = work.lane
            self._under_way[lane] += 1
            if lane == NO_LANE:
                return Passage(lane, first=False, repetition=False, probe=False)
            self._rate(lane).take()
            probe = self._permit(lane).way is health.Way.PROBE
            if probe:
                self._probing.add(lane)
            submits = work.step == SUBMIT
            return Passage(lane, first=submits and work.tries <= 1, repetition=submits and work.tries > 1, probe=probe)

    def admit(self, passage: Passage) -> bool:
        """The other half: whether the step is the one probe of all replicas, or has budget for its repetition."""
        now = self._world.clock.now()
        if passage.probe:
            return self._take(
                passage.lane,
                lambda state: health.permit(state, now).way is health.Way.PROBE,
                lambda state: health.probing(state, now + _PROBE),
            )
        if not passage.repetition:
            return True
        with self._lock:
            if health.is_calm(self._state(passage.lane), now):
                return True
            firsts = self._firsts.pop(passage.lane, 0)  # what was earned since the last heartbeat counts as well
        budget = self._rules(passage.lane).budget
        if firsts:
            self._alter(passage.lane, lambda state: health.worked(state, firsts, budget))
        return self._take(passage.lane, lambda state: health.may_repeat(state, now), health.repeated)

    def leave(self, passage: Passage, *, admitted: bool) -> None:
        """Take what it was answered into account, and count it out; a probe that sent nothing lets the next be one."""
        try:
            for outcome, replies in passage.outcomes:
                self._hear(passage, outcome, replies)
        except Exception as fault:  # noqa: BLE001 - what became of the step is settled; a lane is only what we think
            self._world.log.write("lane.unwritten", lane=passage.lane, fault=describe(fault))
        with self._lock:
            self._under_way[passage.lane] -= 1
            if passage.probe:
                self._probing.discard(passage.lane)
        if admitted and passage.probe and not passage.sent:
            now = self._world.clock.now()
            self._alter(passage.lane, lambda state: health.probe_unused(state, now))

    def watched(self, passage: Passage) -> "Watched":
        """The clients a step is done with: what they send is heard."""
        return Watched(self._world, passage)

    def _hear(self, passage: Passage, outcome: Outcome, replies: Mapping[int, ReplyRule]) -> None:
        passage.sent = passage.sent or not (isinstance(outcome, NotSent) and outcome.ours)
        lane, now = passage.lane, self._world.clock.now()
        circuit = self._rules(lane).circuit
        said = health.signal(outcome, replies, circuit, now)
        with self._lock:
            if passage.sent and passage.first:
                self._firsts[lane] += 1
            state = self._state(lane)
            routine = isinstance(said, health.Answered) and not (passage.probe or state.failures or state.openings)
            if routine:
                self._answers[lane] = now
        if said is None or routine:
            return
        after = self._alter(lane, lambda state: health.heard(state, said, circuit, now, probe=passage.probe))
        self._report(lane, state, after, now)

    def flush(self) -> None:
        """Write the routine successes since the last time. Raises what the store raises."""
        with self._lock:
            firsts, self._firsts = self._firsts, Counter()
            answers, self._answers = self._answers, {}
        for lane in {*firsts, *answers}:
            budget = self._rules(lane).budget
            change = partial(health.worked, firsts=firsts[lane], budget=budget, last_answer_at=answers.get(lane))
            self._keep(self._world.store.change_payer(lane, change))

    def _is_closed(self, lane: str) -> bool:
        rules, busy = self._rules(lane), self._under_way[lane]
        free = self._threads - self._under_way.total()
        return (
            self._permit(lane).closed
            or lane in self._probing
            or busy >= share(rules, self._threads)
            or (busy > 0 and free <= reserve(self._threads))
            or self._rate(lane).wait() > 0
        )

    def _take(
        self, lane: str, allowed: Callable[[PayerState], bool], taken: Callable[[PayerState], PayerState]
    ) -> bool:
        """Change a lane's state if it still allows it, in one transaction; whether it did."""
        won = False

        def change(state: PayerState) -> PayerState:
            nonlocal won
            won = allowed(state)
            return taken(state) if won else state

        self._keep(self._world.store.change_payer(lane, change))
        return won

    def _alter(self, lane: str, change: Callable[[PayerState], PayerState]) -> PayerState:
        """Change a lane's state for all replicas; when the store cannot, for this one."""
        try:
            after = self._world.store.change_payer(lane, change)
        except GatewayError as fault:
            self._world.log.write("lane.unwritten", lane=lane, code=fault.code)
            with self._lock:
                after = change(self._state(lane))
        self._keep(after)
        return after

    def _report(self, lane: str, before: PayerState, after: PayerState, now: datetime) -> None:
        was, permit = health.permit(before, now), health.permit(after, now)
        if permit.closed and permit.until and not was.closed:
            self._world.log.write("lane.closed", lane=lane, seconds=(permit.until - now).total_seconds())
        elif before.openings and not after.openings:
            self._world.log.write("lane.opened", lane=lane)

    def _refresh(self) -> None:
        if self._monotonic() - self._read_at < _FRESH_SECONDS:
            return
        states = {state.lane: state for state in self._world.store.payer_states()}
        with self._lock:
            self._states, self._read_at = states, self._monotonic()

    def _keep(self, state: PayerState) -> None:
        with self._lock:
            self._states[state.lane] = state

    def _permit(self, lane: str) -> health.Permit:
        return health.permit(self._state(lane), self._world.clock.now())

    def _state(self, lane: str) -> PayerState:
        return self._states.get(lane) or PayerState(lane=lane)

    def _rules(self, lane: str) -> LaneRules:
        return rules_of(lane, self._world.payers)

    def _rate(self, lane: str) -> Rate:
        if lane not in self._rates:
            self._rates[lane] = Rate(self._rules(lane).per_second, self._monotonic)
        return self._rates[lane]


class Watched:
    """`ports.PayerClient` and `ports.Notifier` of one step; every outcome is noted, and heard when the step is over."""

    def __init__(self, world: World, passage: Passage) -> None:
        self._payer_client: PayerClient = world.payer_client
        self._notifier: Notifier = world.notifier
        self._passage = passage

    def submit(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        return self._noted(lambda: self._payer_client.submit(payer, body, hold), payer.replies)

    def inquire(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        return self._noted(lambda: self._payer_client.inquire(payer, body, hold), payer.replies)

    def tell(self, webhook: Webhook, identity: str, body: bytes, hold: Hold) -> Outcome:
        return self._noted(lambda: self._notifier.tell(webhook, identity, body, hold), _NO_RULES)

    def _noted(self, send: Callable[[], Outcome], replies: Mapping[int, ReplyRule]) -> Outcome:
        if self._passage.lane == NO_LANE:  # past a pause, a circuit and every limit: never
            return NotSent("the step had no lane; it comes round again in the one of its payer", ours=True)
        outcome = send()
        self._passage.outcomes.append((outcome, replies))
        return outcome
