"""Spells: times during which a fault is on and off in turn, drawn from the seed; for faults that precede any order."""

from bisect import bisect_right
from itertools import pairwise
from threading import Lock

from gateway.chaos.payer.faults import FAULTS, Fault, Spell
from gateway.chaos.payer.schedule import between


class Spells:
    """The spells of one fault class, in seconds since the payer started; the first one is down. Thread-safe."""

    def __init__(self, spell: Spell, *, name: str, seed: int, scale: float = 1.0) -> None:
        self._spell, self._name, self._seed, self._scale = spell, name, seed, scale
        self._lock = Lock()
        self._starts = [0.0]

    def number(self, seconds: float) -> int:
        """Which spell it is then, counted from 0: even ones are down."""
        with self._lock:
            while self._starts[-1] <= seconds:
                self._add()
            return bisect_right(self._starts, seconds) - 1

    def down(self, seconds: float) -> bool:
        """Whether the fault is on then."""
        return self.number(seconds) % 2 == 0

    def left(self, seconds: float) -> float:
        """Seconds until the next spell begins."""
        number = self.number(seconds)
        with self._lock:
            return self._starts[number + 1] - seconds

    def until(self, seconds: float) -> tuple[tuple[float, float], ...]:
        """All down spells that begin before `seconds`, as (start, end)."""
        number = self.number(seconds)
        with self._lock:
            starts = self._starts[: number + 2]
        return tuple(pair for place, pair in enumerate(pairwise(starts)) if place % 2 == 0)

    def _add(self) -> None:
        number = len(self._starts) - 1
        low, high = self._spell.up if number % 2 else self._spell.down
        self._starts.append(self._starts[-1] + self._scale * between(low, high, self._seed, self._name, number))


def spells_of(fault: Fault | str, *, seed: int, scale: float = 1.0) -> Spells:
    """The spells of a fault class, by its id or itself.

    Raises:
        ValueError: the class has no spells.
    """
    found = FAULTS[fault] if isinstance(fault, str) else fault
    if found.spells is None:
        raise ValueError(f"fault class {found.id} has no spells; it hits by order and attempt")
    return Spells(found.spells, name=found.id, seed=seed, scale=scale)
