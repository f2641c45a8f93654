"""What every simulated run begins with, made once: orders as the real intake stores them, and the payer's answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from typing import Any
from uuid import UUID

from gateway.adapters.waiters import ThreadWaiters
from gateway.bootstrap import Guides
from gateway.chaos.orders import Assignment, OrderForm
from gateway.chaos.simulation.payer import Model, SimulatedPayer, number_in
from gateway.chaos.simulation.scheduler import Scheduler
from gateway.chaos.simulation.store import SimulatedStore
from gateway.fhir import json
from gateway.flow import intake
from gateway.flow.prepare import Treatment
from gateway.flow.world import World
from gateway.model.changes import ChangeSet
from gateway.model.clocks import Duration
from gateway.model.exchange import Direction, NotSent, Outcome
from gateway.orders import OrderTables
from gateway.payers.profile import Inquiry, LostReply, Payers, load_payers
from gateway.payers.site import Webhook, load_site
from gateway.ports import Hold
from gateway.responses import load_codes
from gateway.sandbox.config import SandboxConfig, shipped_scenarios
from gateway.sandbox.scenarios import Scenarios, read_scenarios
from gateway.sandbox.submit import submit as sandbox_submit
from gateway.settings import Settings, data_folder

_PAYER = "sandbox"
_PAYER_IDENTIFIER = "SANDBOX"
_FAULT = "F0"
ASKS = 3
_APPROVES = "S-01"

# A payer that keeps no trace of ours: only what a person can tell counts.
_INQUIRY = {Model.NO_INQUIRY: Inquiry.NONE, Model.NO_TRACE: Inquiry.PARTIAL}

Answer = Callable[[int], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Ground:
    """Orders taken in and ready to send.

    Attributes:
        members: authorization -> the member its order is for, by which the payer's book knows it.
        answers: member -> how the payer answers its request; each call gives another authorization number.
    """

    members: Mapping[str, str]
    changes: tuple[ChangeSet, ...]
    answers: Mapping[str, Answer]
    base: World

    def world(self, scheduler: Scheduler, store: SimulatedStore, payer: SimulatedPayer, model: Model) -> World:
        """The real flow over a simulated store, payer and clock."""
        inquiry = _INQUIRY.get(model, Inquiry.COMPLETE)
        rule = LostReply(inquiry, Duration.parse("PT2M"), Duration.parse("PT30S"), ASKS, Duration.parse("PT1M"))
        return replace(
            self.base,
            store=store,
            payer_client=payer,
            payers=Payers({_PAYER: replace(self.base.payers[_PAYER], lost_reply=rule)}),
            clock=scheduler,
            ids=Ids(1 << 40),
            log=Account(scheduler),
            waiters=ThreadWaiters(),
        )


class Ids:
    """Version-4 shaped UUIDs that count."""

    def __init__(self, start: int) -> None:
        self._next = count(start)

    def new(self) -> str:
        return str(UUID(int=(0x4 << 76) | (0x8 << 60) | next(self._next)))


class Account:
    """`ports.Log` into the account of the run."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def write(self, line: str, /, **fields: str | int | float) -> None:
        self._scheduler.note(f"{line} {fields.get('authorization', '')} {fields.get('fault', '')}".strip())


class _Nobody:
    """`ports.Notifier` where no client has a webhook."""

    def tell(self, webhook: Webhook, identity: str, body: bytes, hold: Hold) -> Outcome:  # noqa: ARG002 - see above
        return NotSent("there is no webhook")


@cache
def ground(orders: int) -> Ground:
    """`orders` orders, each for a member of its own."""
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    scheduler = Scheduler(0)
    store = _Recording(scheduler)
    base = _world(settings, scheduler, store)
    form = OrderForm(data_folder("examples", settings.data) / "orders")
    members: dict[str, str] = {}
    answers: dict[str, Answer] = {}
    for number in range(1, orders + 1):
        one = Assignment(number, _FAULT)
        body = form.fill(one, _PAYER_IDENTIFIER)
        (identity,) = intake.receive(base, body, Treatment(), client="ehr", actor="ehr:chaos").authorizations
        draft = next(leg for leg in store.kept.exchanges(identity) if leg.direction is Direction.DRAFT)
        members[identity], answers[one.member] = one.member, _answer(draft.body, scheduler)
    return Ground(members, tuple(store.changes), answers, base)


class _Recording(SimulatedStore):
    """Remembers the changes that took the orders in."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(scheduler)
        self.changes: list[ChangeSet] = []

    def commit(self, change: ChangeSet) -> None:
        super().commit(change)
        self.changes.append(change)


def _world(settings: Settings, scheduler: Scheduler, store: SimulatedStore) -> World:
    codes = data_folder("mappings", settings.data) / "codes"
    profiles = data_folder("profiles", settings.data)
    return World(
        store=store,
        payer_client=SimulatedPayer(scheduler, Model.CONSISTENT, {}),
        notifier=_Nobody(),
        clock=scheduler,
        ids=Ids(1),
        log=Account(scheduler),
        waiters=ThreadWaiters(),
        site=load_site(profiles / "site.example.yaml"),
        payers=Payers({_PAYER: load_payers(profiles / "payers")[_PAYER]}),
        codes=load_codes(codes),
        tables=OrderTables.load(codes),
        guides=Guides(settings),
    )


def _answer(request: bytes, scheduler: Scheduler) -> Answer:
    """The shipped sandbox's answer to a request; the number it gives counts authorizations."""
    ids = Ids(1 << 50)
    config = SandboxConfig(
        origin="http://127.0.0.1:8190",
        store=data_folder("examples") / "unused",
        clients={},
        scenarios=Scenarios([replace(read_scenarios(shipped_scenarios())[_APPROVES], is_default=True)]),
        now=scheduler.now,
        new_id=lambda: UUID(ids.new()),
    )
    told = json.dumps(sandbox_submit(request, config).resource)
    given = number_in(json.loads(told)).encode()
    return lambda number: json.loads(told.replace(given, given + f"-{number}".encode()))
