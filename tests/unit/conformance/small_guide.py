"""A guide small enough to read: a few R4 types, cut down, and whatever definitions a test adds."""

from collections.abc import Mapping
from typing import Any

from gateway.conformance import Profiles
from gateway.conformance.context import Guide
from gateway.conformance.definitions import Library, read_definition
from gateway.conformance.overrides import Overrides
from gateway.conformance.report import Report
from gateway.conformance.terminology import Terminology, ValueSet

BASE = "http://example.org/guide"
MANY, ONE = {"card": "0..*"}, {"card": "0..1"}


def of(card: str, *types: Any, **more: Any) -> dict[str, Any]:
    return {"card": card, "types": list(types), **more}


def reference(*targets: str) -> dict[str, Any]:
    return {"code": "Reference", "targets": list(targets)}


def _type(kind: str, name: str, /, **elements: Any) -> dict[str, Any]:
    shared = {f"{name}.id": of("0..1", "string"), f"{name}.extension": of("0..*", "Extension")}
    if kind == "resource":
        shared |= {
            f"{name}.meta": of("0..1", "Meta"),
            f"{name}.contained": of("0..*", "Resource"),
            f"{name}.modifierExtension": of("0..*", "Extension"),
        }
    rows = {f"{name}.{path.replace('__', '.').replace('_x', '[x]')}": row for path, row in elements.items()}
    return {name: {"kind": kind, "elements": {name: MANY, **shared, **rows}}}


TYPES: dict[str, Any] = {
    **_type(
        "resource",
        "Patient",
        active=of("0..1", "boolean"),
        birthDate=of("0..1", "date"),
        identifier=of("0..*", "Identifier"),
        maritalStatus=of("0..1", "CodeableConcept"),
        multipleBirth_x=of("0..1", "boolean", "integer"),
        managingOrganization=of("0..1", reference("Resource")),
        generalPractitioner=of("0..*", reference("Organization", "Practitioner")),
        weight=of("0..1", "Quantity"),
    ),
    **_type("resource", "Organization", active=of("0..1", "boolean"), name=of("0..1", "string")),
    **_type("resource", "Practitioner", active=of("0..1", "boolean"), name=of("0..1", "string")),
    **_type(
        "resource",
        "Questionnaire",
        item=of("0..*", "BackboneElement"),
        item__linkId=of("0..1", "string"),
        item__text=of("0..1", "string"),
        item__item={"card": "0..*", "ref": "#Questionnaire.item"},
    ),
    **_type(
        "resource",
        "Bundle",
        entry=of("0..*", "BackboneElement"),
        entry__fullUrl=of("0..1", "uri"),
        entry__resource=of("0..1", "Resource"),
    ),
    **_type("complex-type", "Element"),
    **_type("complex-type", "BackboneElement"),
    **_type("complex-type", "Meta", profile=of("0..*", "canonical")),
    **_type("complex-type", "Identifier", system=of("0..1", "uri"), value=of("0..1", "string")),
    **_type("complex-type", "Coding", system=of("0..1", "uri"), code=of("0..1", "code")),
    **_type("complex-type", "CodeableConcept", coding=of("0..*", "Coding"), text=of("0..1", "string")),
    **_type("complex-type", "Quantity", value=of("0..1", "decimal"), system=of("0..1", "uri"), code=of("0..1", "code")),
    **_type(
        "complex-type",
        "Reference",
        reference=of("0..1", "string"),
        type=of("0..1", "uri"),
        identifier=of("0..1", "Identifier"),
        display=of("0..1", "string"),
    ),
    **_type(
        "complex-type",
        "Extension",
        url=of("1..1", "uri"),
        value_x=of("0..1", "string", "boolean", "code", "CodeableConcept", "Reference"),
    ),
}


def profile(name: str, type_: str, elements: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A definition of the guide, by its canonical and version."""
    kind = "complex-type" if type_ == "Extension" else "resource"
    return {f"{BASE}/StructureDefinition/{name}|1": {"kind": kind, "type": type_, "elements": elements, **more}}


def canonical(name: str) -> str:
    return f"{BASE}/StructureDefinition/{name}"


def profiles(*definitions: dict[str, Any], value_sets: Mapping[str, Any] | None = None, **overrides: Any) -> Profiles:
    """The checker over the small guide."""
    rows = {name: raw for definition in (TYPES, *definitions) for name, raw in definition.items()}
    return Profiles(
        Guide(
            canonical=BASE,
            version="1",
            library=Library([read_definition(name, raw) for name, raw in rows.items()]),
            terminology=Terminology({url: ValueSet.read(url, raw) for url, raw in (value_sets or {}).items()}),
            overrides=Overrides(**overrides),
        ),
        {},
    )


def checked(resource: dict[str, Any], elements: Mapping[str, Any], *more: dict[str, Any], **settings: Any) -> Report:
    """A resource held against one profile with these elements; `more` are further definitions."""
    kind = resource["resourceType"]
    return profiles(profile("it", kind, elements), *more, **settings).check(resource, canonical("it"))


def found(report: Report) -> list[tuple[str, str]]:
    """What was found: rule and place."""
    return [(issue.rule, issue.path) for issue in report.issues]


def skipped(report: Report) -> list[tuple[str, str]]:
    """What was not evaluated: rule and place."""
    return [(row.rule, row.path) for row in report.not_evaluated]
