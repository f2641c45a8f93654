"""A small order that lacks nothing, and how the tests read it and build from it."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from gateway.conformance import Profiles
from gateway.mapping import Mappings
from gateway.model.order import OrderContext
from gateway.orders import Options, read
from gateway.orders.request import BuiltRequest, build
from gateway.payers.profile import Payers, load_payers
from gateway.payers.site import Requestor, Site, load_site

ROOT = Path(__file__).resolve().parents[3]
ORDERS = ROOT / "examples" / "orders"
VERSIONS = ("2.0.1", "2.2.1")
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)

CPT = "http://www.ama-assn.org/go/cpt"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"

Resource = dict[str, Any]


def concept(system: str, code: str, **more: Any) -> Resource:
    return {"coding": [{"system": system, "code": code}], **more}


def service_request(**changes: Any) -> Resource:
    return _changed(
        {
            "resourceType": "ServiceRequest",
            "id": "s1",
            "status": "active",
            "intent": "order",
            "code": concept(CPT, "73721"),
            "subject": {"reference": "Patient/p1"},
            "occurrenceDateTime": "2026-12-14",
            "locationCode": [concept("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "HOSP")],
            "reasonCode": [concept(ICD, "M23.203")],
            "insurance": [{"reference": "Coverage/c1"}],
        },
        changes,
    )


def drug_order(**changes: Any) -> Resource:
    return _changed(
        {
            "resourceType": "MedicationRequest",
            "id": "m1",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": concept(HCPCS, "J1745"),
            "subject": {"reference": "Patient/p1"},
            "requester": {"reference": "Practitioner/d1"},
            "reasonCode": [concept(ICD, "K50.90")],
            "dispenseRequest": {"validityPeriod": {"start": "2026-12-14", "end": "2026-12-20"}},
            "insurance": [{"reference": "Coverage/c1"}],
        },
        changes,
    )


def patient(**changes: Any) -> Resource:
    return _changed(
        {
            "resourceType": "Patient",
            "id": "p1",
            "name": [{"family": "Example"}],
            "gender": "other",
            "birthDate": "1970-01-01",
            "identifier": [{"type": concept(TYPES, "MR"), "system": "urn:oid:2.999.7.1", "value": "MRN-1"}],
        },
        changes,
    )


def coverage(**changes: Any) -> Resource:
    return _changed(
        {
            "resourceType": "Coverage",
            "id": "c1",
            "status": "active",
            "beneficiary": {"reference": "Patient/p1"},
            "identifier": [{"type": concept(TYPES, "MB"), "system": "urn:oid:2.999.8.1", "value": "MEMBER-1"}],
            "relationship": concept("http://terminology.hl7.org/CodeSystem/subscriber-relationship", "self"),
            "payor": [{"identifier": {"system": "urn:example:payer", "value": "SANDBOX"}}],
        },
        changes,
    )


def practitioner(**changes: Any) -> Resource:
    return _changed(
        {
            "resourceType": "Practitioner",
            "id": "d1",
            "name": [{"family": "Orderly"}],
            "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1230000014"}],
            "telecom": [{"system": "phone", "value": "555-010-0100"}],
        },
        changes,
    )


def _changed(resource: Resource, changes: Resource) -> Resource:
    """The resource with elements replaced; None takes one out."""
    return {key: value for key, value in {**resource, **changes}.items() if value is not None}


@cache
def the_site() -> Site:
    return load_site(ROOT / "profiles" / "site.example.yaml")


@cache
def the_payers() -> Payers:
    return load_payers(ROOT / "profiles" / "payers")


@cache
def the_mappings(version: str = "2.2.1") -> Mappings:
    return Mappings.load(ROOT / "mappings" / "pas" / version, ROOT / "mappings" / "codes")


@cache
def the_profiles(version: str = "2.2.1") -> Profiles:
    return Profiles.load(ROOT / "profiles" / "pas" / version)


def contexts(*documents: Any, site: Site | None = None, **options: Any) -> tuple[OrderContext, ...]:
    return read(documents, site or the_site(), the_payers(), Options(today=TODAY, **options))


def context(*resources: Resource, site: Site | None = None, **options: Any) -> OrderContext:
    """The one context of an order of these resources; a patient and a coverage come along unless given."""
    kinds = {resource["resourceType"] for resource in resources}
    rest = [make() for kind, make in (("Patient", patient), ("Coverage", coverage)) if kind not in kinds]
    [found] = contexts([*resources, *rest], site=site, **options)
    return found


def built(found: OrderContext, version: str = "2.2.1") -> BuiltRequest:
    payer = the_payers()[found.payer_id]
    return build(found, the_mappings(version), the_site(), payer, now=NOW, new_id=counted_ids())


def counted_ids(start: int = 1) -> Callable[[], str]:
    counter = itertools.count(start)
    return lambda: str(UUID(int=(0x4 << 76) | (0x8 << 60) | next(counter)))


def two_requestors() -> Site:
    first: Requestor = the_site().requestors[0]
    second = replace(first, key="hospital", npi="1230000022", tax_id="900000002", known_as=("Organization/hospital",))
    return replace(the_site(), requestors=(first, second))


def rules(found: OrderContext) -> set[str]:
    """Rule ids of the gaps."""
    return {gap.rule for gap in found.gaps}


def chosen(found: OrderContext) -> set[str]:
    """Rule ids of the choices."""
    return {choice.rule for choice in found.choices}


def resources(request: BuiltRequest, kind: str) -> list[Resource]:
    entries = (entry["resource"] for entry in request.bundle["entry"])
    return [resource for resource in entries if resource["resourceType"] == kind]
