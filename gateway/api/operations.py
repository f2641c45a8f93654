"""What operators and payers ask of the gateway itself: is it up, is it ready, what are its public keys."""

from functools import lru_cache
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.adapters.payer.keys import load_keys
from gateway.api.documentation import shows
from gateway.api.view import View, answer
from gateway.api.worlds import WorldOf
from gateway.fhir import json
from gateway.flow.world import World
from gateway.model.errors import ConfigFault, GatewayError
from gateway.payers.site import Site


class Health(View):
    up: bool


class Readiness(View):
    """Whether orders can be taken."""

    ready: bool
    store: bool
    """The database answers, with the schema this version needs."""
    guides: bool
    """Requests of every payer can be built and checked."""


class KeySet(View):
    """A JWK Set (RFC 7517)."""

    keys: tuple[dict[str, Any], ...]


router = APIRouter(tags=["operations"])
_ANYBODY: dict[str, Any] = {"security": []}


# Load balancers probe with HEAD; the server leaves the body out.
@router.head("/health", include_in_schema=False)
@router.get("/health", response_model=Health, responses=shows("health", "The process is up."), openapi_extra=_ANYBODY)
async def health() -> Response:
    """Whether the process is up; asks nothing of anything else."""
    return answer(Health(up=True))


@router.head("/ready", include_in_schema=False)
@router.get(
    "/ready",
    response_model=Readiness,
    openapi_extra=_ANYBODY,
    responses=shows("ready", "Orders can be taken.")
    | shows("not_ready", "Not yet, or not now.", status=503, model=Readiness),
)
def ready(world: WorldOf) -> Response:
    """Whether orders can be taken: the store answers, and the guide of every payer is loaded."""
    store, guides = _store_ready(world), _guides_loaded(world)
    return answer(
        Readiness(ready=store and guides, store=store, guides=guides), status=200 if store and guides else 503
    )


@router.get(
    "/.well-known/jwks.json",
    response_model=KeySet,
    responses=shows("jwks", "Our public keys."),
    openapi_extra=_ANYBODY,
)
def public_keys(world: WorldOf) -> Response:
    """The public keys by which payers verify our client assertions (SMART Backend Services)."""
    return Response(_key_set(world.site), media_type="application/json")


@lru_cache(maxsize=1)
def _key_set(site: Site) -> bytes:
    return json.dumps(load_keys(site).jwks())


def _store_ready(world: World) -> bool:
    try:
        return world.store.ready()
    except GatewayError:
        return False


def _guides_loaded(world: World) -> bool:
    try:
        return all(bool(world.guide(payer)) for payer in world.payers.values())
    except ConfigFault:
        return False
