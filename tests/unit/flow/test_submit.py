"""Sending: intent first, one attempt, and what every kind of outcome does to the record."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.adapters.store.memory import MemoryStore
from gateway.fhir import json
from gateway.flow import intake, review, submit
from gateway.flow.change import SUBMIT, commit
from gateway.flow.prepare import Treatment
from gateway.flow.world import World
from gateway.model.authorization import Result, State
from gateway.model.changes import ChangeSet, Work
from gateway.model.errors import Conflict, OurFault
from gateway.model.exchange import Direction, Lost, NotSent, Outcome, Reply
from gateway.payers.profile import PayerProfile, Payers
from gateway.ports import Hold
from gateway.worker import drain
from gateway.worker.crew import Crew
from tests.worlds import NOW, ORDERS, SandboxPayer, Unending, build_world, reply

LEASE = timedelta(minutes=1)


def receive(world: World, name: str = "knee_mri") -> str:
    order = (ORDERS / f"{name}.json").read_bytes()
    return intake.receive(world, order, Treatment(), client="test", actor="ehr:test").authorizations[0]


def payer(world: World) -> SandboxPayer:
    assert isinstance(world.payer_client, SandboxPayer)
    return world.payer_client


def claim(world: World) -> Work:
    work = world.store.claim("me", world.clock.now(), LEASE)
    assert work is not None
    return work


def test_an_order_is_sent_once_and_decided(world: World) -> None:
    identity = receive(world)
    drain(world, [identity], lease=LEASE)
    record = world.store.authorization(identity)
    assert (record.state, record.determination) == (State.DECIDED, Result.APPROVED)
    assert len(payer(world).received) == 1
    assert world.store.work(identity) is None


def test_the_exact_bytes_are_on_disk_before_they_are_sent() -> None:
    world = build_world()

    class Looking(SandboxPayer):
        def submit(self, profile: object, body: bytes, hold: object) -> Outcome:
            legs = world.store.exchanges(identity)
            sent = [leg.body for leg in legs if leg.direction is Direction.REQUEST]
            assert sent == [body]
            assert world.store.authorization(identity).state is State.SUBMITTING
            return Lost("looked")

    world = build_world()
    object.__setattr__(world, "payer_client", Looking(world.clock))  # type: ignore[arg-type]
    identity = receive(world)
    drain(world, [identity], lease=LEASE)
    assert world.store.authorization(identity).state is State.IN_DOUBT


@pytest.mark.parametrize(
    "outcome",
    [
        Lost("reset"),
        reply({}, status=500),
        reply({}, status=502),
        reply({}, status=503),
        reply({}, status=308),
        reply({"resourceType": "Bundle"}),
        reply("nonsense"),
    ],
    ids=["lost", "500", "502", "503", "308", "empty bundle", "not a resource"],
)
def test_a_lost_server_error_or_untrustworthy_answer_is_in_doubt_and_never_resent_unasked(
    outcome: Outcome,
) -> None:
    world = build_world(script=[outcome])
    identity = receive(world)
    drain(world, [identity], lease=LEASE)
    record = world.store.authorization(identity)
    assert record.state is State.IN_DOUBT
    assert record.attention
    assert record.due_at is not None
    payer(world).inquiries = [reply({"resourceType": "Patient"})] * 9  # an answer that settles nothing
    for _ in range(9):
        world.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
        drain(world, [identity], lease=LEASE)
    assert world.store.claim("other", world.clock.now(), LEASE) is None
    assert len(payer(world).received) == 1
    assert len(payer(world).asked) == world.payers[record.payer].lost_reply.asks


@pytest.mark.parametrize("outcome", [NotSent("refused"), reply({}, status=429)], ids=["no connection", "429"])
def test_what_the_payer_did_not_accept_goes_again_with_the_same_bytes_after_a_wait(outcome: Outcome) -> None:
    world = build_world(script=[outcome])
    identity = receive(world)
    drain(world, [identity], lease=LEASE)
    record = world.store.authorization(identity)
    assert record.state is State.READY
    assert record.not_before is not None
    assert record.not_before > NOW
    world.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
    drain(world, [identity], lease=LEASE)
    assert world.store.authorization(identity).state is State.DECIDED
    first, second = payer(world).received
    assert first == second


def test_a_refusal_is_rejected_and_not_denied() -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "error", "code": "invalid", "expression": ["Bundle.entry[0]"], "details": {"text": "no"}}
        ],
    }
    world = build_world(script=[reply(outcome, status=400)])
    identity = receive(world)
    drain(world, [identity], lease=LEASE)
    record = world.store.authorization(identity)
    assert record.state is State.REJECTED
    assert record.determination is Result.NONE
    assert record.rejections[0].path == "Bundle.entry[0]"


def test_a_process_that_died_while_sending_leaves_the_record_in_doubt_and_sends_nothing() -> None:
    world = build_world()
    identity = receive(world)
    work = claim(world)
    record = world.store.authorization(identity)
    draft = next(leg for leg in world.store.exchanges(identity) if leg.direction is Direction.DRAFT)
    send = submit.plan(record, draft, world.payers[record.payer], now=NOW, identity=world.ids.new(), fence=1)
    commit(world, send.changes, held=work)  # and here the process dies
    world.clock.advance(timedelta(minutes=2))  # type: ignore[attr-defined]
    drain(world, [identity], lease=LEASE)
    assert world.store.authorization(identity).state is State.IN_DOUBT
    assert payer(world).received == []
    assert work.step == SUBMIT


def test_a_worker_that_wakes_past_its_lease_cannot_overwrite(world: World) -> None:
    identity = receive(world)
    old = claim(world)
    world.clock.advance(timedelta(minutes=2))  # type: ignore[attr-defined]
    drain(world, [identity], lease=LEASE)
    with pytest.raises(Conflict):
        submit.run(world, old, Unending())
    assert len(payer(world).received) == 1


def test_events_replayed_give_the_stored_record(world: World) -> None:
    from gateway.model import lifecycle
    from gateway.model.events import OrderReceived

    identity = receive(world)
    drain(world, [identity], lease=LEASE)
    first, *rest = world.store.events(authorization=identity)
    assert isinstance(first.event, OrderReceived)
    record = lifecycle.start(identity, first.event)
    for logged in rest:
        record = lifecycle.apply(record, logged.event)
    assert record == world.store.authorization(identity)


def test_the_reply_is_kept_as_its_bytes(world: World) -> None:
    identity = receive(world)
    drain(world, [identity], lease=LEASE)
    legs = world.store.exchanges(identity)
    assert [leg.direction for leg in legs] == [Direction.DRAFT, Direction.REQUEST, Direction.REPLY]
    assert legs[0].body == legs[1].body == payer(world).received[0]
    assert legs[2].pair == legs[1].id
    assert legs[2].sha256 == json.digest(legs[2].body)


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_hold_the_request_for_a_person_instead_of_sending_it_again_and_again(status: int) -> None:
    world = build_world(script=[reply({}, status=status)])
    identity = receive(world)
    drain(world, [identity], lease=LEASE)
    record = world.store.authorization(identity)
    assert record.state is State.HELD
    assert "credentials" in record.held_by
    world.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
    assert world.store.claim("other", world.clock.now(), LEASE) is None
    review.release(world, identity, actor="person:admin")
    drain(world, [identity], lease=LEASE)
    assert world.store.authorization(identity).state is State.DECIDED
    assert len(payer(world).received) == 2


def test_a_payer_that_cannot_be_reached_is_a_persons_matter_after_some_attempts() -> None:
    world = build_world(script=[NotSent("refused")] * submit.MOST_ATTEMPTS)
    identity = receive(world)
    for _ in range(submit.MOST_ATTEMPTS):
        assert world.store.authorization(identity).state is State.READY
        drain(world, [identity], lease=LEASE)
        world.clock.advance(timedelta(hours=2))  # type: ignore[attr-defined]
    record = world.store.authorization(identity)
    assert record.state is State.HELD
    assert record.due_at is not None


def test_a_payer_whose_profile_is_gone_holds_the_request() -> None:
    world = build_world()
    identity = receive(world)
    object.__setattr__(world, "payers", Payers({}))
    drain(world, [identity], lease=LEASE)
    assert world.store.authorization(identity).state is State.HELD
    assert payer(world).received == []


def test_a_reply_is_on_disk_before_anything_is_made_of_it() -> None:
    world = build_world()
    identity = receive(world)

    class Forgetful(MemoryStore):
        """Fails to write a conclusion, as a full disk would."""

        def commit(self, change: ChangeSet) -> None:
            if any(record.state is State.DECIDED for record in change.records):
                raise OurFault("the disk is full")
            world.store.commit(change)

    failing = Forgetful()
    for name in ("authorization", "exchanges", "claim", "work"):
        setattr(failing, name, getattr(world.store, name))
    crew = Crew(replace(world, store=failing), threads=1, lease=LEASE)
    taken = crew.take("unlucky")
    assert taken is not None
    crew.do(taken)
    assert world.store.authorization(identity).state is State.SUBMITTING
    assert world.store.exchanges(identity)[-1].direction is Direction.REPLY
    world.clock.advance(timedelta(minutes=2))  # type: ignore[attr-defined]
    drain(world, [identity], lease=LEASE)
    assert world.store.authorization(identity).state is State.DECIDED
    assert len(payer(world).received) == 1


def test_an_answer_that_comes_after_the_step_was_given_up_still_ends_the_doubt() -> None:
    world = build_world()
    identity = receive(world)

    class Slow(SandboxPayer):
        def submit(self, profile: PayerProfile, body: bytes, hold: Hold) -> Outcome:
            world.clock.advance(timedelta(minutes=2))  # type: ignore[attr-defined]
            drain(world, [identity], lease=LEASE)  # another worker finds the lease run out
            assert world.store.authorization(identity).state is State.IN_DOUBT
            return super().submit(profile, body, hold)

    slow = replace(world, payer_client=Slow(world.clock))  # type: ignore[arg-type]
    drain(slow, [identity], lease=LEASE)
    assert world.store.authorization(identity).state is State.DECIDED
    assert world.store.exchanges(identity)[-1].direction is Direction.REPLY


def test_a_rejection_that_decides_on_items_too_goes_to_a_person_with_both() -> None:
    world = build_world()
    identity = receive(world)
    client = payer(world)
    answered = client.submit(world.payers["sandbox"], world.store.exchanges(identity)[0].body, Unending())
    assert isinstance(answered, Reply)
    document = json.loads(answered.body)
    response = document["entry"][0]["resource"]
    response["error"] = [{"code": {"coding": [{"system": "https://codesystem.x12.org/005010/901", "code": "42"}]}}]
    client.received.clear()
    client.script.append(reply(document))
    drain(world, [identity], lease=LEASE)
    record = world.store.authorization(identity)
    assert record.state is State.PERSON_NEEDED
    assert record.rejections
    assert record.items[0].answer is not None
    assert record.attention


def test_a_refusal_that_comes_after_the_step_was_given_up_lets_the_request_go_again() -> None:
    world = build_world(script=[reply({}, status=429)])
    identity = receive(world)

    class Slow(SandboxPayer):
        def submit(self, profile: PayerProfile, body: bytes, hold: Hold) -> Outcome:
            world.clock.advance(timedelta(minutes=2))  # type: ignore[attr-defined]
            drain(world, [identity], lease=LEASE)
            return world.payer_client.submit(profile, body, hold)

    drain(replace(world, payer_client=Slow(world.clock)), [identity], lease=LEASE)  # type: ignore[arg-type]
    assert world.store.authorization(identity).state is State.READY
    assert len(payer(world).received) == 1


def test_a_rejection_that_grants_something_beside_it_goes_to_a_person_too() -> None:
    world = build_world()
    identity = receive(world)
    client = payer(world)
    answered = client.submit(world.payers["sandbox"], world.store.exchanges(identity)[0].body, Unending())
    assert isinstance(answered, Reply)
    document = json.loads(answered.body)
    response = document["entry"][0]["resource"]
    (item,) = response.pop("item")
    response["addItem"] = [
        {"itemSequence": [9], "productOrService": {"coding": [{"code": "73722"}]}, "adjudication": item["adjudication"]}
    ]
    response["error"] = [{"code": {"coding": [{"system": "https://codesystem.x12.org/005010/901", "code": "42"}]}}]
    client.script.append(reply(document))
    drain(world, [identity], lease=LEASE)
    record = world.store.authorization(identity)
    assert record.state is State.PERSON_NEEDED
    assert record.additional
    assert record.rejections
