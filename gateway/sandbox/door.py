"""The HTTP door of the sandbox: bodies within a size, bearer tokens, and refusals as one OperationOutcome."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request, Response

from gateway.fhir.json import dumps
from gateway.fhir.outcome import Issue, Severity, to_operation_outcome
from gateway.sandbox.config import SandboxConfig
from gateway.sandbox.scopes import SUBMIT, may_submit
from gateway.sandbox.store import Failure, Grant, Received, Store

FHIR = "application/fhir+json"


@dataclass
class Refused(Exception):
    """A request that is not served; becomes one OperationOutcome."""

    status: int
    issues: tuple[Issue, ...]
    headers: dict[str, str] = field(default_factory=dict)


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
        async for piece in request.stream():
            raw += piece
            if len(raw) > limit:
                raise too_large
        return bytes(raw)

    return read


def bearer_reader(config: SandboxConfig, store: Store) -> Callable[[Request], Grant]:
    """A dependency that gives the grant behind the bearer token, or refuses; refusals are recorded."""

    def read(request: Request) -> Grant:
        grant = None
        try:
            grant = _grant(request, config, store)
            _check_scope(grant)
        except Refused as fault:
            store.receive(
                Received(
                    at=config.now().isoformat(),
                    what="submit",
                    client=grant.client if grant else "",
                    status=fault.status,
                    failures=failures(fault.issues),
                )
            )
            raise
        return grant

    return read


def _grant(request: Request, config: SandboxConfig, store: Store) -> Grant:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise refused(
            401,
            "token-missing",
            "There is no bearer token.",
            "Ask the token endpoint for one.",
            code="login",
            headers={"WWW-Authenticate": 'Bearer realm="sandbox"'},
        )
    grant = store.grant(token.strip())
    if grant is None or grant.expires <= config.now().timestamp():
        rule, text = (
            ("token-unknown", "The token is not one of this server.")
            if grant is None
            else ("token-expired", "The token has expired.")
        )
        raise refused(
            401,
            rule,
            text,
            "Ask the token endpoint for a new one.",
            code="login",
            headers={"WWW-Authenticate": 'Bearer realm="sandbox", error="invalid_token"'},
        )
    return grant


def _check_scope(grant: Grant) -> None:
    if not may_submit(grant.scopes):
        raise refused(
            403,
            "scope",
            "The token may not submit.",
            f"Ask for a scope that covers {SUBMIT}.",
            code="forbidden",
            headers={"WWW-Authenticate": f'Bearer realm="sandbox", error="insufficient_scope", scope="{SUBMIT}"'},
        )
