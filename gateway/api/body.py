"""Reading a request's body: bounded in size and time, of a media type we read, through the one JSON door."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import anyio
from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.problems import Invalid, Unreadable, violations
from gateway.fhir import json
from gateway.model.errors import OurFault

FHIR_JSON, JSON = "application/fhir+json", "application/json"
_SECONDS = 30.0
_SMALL = json.Limits(size=64 * 1024, depth=8)

Form = TypeVar("Form", bound=BaseModel)


class TooLarge(OurFault):
    """The body is too large."""

    code = "too-large"
    status = 413
    # Whoever sends too much is not read to the end, so the connection cannot be used again.
    headers = {"Connection": "close"}  # noqa: RUF012 - read only


class TooSlow(OurFault):
    """The body did not arrive in time."""

    code = "too-slow"
    status = 408
    headers = {"Connection": "close"}  # noqa: RUF012 - read only


class WrongMediaType(OurFault):
    """The body is not of a media type that is read here."""

    code = "media-type"
    status = 415


class BodyLimit:
    """ASGI middleware: whoever reads the body gets TooLarge as soon as more than `size` bytes are announced or come."""

    def __init__(self, app: ASGIApp, size: int) -> None:
        self._app, self._size = app, size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        seen = 0

        async def bounded() -> Message:
            nonlocal seen
            if announced.isdecimal() and int(announced[:20]) > self._size:
                raise self._fault()
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._size:
                raise self._fault()
            return message

        await self._app(scope, bounded, send)

    def _fault(self) -> TooLarge:
        return TooLarge(fix=f"Send at most {self._size} bytes.")


async def fhir_body(request: Request) -> bytes:
    """The exact bytes of a FHIR JSON body.

    Raises:
        WrongMediaType, TooLarge, TooSlow: see there.
    """
    return await _read(request, (FHIR_JSON, JSON))


FhirBody = Annotated[bytes, Depends(fhir_body)]


def json_body(form: type[Form]) -> Callable[[Request], Awaitable[Form]]:
    """A dependency that reads the body as `form`; an empty body is an empty object.

    Raises (when called):
        WrongMediaType, TooLarge, TooSlow, Invalid: see there.
    """

    async def read(request: Request) -> Form:
        raw = await _read(request, (JSON,)) if _has_body(request) else b""
        try:
            return form.model_validate(json.loads(raw or b"{}", limits=_SMALL))
        except json.JsonFault as fault:
            text = f"The body is not JSON: {fault.rule} at {fault.place}. {fault.text}"
            raise Unreadable(text, fix=fault.fix) from None
        except ValidationError as fault:
            raise Invalid(violations([{**error, "loc": ("body", *error["loc"])} for error in fault.errors()])) from None

    return read


def _has_body(request: Request) -> bool:
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"


async def _read(request: Request, accepted: tuple[str, ...]) -> bytes:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in accepted or "content-encoding" in request.headers:
        raise WrongMediaType(fix=f"Send {' or '.join(accepted)}, not compressed.")
    try:
        with anyio.fail_after(_SECONDS):
            return await request.body()
    except ClientDisconnect:
        raise Unreadable("The caller hung up before the body was whole.", fix="Send the whole body.") from None
    except TimeoutError:
        raise TooSlow(fix=f"Send the whole body within {_SECONDS:.0f} seconds.") from None
