"""The closed list of log lines: what each may say, at which level, with which fields, of which form.

Nothing else can be logged, so content (PHI, secrets) has no way in: no field is meant for it, and a value that
does not look like what its field is for is withheld (design 4.12). Forms cannot tell a surname from a payer key
written in small letters; that no field asks for content is the first guard, the form only the second.
"""

import builtins
import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from gateway.model import errors
from gateway.model.authorization import State
from gateway.model.changes import Cause

Value = str | int | float
Form = Callable[[object], bool]


class Level(StrEnum):
    """How much a line matters to whoever runs the gateway."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Line(StrEnum):
    """Every line the gateway can log: its name, level, fixed words, and fields, all of them optional."""

    level: Level
    words: str
    fields: frozenset[str]

    def __new__(cls, name: str, level: Level, words: str, fields: str) -> "Line":
        line = str.__new__(cls, name)
        line._value_ = name
        line.level, line.words, line.fields = level, words, frozenset(fields.split())
        return line

    GATEWAY_STARTED = "gateway.started", Level.INFO, "The gateway serves.", "version port workers ms"
    GATEWAY_STOPPED = "gateway.stopped", Level.INFO, "The gateway has stopped.", "ms"
    WORKER_STARTED = "worker.started", Level.INFO, "The workers do what is due.", "version workers ms"
    WORKER_STOPPED = "worker.stopped", Level.INFO, "The workers have stopped.", "ms"
    GATEWAY_CRASHED = "gateway.crashed", Level.ERROR, "A defect of the gateway.", "fault"
    STORE_MIGRATED = "store.migrated", Level.INFO, "The database schema was brought up to date.", "before after"
    ORDER_RECEIVED = "order.received", Level.INFO, "An order came in.", "order authorizations size"
    ORDER_REPEATED = "order.repeated", Level.INFO, "An order came again; its first result was given.", "order"
    ORDER_COMPLETED = (
        "order.completed",
        Level.INFO,
        "A completion came in.",
        "order completion authorizations",
    )
    REQUEST_BUILT = "request.built", Level.INFO, "A request was built.", "authorization payer items"
    REQUEST_BLOCKED = (
        "request.blocked",
        Level.INFO,
        "A request cannot go yet.",
        "authorization gaps blockers",
    )
    SUBMIT_STARTED = "submit.started", Level.INFO, "A request is being sent.", "authorization payer attempt"
    SUBMIT_ANSWERED = (
        "submit.answered",
        Level.INFO,
        "The payer answered.",
        "authorization payer state attempt",
    )
    SUBMIT_NOT_ACCEPTED = (
        "submit.not_accepted",
        Level.WARNING,
        "The payer did not take the request.",
        "authorization payer state attempt",
    )
    SUBMIT_IN_DOUBT = (
        "submit.in_doubt",
        Level.WARNING,
        "The payer may or may not have the request; it is not sent again before that is known.",
        "authorization payer state attempt",
    )
    INQUIRY_STARTED = (
        "inquiry.started",
        Level.INFO,
        "The payer is asked about a request in doubt.",
        "authorization payer attempt",
    )
    AUTHORIZATION_MOVED = "authorization.moved", Level.INFO, "An authorization moved.", "authorization state"
    PAYER_ANSWERED = "payer.answered", Level.INFO, "An HTTP answer came.", "payer status bytes ms"
    PAYER_LOST = "payer.lost", Level.WARNING, "No whole HTTP answer came.", "payer ms"
    PAYER_NOT_SENT = "payer.not_sent", Level.WARNING, "Not a byte could be sent.", "payer ms"
    TOKEN_OBTAINED = "token.obtained", Level.INFO, "An access token was obtained.", "payer seconds ms"
    TOKEN_FAILED = "token.failed", Level.WARNING, "No access token was given.", "payer code ms"
    WEBHOOK_TOLD = "webhook.told", Level.INFO, "A client was told of an event.", "authorization client status attempt"
    WEBHOOK_FAILED = (
        "webhook.failed",
        Level.WARNING,
        "A client could not be told of an event; it will be tried again.",
        "authorization client status attempt",
    )
    WEBHOOK_SET_ASIDE = (
        "webhook.set_aside",
        Level.ERROR,
        "A client was not told of an event; a person has to look.",
        "authorization client status attempt",
    )
    WEBHOOK_REMOVED = (
        "webhook.removed",
        Level.WARNING,
        "An event is not told: its client has no webhook any more.",
        "authorization client",
    )
    HTTP_SERVED = "http.served", Level.INFO, "A call was answered.", "method route status client ms"
    HTTP_FAILED = "http.failed", Level.ERROR, "A call failed by our fault.", "id method route fault"
    WORK_OVERTAKEN = (
        "work.overtaken",
        Level.INFO,
        "The step, or its record, is another's by now; nothing was written.",
        "authorization step",
    )
    WORK_FAILED = "work.failed", Level.ERROR, "A step failed and comes round again.", "authorization step code fault"
    WORK_SET_ASIDE = "work.set_aside", Level.ERROR, "A step cannot go on by itself.", "authorization step cause"
    WORK_UNFINISHED = "work.unfinished", Level.WARNING, "A step was still under way at the end.", "authorization step"
    LEASE_UNRENEWED = "lease.unrenewed", Level.ERROR, "The leases could not be renewed.", "code fault"
    CLAIM_FAILED = "claim.failed", Level.ERROR, "No step could be claimed.", "code fault"
    CLOCK_STEPPED = (
        "clock.stepped",
        Level.ERROR,
        "This machine's clock was set; nothing is claimed until the quiet period of every payer is over.",
        "seconds",
    )
    CLOCK_APART = (
        "clock.apart",
        Level.ERROR,
        "The clocks of this machine and of the database differ; nothing is claimed until they agree.",
        "seconds",
    )
    CLOCK_TRUSTED = "clock.trusted", Level.INFO, "The clocks agree; steps are claimed again.", ""
    SWEEP_FOUND = (
        "sweep.found",
        Level.WARNING,
        "Authorizations that moved no more were put on their way.",
        "authorizations",
    )
    SWEEP_FAILED = "sweep.failed", Level.ERROR, "What moves no more could not be looked for.", "code fault"
    LANE_CLOSED = "lane.closed", Level.WARNING, "Nothing is sent there for now.", "lane seconds"
    LANE_OPENED = "lane.opened", Level.INFO, "The probe was answered; sending goes on.", "lane"
    LANE_UNWRITTEN = "lane.unwritten", Level.ERROR, "The state of a lane could not be written.", "lane code fault"


LINES: Mapping[str, Line] = {line.value: line for line in Line}


def _text(pattern: str) -> Form:
    form = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and form.fullmatch(value) is not None


def _one_of(words: Iterable[str]) -> Form:
    known = frozenset(words)
    return lambda value: isinstance(value, str) and value in known


def _number(highest: int) -> Form:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= highest


# Not a date, a telephone number, a member id, a record number.
_FEW_DIGITS = r"(?!(?:.*\d){6})(?=.*[A-Za-z])"
_FAULTS = [kind for kind in (*vars(builtins).values(), *vars(errors).values()) if isinstance(kind, type)]
_FAULT_NAMES = "|".join(kind.__name__ for kind in _FAULTS if issubclass(kind, BaseException))
_WORDS = r"[a-z]{2,16}(?:[-_][a-z0-9]{1,16}){0,5}"

_ID = _text(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEY = _text(_FEW_DIGITS + r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_CODE = _text(rf"{_FEW_DIGITS}(?:{_WORDS}|{_FAULT_NAMES}|[A-Z][A-Za-z]{{2,30}}(?:Error|Timeout|Fault))")
_PLACE = r"(?:gateway(?:/\w{1,30}){1,6}\.py:\d{1,5}|no line of ours)"
_COUNTED = ("workers", "authorizations", "completion", "items", "gaps", "blockers", "attempt")
_COUNT = _number(9_999)
_BYTES = _number(2**30)

FIELDS: Mapping[str, Form] = {
    "id": _ID,
    "order": _ID,
    "authorization": _ID,
    "client": _KEY,
    "payer": _KEY,
    "lane": _text(r"(?:client:)?" + _FEW_DIGITS + r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"),
    "state": _one_of(State),
    "cause": _one_of(Cause),
    "step": _text(r"[a-z]{2,16}(?:_[a-z]{2,16}){0,2}"),
    "code": _CODE,
    "fault": _text(rf"[A-Za-z_]\w{{0,60}}(?:\[{_WORDS}\])? at {_PLACE}(?: from [A-Za-z_]\w{{0,60}})?"),
    "method": _one_of(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other")),
    "route": _text(r"none|/|(?:/(?:[a-z$.][A-Za-z$._-]{0,30}|v\d|Claim|\{[a-z_]{1,20}(?::path)?\})){1,8}/?"),
    "version": _text(r"\d{1,3}\.\d{1,3}(?:\.\d{1,3})?(?:\.?(?:dev|a|b|rc)\d{1,3})?"),
    "before": _text(r"none|\d{4}"),
    "after": _text(r"\d{4}"),
    "status": _number(599),
    "port": _number(65_535),
    "ms": _number(86_400_000),
    "seconds": _number(86_400),
    "bytes": _BYTES,
    "size": _BYTES,
    **dict.fromkeys(_COUNTED, _COUNT),
}
"""What a value of each field looks like; the same field means the same thing in every line."""
