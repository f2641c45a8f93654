"""The payer of the simulation: an append-only book, faults drawn from the seed, no sockets.

It answers inquiries by example only (member and service), never by our identifiers; it is none of our reading.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from gateway.chaos.simulation.scheduler import Scheduler
from gateway.fhir import json
from gateway.model.exchange import Lost, NotSent, Outcome, Reply
from gateway.payers.profile import PayerProfile
from gateway.ports import Hold

_FHIR = "application/fhir+json"


class Model(StrEnum):
    """How a payer treats a request it has already: P1 to P4 of the harness, and one that echoes no trace."""

    DEDUPLICATES = "1"
    CONSISTENT = "2"
    LAGGING = "3"
    NO_INQUIRY = "4"
    NO_TRACE = "no-trace"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one exchange.

    Attributes:
        processed: whether the payer takes the request up; `late` seconds after the connection is gone.
        outcome: what the caller sees instead of the answer; None for the answer itself.
        seconds: how long it takes.
    """

    name: str
    processed: bool
    outcome: str = ""
    late: float = 0.0
    seconds: float = 1.0


SUBMIT_FAULTS = (
    Fault("refused", processed=False, outcome="not sent"),
    Fault("lost before", processed=False, outcome="lost", seconds=15),
    Fault("lost after", processed=True, outcome="lost", seconds=15),
    Fault("late", processed=True, outcome="lost", late=100.0, seconds=15),
    Fault("500 before", processed=False, outcome="500"),
    Fault("500 after", processed=True, outcome="500"),
    Fault("503", processed=False, outcome="503"),
    Fault("429", processed=False, outcome="429"),
    Fault("truncated", processed=True, outcome="truncated"),
    Fault("empty", processed=True, outcome="empty"),
    Fault("swapped", processed=True, outcome="swapped"),
    Fault("slow", processed=True, seconds=40.0),
)
INQUIRE_FAULTS = (
    Fault("refused", processed=False, outcome="not sent"),
    Fault("lost", processed=False, outcome="lost", seconds=15),
    Fault("500", processed=False, outcome="500"),
    Fault("429", processed=False, outcome="429"),
    Fault("truncated", processed=False, outcome="truncated"),
    Fault("slow", processed=False, seconds=40.0),
)


@dataclass(slots=True)
class Entry:
    """One authorization in the book: for which member, when, under which number, and the answer that told of it."""

    member: str
    at: float
    number: str
    bundle: str
    answer: dict[str, Any]
    older: bool = False


@dataclass(slots=True)
class SimulatedPayer:
    """`ports.PayerClient` without a network.

    Attributes:
        answers: member -> the answer bundle for its request, as the payer would give it.
        faulty: chance that an exchange is faulted; only the first four of an order are.
        received: member -> how many submits arrived.
    """

    scheduler: Scheduler
    model: Model
    answers: Mapping[str, Callable[[int], dict[str, Any]]]
    faulty: float = 0.5
    lag: float = 20.0
    book: list[Entry] = field(default_factory=list)
    received: dict[str, int] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=dict)

    def submit(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:  # noqa: ARG002 - there is one payer
        """See `ports.PayerClient`."""
        member = member_of(body)
        fault = self._draw(f"submit {member}", SUBMIT_FAULTS)
        self.scheduler.pause(f"connect {fault.name}", 0.5)
        if fault.outcome == "not sent":
            return NotSent("the connection was refused")
        if hold.left() <= 0:
            return NotSent("the step is not ours any more")
        self.received[member] = self.received.get(member, 0) + 1
        self.scheduler.note(f"arrived {member}")
        answer = None
        if fault.late:
            self.scheduler.spawn("late", lambda: self._take_late(member, body), after=fault.seconds + fault.late)
        elif fault.processed or not fault.outcome:
            answer = self._take(member, body)
        self.scheduler.pause(f"wait {fault.name}", fault.seconds)
        return self._outcome(fault, member, answer)

    def inquire(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:  # noqa: ARG002 - there is one payer
        """See `ports.PayerClient`."""
        member = member_of(body)
        fault = self._draw(f"inquire {member}", INQUIRE_FAULTS)
        self.scheduler.pause(f"connect {fault.name}", 0.5)
        if fault.outcome == "not sent":
            return NotSent("the connection was refused")
        lag = self.lag if self.model is Model.LAGGING else 0.0
        shown = [
            one for one in self.book if one.member == member and (one.older or one.at + lag <= self.scheduler.seconds)
        ]
        found = [_without_trace(one.answer) if self._hides(one) else one.answer for one in shown]
        self.scheduler.note(f"asked {member}: {len(found)}")
        self.scheduler.pause(f"wait {fault.name}", fault.seconds)
        if self.model is Model.NO_INQUIRY:
            return self._reply(501, {"resourceType": "OperationOutcome"})
        parameters = {"resourceType": "Parameters"}
        if found:
            parameters["parameter"] = [{"name": "return", "resource": one} for one in found]  # type: ignore[assignment]
        return self._outcome(fault, member, parameters)

    def _hides(self, one: Entry) -> bool:
        return one.older or self.model is Model.NO_TRACE

    def _draw(self, what: str, faults: tuple[Fault, ...]) -> Fault:
        tried = self.tried[what] = self.tried.get(what, 0) + 1
        if tried > 4 or self.scheduler.random.random() >= self.faulty:
            return Fault("none", processed=True)
        return faults[self.scheduler.random.randrange(len(faults))]

    def _take(self, member: str, body: bytes) -> dict[str, Any]:
        bundle = json.loads(body)["identifier"]["value"]
        known = [one for one in self.book if one.member == member and one.bundle == bundle]
        if known and self.model is Model.DEDUPLICATES:
            return known[0].answer
        answer = self.answers[member](len(self.book))
        self.book.append(Entry(member, self.scheduler.seconds, number_in(answer), bundle, answer))
        self.scheduler.note(f"authorized {member}")
        return answer

    def _take_late(self, member: str, body: bytes) -> None:
        self._take(member, body)

    def _outcome(self, fault: Fault, member: str, answer: dict[str, Any] | None) -> Outcome:
        match fault.outcome:
            case "lost":
                return Lost("the connection broke")
            case "500" | "503":
                return self._reply(int(fault.outcome), {"resourceType": "OperationOutcome"})
            case "429":
                return self._reply(429, {"resourceType": "OperationOutcome"}, retry_after="3")
            case "empty":
                return self._reply(200, None)
            case "truncated":
                whole = self._reply(200, answer)
                return Reply(
                    status=200, media_type=_FHIR, body=whole.body[: len(whole.body) // 2], received_at=whole.received_at
                )
            case "swapped":
                others = [one.answer for one in self.book if one.member != member]
                return self._reply(200, others[0] if others else None)
        return self._reply(200, answer)

    def _reply(self, status: int, resource: object, *, retry_after: str = "") -> Reply:
        return Reply(
            status=status,
            media_type=_FHIR,
            body=json.dumps(resource) if resource is not None else b"",
            received_at=self.scheduler.now() + timedelta(0),
            retry_after=retry_after,
        )


def member_of(body: bytes) -> str:
    """The member a request or an inquiry is about: its Coverage says so."""
    coverage = next(one["resource"] for one in _entries(body) if one["resource"]["resourceType"] == "Coverage")
    return str(coverage["subscriberId"])


def number_in(answer: dict[str, Any]) -> str:
    """The first authorization number in an answer bundle."""
    return _first(answer, "number") or ""


def _first(value: Any, url: str) -> str | None:
    rows = value if isinstance(value, list) else [value]
    for row in rows:
        if not isinstance(row, dict):
            continue
        if row.get("url") == url and "valueString" in row:
            return str(row["valueString"])
        for part in row.values():
            if (found := _first(part, url)) is not None:
                return found
    return None


def _entries(body: bytes) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(body)["entry"]
    return entries


def _without_trace(bundle: dict[str, Any]) -> dict[str, Any]:
    """The same answer from a payer that keeps neither our identifiers nor our trace numbers."""
    copy: dict[str, Any] = json.loads(json.dumps(bundle))
    copy["identifier"]["value"] = "urn:uuid:00000000-0000-4000-8000-0000000000ff"
    response = copy["entry"][0]["resource"]
    response.pop("identifier", None)
    response.pop("request", None)
    for item in response.get("item", []):
        item["extension"] = [row for row in item.get("extension", []) if "itemTraceNumber" not in row["url"]]
        if not item["extension"]:
            del item["extension"]
    copy["entry"] = [one for one in copy["entry"] if one["resource"]["resourceType"] != "Claim"]
    return copy
