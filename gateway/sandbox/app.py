"""The sandbox as an HTTP application: OAuth token endpoint, PAS operations, discovery, the owner's side door."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from starlette.exceptions import HTTPException

from gateway.fhir.json import dumps
from gateway.sandbox.capability import capability_statement, smart_configuration
from gateway.sandbox.config import SandboxConfig
from gateway.sandbox.control import control_router
from gateway.sandbox.door import (
    FHIR,
    Refused,
    bearer_reader,
    body_reader,
    failures,
    fhir_response,
    outcome_response,
    refused,
)
from gateway.sandbox.inquire import inquire
from gateway.sandbox.keys import KeyRing
from gateway.sandbox.store import Failure, Grant, Received, Store
from gateway.sandbox.submit import Outcome, submit, validate
from gateway.sandbox.tokens import TokenDesk, TokenFault
from gateway.sandbox.versions import VERSIONS, Version

_JSON_TYPES = {FHIR, "application/json"}
_TOKEN_BYTES = 64 * 1024
_OPERATIONS = {
    f"{version.path}/Claim/${name}": (name, version) for version in VERSIONS.values() for name in ("submit", "inquire")
}


def create_app(config: SandboxConfig) -> FastAPI:
    """The application for one configuration; it opens the store, and closes it when it is shut down."""
    store = Store(config.store)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        store.close()

    app = FastAPI(title="Payer sandbox", lifespan=life, openapi_url=None)
    app.state.store = store
    app.include_router(_token_router(config, store))
    for version in VERSIONS.values():
        app.include_router(_fhir_router(config, store, version))
    app.include_router(control_router(config, store))

    @app.exception_handler(Refused)
    def answer_refused(request: Request, fault: Refused) -> Response:
        if known := _OPERATIONS.get(request.url.path):  # seen by the owner as well, without the body
            name, version = known
            client, at = getattr(request.state, "client", ""), config.now().isoformat()
            store.receive(Received(at, name, client, fault.status, failures(fault.issues), version=version.number))
        return outcome_response(fault)

    @app.exception_handler(HTTPException)
    def answer_unknown(_: Request, fault: HTTPException) -> Response:
        return outcome_response(
            refused(
                fault.status_code,
                "route",
                "This payer has no such interaction.",
                f"See {' or '.join(f'{version.path}/metadata' for version in VERSIONS.values())}.",
                code="not-supported",
            )
        )

    return app


def _token_router(config: SandboxConfig, store: Store) -> APIRouter:
    router = APIRouter()
    desk = TokenDesk(config.token_url, config.clients, KeyRing(config.clients), store)
    no_store = {"Cache-Control": "no-store", "Pragma": "no-cache"}

    @router.post("/auth/token")
    def token(request: Request, body: Annotated[bytes, Depends(body_reader(_TOKEN_BYTES))]) -> Response:
        now = config.now()
        try:
            if _media_type(request) != "application/x-www-form-urlencoded":
                raise TokenFault("invalid_request", "the body must be application/x-www-form-urlencoded")
            answer, client = desk.issue(
                body, authorization=request.headers.get("authorization", ""), now=now.timestamp()
            )
        except TokenFault as fault:
            store.receive(
                Received(
                    at=now.isoformat(),
                    what="token",
                    client=fault.client,
                    status=fault.status,
                    failures=(Failure(fault.error, "", fault.text, ""),),
                )
            )
            headers = no_store | ({"WWW-Authenticate": 'Basic realm="sandbox"'} if fault.basic else {})
            return Response(
                dumps({"error": fault.error, "error_description": fault.text}),
                fault.status,
                headers,
                "application/json",
            )
        store.receive(Received(at=now.isoformat(), what="token", client=client, status=200))
        return Response(dumps(answer), headers=no_store, media_type="application/json")

    return router


def _fhir_router(config: SandboxConfig, store: Store, version: Version) -> APIRouter:
    router = APIRouter(prefix=version.path)

    @router.get("/metadata")
    def metadata() -> Response:
        return fhir_response(capability_statement(config, version))

    @router.get("/.well-known/smart-configuration")
    def smart() -> Response:
        return Response(dumps(smart_configuration(config)), media_type="application/json")

    _add_operations(router, config, store, version)
    _add_validate(router, config, store, version)
    return router


def _add_operations(router: APIRouter, config: SandboxConfig, store: Store, version: Version) -> None:
    @router.post("/Claim/$submit")
    def submit_claim(  # the token is looked at before the body is read: dependencies run in this order
        request: Request,
        grant: Annotated[Grant, Depends(bearer_reader(config, store))],
        body: Annotated[bytes, Depends(body_reader(config.limits.size))],
    ) -> Response:
        _check_type(request)
        return answer("submit", submit(body, config, version, came_before=store.came_before), body, grant)

    @router.post("/Claim/$inquire")
    def inquire_claim(
        request: Request,
        grant: Annotated[Grant, Depends(bearer_reader(config, store))],
        body: Annotated[bytes, Depends(body_reader(config.limits.size))],
    ) -> Response:
        _check_type(request)
        kept = partial(store.decided, version.number)
        return answer("inquire", inquire(body, config, kept, client=grant.client, version=version), body, grant)

    def answer(what: str, outcome: Outcome, body: bytes, grant: Grant) -> Response:
        made = fhir_response(outcome.resource, status=outcome.status)
        row = Received(
            at=config.now().isoformat(),
            what=what,
            client=grant.client,
            status=outcome.status,
            failures=failures(outcome.issues),
            scenarios=outcome.scenarios,
            version=version.number,
            body=body,
            answer=dumps(outcome.lost) if outcome.lost else bytes(made.body),
        )
        store.receive(row, outcome.book)
        return made


def _add_validate(router: APIRouter, config: SandboxConfig, store: Store, version: Version) -> None:
    @router.post("/Bundle/$validate")
    def validate_bundle(
        request: Request,
        grant: Annotated[Grant, Depends(bearer_reader(config, store))],
        body: Annotated[bytes, Depends(body_reader(config.limits.size))],
    ) -> Response:
        _check_type(request)
        outcome = validate(body, config, version)
        now, found = config.now().isoformat(), failures(outcome.issues)
        store.receive(Received(now, "validate", grant.client, outcome.status, found, version=version.number))
        return fhir_response(outcome.resource)


def _check_type(request: Request) -> None:
    if _media_type(request) not in _JSON_TYPES or "content-encoding" in request.headers:
        fix = f"Send {FHIR}, not compressed."
        raise refused(415, "media-type", "The body is not plain FHIR JSON.", fix, code="not-supported")


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
