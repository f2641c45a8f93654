"""A good bundle is accepted; spoilt in one place it is rejected, by the right rule, at the right place."""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from gateway.conformance import Profiles
from gateway.fhir.outcome import Severity

S = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/"
CLAIM = "Bundle.entry[0].resource"
COVERAGE = "Bundle.entry[2].resource"
SERVICE = "Bundle.entry[10].resource"
Bundle = dict[str, Any]
DROP = object()


def at(place: str, value: Any) -> Callable[[Bundle], None]:
    """Put a value at `Bundle.entry[0]...`, a JSON path as the checker writes it; DROP removes what is there."""

    def spoil(bundle: Bundle) -> None:
        steps = [int(step[1:-1]) if step[0] == "[" else step for step in re.findall(r"\[\d+\]|\w+", place)][1:]
        target: Any = bundle
        for step in steps[:-1]:
            target = target[step]
        if value is DROP:
            del target[steps[-1]]
        elif isinstance(target, list) and steps[-1] == len(target):
            target.append(deepcopy(value))
        else:
            target[steps[-1]] = deepcopy(value)

    return spoil


def both(*parts: Callable[[Bundle], None]) -> Callable[[Bundle], None]:
    def spoil(bundle: Bundle) -> None:
        for part in parts:
            part(bundle)

    return spoil


def again(place: str) -> Callable[[Bundle], None]:
    """Repeat the first row of the list at `place` at its end."""

    def spoil(bundle: Bundle) -> None:
        target: Any = bundle
        for step in re.findall(r"\[\d+\]|\w+", place)[1:]:
            target = target[int(step[1:-1]) if step[0] == "[" else step]
        target.append(deepcopy(target[0]))

    return spoil


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


ITEM = f"{CLAIM}.item[0]"
CERTIFICATION = f"{ITEM}.extension[1]"
TEMP = "http://hl7.org/fhir/us/davinci-pas/CodeSystem/PASTempCodes"
PATIENT = "Bundle.entry[1].resource"
V3 = "urn:uuid:6fa459ea-ee8a-3ca4-894e-db77e160355e"

# name: how to spoil it, the rule that must say so, the place it must name
MUTANTS: dict[str, tuple[Callable[[Bundle], None], str, str]] = {
    # cardinality
    "no Bundle.identifier": (at("Bundle.identifier", DROP), "cardinality", "Bundle.identifier"),
    "no Bundle.timestamp": (at("Bundle.timestamp", DROP), "cardinality", "Bundle.timestamp"),
    "no Claim.insurer": (at(f"{CLAIM}.insurer", DROP), "cardinality", f"{CLAIM}.insurer"),
    "no Claim.created, which R4 demands": (at(f"{CLAIM}.created", DROP), "cardinality", f"{CLAIM}.created"),
    "no item.category": (at(f"{ITEM}.category", DROP), "cardinality", f"{ITEM}.category"),
    "no item.location[x]": (at(f"{ITEM}.locationCodeableConcept", DROP), "cardinality", f"{ITEM}.location"),
    "no item at all": (at(f"{CLAIM}.item", DROP), "cardinality", f"{CLAIM}.item"),
    "no certification type": (
        at(CERTIFICATION, DROP),
        "cardinality",
        f"{ITEM}.extension('{S}extension-certificationType')",
    ),
    "care team row without scope": (
        at(f"{CLAIM}.careTeam[0].extension", DROP),
        "cardinality",
        f"{CLAIM}.careTeam[0].extension('{S}extension-careTeamClaimScope')",
    ),
    "document without its information": (
        at(f"{CLAIM}.supportingInfo[1].extension", DROP),
        "cardinality",
        f"{CLAIM}.supportingInfo[1].extension('{S}extension-documentInformation')",
    ),
    "related on an initial request": (
        at(f"{CLAIM}.related", [{"claim": {"display": "an earlier one"}}]),
        "cardinality",
        f"{CLAIM}.related",
    ),
    "three identifiers": (
        both(again(f"{CLAIM}.identifier"), again(f"{CLAIM}.identifier")),
        "cardinality",
        f"{CLAIM}.identifier",
    ),
    "two patient events": (
        both(
            at(
                f"{CLAIM}.supportingInfo[3]",
                {"sequence": 9, "category": concept(TEMP, "patientEvent"), "timingDate": "2026-11-18"},
            )
        ),
        "cardinality",
        f"{CLAIM}.supportingInfo",
    ),
    "value in a patient event": (
        at(f"{CLAIM}.supportingInfo[0].valueString", "x"),
        "cardinality",
        f"{CLAIM}.supportingInfo[0].value",
    ),
    "coverage without member id": (
        at(f"{COVERAGE}.identifier[0].type", concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MR")),
        "cardinality",
        f"{COVERAGE}.identifier",
    ),
    "document by url": (
        at("Bundle.entry[9].resource.content[0].attachment.url", "http://example.org/a"),
        "cardinality",
        "Bundle.entry[9].resource.content[0].attachment.url",
    ),
    "date and period at once": (at(f"{ITEM}.servicedDate", "2026-12-01"), "cardinality", f"{ITEM}.serviced"),
    "search in an entry": (at("Bundle.entry[0].search", {"mode": "match"}), "cardinality", "Bundle.entry[0].search"),
    # shape
    "unknown property": (at(f"{ITEM}.colour", "blue"), "unknown-element", f"{ITEM}.colour"),
    "unknown property in a data type": (
        at(f"{PATIENT}.name[0].nick", "x"),
        "unknown-element",
        f"{PATIENT}.name[0].nick",
    ),
    "empty array": (at(f"{ITEM}.modifier", []), "empty", f"{ITEM}.modifier"),
    "empty object": (at(f"{ITEM}.quantity", {}), "empty", f"{ITEM}.quantity"),
    "null": (at(f"{CLAIM}.use", None), "empty", f"{CLAIM}.use"),
    "single value where an array is due": (at(f"{ITEM}.diagnosisSequence", 1), "type", f"{ITEM}.diagnosisSequence"),
    "array where a single value is due": (at(f"{CLAIM}.use", ["preauthorization"]), "type", f"{CLAIM}.use"),
    "string where an object is due": (at(f"{CLAIM}.patient", "Patient/1"), "type", f"{CLAIM}.patient"),
    "number in quotes": (at(f"{ITEM}.quantity.value", "12"), "type", f"{ITEM}.quantity.value"),
    "true in quotes": (at(f"{CLAIM}.insurance[0].focal", "true"), "type", f"{CLAIM}.insurance[0].focal"),
    "type the profile does not leave": (
        at(f"{CLAIM}.diagnosis[0]", {"sequence": 1, "diagnosisReference": {"display": "low back pain"}}),
        "type",
        f"{CLAIM}.diagnosis[0].diagnosis",
    ),
    "resource without a type": (at(f"{PATIENT}.resourceType", DROP), "resource-type", PATIENT),
    # primitives
    "impossible date": (at(f"{PATIENT}.birthDate", "1957-02-30"), "primitive-format", f"{PATIENT}.birthDate"),
    "date in the American order": (
        at(f"{PATIENT}.birthDate", "03/09/1957"),
        "primitive-format",
        f"{PATIENT}.birthDate",
    ),
    "time without a zone": (at("Bundle.timestamp", "2026-11-20T09:30:01"), "primitive-format", "Bundle.timestamp"),
    "sequence 0": (at(f"{ITEM}.sequence", 0), "primitive-format", f"{ITEM}.sequence"),
    "id with an underscore": (at(f"{CLAIM}.id", "request_1"), "primitive-format", f"{CLAIM}.id"),
    "empty string": (at(f"{PATIENT}.name[0].family", ""), "primitive-format", f"{PATIENT}.name[0].family"),
    "broken base64": (
        at("Bundle.entry[9].resource.content[0].attachment.data", "not base64!"),
        "primitive-format",
        "Bundle.entry[9].resource.content[0].attachment.data",
    ),
    # fixed and pattern
    "claim, not preauthorization": (at(f"{CLAIM}.use", "claim"), "pattern", f"{CLAIM}.use"),
    "status cancelled": (at(f"{CLAIM}.status", "cancelled"), "pattern", f"{CLAIM}.status"),
    "insurance not focal": (at(f"{CLAIM}.insurance[0].focal", False), "pattern", f"{CLAIM}.insurance[0].focal"),
    "order that is a plan": (at(f"{SERVICE}.intent", "plan"), "fixed", f"{SERVICE}.intent"),
    "Bundle of type batch": (at("Bundle.type", "batch"), "pattern", "Bundle.type"),
    # bindings
    "no such code": (at(f"{CLAIM}.use", "wish"), "binding", f"{CLAIM}.use"),
    "claim type the guide leaves out": (
        at(f"{CLAIM}.type", concept("http://terminology.hl7.org/CodeSystem/claim-type", "vision")),
        "binding",
        f"{CLAIM}.type",
    ),
    "wrong system": (at(f"{ITEM}.category", concept("http://example.org/own", "42")), "binding", f"{ITEM}.category"),
    "HCPCS by its https name": (
        at(f"{ITEM}.productOrService", concept("https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "G0151")),
        "binding",
        f"{ITEM}.productOrService",
    ),
    "words where a code is due": (at(f"{ITEM}.category", {"text": "home care"}), "binding", f"{ITEM}.category"),
    "wrong system in an extension": (
        at(f"{CERTIFICATION}.valueCodeableConcept", concept("http://example.org/own", "I")),
        "binding",
        f"{CERTIFICATION}.value",
    ),
    "role of the wrong list in a care team slice": (
        at(f"{CLAIM}.careTeam[0].role", concept("http://example.org/own", "71")),
        "binding",
        f"{CLAIM}.careTeam[0].role",
    ),
    # extensions
    "unknown extension of the guide": (
        at(f"{ITEM}.extension[4]", {"url": f"{S}extension-wish", "valueString": "x"}),
        "unknown-extension",
        f"{ITEM}.extension[4]",
    ),
    "unknown modifier extension": (
        at(f"{ITEM}.modifierExtension", [{"url": "http://example.org/m", "valueBoolean": True}]),
        "unknown-extension",
        f"{ITEM}.modifierExtension[0]",
    ),
    "unknown part of an extension": (
        at(f"{CLAIM}.supportingInfo[1].extension[0].extension[1].url", "control"),
        "unknown-extension",
        f"{CLAIM}.supportingInfo[1].extension[0].extension[1]",
    ),
    "relative url outside an extension": (
        at(f"{CERTIFICATION}.url", "certificationType"),
        "unknown-extension",
        CERTIFICATION,
    ),
    "extension in the wrong place": (
        at(f"{CLAIM}.insurance[0].extension", [{"url": f"{S}extension-epsdtIndicator", "valueBoolean": True}]),
        "extension-context",
        f"{CLAIM}.insurance[0].extension[0]",
    ),
    "extension value of another type": (
        at(CERTIFICATION, {"url": f"{S}extension-certificationType", "valueString": "I"}),
        "type",
        f"{CERTIFICATION}.value",
    ),
    "extension with value and parts": (
        at(f"{CERTIFICATION}.extension", [{"url": "x", "valueString": "y"}]),
        "ext-1",
        CERTIFICATION,
    ),
    "modifier extension as a plain one": (
        at(f"{ITEM}.extension[4]", {"url": f"{S}modifierextension-infoCancelled", "valueBoolean": True}),
        "extension-modifier",
        f"{ITEM}.extension[4]",
    ),
    # invariants
    "month where a day is due": (
        at(f"{CLAIM}.supportingInfo[0].timingDate", "2026-11"),
        "FullDateRule",
        f"{CLAIM}.supportingInfo[0].timing",
    ),
    "self without code 18 and without subscriber": (
        at(f"{COVERAGE}.relationship.coding[1]", DROP),
        "self-beneficiary",
        COVERAGE,
    ),
    "period that ends before it starts": (at(f"{ITEM}.servicedPeriod.end", "2026-11-01"), "per-1", f"{ITEM}.serviced"),
    "attachment without its type": (
        at("Bundle.entry[9].resource.content[0].attachment.contentType", DROP),
        "att-1",
        "Bundle.entry[9].resource.content[0].attachment",
    ),
    "NPI of nine digits": (
        at("Bundle.entry[3].resource.identifier[0].value", "123456789"),
        "us-core-16",
        "Bundle.entry[3].resource.identifier[0]",
    ),
    "NPI with a wrong check digit": (
        at("Bundle.entry[3].resource.identifier[0].value", "1234567890"),
        "us-core-17",
        "Bundle.entry[3].resource.identifier[0]",
    ),
    "patient with neither family nor given name": (
        at(f"{PATIENT}.name[0]", {"text": "O."}),
        "us-core-6",
        f"{PATIENT}.name[0]",
    ),
    "practitioner role nobody can reach": (
        at("Bundle.entry[5].resource.telecom", DROP),
        "pd-1",
        "Bundle.entry[5].resource",
    ),
    "contained resource nobody refers to": (
        at(f"{CLAIM}.contained", [{"resourceType": "Organization", "id": "x", "name": "Nobody"}]),
        "dom-3",
        f"{CLAIM}.contained[0]",
    ),
    "script in a narrative": (
        at(f"{CLAIM}.text.div", '<div xmlns="http://www.w3.org/1999/xhtml">x<script>1</script></div>'),
        "txt-1",
        f"{CLAIM}.text.div",
    ),
    "period without its unit": (
        at(f"{SERVICE}.occurrenceTiming.repeat.periodUnit", DROP),
        "tim-2",
        f"{SERVICE}.occurrence.repeat",
    ),
    # narrative rules of the guide
    "timing of no known shape": (
        at(f"{SERVICE}.occurrenceTiming.repeat", {"duration": 1, "durationUnit": "h"}),
        "prof-1",
        f"{SERVICE}.occurrence",
    ),
    "quantity without unit": (at(f"{ITEM}.quantity", {"value": 12}), "prof-2", f"{ITEM}.quantity"),
    "quantity in UCUM": (
        at(f"{ITEM}.quantity", {"value": 12, "unit": "1", "system": "http://unitsofmeasure.org", "code": "1"}),
        "prof-3",
        f"{ITEM}.quantity",
    ),
    # references
    "dangling reference": (
        at(f"{CLAIM}.provider.reference", "urn:uuid:00000000-0000-4000-8000-000000000000"),
        "reference-resolves",
        f"{CLAIM}.provider",
    ),
    "reference that only the id would find": (
        at(f"{CLAIM}.provider.reference", "Organization/requestor-1"),
        "reference-resolves",
        f"{CLAIM}.provider",
    ),
    "reference to a missing contained resource": (
        at(f"{CLAIM}.provider.reference", "#nobody"),
        "ref-1",
        f"{CLAIM}.provider",
    ),
    "patient that is an organization": (
        lambda bundle: bundle["entry"][0]["resource"].update(patient={"reference": bundle["entry"][3]["fullUrl"]}),
        "reference-target",
        f"{CLAIM}.patient",
    ),
    "insurer that is not active": (
        at("Bundle.entry[3].resource.active", False),
        "pattern",
        "Bundle.entry[3].resource.active",
    ),
    "insurer that is not active and declares nothing": (
        both(at("Bundle.entry[3].resource.active", False), at("Bundle.entry[3].resource.meta", DROP)),
        "pattern",
        "Bundle.entry[3].resource.active",
    ),
    "target that fails its profile": (at(f"{PATIENT}.gender", DROP), "cardinality", f"{PATIENT}.gender"),
    # the Bundle
    "Claim not first": (lambda bundle: bundle["entry"].reverse(), "ClaimFirst", "Bundle"),
    "three Claims": (both(again("Bundle.entry"), again("Bundle.entry")), "cardinality", "Bundle.entry"),
    "same fullUrl twice": (
        lambda bundle: bundle["entry"].append(deepcopy(bundle["entry"][1])),
        "full-url-unique",
        "Bundle.entry[11].fullUrl",
    ),
    "fullUrl that is no URL": (
        at("Bundle.entry[1].fullUrl", "Patient/patient-1"),
        "full-url",
        "Bundle.entry[1].fullUrl",
    ),
    "UUID of version 3": (at("Bundle.entry[1].fullUrl", V3), "full-url", "Bundle.entry[1].fullUrl"),
    "fullUrl of another id": (
        at("Bundle.entry[1].fullUrl", "http://example.org/fhir/Patient/2"),
        "full-url",
        "Bundle.entry[1].fullUrl",
    ),
    "no fullUrl": (at("Bundle.entry[1].fullUrl", DROP), "cardinality", "Bundle.entry[1].fullUrl"),
    # rows of the Claim
    "same supportingInfo sequence": (
        at(f"{CLAIM}.supportingInfo[1].sequence", 1),
        "spec-22",
        f"{CLAIM}.supportingInfo[1].sequence",
    ),
    "same item sequence": (at(f"{CLAIM}.item[1].sequence", 1), "sequence-unique", f"{CLAIM}.item[1].sequence"),
    "diagnosis nobody sent": (
        at(f"{ITEM}.diagnosisSequence", [1, 7]),
        "sequence-resolves",
        f"{ITEM}.diagnosisSequence[1]",
    ),
    "care team nobody sent": (at(f"{ITEM}.careTeamSequence", [3]), "sequence-resolves", f"{ITEM}.careTeamSequence[0]"),
    "information nobody sent": (
        at(f"{ITEM}.informationSequence", [4]),
        "sequence-resolves",
        f"{ITEM}.informationSequence[0]",
    ),
}


def test_the_good_request_has_nothing_to_report(profiles: Profiles, request_bundle: Bundle) -> None:
    report = profiles.check(request_bundle)

    assert report.issues == ()
    assert report.profile == f"{S}profile-pas-request-bundle|2.2.1"


def test_the_good_response_has_nothing_to_report(profiles: Profiles, response_bundle: Bundle) -> None:
    report = profiles.check(response_bundle)

    assert report.issues == ()
    assert report.profile == f"{S}profile-pas-response-bundle|2.2.1"


@pytest.mark.parametrize("name", MUTANTS)
def test_a_spoilt_request_is_rejected_by_its_rule_at_its_place(
    profiles: Profiles, request_bundle: Bundle, name: str
) -> None:
    spoil, rule, path = MUTANTS[name]
    spoil(request_bundle)

    report = profiles.check(request_bundle)

    errors = [(issue.rule, issue.path) for issue in report.issues if issue.is_error]
    assert (rule, path) in errors
    assert not report.ok
    assert all(issue.text and issue.fix for issue in report.issues if issue.is_error)


WARNED = {
    "entry nothing leads to": (
        at(
            "Bundle.entry[11]",
            {
                "fullUrl": "urn:uuid:11111111-1111-4111-8111-111111111111",
                "resource": {"resourceType": "Basic", "code": {"text": "stray"}},
            },
        ),
        "spec-20",
        "Bundle.entry[11].resource",
    ),
    "immediate appeal without level of service": (
        both(
            at(f"{CLAIM}.extension", DROP),
            at(f"{CERTIFICATION}.valueCodeableConcept", concept("https://codesystem.x12.org/005010/1322", "1")),
        ),
        "ImmediateLevelOfCare",
        ITEM,
    ),
    "category beyond the extensible set": (
        at(f"{CLAIM}.supportingInfo[2].category", concept(TEMP, "changed")),
        "binding",
        f"{CLAIM}.supportingInfo[2].category",
    ),
}


@pytest.mark.parametrize("name", WARNED)
def test_what_the_guide_leaves_open_is_a_warning(profiles: Profiles, request_bundle: Bundle, name: str) -> None:
    spoil, rule, path = WARNED[name]
    spoil(request_bundle)

    report = profiles.check(request_bundle)

    assert [(issue.rule, issue.path, issue.severity) for issue in report.issues] == [(rule, path, Severity.WARNING)]
    assert report.ok


def test_an_extension_of_someone_else_is_only_mentioned(profiles: Profiles, request_bundle: Bundle) -> None:
    at(f"{ITEM}.extension[4]", {"url": "http://example.org/own", "valueString": "x"})(request_bundle)

    report = profiles.check(request_bundle)

    assert [(issue.rule, issue.severity) for issue in report.issues] == [("unknown-extension", Severity.INFORMATION)]


def test_no_finding_quotes_what_was_sent(profiles: Profiles, request_bundle: Bundle) -> None:
    for spoil, _, _ in MUTANTS.values():
        bundle = deepcopy(request_bundle)
        spoil(bundle)
        said = str(profiles.check(bundle))
        for secret in ("Quillfeather", "Odessa", "MEMBER-0001", "1957", 'wish"', "stray"):
            assert secret not in said


RESPONSES = {
    "outcome queued": (at(f"{CLAIM}.outcome", "queued"), "binding", f"{CLAIM}.outcome"),
    "review action code by the wrong system": (
        at(
            f"{CLAIM}.item[0].adjudication[0].extension[0].extension[0].valueCodeableConcept",
            concept("http://example.org/own", "A1"),
        ),
        "binding",
        f"{CLAIM}.item[0].adjudication[0].extension[0].extension[0].value",
    ),
    "no request": (at(f"{CLAIM}.request", DROP), "cardinality", f"{CLAIM}.request"),
    "ClaimResponse not first": (lambda bundle: bundle["entry"].reverse(), "ClaimResponseFirst", "Bundle"),
    "patient not included": (lambda bundle: bundle["entry"].pop(1), "reference-resolves", f"{CLAIM}.patient"),
}


@pytest.mark.parametrize("name", RESPONSES)
def test_a_spoilt_response_is_rejected_by_its_rule_at_its_place(
    profiles: Profiles, response_bundle: Bundle, name: str
) -> None:
    spoil, rule, path = RESPONSES[name]
    spoil(response_bundle)

    assert (rule, path) in [(issue.rule, issue.path) for issue in profiles.check(response_bundle).issues]
