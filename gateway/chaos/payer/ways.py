"""What the payer does on the wire instead of answering a submit, one function for each way of the fault classes."""

import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import cache

from gateway.chaos.payer.answers import outcome, submit_answer
from gateway.chaos.payer.config import PayerConfig
from gateway.chaos.payer.desk import Authorization
from gateway.chaos.payer.faults import Fault, Way
from gateway.chaos.payer.wire import Connection

PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>"
FLOOD_BYTES = 100 * 1024 * 1024
_PIECE = bytes(64 * 1024)
# Long enough for the client to read what came before a reset, which discards what it has not.
_SOAK_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A submit to misbehave on.

    Attributes:
        made: what was decided; None when the request was not taken up.
        another: gives another order's decision.
        canary: URL that redirects lead to.
    """

    connection: Connection
    fault: Fault
    variant: str
    config: PayerConfig
    made: Authorization | None
    another: Callable[[], Authorization]
    canary: str

    def seconds(self, seconds: float) -> float:
        """In the scale of the run."""
        return seconds * self.config.scale

    @property
    def content(self) -> bytes:
        """The answer it should have been; something of its kind when nothing was taken up."""
        return submit_answer(self.made or self.another(), self.config)


def misbehave(call: Call) -> int:
    """Do it; the HTTP status that went out, 0 when none did. Raises Gone."""
    return _WAYS[call.fault.way](call)


def skew_of(fault: Fault, variant: str) -> float:
    """Seconds by which the payer's clock is ahead."""
    return -fault.skew if variant == "behind" else fault.skew


def _silence(call: Call) -> int:
    call.connection.wait(call.seconds(call.fault.hold))
    call.connection.reset()
    return 0


def _reset(call: Call) -> int:
    call.connection.reset()
    return 0


def _halve(call: Call) -> int:
    content = call.content
    call.connection.answer(200, content[: len(content) // 2], length=len(content))
    time.sleep(call.seconds(_SOAK_SECONDS))
    call.connection.reset()
    return 200


def _truncate(call: Call) -> int:
    content = call.content
    call.connection.answer(200, content[: len(content) // 2])
    return 200


def _page(call: Call) -> int:
    call.connection.answer(200, PAGE, "text/html; charset=utf-8")
    return 200


def _empty(call: Call) -> int:
    call.connection.answer(int(call.variant))
    return int(call.variant)


def _throttle(call: Call) -> int:
    wait = call.seconds(call.fault.wait)
    said = {
        "seconds": str(max(round(wait), 1)),
        "date": formatdate(time.time() + wait + 1, usegmt=True),  # a date has whole seconds only
        "past": "Sun, 06 Nov 1994 08:49:37 GMT",
        "negative": "-5",
        "unreadable": "soon",
    }.get(call.variant)
    call.connection.answer(429, outcome("throttled", "slow down"), fields={"Retry-After": said} if said else {})
    return 429


def _status(call: Call) -> int:
    call.connection.answer(int(call.variant), b"upstream trouble", "text/plain")
    return int(call.variant)


def _drip(call: Call) -> int:
    content = call.content
    call.connection.answer(200, length=len(content))
    ends = time.monotonic() + call.seconds(call.fault.hold)
    for place in range(len(content) - 1):
        call.connection.send(content[place : place + 1])
        if time.monotonic() >= ends or call.connection.wait(call.seconds(call.fault.wait)):
            break
    call.connection.reset()
    return 200


def _flood(call: Call) -> int:
    if call.variant == "gzip":
        call.connection.answer(200, _bomb(), fields={"Content-Encoding": "gzip"})
        return 200
    call.connection.answer(200, length=FLOOD_BYTES)
    for _ in range(FLOOD_BYTES // len(_PIECE)):
        call.connection.send(_PIECE)
    return 200


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(level=1, wbits=16 + zlib.MAX_WBITS)
    pieces = [packer.compress(_PIECE) for _ in range(FLOOD_BYTES // len(_PIECE))]
    return b"".join((*pieces, packer.flush()))


def _expired_token(call: Call) -> int:
    fields = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    call.connection.answer(401, outcome("expired", "the token has expired"), fields=fields)
    return 401


def _skew(call: Call) -> int:
    skew = skew_of(call.fault, call.variant)
    call.connection.answer(200, submit_answer(call.made or call.another(), call.config, skew=skew), skew=skew)
    return 200


def _mixed(call: Call) -> int:
    made = call.made or call.another()
    if call.variant == "swapped":
        call.connection.answer(200, submit_answer(call.another(), call.config))
    elif call.variant == "copied":
        call.connection.answer(200, submit_answer(made, call.config, copies=2))
    else:
        content = submit_answer(made, call.config)
        call.connection.answer(200, content)
        if call.connection.open:
            call.connection.answer(200, content)
    return 200


def _redirect(call: Call) -> int:
    fields = {"Location": f"{call.canary}{call.fault.key}/fhir/Claim/$submit"}
    call.connection.answer(int(call.variant), fields=fields)
    return int(call.variant)


def _outcome(call: Call) -> int:
    call.connection.answer(int(call.variant), outcome("processing", "this request cannot be processed"))
    return int(call.variant)


_WAYS: Mapping[Way, Callable[[Call], int]] = {
    Way.SILENCE: _silence,
    Way.RESET: _reset,
    Way.CUT: _reset,
    Way.HALVE: _halve,
    Way.TRUNCATE: _truncate,
    Way.PAGE: _page,
    Way.EMPTY: _empty,
    Way.THROTTLE: _throttle,
    Way.STATUS: _status,
    Way.DRIP: _drip,
    Way.FLOOD: _flood,
    Way.EXPIRED_TOKEN: _expired_token,
    Way.SKEW: _skew,
    Way.MIXED: _mixed,
    Way.REDIRECT: _redirect,
    Way.OUTCOME: _outcome,
}
