"""The owner's side door `/sandbox/…`: what came in, what was decided, the scenarios, a reset. Loopback only."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from gateway.fhir.json import dumps
from gateway.sandbox.config import SandboxConfig, is_loopback
from gateway.sandbox.door import refused
from gateway.sandbox.ready_request import ready_request
from gateway.sandbox.scenarios import Scenario
from gateway.sandbox.store import Received, Store
from gateway.sandbox.versions import CURRENT, VERSIONS


def control_router(config: SandboxConfig, store: Store) -> APIRouter:
    """The routes; every one refuses callers from elsewhere."""
    router = APIRouter(prefix="/sandbox", dependencies=[Depends(_only_here)])

    @router.get("/received")
    def received(failed: Annotated[bool, "only what was refused"] = False) -> Response:
        return _json([_shown(row) for row in store.received(failed=failed)])

    @router.get("/book")
    def book() -> Response:
        return _json([asdict(row) for row in store.book()])

    @router.get("/scenarios")
    def scenarios() -> Response:
        return _json([summary(scenario) for scenario in config.scenarios.all])

    @router.get("/scenarios/{identity}/request")
    def request_of(identity: str, pas: Annotated[str, "the version it is written in"] = CURRENT.number) -> Response:
        if identity not in config.scenarios:
            raise refused(404, "scenario", "There is no such scenario.", "See /sandbox/scenarios.", code="not-found")
        if pas not in VERSIONS:
            known = " or ".join(VERSIONS)
            raise refused(404, "version", "There is no such version.", f"Ask with pas={known}.", code="not-found")
        orders = config.scenarios.orders(config.scenarios[identity])
        return _json(ready_request(orders, now=config.now(), new_id=config.new_id, version=VERSIONS[pas]))

    @router.delete("/received")  # DELETE, so that no page in a browser can do it unasked
    def reset() -> Response:
        store.reset()
        return Response(status_code=204)

    return router


def summary(scenario: Scenario) -> dict[str, Any]:
    """A scenario in the form the CLI and the side door show."""
    return {
        "id": scenario.id,
        "title": scenario.title,
        "shows": scenario.shows,
        "codes": scenario.codes,
        "service_types": scenario.service_types,
        "default": scenario.is_default,
        "inquiry": scenario.inquiry.value,
        "combines": scenario.combines,
    }


def _only_here(request: Request) -> None:
    caller = request.client.host if request.client else ""
    if not is_loopback(caller) or not is_loopback(request.url.hostname or ""):
        raise refused(
            403,
            "loopback",
            "The side door opens on this computer only.",
            "Call it from the sandbox's own host, by a loopback name.",
            code="forbidden",
        )


def _shown(row: Received) -> dict[str, Any]:
    return {
        "number": row.number,
        "at": row.at,
        "what": row.what,
        "version": row.version,
        "client": row.client,
        "status": row.status,
        "scenarios": row.scenarios,
        "sha256": row.sha256,
        "failures": [asdict(fault) for fault in row.failures],
    }


def _json(value: Any) -> Response:
    return Response(dumps(value), media_type="application/json")
