"""Invented authorizations, built the only way there is: event by event through `gateway.model.lifecycle`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from gateway.model import events as e
from gateway.model import lifecycle
from gateway.model.authorization import (
    Answer,
    Authorization,
    AuthorizedItem,
    Blocker,
    Channel,
    Code,
    Dates,
    Item,
    Note,
    Provider,
    Quantity,
    Rejection,
    Result,
    Urgency,
)
from gateway.model.changes import ChangeSet, Completion, LoggedEvent, StoredOrder, Work
from gateway.model.exchange import Direction, Exchange
from gateway.model.order import Choice, Gap

START = datetime(2026, 3, 2, 9, 30, 0, 250_000, tzinfo=UTC)
SYSTEM = "urn:example:trace"


@dataclass
class Life:
    """One authorization as it goes: `happen` moves it on, `change` is everything since the last `change`."""

    id: str
    order_id: str
    client: str = "valley-clinic"
    patient: str = "Patient/p1"
    now: datetime = START
    record: Authorization | None = None
    fresh: list[LoggedEvent] = field(default_factory=list)

    def open(self, **parts: Any) -> "Life":
        event = e.OrderReceived(
            at=self.now,
            actor=f"ehr:{self.client}",
            client=self.client,
            order_id=self.order_id,
            order_refs=("ServiceRequest/s1", "ServiceRequest/s2"),
            patient=self.patient,
            **{"urgency": Urgency.STANDARD, "hold": False, **parts},
        )
        self.record = lifecycle.start(self.id, event)
        return self._log(None, event)

    def happen(self, kind: type[e.Event], **parts: Any) -> "Life":
        assert self.record
        self.now += timedelta(seconds=7, microseconds=1)
        event = kind(at=self.now, **{"actor": "gateway", **parts})
        before, self.record = self.record, lifecycle.apply(self.record, event)
        return self._log(before, event)

    def change(self, **parts: Any) -> ChangeSet:
        assert self.record
        events, self.fresh = tuple(self.fresh), []
        return ChangeSet(records=(self.record,), events=events, **parts)

    def _log(self, before: Authorization | None, event: e.Event) -> "Life":
        assert self.record
        self.fresh.append(
            LoggedEvent(
                authorization=self.id,
                version=self.record.version,
                before=before.state if before else None,
                after=self.record.state,
                event=event,
            )
        )
        return self

    def built(self, payer: str = "acorn") -> "Life":
        return self.happen(
            e.RequestBuilt,
            items=ITEMS,
            choices=(Choice("coverage", "Coverage/c1", "It is the primary one.", "coverage-order"),),
            payer=payer,
            guide="2.2.1",
            requestor="main",
            coverage="Coverage/c1",
            urgency=Urgency.EXPEDITED,
            trace_system=SYSTEM,
            trace_value=f"T-{self.id}",
            submission_id=f"S-{self.id}",
            claim_url=f"urn:uuid:{self.id}",
        )

    def sent(self, due_at: datetime = START + timedelta(days=3)) -> "Life":
        return self.happen(e.SubmitStarted, exchange=f"X-{self.id}", due_at=due_at, due_basis="expedited PT72H")


ITEMS = (
    Item(
        sequence=1,
        order="ServiceRequest/s1",
        trace_system=SYSTEM,
        trace_value="T-1",
        service=Code("73721", "urn:example:service"),
        quantity=Quantity(Decimal("1.00"), "visits"),
        dates=Dates(date(2026, 3, 10), None),
    ),
    Item(
        sequence=2,
        order="ServiceRequest/s2",
        trace_system=SYSTEM,
        trace_value="T-2",
        service=Code("73722", "urn:example:service"),
    ),
)

GRANTED = Answer(
    result=Result.MODIFIED,
    action=Code("A6", "urn:example:306", "ClaimResponse.item[0]"),
    reasons=(Code("0X"),),
    notes=(Note("Six visits – not twelve\r\nsee “letter”.", "ClaimResponse.processNote[0]"),),
    authorization_number="AUTH0001",
    issued=date(2026, 3, 3),
    valid=Dates(date(2026, 3, 3), date(2026, 6, 3)),
    quantity=Quantity(Decimal("6.0")),
    providers=(Provider("Organization/o1", "1234567893"),),
    authorized=(
        AuthorizedItem(
            replaces=(1,),
            result=Result.APPROVED,
            code=Code("73721"),
            modifiers=(Code("RT"),),
            quantity=Quantity(Decimal("1E+1")),
        ),
    ),
    sources=(("result", "ClaimResponse.item[0].adjudication[0]"),),
)
DENIED = Answer(result=Result.DENIED, action=Code("A3"))
SPOKEN = Answer(result=Result.APPROVED, channel=Channel.PHONE, valid=Dates())


def lives() -> list[Life]:
    """One life for each way things go; together they go through every event class."""
    decided = _life("decided").open(hold=True).built().happen(e.Held, reason="the order asks for it")
    decided.happen(e.Released, actor="person:Ana Ruiz").sent()
    decided.happen(
        e.Decided, answers=((1, GRANTED), (2, DENIED)), determination=Result.PARTLY_APPROVED, notes=GRANTED.notes
    )
    decided.happen(e.Acknowledged, actor="person:Ana Ruiz")

    gaps = _life("gaps").open(related=("elsewhere",))
    gaps.happen(
        e.GapsFound,
        gaps=(Gap("ServiceRequest.code", "a billing code", "billing-code", "Claim.item[0].productOrService"),),
        blockers=(Blocker(rule="prof-1", path="Bundle.entry[0]", text="too many", fix="remove one"),),
    )
    gaps.happen(e.OrderCompleted).built().sent()
    gaps.happen(e.Rejected, rejections=(Rejection(reason=Code("72"), path="Claim.insurance[0]", text="no such id"),))
    gaps.happen(e.Dropped, reason="asked for by mistake")

    pended = _life("pended").open(urgency=Urgency.EXPEDITED).built().sent()
    pended.happen(e.NotAccepted, reason="connect-timeout", again_at=pended.now + timedelta(minutes=1)).sent()
    pended.happen(e.Pended, determination=Result.PENDED, due_at=START + timedelta(days=9), due_basis="payer")
    spoken = ((1, SPOKEN), (2, SPOKEN))
    pended.happen(e.DecisionRecorded, answers=spoken, evidence="call 17, Mr Okafor", decided_on=date(2026, 3, 11))

    lost = _life("lost").open().built().sent()
    lost.happen(e.ReplyLost, reason="read-timeout", ask_at=lost.now + timedelta(minutes=5))
    lost.happen(e.DoubtRemains, reason="no such trace", exchange="X-ask").happen(e.NotAtPayer, reason="call 18")
    person = _life("person").open().built().sent()
    person.happen(
        e.PersonNeeded,
        attention="call them",
        determination=Result.CONTACT_PAYER,
        additional=(AuthorizedItem(replaces=(), result=Result.APPROVED, dates=Dates(date(2026, 4, 1), None)),),
    )
    handed = _life("handed").open().happen(e.HandedOff, where="e-prescribing")
    return [decided, gaps, pended, lost, person, handed]


def _life(name: str) -> Life:
    return Life(name, f"order-{name}")


def order(identity: str, client: str = "valley-clinic", body: bytes = b'{"resourceType":"Bundle"}') -> StoredOrder:
    return StoredOrder(
        id=identity,
        client=client,
        received_at=START,
        sha256=sha256(body).hexdigest(),
        body=body,
        split=True,
        payer="acorn",
    )


def completion(order_id: str, number: int) -> Completion:
    body = b'{"number": %d}' % number
    return Completion(
        order_id=order_id,
        number=number,
        actor="ehr:valley-clinic",
        received_at=START,
        sha256=sha256(body).hexdigest(),
        body=body,
    )


def exchange(identity: str, authorization: str, body: bytes = b"\x00\xff{ }\r\n") -> Exchange:
    return Exchange(
        id=identity,
        authorization=authorization,
        pair=identity,
        operation="submit",
        attempt=1,
        direction=Direction.REQUEST,
        at=START,
        url="https://payer.example.org/fhir/Claim/$submit",
        identifier="S-1",
        media_type="application/fhir+json",
        sha256=sha256(body).hexdigest(),
        body=body,
    )


def work(authorization: str, due_at: datetime = START, step: str = "submit") -> Work:
    return Work(authorization=authorization, step=step, due_at=due_at)


def opened(store: Any, identity: str, *, due: Sequence[datetime] = (), **parts: Any) -> Life:
    """A life whose order and first event are stored, with its next step due at `due`, if given."""
    life = Life(identity, f"order-{identity}", **parts).open()
    steps = tuple(work(identity, at) for at in due)
    store.commit(life.change(order=order(life.order_id, life.client), work=steps))
    return life
