"""Makes what gets stuck: a world with a record or a step in each state that needs a person, over any store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway.fhir import json
from gateway.flow import inquire, intake, submit
from gateway.flow.change import INQUIRE, SUBMIT, Changes, commit
from gateway.flow.prepare import Treatment
from gateway.flow.world import World
from gateway.model.changes import Cause, ChangeSet, Work
from gateway.model.events import Held
from gateway.model.exchange import Lost, Outcome, Reply
from gateway.ports import Query
from gateway.sandbox.submit import submit as sandbox_submit
from tests.worlds import ORDERS, FixedClock, SandboxPayer, Unending, reply, sandbox_config

LEASE = timedelta(minutes=1)
LATER = timedelta(hours=1)
EVERY = Query(limit=1000)


def take_in(
    world: World, name: str = "knee_mri", *, client: str = "local", number: object = "", hold: bool = False
) -> str:
    """An example order, under an id of its own; the authorization it becomes."""
    body = (ORDERS / f"{name}.json").read_bytes()
    if number:
        document = json.loads(body)
        order = document["entry"][0]["resource"]
        order["id"] = f"{order['id']}-{number}"
        document["entry"][0]["fullUrl"] = f"urn:uuid:{world.ids.new()}"
        body = json.dumps(document)
    received = intake.receive(world, body, Treatment(hold=hold), client=client, actor=f"ehr:{client}")
    return received.authorizations[0]


def do(world: World, identity: str) -> None:
    """The one step of the authorization that is due."""
    work = world.store.claim("somebody", world.clock.now(), LEASE, only=[identity])
    assert work is not None
    {SUBMIT: submit.run, INQUIRE: inquire.run}[work.step](world, work, Unending())


def payer_of(world: World) -> SandboxPayer:
    assert isinstance(world.payer_client, SandboxPayer)
    return world.payer_client


def wait(world: World, by: timedelta = LATER) -> None:
    assert isinstance(world.clock, FixedClock)
    world.clock.advance(by)


def asking(world: World, **how: Any) -> str:
    """In doubt, and the payer is asked later."""
    identity = take_in(world, **how)
    payer_of(world).script.insert(0, Lost("the connection broke"))
    do(world, identity)
    return identity


def in_doubt(world: World, inquiry: Outcome | None = None, **how: Any) -> str:
    """In doubt, and the payer showed a look-alike, or gave `inquiry`: a person is needed."""
    identity = asking(world, **how)
    wait(world)
    payer_of(world).inquiries.append(inquiry or look_alike(world))
    do(world, identity)
    return identity


def look_alike(world: World, change: Callable[[dict[str, Any]], object] = lambda _: None) -> Reply:
    """An answer to an inquiry that shows the decision the sandbox would have made, without any of our identifiers."""
    outcome = sandbox_submit(payer_of(world).received[-1], sandbox_config(world.clock.now))
    bundle = json.loads(json.dumps(outcome.resource))
    response = bundle["entry"][0]["resource"]
    response.pop("identifier", None)
    response.pop("request", None)
    for item in response["item"]:
        item["extension"] = [row for row in item["extension"] if not row["url"].endswith("itemTraceNumber")]
    change(response)
    shown = {"resourceType": "Parameters", "parameter": [{"name": "return", "resource": bundle}]}
    return reply(shown, at=world.clock.now())


def held(world: World, cause: Cause, reason: str, **how: Any) -> str:
    """Held by the gateway for `cause`, the submit step set aside."""
    identity = take_in(world, **how)
    changes, now = Changes(), world.clock.now()
    record = changes.apply(world.store.authorization(identity), Held(at=now, actor="gateway", reason=reason))
    changes.set_aside(record, SUBMIT, cause, reason, now)
    commit(world, changes)
    return identity


def set_aside(world: World, cause: Cause, reason: str, *, key: str = "", **how: Any) -> str:
    """A step that was set aside for `cause`, its record as it was when it was due; a webhook's with `key`."""
    identity = take_in(world, **how)
    now = world.clock.now()
    if key:
        client = world.store.authorization(identity).client
        aside = Work(authorization=identity, key=key, step="notify", lane=f"client:{client}", due_at=now)
    else:
        work = world.store.work(identity)
        assert work is not None
        aside = replace(work, due_at=now)
    aside = replace(aside, cause=cause, reason=reason, set_aside_at=now)
    world.store.commit(ChangeSet(work=(aside,)))
    return identity
