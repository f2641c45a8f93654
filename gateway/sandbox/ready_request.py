"""Builds a complete, valid PAS request Bundle for a scenario, in either version, with invented people."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from gateway.fhir.bundle import Entry, collection
from gateway.sandbox import names
from gateway.sandbox.scenarios import Order
from gateway.sandbox.versions import CURRENT, Version

_SYSTEMS = {"HCPCS": names.HCPCS_SYSTEM, "CPT": names.CPT_SYSTEM, "X12-1365": names.SERVICE_TYPE_SYSTEM}
_SENDER = "READYREQUEST"
_TRACE = "urn:trnorg:9876543210"


def ready_request(
    orders: Sequence[Order], *, now: datetime, new_id: Callable[[], UUID], version: Version = CURRENT
) -> dict[str, Any]:
    """A request Bundle with an item for each of `orders`; `new_id` must give version-4 UUIDs."""
    url = {
        name: f"urn:uuid:{new_id()}"
        for name in ("claim", "patient", "coverage", "insurer", "requestor", "role", "practitioner")
    }
    entries = (
        ("claim", _head(version) | _claim(orders, url, now, new_id)),
        ("patient", _patient()),
        ("coverage", _coverage(url)),
        ("insurer", _organization(names.INSURER, "Sandbox Health Plan", "PR", "1234567893")),
        ("requestor", _organization(names.REQUESTOR, "Invented Family Clinic", "1P", "1982947230")),
        ("role", _role(url)),
        ("practitioner", _practitioner()),
    )
    return collection(
        [Entry({**resource, "id": url[name].removeprefix("urn:uuid:")}, url[name]) for name, resource in entries],
        identifier={"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{new_id()}"},
        timestamp=_instant(now),
        profile=names.REQUEST_BUNDLE,
    )


def _head(version: Version) -> dict[str, Any]:
    head: dict[str, Any] = {"resourceType": "Claim", "meta": {"profile": [names.CLAIM]}}
    knows_transmission = names.TRANSMISSION.removeprefix(names.STRUCTURES) in version.request.extensions
    return head | ({"extension": [_transmission()]} if knows_transmission else {})


def _claim(orders: Sequence[Order], url: dict[str, str], now: datetime, new_id: Callable[[], UUID]) -> dict[str, Any]:
    diagnoses = list(dict.fromkeys(order.diagnosis for order in orders))
    return {
        "identifier": [{"system": _TRACE, "value": str(new_id())}],
        "status": "active",
        "type": _concept(names.CLAIM_TYPE_SYSTEM, "professional"),
        "use": "preauthorization",
        "patient": {"reference": url["patient"]},
        "created": _instant(now),
        "insurer": {"reference": url["insurer"]},
        "provider": {"reference": url["requestor"]},
        "priority": _concept(names.PRIORITY_SYSTEM, "normal"),
        "careTeam": [
            {
                "extension": [{"url": names.CARE_TEAM_SCOPE, "valueBoolean": True}],
                "sequence": 1,
                "provider": {"reference": url["role"]},
            }
        ],
        "diagnosis": [
            {
                "sequence": number,
                "diagnosisCodeableConcept": _concept(names.DIAGNOSIS_SYSTEM, code),
                "type": [_concept(names.DIAGNOSIS_TYPE_SYSTEM, "principal" if number == 1 else "admitting")],
            }
            for number, code in enumerate(diagnoses, start=1)
        ],
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": url["coverage"]}}],
        "item": [
            _item(order, number, diagnoses.index(order.diagnosis) + 1, now, new_id)
            for number, order in enumerate(orders, start=1)
        ],
    }


def _item(order: Order, number: int, diagnosis: int, now: datetime, new_id: Callable[[], UUID]) -> dict[str, Any]:
    start = now.date() + timedelta(days=order.starts_in_days)
    when: dict[str, Any] = {"servicedDate": start.isoformat()}
    if order.days:
        end = start + timedelta(days=order.days - 1)
        when = {"servicedPeriod": {"start": start.isoformat(), "end": end.isoformat()}}
    return {
        "extension": [
            {"url": names.ITEM_TRACE_NUMBER, "valueIdentifier": {"system": _TRACE, "value": str(new_id())}},
            {
                "url": names.REQUEST_TYPE,
                "valueCodeableConcept": _concept(names.REQUEST_TYPE_SYSTEM, order.request_type),
            },
            {"url": names.CERTIFICATION_TYPE, "valueCodeableConcept": _concept(names.CERTIFICATION_TYPE_SYSTEM, "I")},
        ],
        "sequence": number,
        "careTeamSequence": [1],
        "diagnosisSequence": [diagnosis],
        "category": _concept(names.SERVICE_TYPE_SYSTEM, order.service_type),
        "productOrService": _concept(_SYSTEMS[order.system], order.code),
        **when,
        "locationCodeableConcept": _concept(names.PLACE_OF_SERVICE_SYSTEM, order.place),
        "quantity": {"value": order.quantity, "system": names.UNIT_SYSTEM, "code": order.unit},
    }


def _transmission() -> dict[str, Any]:
    parts = (
        ("applicationSenderCode", _SENDER),
        ("applicationReceiverCode", "SANDBOX"),
        ("interchangeSenderID", _SENDER),
        ("interchangeReceiverID", "SANDBOX"),
    )
    return {"url": names.TRANSMISSION, "extension": [{"url": url, "valueString": value} for url, value in parts]}


def _patient() -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "meta": {"profile": [names.BENEFICIARY]},
        "identifier": [_member()],
        "name": [{"family": "Testperson", "given": ["Robin"]}],
        "gender": "other",
        "birthDate": "1970-01-01",
        "address": [
            {"line": ["1 Sample Street"], "city": "Springfield", "state": "IL", "postalCode": "62701", "country": "US"}
        ],
    }


def _coverage(url: dict[str, str]) -> dict[str, Any]:
    return {
        "resourceType": "Coverage",
        "meta": {"profile": [names.COVERAGE]},
        "identifier": [_member()],
        "status": "active",
        "subscriberId": "SBX0000001",
        "beneficiary": {"reference": url["patient"]},
        "relationship": {
            "coding": [
                {"system": names.SUBSCRIBER_SYSTEM, "code": "self"},
                {"system": names.RELATIONSHIP_SYSTEM, "code": "18"},
            ]
        },
        "payor": [{"reference": url["insurer"]}],
    }


def _member() -> dict[str, Any]:
    return {"type": _concept(names.IDENTIFIER_TYPE_SYSTEM, "MB"), "system": "urn:oid:2.999.1.1", "value": "SBX0000001"}


def _organization(profile: str, name: str, kind: str, npi: str) -> dict[str, Any]:
    return {
        "resourceType": "Organization",
        "meta": {"profile": [profile]},
        "identifier": [{"system": names.NPI_SYSTEM, "value": npi}],
        "active": True,
        "type": [_concept(names.ENTITY_TYPE_SYSTEM, kind)],
        "name": name,
        "telecom": [{"system": "phone", "value": "555-0100"}],
        "address": [
            {"line": ["2 Sample Street"], "city": "Springfield", "state": "IL", "postalCode": "62701", "country": "US"}
        ],
    }


def _role(url: dict[str, str]) -> dict[str, Any]:
    return {
        "resourceType": "PractitionerRole",
        "meta": {"profile": [names.PRACTITIONER_ROLE]},
        "practitioner": {"reference": url["practitioner"]},
        "organization": {"reference": url["requestor"]},
        "telecom": [{"system": "phone", "value": "555-0101"}],
    }


def _practitioner() -> dict[str, Any]:
    return {
        "resourceType": "Practitioner",
        "meta": {"profile": [names.PRACTITIONER]},
        "identifier": [{"system": names.NPI_SYSTEM, "value": "1588667638"}],
        "name": [{"family": "Example", "given": ["Alex"]}],
    }


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _instant(now: datetime) -> str:
    return now.isoformat(timespec="seconds").replace("+00:00", "Z")
