"""The HTTP door of the sandbox: bodies within a size, bearer tokens, and refusals as one OperationOutcome."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from gateway.fhir.json import dumps
from gateway.fhir.outcome import Issue, Severity, to_operation_outcome
from gateway.sandbox.config import SandboxConfig
from gateway.sandbox.scopes import SUBMIT, may_submit
from gateway.sandbox.store import Failure, Grant, Store

FHIR = "application/fhir+json"
_INVALID = 'Bearer realm="sandbox", error="invalid_token"'


class Refused(Exception):
    """A request that is not served; becomes one OperationOutcome."""

    def __init__(self, status: int, issues: tuple[Issue, ...], headers: dict[str, str]) -> None:
        super().__init__(f"{status}: {', '.join(issue.rule for issue in issues)}")
        self.status, self.issues, self.headers = status, issues, headers


def refused(
    status: int, rule: str, text: str, fix: str, *, code: str = "invalid", headers: dict[str, str] | None = None
) -> Refused:
    """A refusal with a single issue."""
    return Refused(status, (Issue(Severity.ERROR, rule, "", text, fix, code),), headers or {})


def fhir_response(resource: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A FHIR resource as bytes."""
    return Response(dumps(resource), status_code=status, media_type=FHIR, headers=headers)


def outcome_response(fault: Refused) -> Response:
    """A refusal as it travels."""
    return fhir_response(to_operation_outcome(fault.issues), status=fault.status, headers=fault.headers)


def failures(issues: Iterable[Issue]) -> tuple[Failure, ...]:
    """Issues as the store keeps them."""
    return tuple(Failure(issue.rule, issue.path, issue.text, issue.fix) for issue in issues)


def body_reader(limit: int) -> Callable[[Request], Awaitable[bytes]]:
    """A dependency that reads a body of at most `limit` bytes and stops reading there."""

    async def read(request: Request) -> bytes:
        too_large = refused(
            413,
            "body-size",
            "The body is too large.",
            f"Send at most {limit} bytes.",
            code="too-long",
            headers={"Connection": "close"},
        )
        declared = request.headers.get("content-length", "0")
        if declared.isdecimal() and int(declared) > limit:
            raise too_large
        raw = bytearray()
        try:
            async for piece in request.stream():
                raw += piece
                if len(raw) > limit:
                    raise too_large
        except ClientDisconnect:
            raise refused(400, "body-cut", "The body ended before it was whole.", "Send the whole body.") from None
        return bytes(raw)

    return read


def bearer_reader(config: SandboxConfig, store: Store) -> Callable[[Request], Grant]:
    """A dependency that gives the grant behind the bearer token, or refuses; `request.state.client` is who it is."""

    def read(request: Request) -> Grant:
        grant = _grant(request, store)
        request.state.client = grant.client
        _check(grant, config.now().timestamp())
        return grant

    return read


def _grant(request: Request, store: Store) -> Grant:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise _unauthorized("token-missing", "There is no bearer token.", 'Bearer realm="sandbox"')
    grant = store.grant(token.strip())
    if grant is None:
        raise _unauthorized("token-unknown", "The token is not one of this server.", _INVALID)
    return grant


def _check(grant: Grant, now: float) -> None:
    if grant.expires <= now:
        raise _unauthorized("token-expired", "The token has expired.", _INVALID)
    if not may_submit(grant.scopes):
        challenge = f'Bearer realm="sandbox", error="insufficient_scope", scope="{SUBMIT}"'
        fix = f"Ask for a scope that covers {SUBMIT}."
        headers = {"WWW-Authenticate": challenge}
        raise refused(403, "scope", "The token may not submit.", fix, code="forbidden", headers=headers)


def _unauthorized(rule: str, text: str, challenge: str) -> Refused:
    fix = "Ask the token endpoint for a new one."
    return refused(401, rule, text, fix, code="login", headers={"WWW-Authenticate": challenge})
