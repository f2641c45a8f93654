"""An answer lost on its way, from the order to the end of the doubt: the gateway asks before it sends again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.flow import intake
from gateway.flow.doubt import adopt, evidence
from gateway.flow.prepare import Treatment
from gateway.flow.world import World
from gateway.model.authorization import Authorization, Result, State
from gateway.model.exchange import Outcome, Reply
from gateway.payers.profile import PayerProfile
from gateway.ports import Hold
from gateway.responses.inquiry import InquiryKind
from gateway.sandbox.store import Grant
from gateway.sandbox.versions import VERSIONS
from gateway.worker import drain
from tests.unit.sandbox.harness import SUBMIT_SCOPE, Sandbox
from tests.worlds import NOW, ORDERS, CountedIds, FixedClock, build_world

PAYERS = {"2.0.1": "sandbox-201", "2.2.1": "sandbox"}
BOTH = pytest.mark.parametrize("version", VERSIONS)


class SandboxDoor:
    """A PayerClient that goes through the door of a sandbox application; `sent` are the bodies of submits."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.sent: list[bytes] = []
        self.asked: list[bytes] = []
        grant = Grant("by-basic", (SUBMIT_SCOPE,), sandbox.clock().timestamp() + 86_400)
        sandbox.store.keep_token("gateway", grant)

    def submit(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        self.sent.append(body)
        return self._send(payer, "submit", body)

    def inquire(self, payer: PayerProfile, body: bytes, hold: Hold) -> Outcome:
        self.asked.append(body)
        return self._send(payer, "inquire", body)

    def _send(self, payer: PayerProfile, operation: str, body: bytes) -> Outcome:
        headers = {"Authorization": "Bearer gateway", "Content-Type": "application/fhir+json"}
        path = f"{VERSIONS[payer.speaks['pas']].path}/Claim/${operation}"
        answer = self._sandbox.ask("POST", path, content=body, headers=headers)
        return Reply(status=answer.status_code, media_type="", body=answer.content, received_at=NOW)


class Case:
    """One order for a service of a scenario, in a world whose payer is the sandbox."""

    def __init__(self, sandbox: Sandbox, scenario: str, version: str) -> None:
        ids = CountedIds(start=1 << 32)  # not those of the gateway
        sandbox.config = replace(sandbox.config, new_id=lambda: UUID(ids.new()))
        self.door = SandboxDoor(sandbox)
        self.world: World = replace(build_world(), payer_client=self.door)
        [self.code] = sandbox.config.scenarios[scenario].codes
        order = (ORDERS / "knee_mri.json").read_bytes().replace(b'"73721"', f'"{self.code}"'.encode())
        treatment = Treatment(payer=PAYERS[version])
        received = intake.receive(self.world, order, treatment, client="test", actor="ehr:test")
        [self.identity] = received.authorizations
        self.work()

    def work(self, *, later: timedelta = timedelta()) -> Authorization:
        clock: Any = self.world.clock
        assert isinstance(clock, FixedClock)
        clock.advance(later)
        drain(self.world, [self.identity], lease=timedelta(minutes=1))
        return self.world.store.authorization(self.identity)

    @property
    def record(self) -> Authorization:
        return self.world.store.authorization(self.identity)


@BOTH
def test_a_request_that_was_processed_is_found_and_never_sent_again(sandbox: Sandbox, version: str) -> None:
    case = Case(sandbox, "S-16", version)
    assert (case.record.state, case.door.asked) == (State.IN_DOUBT, [])
    decided = case.work(later=timedelta(minutes=1))
    assert (decided.state, decided.determination) == (State.DECIDED, Result.APPROVED)
    [row] = sandbox.store.book()
    answer = decided.items[0].answer
    assert answer is not None
    assert answer.authorization_number == row.authorization_number
    assert (len(case.door.sent), len(case.door.asked)) == (1, 1)


@BOTH
def test_a_request_that_was_not_processed_goes_again_with_the_same_bytes(sandbox: Sandbox, version: str) -> None:
    case = Case(sandbox, "S-17", version)
    decided = case.work(later=timedelta(minutes=1))
    assert decided.state is State.DECIDED
    assert len(sandbox.store.book()) == 1
    assert case.door.sent[0] == case.door.sent[-1]
    assert (len(case.door.sent), len(case.door.asked)) == (2, 1)


@BOTH
@pytest.mark.parametrize("scenario", ["S-18", "S-19", "S-20"])
def test_look_alikes_and_silence_go_to_a_person_and_nothing_is_sent(
    sandbox: Sandbox, version: str, scenario: str
) -> None:
    case = Case(sandbox, scenario, version)
    for _ in range(8):
        case.work(later=timedelta(minutes=10))
    assert case.record.state is State.IN_DOUBT
    assert case.record.attention
    assert len(case.door.sent) == 1


@BOTH
def test_a_person_sees_the_look_alike_beside_what_was_sent_and_may_adopt_it(sandbox: Sandbox, version: str) -> None:
    case = Case(sandbox, "S-18", version)
    case.work(later=timedelta(minutes=1))
    shown = evidence(case.world, case.identity)
    last = shown.asked[-1].inquired
    assert last is not None
    assert last.kind is InquiryKind.CANDIDATES
    [candidate] = last.candidates
    adopted = adopt(case.world, case.identity, candidate.key, actor="nurse")
    answer = adopted.items[0].answer
    assert answer is not None
    assert (adopted.state, answer.authorization_number) == (State.DECIDED, candidate.numbers[0])
    assert len(case.door.sent) == 1
