"""What one process sends to a lane at most: how much at once, and how often (bulkhead and rate; G-R8)."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.model.clocks import Duration
from gateway.payers.profile import Circuit, Payers


@dataclass(frozen=True, slots=True)
class LaneRules:
    """The limits of one lane, as in a payer's profile."""

    concurrent: int
    per_second: int
    circuit: Circuit
    budget: int


# Webhooks have no profile; each client's is a lane of its own. An order makes about half a dozen events.
_WEBHOOK = LaneRules(4, 200, Circuit(5, Duration.parse("PT30S"), Duration.parse("PT5M")), 10)


def rules_of(lane: str, payers: Payers) -> LaneRules:
    """The limits of a lane, by its name."""
    payer = payers.get(lane)
    if payer is None:
        return _WEBHOOK
    return LaneRules(payer.limits.concurrent, payer.limits.per_second, payer.circuit, payer.retry.budget)


def share(rules: LaneRules, threads: int) -> int:
    """How many of this process's threads one lane may have: half of them, so that a black hole leaves the others."""
    return min(rules.concurrent, max(threads // 2, 1))


def reserve(threads: int) -> int:
    """How many threads are left for lanes that have none yet: an eighth, whatever several black holes want."""
    return threads // 8


class Rate:
    """A token bucket: `per_second` on average, a tenth of a second's worth at once."""

    def __init__(self, per_second: int, monotonic: Callable[[], float]) -> None:
        self._per_second, self._monotonic = per_second, monotonic
        self._most = max(per_second / 10, 1.0)
        self._there, self._at = self._most, monotonic()

    def wait(self) -> float:
        """Seconds until one may go; 0 now."""
        self._fill()
        return max((1.0 - self._there) / self._per_second, 0.0)

    def take(self) -> None:
        self._fill()
        self._there -= 1.0

    def _fill(self) -> None:
        now = self._monotonic()
        self._there = min(self._there + (now - self._at) * self._per_second, self._most)
        self._at = now
