"""Many authorizations ready to send, cheaply: one order taken in for real, then copied; and a clock for both times."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

from gateway.flow import intake
from gateway.flow.prepare import Treatment
from gateway.flow.world import World
from gateway.model.authorization import Authorization
from gateway.model.changes import ChangeSet, LoggedEvent, StoredOrder, Work
from gateway.model.exchange import Exchange, Outcome
from gateway.payers.profile import PayerProfile
from gateway.ports import Hold
from tests.worlds import ORDERS, FixedClock, SandboxPayer, build_world

LEASE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Original:
    """An order as the real intake stored it."""

    order: StoredOrder
    record: Authorization
    events: tuple[LoggedEvent, ...]
    exchanges: tuple[Exchange, ...]


@cache
def original(payer: str) -> Original:
    world = build_world()
    body = (ORDERS / "knee_mri.json").read_bytes()
    received = intake.receive(world, body, Treatment(payer=payer), client="clinic", actor="ehr:clinic")
    (identity,) = received.authorizations
    store = world.store
    return Original(
        store.order(received.order_id),
        store.authorization(identity),
        store.events(authorization=identity),
        store.exchanges(identity),
    )


def add_orders(world: World, number: int, *, payer: str = "sandbox") -> list[str]:
    """So many authorizations of `payer`, due now; their ids, in the order in which they will be done."""
    return [_add(world, original(payer), f"{payer}-{world.ids.new()}", payer) for _ in range(number)]


def _add(world: World, one: Original, identity: str, payer: str) -> str:
    order = replace(one.order, id=f"order-{identity}")
    world.store.commit(
        ChangeSet(
            order=order,
            records=(replace(one.record, id=identity, order_id=order.id),),
            events=tuple(replace(event, authorization=identity, position=0) for event in one.events),
            exchanges=tuple(
                replace(leg, id=f"{leg.id}-{identity}", pair=f"{leg.pair}-{identity}", authorization=identity)
                for leg in one.exchanges
            ),
            work=(Work(authorization=identity, step="submit", due_at=world.clock.now(), lane=payer),),
        )
    )
    return identity


class TwoClocks(FixedClock):
    """The instant, and the seconds of a monotonic clock that moves with it."""

    def seconds(self) -> float:
        return self.present.timestamp()


class Answering(SandboxPayer):
    """The sandbox, which is asked once for each request; the same bytes get the same answer. Notes every arrival."""

    def __init__(self, clock: FixedClock) -> None:
        super().__init__(clock)
        self.clock = clock
        self.arrivals: list[float] = []
        self._answers: dict[bytes, Outcome] = {}

    def submit(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        self.arrivals.append(self.clock.now().timestamp())
        return self.answer(payer, body, hold)

    def answer(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        if body not in self._answers:
            self._answers[body] = super().submit(payer, body, hold)
        return self._answers[body]
