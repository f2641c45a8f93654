"""When a fault hits: drawn from seed, class, order and attempt, so that the same seed gives the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from gateway.chaos.payer.faults import Fault, Processed, Way

LAST_FAULTY = 4
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hit:
    """The fault on one attempt.

    Attributes:
        variant: the form it takes; empty when there is only one.
        processed: the payer takes up the request now; `late`: it will.
    """

    variant: str
    processed: bool
    late: bool


def draw(*parts: object) -> float:
    """A number from 0 up to 1 that depends on the parts alone."""
    return int.from_bytes(sha256("|".join(map(str, parts)).encode()).digest()[:8]) / 2**64


def pick(choices: Sequence[T], *parts: object) -> T:
    """One of the choices, which depends on the parts alone."""
    return choices[int(draw(*parts) * len(choices))]


def between(low: float, high: float, *parts: object) -> float:
    """A number from `low` up to `high` that depends on the parts alone."""
    return low + (high - low) * draw(*parts)


def hit(fault: Fault, *, seed: int, order: str, attempt: int, reused: bool = True) -> Hit | None:
    """The fault on the attempt, counted from 1; None when the payer behaves.

    The first attempt is hit for certain, the next three each with the probability `again`, later ones never.
    `reused`: the connection has carried a request before.
    """
    if fault.way is Way.NONE or fault.spells or attempt > LAST_FAULTY or (fault.only_reused and not reused):
        return None
    place = (seed, fault.id, order, attempt)
    if attempt > 1 and draw(*place) >= fault.again:
        return None
    tossed = fault.processed is Processed.TOSS and draw(*place, "processed") < 0.5
    return Hit(
        variant=pick(fault.variants, *place, "variant"),
        processed=tossed or fault.processed is Processed.ALWAYS,
        late=fault.processed is Processed.LATE,
    )
