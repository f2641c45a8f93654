"""What a payer says about itself, held against its profile: the judgements of `pa payer check`.

SMART App Launch 2.2 (discovery, backend services), RFC 6749 5.1 and 5.2 (token answers), FHIR R4 CapabilityStatement,
Da Vinci PAS (operations and versions). Pure: documents in, steps out; the probe that fetches them is an adapter.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from gateway.payers.profile import PayerProfile

# Assertions live four minutes; most servers allow a minute of difference, careful ones a few seconds.
CLOCK_WARNING_SECONDS, CLOCK_LIMIT_SECONDS = 5, 60
_WORDS_LINE = re.compile("[ -~]{1,300}")
_PATH = re.compile(r"[A-Za-z][A-Za-z0-9.\[\]()]{0,200}")
_PAS = re.compile(r"davinci-pas[^|]*\|(?P<version>[0-9][0-9A-Za-z.-]*)$")
_WORDS = {
    "invalid_client": (
        "The payer does not accept our proof of who we are.",
        "Ask whether it has registered this client_id, this method and this kid, and which aud it expects.",
    ),
    "unauthorized_client": (
        "The payer knows us, and this client may not use client credentials.",
        "Ask the payer to allow grant type client_credentials for this client_id.",
    ),
    "unsupported_grant_type": (
        "The endpoint does not take client credentials.",
        "Ask whether this is the token endpoint for backend services; write the right one as endpoints.token.",
    ),
    "invalid_scope": (
        "The payer does not give the scope asked for.",
        "Compare auth.scope with what it registered; system/Claim.write (v1) and system/Claim.crus (v2) differ.",
    ),
    "invalid_grant": (
        "The payer does not accept the assertion.",
        "Compare aud, the lifetime and the clocks; ask the payer which aud it expects and write it as auth.audience.",
    ),
    "invalid_request": (
        "The payer finds something missing or doubled in the token request.",
        "Ask the payer which parameters it wants; compare auth.method with its documentation.",
    ),
}

_NO_KNOWN_ERROR = (
    "The token endpoint refuses us and gives no error code that RFC 6749 knows.",
    "Check that endpoints.token is the token endpoint, and ask the payer.",
)


class Status(StrEnum):
    """How a step of the check came out; `skipped` was not possible, or the payer has no such thing."""

    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing looked at.

    Attributes:
        name: which of the steps, e.g. `token`.
        says: what was found, in words.
        fix: what to do, for a step that did not pass.
        sent: what was sent that the payer may have judged, secrets masked.
        ours: the fault lies in our own files, not with the payer.
    """

    name: str
    status: Status
    says: str
    fix: str = ""
    sent: tuple[tuple[str, str], ...] = ()
    ours: bool = False


def judge_discovery(document: Mapping[str, Any], payer: PayerProfile) -> Step:
    """The SMART configuration against how the profile says we authenticate."""
    auth = payer.auth
    lacks = list(_not_offered(document, "grant_types_supported", "client_credentials"))
    lacks += _not_offered(document, "token_endpoint_auth_methods_supported", auth.method)
    if auth.alg:
        lacks += _not_offered(document, "token_endpoint_auth_signing_alg_values_supported", auth.alg)
    if lacks:
        fix = "Correct auth in the payer's profile, or ask the payer to allow it."
        return Step("discovery", Status.FAILED, f"The configuration does not offer {', '.join(lacks)}.", fix)
    named = document.get("token_endpoint")
    if payer.endpoints.token and named != payer.endpoints.token:
        says = "The configuration names another token endpoint than the profile; the profile's is used."
        return Step("discovery", Status.WARNING, says, "Ask which of the two is right; correct endpoints.token.")
    missing = [scope for scope in auth.scope.split() if list(_not_offered(document, "scopes_supported", scope))]
    if missing:
        says = f"Not among the scopes the payer lists: {', '.join(missing)}."
        return Step("discovery", Status.WARNING, says, "Lists may be partial; the token step tells.")
    return Step("discovery", Status.PASSED, "The payer offers the way we authenticate.")


def judge_clock(date: str, now: datetime) -> Step:
    """The payer's `Date` header against our clock; an assertion is refused when they differ too much."""
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return Step("clock", Status.SKIPPED, "The payer's answers carry no date to compare with.")
    difference = round(abs((now - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))).total_seconds()))
    says = f"The payer's clock and ours differ by {difference} s."
    if difference <= CLOCK_WARNING_SECONDS:
        return Step("clock", Status.PASSED, says)
    status = Status.FAILED if difference > CLOCK_LIMIT_SECONDS else Status.WARNING
    return Step("clock", status, says, "Synchronize the clock of this machine (NTP); if it is right, tell the payer.")


def judge_refusal(document: Mapping[str, Any], status: int, secrets: tuple[str, ...]) -> Step:
    """A token endpoint's refusal, explained; its own words are added unless they repeat one of our `secrets`."""
    error = document.get("error")
    known = error if isinstance(error, str) and error in _WORDS else ""
    says, fix = _WORDS.get(known, _NO_KNOWN_ERROR)
    name = f"{known}, " if known else ""
    words = document.get("error_description")
    quotable = isinstance(words, str) and _WORDS_LINE.fullmatch(words) and not any(one in words for one in secrets)
    quoted = f' It says: "{words}"' if quotable else ""
    return Step("token", Status.FAILED, f"{says} ({name}HTTP {status}){quoted}", fix)


def judge_scope(document: Mapping[str, Any], asked: str) -> Step:
    """The scope granted against the one asked for; a missing one means as asked (RFC 6749 5.1)."""
    granted = document.get("scope")
    if not isinstance(granted, str):
        return Step("scope", Status.PASSED, "Granted as asked.")
    missing = [scope for scope in asked.split() if scope not in granted.split()]
    if not missing:
        return Step("scope", Status.PASSED, f"Granted: {_listed(granted.split())}.")
    fix = "Ask the payer to register these for the client, or write in auth.scope what it grants."
    return Step("scope", Status.WARNING, f"Asked for and not granted: {', '.join(missing)}.", fix)


def judge_capabilities(document: Mapping[str, Any]) -> Iterator[Step]:
    """What the CapabilityStatement says: R4, JSON, `Claim/$submit`."""
    if document.get("resourceType") != "CapabilityStatement":
        fix = "Check endpoints.fhir: [fhir]/metadata has to be the statement."
        yield Step("capabilities", Status.FAILED, "What [fhir]/metadata answers is no CapabilityStatement.", fix)
        return
    problems = []
    if not str(document.get("fhirVersion", "")).startswith("4.0"):
        problems.append("it does not say FHIR version 4.0")
    formats = document.get("format")
    if isinstance(formats, list) and not any("json" in str(one) for one in formats):
        problems.append("it does not offer JSON")
    operations = set(_operations(document))
    if "submit" not in operations:
        problems.append("it does not name the operation Claim/$submit")
    if problems:
        fix = "Ask the payer whether this is its prior authorization endpoint and whether the statement is complete."
        yield Step("capabilities", Status.WARNING, f"In the statement: {'; '.join(problems)}.", fix)
        return
    asks = "submit and inquire" if "inquire" in operations else "submit; inquire is not among its operations"
    yield Step("capabilities", Status.PASSED, f"FHIR R4, JSON, Claim operations: {asks}.")


def judge_versions(document: Mapping[str, Any] | None, payer: PayerProfile, installed: tuple[str, ...]) -> Step:
    """The PAS version we speak to the payer: is it installed here, and does the payer's statement say it too?"""
    ours = payer.speaks["pas"]
    if ours not in installed:
        fix = f"Write one of {', '.join(installed)} as speaks.pas, or import the guide (`pa profile import`)."
        return Step("versions", Status.FAILED, f"PAS {ours} is not installed here.", fix, ours=True)
    if document is None:
        return Step("versions", Status.SKIPPED, f"We speak PAS {ours}; there is no statement to compare with.")
    rows = [*_list(document, "implementationGuide"), *_list(document, "instantiates")]
    found = {match["version"] for row in rows if isinstance(row, str) and (match := _PAS.search(row))}
    if not found:
        says = f"We speak PAS {ours}; the payer's statement names no PAS version."
        return Step("versions", Status.WARNING, says, "Ask the payer which version it serves.")
    if ours in found:
        return Step("versions", Status.PASSED, f"Both speak PAS {ours}.")
    says = f"We speak PAS {ours}; the payer says {', '.join(sorted(found))}."
    return Step("versions", Status.FAILED, says, "Write what the payer serves as speaks.pas.")


def judge_dry_submit(status: int, document: Mapping[str, Any]) -> Step:
    """The answer of an operation that judges a request and keeps nothing: an OperationOutcome, or its refusal."""
    rows = [row for row in _list(document, "issue") if isinstance(row, dict)]
    errors = [row for row in rows if row.get("severity") in ("error", "fatal")]
    places = [str(place) for row in errors for place in _list(row, "expression") if _is_path(place)]
    if errors or not 200 <= status < 300:
        at = f", at {_listed(places)}" if places else ""
        fix = "Compare with `pa profile check`: what we find right and the payer wrong is a question to the payer."
        return Step("dry submit", Status.FAILED, f"HTTP {status}, {len(errors)} error(s){at}.", fix)
    return Step("dry submit", Status.PASSED, f"HTTP {status}; the payer finds no error in the request.")


def _not_offered(document: Mapping[str, Any], key: str, wanted: str) -> Iterator[str]:
    offered = document.get(key)
    if isinstance(offered, list) and offered and wanted not in offered:
        yield f"{wanted} ({key})"


def _operations(document: Mapping[str, Any]) -> Iterator[str]:
    for rest in _list(document, "rest"):
        for resource in _list(rest, "resource"):
            if isinstance(resource, dict) and resource.get("type") == "Claim":
                yield from (str(row.get("name")).lstrip("$") for row in _list(resource, "operation"))


def _list(document: Any, key: str) -> list[Any]:
    rows = document.get(key) if isinstance(document, Mapping) else None
    return [row for row in rows if isinstance(row, dict | str)] if isinstance(rows, list) else []


def _is_path(place: Any) -> bool:
    """A FHIRPath of elements and positions; anything else might quote content."""
    return isinstance(place, str) and _PATH.fullmatch(place) is not None


def _listed(rows: list[str], most: int = 5) -> str:
    return ", ".join(rows[:most]) + (f" and {len(rows) - most} more" if len(rows) > most else "")
