"""The payer's business: it takes up requests, keeps what it decided, and answers inquiries by example only."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from threading import Lock

from gateway.chaos.payer.book import BookWriter, Entry, EntryKind
from gateway.chaos.payer.config import Model, PayerConfig
from gateway.chaos.payer.faults import Fault
from gateway.chaos.payer.requests import Item, Request
from gateway.chaos.payer.schedule import between, draw
from gateway.sandbox.elements import Element

_PREFIXES = {"A1": "AUTH", "A3": "REF", "A4": "REF"}
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Authorization:
    """What the payer has decided on a request; `shown_at` is when $inquire begins to show it. Seconds since 1970."""

    request: Request
    number: str
    action: str
    made_at: float
    shown_at: float


class Desk:
    """Everything the payer knows, for all its endpoints; thread-safe."""

    def __init__(self, config: PayerConfig, book: BookWriter, now: Callable[[], float] = time.time) -> None:
        self._config, self._book, self._now = config, book, now
        self._lock = Lock()
        self._attempts: dict[tuple[str, str], int] = {}
        self._kept: dict[tuple[str, str], list[Authorization]] = {}
        self._by_bundle: dict[tuple[str, str], Authorization] = {}
        self._latest: dict[str, list[Authorization]] = {}

    def arrived(self, fault: Fault, request: Request) -> int:
        """Which attempt of the order this is, counted from 1."""
        place = (fault.id, request.order)
        with self._lock:
            self._seed(fault, request)
            self._attempts[place] = self._attempts.get(place, 0) + 1
            return self._attempts[place]

    def authorize(self, fault: Fault, request: Request, attempt: int) -> Authorization:
        """Take up the request: anew each time, but for model P1, which gives the first result again."""
        place = (fault.id, request.order)
        with self._lock:
            known = self._by_bundle.get((fault.id, request.bundle))
            if known and self._config.model is Model.P1:
                return known
            kept = self._kept.setdefault(place, [])
            made = self._decide(fault, request, len(kept))
            kept.append(made)
            self._by_bundle[fault.id, request.bundle] = made
            self._latest[fault.id] = [*self._latest.get(fault.id, []), made][-2:]
            self._write(EntryKind.AUTHORIZED, fault, made, attempt)
        return made

    def find(self, fault: Fault, inquiry: Request) -> tuple[Authorization, ...]:
        """Everything of that member for a service of the inquiry, by requestor and dates if given; oldest first."""
        with self._lock:
            self._seed(fault, inquiry)
            kept = tuple(self._kept[fault.id, inquiry.order])
        now = self._now()
        return tuple(one for one in kept if one.shown_at <= now and _alike(one.request, inquiry))

    def another(self, fault: Fault, request: Request) -> Authorization:
        """A late decision on another order; an invented one when there is none yet."""
        with self._lock:
            for one in reversed(self._latest.get(fault.id, [])):
                if one.request.order != request.order:
                    return one
        stranger = _other(request, f"{self._config.seed}|{fault.id}|{request.order}|stranger", days=0)
        patient = {"fullUrl": _uuid(f"{request.order}|stranger"), "resource": {"resourceType": "Patient"}}
        parties = {**request.parties, "patient": patient}
        return Authorization(replace(stranger, order="", parties=parties), "AUTH0000000000", "A1", self._now(), 0.0)

    def _decide(self, fault: Fault, request: Request, number: int) -> Authorization:
        place = (self._config.seed, fault.id, request.order)
        share = draw(*place, "action")
        denied = self._config.denied
        action = "A3" if share < denied else "A4" if share < denied + self._config.pended else "A1"
        now = self._now()
        lags = fault.lags or self._config.model is Model.P3
        lag = between(0.3 * self._config.lag, self._config.lag, *place, "lag") if lags else 0.0
        digits = sha256("|".join(map(str, (*place, number))).encode()).hexdigest()[:10].upper()
        return Authorization(request, f"{_PREFIXES[action]}{digits}", action, now, now + lag)

    def _seed(self, fault: Fault, request: Request) -> None:
        """At first sight of a member: the older authorizations it has for the same service."""
        place = (fault.id, request.order)
        if place in self._kept:
            return
        self._kept[place] = list(self._look_alikes(fault, request))
        for one in self._kept[place]:
            self._write(EntryKind.SEEDED, fault, one, 0)

    def _look_alikes(self, fault: Fault, request: Request) -> Iterator[Authorization]:
        place = (self._config.seed, fault.id, request.order)
        count = int(draw(*place, "look-alikes") * (self._config.look_alikes + 1))
        for number in range(count):
            text = "|".join(map(str, (*place, "older", number)))
            days = int(between(20, 300, text))
            # the first one is for the very same days, so that only the trace numbers tell it apart
            older = _other(request, text, days=days if number else 0)
            digits = sha256(text.encode()).hexdigest()[:10].upper()
            yield Authorization(older, f"AUTH{digits}", "A1", self._now() - days * _DAY, 0.0)

    def _write(self, kind: EntryKind, fault: Fault, made: Authorization, attempt: int) -> None:
        request = made.request
        self._book.write(
            Entry(
                kind=kind,
                at=made.made_at if kind is EntryKind.AUTHORIZED else self._now(),
                fault=fault.id,
                order=request.order,
                attempt=attempt,
                bundle=request.bundle,
                claim=request.claim,
                traces=request.traces,
                number=made.number,
                action=made.action,
            )
        )


def _alike(kept: Request, asked: Request) -> bool:
    services = {code for item in asked.items for code in item.codes}
    if services and not any(services & item.codes for item in kept.items):
        return False
    if asked.requestors and kept.requestors and not asked.requestors & kept.requestors:
        return False
    wanted = [item for item in asked.items if item.start or item.end]
    return not wanted or any(_overlap(one, other) for one in wanted for other in kept.items)


def _overlap(one: Item, other: Item) -> bool:
    """Whether the days have one in common; an end that is not said is open (dates of one length, so text compares)."""
    return (not one.end or not other.start or other.start <= one.end) and (
        not one.start or not other.end or one.start <= other.end
    )


def _other(request: Request, text: str, *, days: int) -> Request:
    """A request like this one by all that an inquiry may say, that nobody here has sent; `days` earlier."""
    return replace(
        request,
        bundle=_uuid(f"{text}|bundle"),
        claim_url=_uuid(f"{text}|claim"),
        identifiers=tuple({**row, "value": _uuid(f"{text}|trace")[9:]} for row in request.identifiers),
        items=tuple(
            replace(
                item,
                traces=tuple(_retraced(row, f"{text}|{item.sequence}") for row in item.traces),
                start=_earlier(item.start, days),
                end=_earlier(item.end, days),
            )
            for item in request.items
        ),
    )


def _retraced(trace: Element, text: str) -> Element:
    return {**trace, "valueIdentifier": {**trace["valueIdentifier"], "value": _uuid(text)[9:]}}


def _earlier(day: str, days: int) -> str:
    return (date.fromisoformat(day[:10]) - timedelta(days=days)).isoformat() if day else ""


def _uuid(text: str) -> str:
    digits = sha256(text.encode()).hexdigest()
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def written(seconds: float) -> str:
    """An instant as FHIR writes it, in UTC."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
