"""Writes what this payer answers: PAS responses of either version from a light template, and OperationOutcomes."""

from collections.abc import Sequence
from typing import Any

from gateway.chaos.payer.config import PayerConfig
from gateway.chaos.payer.desk import Authorization, written
from gateway.chaos.payer.requests import Item
from gateway.fhir import json
from gateway.sandbox import names
from gateway.sandbox.elements import Element, text
from gateway.sandbox.versions import VERSIONS

_INQUIRY_RESPONSE_BUNDLE = f"{names.STRUCTURES}profile-pas-inquiry-response-bundle"
_INQUIRY_RESPONSE = f"{names.STRUCTURES}profile-claiminquiryresponse"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def submit_answer(made: Authorization, config: PayerConfig, *, copies: int = 1, skew: float = 0.0) -> bytes:
    """The Response Bundle for a request that was taken up; `copies` of its ClaimResponse, which all say the same."""
    response = _response(made, config, names.CLAIM_RESPONSE, skew, echo=config.echo_trace)
    response["request"] = {"reference": made.request.claim_url}
    return json.dumps(_bundle(made, response, config, names.RESPONSE_BUNDLE, copies))


def inquiry_answer(found: Sequence[Authorization], config: PayerConfig, now: float) -> bytes:
    """Everything found: Parameters with a Bundle for each since PAS 2.1, one bare Bundle before."""
    bundles = [_inquired(made, config) for made in found]
    if VERSIONS[config.version].answer.has_add_item:
        parameters: Element = {"resourceType": "Parameters"}
        if bundles:  # FHIR has no empty lists
            parameters["parameter"] = [{"name": "return", "resource": bundle} for bundle in bundles]
        return json.dumps(parameters)
    entries = {entry["fullUrl"]: entry for bundle in bundles for entry in bundle["entry"]}
    whole = _envelope(_INQUIRY_RESPONSE_BUNDLE, written(now))
    if entries:
        responses = [entry for entry in entries.values() if _is_answer(entry)]
        whole["entry"] = responses + [entry for entry in entries.values() if not _is_answer(entry)]
    return json.dumps(whole)


def outcome(code: str, says: str) -> bytes:
    """An OperationOutcome with one error."""
    issue = {"severity": "error", "code": code, "diagnostics": says}
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]})


def _inquired(made: Authorization, config: PayerConfig) -> Element:
    response = _response(made, config, _INQUIRY_RESPONSE, 0.0, echo=config.echo_trace)
    if config.echo_trace:
        response["request"] = {"reference": made.request.claim_url}
    elif VERSIONS[config.version].answer.has_add_item:  # PAS 2.2.1 spec-44; in 2.0.1 it may be left out
        response["request"] = {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}
    return _bundle(made, response, config, _INQUIRY_RESPONSE_BUNDLE, 1)


def _response(made: Authorization, config: PayerConfig, profile: str, skew: float, *, echo: bool) -> Element:
    request = made.request
    queued = made.action == "A4" and VERSIONS[config.version].answer.has_queued
    response: Element = {
        "resourceType": "ClaimResponse",
        "id": f"response-{made.number.lower()}",
        "meta": {"profile": [profile]},
        "status": "active",
        "type": request.claim_type,
        "use": "preauthorization",
        "created": written(made.made_at + skew),
        "outcome": "queued" if queued else "complete",
        "item": [_item(item, made, echo=echo) for item in request.items],
    }
    if echo and request.identifiers:
        response["identifier"] = [{name: row[name] for name in ("system", "value")} for row in request.identifiers]
    for name, party in request.parties.items():
        if party:
            response[name] = {"reference": text(party, "fullUrl")}
    return response


def _item(item: Item, made: Authorization, *, echo: bool) -> Element:
    extension: list[Any] = [*item.traces] if echo else []
    parts: list[Any] = []
    if made.action == "A1":
        parts.append({"url": "number", "valueString": made.number})
    else:
        extension.append({"url": names.ADMINISTRATION_REFERENCE_NUMBER, "valueString": made.number})
    if made.action == "A3":
        reason = {"coding": [{"system": names.REASON_SYSTEM, "code": "0V"}]}
        parts.append({"url": "reasonCode", "valueCodeableConcept": reason})
    action = {"coding": [{"system": names.REVIEW_ACTION_SYSTEM, "code": made.action}]}
    parts.append({"url": names.REVIEW_ACTION_CODE, "valueCodeableConcept": action})
    row: Element = {
        "itemSequence": item.sequence,
        "adjudication": [
            {
                "extension": [{"url": names.REVIEW_ACTION, "extension": parts}],
                "category": {"coding": [{"system": names.ADJUDICATION_SYSTEM, "code": "submitted"}]},
            }
        ],
    }
    return {"extension": extension, **row} if extension else row


def _bundle(made: Authorization, response: Element, config: PayerConfig, profile: str, copies: int) -> Element:
    bundle = _envelope(profile, response["created"])
    if VERSIONS[config.version].answer.has_bundle_identifier:
        bundle["identifier"] = {"system": "urn:example:chaos", "value": f"answer-{made.number.lower()}"}
    answers = [
        {"fullUrl": f"urn:example:chaos:ClaimResponse:{made.number.lower()}{'-again' * copy}", "resource": response}
        for copy in range(copies)
    ]
    bundle["entry"] = [*answers, *(party for party in made.request.parties.values() if party)]
    return bundle


def _envelope(profile: str, timestamp: str) -> Element:
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [profile]},
        "type": "collection",
        "timestamp": timestamp,
    }


def _is_answer(entry: Element) -> bool:
    return text(entry["resource"], "resourceType") == "ClaimResponse"
