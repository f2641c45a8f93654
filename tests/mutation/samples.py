"""A plain value of each data type, for places a mutation fills."""

from typing import Any

ABSENT = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
VALUES: dict[str, Any] = {
    "Extension": ABSENT,
    "BackboneElement": {"extension": [ABSENT]},
    "string": "spoiled",
    "markdown": "spoiled",
    "code": "spoiled",
    "id": "spoiled",
    "uri": "urn:example:spoiled",
    "url": "https://spoiled.example/",
    "canonical": "https://spoiled.example/canonical",
    "boolean": True,
    "integer": 1,
    "positiveInt": 1,
    "unsignedInt": 1,
    "decimal": 1,
    "date": "2026-11-30",
    "dateTime": "2026-11-30",
    "instant": "2026-11-30T10:00:00Z",
    "time": "10:00:00",
    "base64Binary": "c3BvaWxlZA==",
    "CodeableConcept": {"text": "spoiled"},
    "Coding": {"system": "urn:example:spoiled", "code": "spoiled"},
    "Identifier": {"system": "urn:example:spoiled", "value": "spoiled"},
    "Reference": {"display": "spoiled"},
    "Period": {"start": "2026-11-30"},
    "Quantity": {"value": 1, "unit": "spoiled"},
    "Money": {"value": 1, "currency": "USD"},
    "HumanName": {"text": "spoiled"},
    "Address": {"text": "spoiled"},
    "ContactPoint": {"system": "phone", "value": "555-010-0199"},
    "Annotation": {"text": "spoiled"},
    "Attachment": {"title": "spoiled"},
}
STRINGS = {"string", "markdown", "code", "id", "uri", "url", "canonical", "base64Binary", "xhtml", "oid", "uuid"}
TIMES = {"date", "dateTime", "instant", "time"}
NUMBERS = {"integer", "positiveInt", "unsignedInt", "decimal"}
PRIMITIVES = STRINGS | TIMES | NUMBERS | {"boolean"}


def plain(type_: str) -> str:
    """The FHIR name of a primitive: the `id` and `url` of snapshots are written as FHIRPath system types."""
    system = type_.removeprefix("http://hl7.org/fhirpath/System.")
    return "string" if system != type_ else type_
