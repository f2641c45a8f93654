"""Every refusal as `application/problem+json` (RFC 9457): the place, the rule and the fix, never content."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.api.view import View
from gateway.fhir import json
from gateway.model.errors import ConfigFault, GatewayError, NotFound, OurFault

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER = "5"


class Violation(View):
    """One broken rule of a request."""

    at: str
    """Where, e.g. `query.limit`."""
    rule: str
    text: str


class Problem(View):
    """Why a request was refused, and what to do about it."""

    type: str
    title: str
    status: int
    code: str
    """Stable; decide by this, never by the text."""
    detail: str
    fix: str = ""
    errors: tuple[Violation, ...] = ()
    id: str = ""
    """Of an error of the gateway itself: quote it to whoever runs the gateway."""


class Invalid(OurFault):
    """A parameter or a body does not have the documented form."""

    code = "invalid"

    def __init__(self, errors: Sequence[Violation]) -> None:
        super().__init__(fix="Correct what `errors` lists; /openapi.json has the form and an example.")
        self.errors = tuple(errors)


class NoRoute(NotFound):
    """There is nothing at this path."""

    code = "no-route"


class WrongMethod(OurFault):
    """This path does not have that method."""

    code = "wrong-method"
    status = 405


class Unreadable(OurFault):
    """The request cannot be read."""

    code = "unreadable"
    status = 400


class Broken(GatewayError):
    """The gateway failed; the request may or may not have had an effect."""

    code = "internal"


def problem(fault: GatewayError, *, identity: str = "", headers: Mapping[str, str] | None = None) -> Response:
    """The response for a fault, with the headers its class asks for."""
    patience = {"Retry-After": _RETRY_AFTER} if fault.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    every = {**patience, **getattr(fault, "headers", {}), **(headers or {})}
    return Response(json.dumps(tell(fault, identity=identity).plain()), fault.status, every, MEDIA_TYPE)


def tell(fault: GatewayError, *, identity: str = "") -> Problem:
    """What a caller is told of a fault: of a wrong configuration the first line, without its list of files."""
    text = str(fault).partition("\n")[0] if isinstance(fault, ConfigFault) else str(fault)
    return Problem(
        type=f"urn:pa-gateway:problem:{fault.code}",
        title=(type(fault).__doc__ or "").strip().partition("\n")[0].partition(";")[0].rstrip(".") + ".",
        status=fault.status,
        code=fault.code,
        detail=text,
        fix=fault.fix,
        errors=fault.errors if isinstance(fault, Invalid) else (),
        id=identity,
    )


def violations(errors: Sequence[Any]) -> tuple[Violation, ...]:
    """What pydantic found, without what it found it in: names a caller made up are content too."""
    return tuple(Violation(at=_place(error), rule=error["type"], text=error["msg"]) for error in errors)


def _place(error: Any) -> str:
    place = error["loc"][:-1] if error["type"] == "extra_forbidden" else error["loc"]
    return ".".join(map(str, place))


def install(app: FastAPI) -> None:
    """Answer every fault that a route or a dependency raises."""

    @app.exception_handler(GatewayError)
    async def refused(_: Request, fault: GatewayError) -> Response:
        return problem(fault)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, fault: RequestValidationError) -> Response:
        return problem(Invalid(violations(fault.errors())))

    @app.exception_handler(HTTPException)
    async def unrouted(_: Request, fault: HTTPException) -> Response:
        headers = fault.headers
        if fault.status_code == HTTPStatus.NOT_FOUND:
            return problem(NoRoute(fix="See /openapi.json."), headers=headers)
        if fault.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            return problem(WrongMethod(fix="See /openapi.json."), headers=headers)
        return problem(Unreadable(fix="See /openapi.json."), headers=headers)
