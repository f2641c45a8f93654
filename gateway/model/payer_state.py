"""What all replicas know together of how a payer, or a client's webhook, is doing right now."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerState:
    """The state of one lane: may anything be sent there now, and if not, why.

    Attributes:
        lane: a payer's id, or `client:NAME`.
        paused_by: who stopped all sending; empty when nobody did.
        failures: attempts that failed in a row for reasons of the payer as a whole (no connection, 5xx, no answer).
        openings: how often in a row the circuit opened; the next time it stays open longer.
        open_until: until then nothing is sent; the first step after it is the probe that decides.
        not_before: the payer asked us to wait (429, Retry-After).
        allowance: repetitions that may still be sent (retry budget); every first attempt earns a tenth of one.
    """

    lane: str
    paused_by: str = ""
    paused_at: datetime | None = None
    pause_reason: str = ""
    failures: int = 0
    openings: int = 0
    open_until: datetime | None = None
    not_before: datetime | None = None
    allowance: float = 0.0
    last_answer_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_failure: str = ""
