"""Spoilt requests: what is wrong in one resource or one row."""

from tests.conformance.spoiling import (
    CERTIFICATION,
    CLAIM,
    COVERAGE,
    DROP,
    ITEM,
    PATIENT,
    SERVICE,
    TEMP,
    Mutants,
    S,
    again,
    at,
    both,
    concept,
)

# name: how to spoil it, the rule that must say so, the place it must name
MUTANTS: Mutants = {
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
    "no such code": (at(f"{CLAIM}.use", "wish"), "pattern", f"{CLAIM}.use"),
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
