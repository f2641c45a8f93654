"""`/profile/check`: hold a FHIR resource against a guide; nothing of it is stored."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gateway.api.body import FHIR_JSON, JSON, FhirBody
from gateway.api.documentation import (
    BODY,
    EVERY_CALL,
    INVALID,
    UNREADABLE,
    Responses,
    example,
    refusals,
    shows,
    takes_fhir,
)
from gateway.api.finding_views import Finding, NotEvaluated
from gateway.api.forms import Form, Name
from gateway.api.problems import Unreadable
from gateway.api.view import View, answer
from gateway.api.worlds import WorldOf
from gateway.conformance import Profiles, Report, UnknownProfile
from gateway.conformance.checking import full_name, loaded
from gateway.conformance.rendering import Checked, outcome
from gateway.conformance.second_opinion import with_second_opinion
from gateway.fhir import json
from gateway.flow.world import World
from gateway.model.errors import NotFound

_RESOURCE = "Any resource or Bundle (FHIR R4)."
_SHOWN = "Checked; the findings, errors among them or not."
_NO_GUIDE = NotFound(
    "That guide version is not installed.", fix="Name it guide/version; installed: pas/2.0.1, pas/2.2.1."
)


class ProfileCheck(View):
    """What a check found."""

    guide: str
    profile: str
    """Canonical of the profile it was held against, or the R4 type."""
    ok: bool
    """No error; warnings allowed. Says nothing about `not_evaluated`."""
    issues: tuple[Finding, ...]
    not_evaluated: tuple[NotEvaluated, ...]


class Checking(Form):
    """What to hold a resource against."""

    guide: Name = "pas/2.2.1"
    """Guide and version; a version alone means PAS."""
    profile: Name = ""
    """Canonical of a profile; otherwise `meta.profile` or the content decides."""
    strict: bool = False
    """Ask a second, independent reader of R4 structure too (rule `r4b`)."""


def _documented() -> Responses:
    responses = shows("profile_check", _SHOWN)
    told = {"schema": {"type": "object"}, "example": "profile_outcome"}
    example("profile_outcome")
    responses[200]["content"][FHIR_JSON] = told
    return responses | refusals(UNREADABLE, _NO_GUIDE, INVALID, *BODY, *EVERY_CALL)


router = APIRouter(prefix="/profile", tags=["profiles"])


@router.post(
    "/check",
    response_model=ProfileCheck,
    openapi_extra=takes_fhir("resource", _RESOURCE),
    responses=_documented(),
)
def check_profile(world: WorldOf, request: Request, asked: Annotated[Checking, Query()], body: FhirBody) -> Response:
    """Check a resource or Bundle against a guide, and store nothing.

    `Accept: application/fhir+json` gets the findings as an OperationOutcome.
    """
    name = full_name(asked.guide)
    resource = _read(body)
    report = _report(_profiles(world, request, name), resource, asked)
    if _wants_fhir(request.headers.get("accept", "")):
        told = outcome(report, Checked("", name, report).against)
        return Response(json.dumps(told), media_type=FHIR_JSON)
    return answer(
        ProfileCheck(
            guide=name,
            profile=report.profile,
            ok=report.ok,
            issues=tuple(Finding.model_validate(issue) for issue in report.issues),
            not_evaluated=tuple(NotEvaluated.model_validate(row) for row in report.not_evaluated),
        )
    )


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except json.JsonFault as fault:
        text = f"The body is not JSON: {fault.rule} at {fault.place}. {fault.text}"
        raise Unreadable(text, fix=fault.fix) from None


def _profiles(world: World, request: Request, name: str) -> Profiles:
    """The profiles that orders are checked with, where the guide serves orders; others are loaded when asked for."""
    guide, _, version = name.partition("/")
    if guide == "pas" and version in world.guides:
        return world.guides[version].profiles
    return loaded(request.app.state.profiles, name)


def _report(profiles: Profiles, resource: Any, asked: Checking) -> Report:
    try:
        report = profiles.check(resource, asked.profile or None)
    except UnknownProfile:
        fix = "Give the canonical URL of a profile of the guide, or the name of an R4 type."
        raise NotFound("The guide has no such profile.", fix=fix) from None
    return with_second_opinion(report, resource) if asked.strict else report


def _wants_fhir(accept: str) -> bool:
    """Whether FHIR JSON is preferred to JSON (RFC 9110 section 12.5.1); JSON where neither is."""
    weights = {FHIR_JSON: 0.0, JSON: 0.0}
    for row in accept.split(","):
        media_type, *parameters = (part.strip().lower() for part in row.split(";"))
        if media_type in weights:
            weights[media_type] = _weight(parameters)
    return weights[FHIR_JSON] > weights[JSON]


def _weight(parameters: list[str]) -> float:
    given = next((one.removeprefix("q=") for one in parameters if one.startswith("q=")), "1")
    return float(given) if given.replace(".", "", 1).isdecimal() and given.isascii() else 0.0
