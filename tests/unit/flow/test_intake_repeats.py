"""Orders that come again: the first result is given, and nothing is asked of the payer twice without a person."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.store import open_store
from gateway.fhir import json
from gateway.flow import intake, review
from gateway.flow.intake import Received
from gateway.flow.prepare import Treatment
from gateway.flow.repeats import KeyReused, OrdersKnown
from gateway.flow.world import World
from gateway.model.authorization import State
from gateway.model.errors import GatewayError
from gateway.ports import Query
from tests.worlds import ORDERS, build_world

KNEE, TWO, GAPS = "knee_mri", "two_orders", "with_gaps"


def order(name: str = KNEE, change: Callable[[dict[str, Any]], None] = lambda _: None) -> bytes:
    """An example order; `change` is made to each order resource in it."""
    document = json.loads((ORDERS / f"{name}.json").read_bytes())
    for entry in document["entry"]:
        if entry["resource"]["resourceType"] in ("ServiceRequest", "MedicationRequest"):
            change(entry["resource"])
    return json.dumps(document)


def version(number: str) -> Callable[[dict[str, Any]], None]:
    return lambda resource: resource.update(meta={"versionId": number})


def changed(resource: dict[str, Any]) -> None:
    resource["authoredOn"] = "2026-11-18"


def receive(
    world: World, body: bytes, *, key: str = "", client: str = "test", treatment: Treatment = Treatment()
) -> Received:
    return intake.receive(world, body, treatment, client=client, actor="ehr:test", idempotency_key=key)


def count(world: World) -> int:
    return len(world.store.authorizations(Query(limit=1000)))


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "memory":
        yield build_world()
        return
    store = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield build_world(store=store)
    store.close()


@pytest.mark.parametrize("body", [order(), order(TWO), order(GAPS), order(KNEE, version("7"))])
def test_the_same_order_again_gives_the_first_result_and_changes_nothing(world: World, body: bytes) -> None:
    first = receive(world, body)
    events = world.store.events(limit=1000)
    again = receive(world, body)
    assert (first.again, again.again) == (False, True)
    assert again.order_id == first.order_id
    assert set(again.authorizations) == set(first.authorizations)
    assert world.store.events(limit=1000) == events


def test_the_same_order_of_another_client_is_another_order(world: World) -> None:
    first, other = receive(world, order()), receive(world, order(), client="other")
    assert first.order_id != other.order_id
    assert world.store.authorization(other.authorizations[0]).state is State.READY


def test_the_same_order_for_another_patient_is_another_order(world: World) -> None:
    receive(world, order())
    text = order().replace(b"Patient/knee-patient", b"Patient/other").replace(b'"id":"knee-patient"', b'"id":"other"')
    assert text != order()
    other = receive(world, text)
    assert not other.again
    assert world.store.authorization(other.authorizations[0]).state is State.READY


def test_what_is_not_of_the_order_may_differ_in_a_repeat(world: World) -> None:
    first = receive(world, order(KNEE, version("1")))
    document = json.loads(order(KNEE, version("1")))
    document["timestamp"] = "2026-11-24T16:00:00Z"
    for entry in document["entry"]:
        entry["resource"].setdefault("meta", {})["lastUpdated"] = "2026-11-24T16:00:00Z"
        entry["resource"]["text"] = {"status": "generated", "div": "<div>another rendering</div>"}
    assert receive(world, json.dumps(document)).order_id == first.order_id


def test_an_order_that_stays_the_same_version_and_says_something_else_is_refused(world: World) -> None:
    first = receive(world, order(KNEE, version("1")))

    def silently(resource: dict[str, Any]) -> None:
        version("1")(resource)
        changed(resource)

    with pytest.raises(OrdersKnown, match="same meta.versionId") as refused:
        receive(world, order(KNEE, silently))
    assert first.order_id in str(refused.value)
    assert count(world) == 1


@pytest.mark.parametrize("change", [changed, version("2")])
def test_another_revision_of_a_live_order_is_held_with_the_choice_to_make(
    world: World, change: Callable[[dict[str, Any]], None]
) -> None:
    first = receive(world, order())
    second = receive(world, order(KNEE, change))
    assert not second.again
    record = world.store.authorization(second.authorizations[0])
    assert record.state is State.HELD
    assert first.authorizations[0] in record.held_by
    assert record.held_by.startswith("an earlier revision of this order has authorization")
    assert "(ready)" in record.held_by
    assert "drop that one if it is still open, or release this one to ask again" in record.held_by
    assert world.store.work(record.id) is None
    assert receive(world, order(KNEE, change)).order_id == second.order_id


def test_a_third_revision_knows_of_both_before_it(world: World) -> None:
    bodies = [order(KNEE, version(str(number))) for number in range(1, 8)]
    received = [receive(world, body) for body in bodies]
    assert len({one.order_id for one in received}) == 7
    assert [world.store.authorization(one.authorizations[0]).state for one in received] == [State.READY] + [
        State.HELD
    ] * 6
    assert [receive(world, body).order_id for body in bodies] == [one.order_id for one in received]


def test_another_revision_of_a_dropped_order_goes_at_once(world: World) -> None:
    first = receive(world, order())
    review.drop(world, first.authorizations[0], actor="person:n", reason="ordered anew")
    second = receive(world, order(KNEE, changed))
    assert world.store.authorization(second.authorizations[0]).state is State.READY


def test_of_two_revisions_only_one_goes_even_when_the_earlier_lacked_something(world: World) -> None:
    first = receive(world, order(GAPS))
    assert world.store.authorization(first.authorizations[0]).state is State.DOCUMENTING
    second = receive(world, order(GAPS, changed))
    assert world.store.authorization(second.authorizations[0]).state is State.DOCUMENTING
    completion = (ORDERS / "completions" / "with_gaps.json").read_bytes()
    intake.complete(world, first.order_id, completion, actor="person:n")
    intake.complete(world, second.order_id, completion, actor="person:n")
    assert world.store.authorization(first.authorizations[0]).state is State.READY
    held = world.store.authorization(second.authorizations[0])
    assert held.state is State.HELD
    assert held.held_by.startswith("another revision of this order has authorization")
    assert first.authorizations[0] in held.held_by


def test_a_completed_order_is_still_known_by_the_body_it_came_with(world: World) -> None:
    first = receive(world, order(GAPS))
    completion = (ORDERS / "completions" / "with_gaps.json").read_bytes()
    intake.complete(world, first.order_id, completion, actor="person:n")
    assert receive(world, order(GAPS)).order_id == first.order_id


def test_an_order_among_others_that_came_before_is_refused_with_its_name_and_order(world: World) -> None:
    document = json.loads(order(TWO))
    drugs = [entry for entry in document["entry"] if entry["resource"]["resourceType"] == "MedicationRequest"]
    alone = {**document, "entry": [entry for entry in document["entry"] if entry not in drugs]}
    first = receive(world, json.dumps(alone))
    (service,) = world.store.authorization(first.authorizations[0]).order_refs
    drug = f"MedicationRequest/{drugs[0]['resource']['id']}"
    with pytest.raises(OrdersKnown) as refused:
        receive(world, order(TWO))
    assert f"{service} is in order {first.order_id}" in str(refused.value)
    assert refused.value.fix == f"Send the others alone: {drug}."
    assert count(world) == 1


def test_a_part_of_what_came_together_is_refused_with_the_place_to_read(world: World) -> None:
    first = receive(world, order(TWO))
    document = json.loads(order(TWO))
    rest = [entry for entry in document["entry"] if entry["resource"]["resourceType"] != "MedicationRequest"]
    with pytest.raises(OrdersKnown) as refused:
        receive(world, json.dumps({**document, "entry": rest}))
    assert first.order_id in str(refused.value)
    assert "GET /orders" in refused.value.fix


def test_orders_without_id_are_known_by_identifier_else_by_the_whole_body(world: World) -> None:
    def nameless(resource: dict[str, Any]) -> None:
        resource.pop("id")
        resource.pop("identifier", None)

    def numbered(resource: dict[str, Any]) -> None:
        resource.pop("id")
        resource["identifier"] = [{"system": "urn:ehr", "value": "4711"}]

    def renumbered(resource: dict[str, Any]) -> None:
        numbered(resource)
        changed(resource)

    first = receive(world, order(KNEE, nameless))
    assert receive(world, order(KNEE, nameless)).order_id == first.order_id
    assert not receive(world, order(KNEE, nameless) + b" ").again
    named = receive(world, order(KNEE, numbered))
    assert receive(world, order(KNEE, numbered) + b" ").order_id == named.order_id
    later = receive(world, order(KNEE, renumbered))
    assert named.authorizations[0] in world.store.authorization(later.authorizations[0]).held_by


def test_the_patient_may_be_named_by_another_address_or_not_come_along(world: World) -> None:
    first = receive(world, order(KNEE, version("1")))
    document = json.loads(order(KNEE, version("1")))
    document["entry"] = [one for one in document["entry"] if one["resource"]["resourceType"] != "Patient"]
    assert receive(world, json.dumps(document)).order_id == first.order_id

    def at_its_address(resource: dict[str, Any]) -> None:
        resource["subject"]["reference"] = f"https://ehr.clinic.example/fhir/{resource['subject']['reference']}"

    later = receive(world, order(KNEE, at_its_address))
    assert first.authorizations[0] in world.store.authorization(later.authorizations[0]).held_by


def test_several_orders_without_ids_are_known_again_together(world: World) -> None:
    body = order(TWO, lambda resource: resource.pop("id"))
    first = receive(world, body)
    assert receive(world, body).order_id == first.order_id


def test_an_old_order_that_comes_along_as_information_is_no_repeat(world: World) -> None:
    """A chart may hold the previous order; only what authorization is asked for counts."""
    receive(world, order(KNEE))
    document = json.loads(order(KNEE))
    done = next(e["resource"] for e in document["entry"] if e["resource"]["resourceType"] == "ServiceRequest")
    new = {**done, "id": "later"}
    done["status"] = "completed"
    document["entry"].append({"resource": new})
    later = receive(world, json.dumps(document))
    assert world.store.authorization(later.authorizations[0]).order_refs == ("ServiceRequest/later",)
    assert world.store.authorization(later.authorizations[0]).state is State.READY


def test_an_idempotency_key_gives_the_first_result_and_only_to_its_own_request(world: World) -> None:
    first = receive(world, order(), key="k-1")
    assert receive(world, order(), key="k-1").order_id == first.order_id
    with pytest.raises(KeyReused):
        receive(world, order(TWO), key="k-1")
    for other in (Treatment(split=True), Treatment(hold=True), Treatment(requestor="clinic"), Treatment(payer="x")):
        with pytest.raises(KeyReused):
            receive(world, order(), key="k-1", treatment=other)
    assert not receive(world, order(TWO), key="k-1", client="other").again
    assert count(world) == 1 + len(receive(world, order(TWO), key="k-1", client="other").authorizations)


def test_a_key_that_came_with_a_repeat_belongs_to_it_from_then_on(world: World) -> None:
    first = receive(world, order())
    assert receive(world, order(), key="k-2").order_id == first.order_id
    with pytest.raises(KeyReused):
        receive(world, order(TWO), key="k-2")


def test_a_refused_order_leaves_its_key_free(world: World) -> None:
    with pytest.raises(GatewayError):
        receive(world, b"{}", key="k-3")
    assert not receive(world, order(), key="k-3").again


def test_the_key_itself_is_not_stored(world: World) -> None:
    receive(world, order(), key="a-key-that-may-name-somebody")
    assert "a-key-that-may-name-somebody" not in repr(world.store.intake_keys("test", ["header:x"]))
    database = getattr(world.store, "engine", None)
    if database is not None:
        assert b"a-key-that-may-name-somebody" not in Path(database.url.database).read_bytes()


def test_a_repeat_is_known_across_a_restart_of_the_gateway(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    store = open_store(url)
    first = receive(build_world(store=store), order(), key="k-5")
    store.close()
    later = open_store(url)
    again = receive(replace(build_world(store=later)), order(), key="k-5")
    later.close()
    assert (again.order_id, again.again) == (first.order_id, True)
