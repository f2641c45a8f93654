"""Invented answers of a payer, built small: every part of them is in the test that needs it."""

from pathlib import Path
from typing import Any

from gateway.fhir import json
from gateway.model.authorization import Answer
from gateway.model.exchange import Reply
from gateway.responses import Asked, Reading, load_codes, read
from tests.worlds import NOW, ROOT

CODES = load_codes(ROOT / "mappings" / "codes")
SHARED = ROOT.parent / "shared"

X12 = "https://codesystem.x12.org/005010/"
PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-"
CLAIM = "urn:uuid:8f0c2c52-6a7b-4f0e-9d6e-3a1d2f1b7c01"
PATIENT = "urn:uuid:5d1f7a1e-0b52-4b0e-8a3d-6a0d6c0f1b02"
TRACE = {"system": "urn:trnorg:9000000001", "value": "trace-77"}
ANSWER = "urn:uuid:1a4c2a92-3a53-4f0d-8d11-70a2c0c1aa03"

Json = dict[str, Any]


def asked(*items: tuple[int, str], **changes: Any) -> Asked:
    parts: Json = {
        "claim_url": CLAIM,
        "trace_system": TRACE["system"],
        "trace_value": TRACE["value"],
        "submission_id": "sub-1",
        "patient_urls": frozenset({PATIENT, f"Patient/{PATIENT.removeprefix('urn:uuid:')}"}),
        "items": items or ((1, "item-1"),),
    }
    return Asked(**{**parts, **changes})


def extension(name: str, **value: Any) -> Json:
    return {"url": f"{PAS}{name}", **value}


def action(code: str, system: str = f"{X12}306") -> Json:
    return extension("reviewActionCode", valueCodeableConcept={"coding": [{"system": system, "code": code}]})


def review(code: str = "A1", number: str = "", *, reasons: tuple[str, ...] = (), system: str = f"{X12}306") -> Json:
    """An adjudication with a review action; an empty code leaves the code out."""
    parts = [action(code, system)] if code else []
    parts += [{"url": "number", "valueString": number}] if number else []
    for reason in reasons:
        coding = {"system": "https://codesystem.x12.org/external/886", "code": reason}
        parts.append({"url": "reasonCode", "valueCodeableConcept": {"coding": [coding]}})
    return {"extension": [{"url": f"{PAS}reviewAction", "extension": parts}], "category": {"text": "submitted"}}


def item(*adjudications: Json, sequence: Any = 1, extensions: tuple[Json, ...] = (), **more: Any) -> Json:
    row = {"itemSequence": sequence, "adjudication": list(adjudications), **more}
    return {**row, "extension": list(extensions)} if extensions else row


def response(*items: Json, without: tuple[str, ...] = (), **changes: Any) -> Json:
    body: Json = {
        "resourceType": "ClaimResponse",
        "id": ANSWER.removeprefix("urn:uuid:"),
        "status": "active",
        "use": "preauthorization",
        "identifier": [TRACE],
        "patient": {"reference": PATIENT},
        "request": {"reference": CLAIM},
        "outcome": "complete",
        "item": list(items),
        **changes,
    }
    return {name: value for name, value in body.items() if name not in without}


def bundle(*resources: Json, **changes: Any) -> Json:
    rows = [{"fullUrl": f"urn:uuid:{resource.get('id', '')}", "resource": resource} for resource in resources]
    return {
        "resourceType": "Bundle",
        "identifier": {"value": "their-own"},
        "type": "collection",
        "entry": rows,
        **changes,
    }


def reply(document: Any, *, status: int = 200) -> Reply:
    body = document if isinstance(document, bytes) else json.dumps(document)
    return Reply(status=status, media_type="application/fhir+json", body=body, received_at=NOW)


def reading(document: Any, wanted: Asked | None = None) -> Reading:
    return read(reply(document), wanted or asked(), CODES)


def answer_of(document: Any, sequence: int = 1, wanted: Asked | None = None) -> Answer:
    return dict(reading(document, wanted).answers)[sequence]


def one(*adjudications: Json, **more: Any) -> Json:
    """A Bundle whose one item holds these adjudications."""
    return bundle(response(item(*adjudications, **more)))


def published(folder: str) -> list[Path]:
    return sorted((SHARED / folder).rglob("*.json"))
