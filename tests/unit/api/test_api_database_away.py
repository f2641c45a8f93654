"""A database that does not answer: every call says so, with the reason and what to do, and promises nothing."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.store import open_store
from gateway.adapters.store.faults import StoreFault
from gateway.adapters.store.memory import MemoryStore
from gateway.flow.world import World
from gateway.ports import Query
from tests import stuck
from tests.unit.api.calling import FHIR, ORDER, Api
from tests.worlds import build_world

ID = "00000000-0000-4000-8000-00000000dead"
BODIES = {
    "drop": {"reason": "x"},
    "decision": {"channel": "fax", "evidence": "x", "decisions": [{"result": "denied"}]},
    "resolve": {"as": "stop", "reason": "x"},
    "give-up": {"reason": "x"},
    "pause": {"reason": "x"},
}
OPEN = ("/health", "/ready", "/.well-known/jwks.json", "/profile/check", "/orders/check")


class Away(MemoryStore):
    """Answers who may call, and nothing else; or not even that."""

    def __init__(self, *, known: bool) -> None:
        super().__init__()
        self._known = known

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or not callable(found) or (name == "clients" and self._known):
            return found

        def fail(*_: object, **__: object) -> Any:
            raise StoreFault("The database failed: OperationalError.", fix="Check its disk, locks and file.")

        return fail


def calls(document: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for template, methods in document["paths"].items():
        path = template.replace("{id}", ID).replace("{order}", ID).replace("{authorization}", ID).replace("{leg}", ID)
        path = path.replace(ID, "sandbox") if template.startswith("/payers") else path
        for method in methods:
            parts: dict[str, Any] = {}
            if template.startswith("/orders") and method in ("post", "patch"):
                parts = {"content": ORDER, "headers": FHIR}
            elif method == "post":
                parts = {"json": BODIES.get(path.rpartition("/")[2], {})}
            if template in ("/work/retry", "/work/give-up"):
                parts["params"] = {"cause": "doubt"}
            yield method.upper(), path, parts


@pytest.mark.parametrize("known", [True, False])
def test_every_call_that_needs_the_database_answers_503_with_reason_and_fix(world: World, known: bool) -> None:
    away = Api(replace(world, store=Away(known=known)))
    tried = 0
    for method, path, parts in calls(away.get("/openapi.json").json()):
        if path in OPEN:
            continue
        answer = away.call(method, path, **parts)
        assert answer.status_code == 503, f"{method} {path}: {answer.text}"
        problem = answer.json()
        assert (problem["code"], answer.headers["content-type"]) == ("store", "application/problem+json")
        assert problem["detail"]
        assert problem["fix"]
        assert answer.headers["retry-after"]
        tried += 1
    assert tried >= 25


def test_it_is_up_and_not_ready(world: World) -> None:
    away = Api(replace(world, store=Away(known=False)))
    assert away.get("/health").status_code == 200
    answer = away.get("/ready")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "store": False, "guides": True})


def test_what_asks_nothing_of_the_database_goes_on(world: World) -> None:
    away = Api(replace(world, store=Away(known=True)))
    assert away.post("/orders/check", content=ORDER, headers=FHIR).status_code == 200


class FailsOnce(MemoryStore):
    """Loses its connection right after the commit of an order: nobody can say whether it is there."""

    def __init__(self) -> None:
        super().__init__()
        self.lost = False

    def commit(self, change: Any) -> None:
        super().commit(change)
        if change.order and not self.lost:
            self.lost = True
            raise StoreFault("The database went away while it wrote; whether it did is not known.", fix="Read again.")


def test_an_order_of_which_nobody_knew_whether_it_was_stored_is_known_by_its_repeat() -> None:
    api = Api(build_world(store=FailsOnce()))
    assert api.submit(wait=0).status_code == 503
    again = api.submit(wait=0)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (202, "true")
    assert len(api.world.store.authorizations(Query())) == 1


def test_a_record_that_cannot_be_read_hides_no_other_and_is_listed_for_a_person(tmp_path: Path) -> None:
    database = tmp_path / "gateway.db"
    store = open_store(f"sqlite:///{database}")
    api = Api(build_world(store=store))
    good, bad = (stuck.take_in(api.world, number=number) for number in (1, 2))
    with sqlite3.connect(database) as spoiling:
        spoiling.execute("UPDATE authorization SET record = 'x' WHERE id = ?", (bad,))
    assert [one["id"] for one in api.get("/authorizations").json()["authorizations"]] == [good]
    answer = api.get(f"/authorizations/{bad}")
    assert (answer.status_code, answer.json()["code"]) == (503, "store")
    (row,) = api.get("/work").json()["work"]
    assert (row["authorization"], row["cause"], row["state"]) == (bad, "corrupt", None)
    assert row["what_to_do"]
    assert api.get(f"/work/{bad}", params={"key": row["key"]}).json() == row
    store.close()
