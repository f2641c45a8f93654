"""Worlds for tests: real mappings, profiles and payers; memory store, fixed clock, counted ids, a payer by script."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from gateway.adapters.store.memory import MemoryStore
from gateway.adapters.waiters import ThreadWaiters
from gateway.bootstrap import Guides
from gateway.fhir import json
from gateway.flow.answer import asked
from gateway.flow.world import World
from gateway.model.authorization import Authorization
from gateway.model.exchange import Outcome, Reply
from gateway.orders import OrderTables
from gateway.payers.profile import PayerProfile, load_payers
from gateway.payers.site import Webhook, load_site
from gateway.ports import Hold, Store
from gateway.responses import Asked, load_codes
from gateway.sandbox.config import SandboxConfig, shipped_scenarios
from gateway.sandbox.scenarios import read_scenarios
from gateway.sandbox.submit import submit as sandbox_submit
from gateway.sandbox.versions import VERSIONS
from gateway.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
ORDERS = ROOT / "examples" / "orders"
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
_GUIDES = Guides(Settings(_env_file=None))  # type: ignore[call-arg]


@dataclass
class FixedClock:
    """A clock that moves only when told."""

    present: datetime = NOW

    def now(self) -> datetime:
        return self.present

    def steady(self) -> float:
        return self.present.timestamp()

    def advance(self, by: timedelta) -> None:
        self.present += by


class CountedIds:
    """Version-4 shaped UUIDs that count from 1, so that two runs give the same."""

    def __init__(self, start: int = 1) -> None:
        self._next = itertools.count(start)

    def new(self) -> str:
        return str(UUID(int=(0x4 << 76) | (0x8 << 60) | next(self._next)))


@dataclass
class HeardLog:
    """A log that remembers its lines."""

    lines: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def write(self, line: str, /, **fields: str | int | float) -> None:
        self.lines.append((line, dict(fields)))


class Unending:
    """A Hold that never ends."""

    def left(self) -> float:
        return 60.0


def sandbox_config(now: Callable[[], datetime], store: Path = Path("unused")) -> SandboxConfig:
    ids = CountedIds(start=1 << 32)
    return SandboxConfig(
        origin="http://127.0.0.1:8190",
        store=store,
        clients={},
        scenarios=read_scenarios(shipped_scenarios()),
        now=now,
        new_id=lambda: UUID(ids.new()),
    )


class SandboxPayer:
    """A PayerClient that is the real sandbox without the network.

    `script` overrides the answers to submits, in order; `inquiries` those to inquiries, which else find nothing.
    """

    def __init__(self, clock: FixedClock, script: list[Outcome] | None = None) -> None:
        self._clock, self._config = clock, sandbox_config(clock.now)
        self.script = script or []
        self.inquiries: list[Outcome] = []
        self.received: list[bytes] = []
        self.asked: list[bytes] = []

    def submit(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        self.received.append(body)
        if self.script:
            return self.script.pop(0)
        outcome = sandbox_submit(body, self._config, VERSIONS[payer.speaks["pas"]])
        return reply(outcome.resource, status=outcome.status, at=self._clock.now())

    def inquire(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        self.asked.append(body)
        if self.inquiries:
            return self.inquiries.pop(0)
        return reply({"resourceType": "Parameters"}, at=self._clock.now())


@dataclass
class HeardNotifier:
    """A Notifier that remembers its messages as (client, id, body); `script` overrides answers of 204, in order."""

    script: list[Outcome] = field(default_factory=list)
    told: list[tuple[str, str, bytes]] = field(default_factory=list)

    def tell(self, webhook: Webhook, identity: str, body: bytes, hold: Hold) -> Outcome:
        self.told.append((webhook.client, identity, body))
        return self.script.pop(0) if self.script else Reply(status=204, media_type="", body=b"", received_at=NOW)


def reply(resource: object, *, status: int = 200, at: datetime = NOW) -> Reply:
    return Reply(status=status, media_type="application/fhir+json", body=json.dumps(resource), received_at=at)


def build_world(*, store: Store | None = None, script: list[Outcome] | None = None, site: Path | None = None) -> World:
    clock = FixedClock()
    return World(
        store=store or MemoryStore(),
        payer_client=SandboxPayer(clock, script),
        notifier=HeardNotifier(),
        clock=clock,
        ids=CountedIds(),
        log=HeardLog(),
        waiters=ThreadWaiters(),
        site=load_site(site or ROOT / "profiles" / "site.example.yaml"),
        payers=load_payers(ROOT / "profiles" / "payers"),
        codes=load_codes(ROOT / "mappings" / "codes"),
        tables=OrderTables.load(ROOT / "mappings" / "codes"),
        guides=_GUIDES,
    )


def sandbox_answer(bundle: bytes, version: str = "2.2.1") -> tuple[Reply, Asked]:
    """The sandbox's answer to a request bundle in a version of PAS, and what it must match."""
    document = json.loads(bundle)
    claim = document["entry"][0]["resource"]
    trace = claim["identifier"][0]
    record = Authorization(
        id="a",
        client="c",
        order_id="o",
        order_refs=(),
        patient="",
        created_at=NOW,
        updated_at=NOW,
        claim_url=document["entry"][0]["fullUrl"],
        trace_system=trace["system"],
        trace_value=trace["value"],
        submission_id=document["identifier"]["value"],
        guide=version,
    )
    outcome = sandbox_submit(bundle, sandbox_config(lambda: NOW), VERSIONS[version])
    return reply(outcome.resource, status=outcome.status), asked(record, bundle)
