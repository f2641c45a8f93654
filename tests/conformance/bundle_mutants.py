"""Spoilt requests: references, entries, and resources that do not go together."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.conformance.spoiling import (
    CERTIFICATION,
    CLAIM,
    COVERAGE,
    DROP,
    ITEM,
    PATIENT,
    TEMP,
    V3,
    Bundle,
    Mutants,
    S,
    again,
    at,
    both,
    concept,
)

DOCUMENT = "urn:uuid:0fd630f1-f29d-4da9-953f-48f1a09f76b5"
OTHER = "urn:uuid:77777777-7777-4777-8777-777777777777"
NOBODY = {"display": "someone"}
NUMBER = {"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "9000000023"}}


def contained(entry: int, *places: str) -> Callable[[Bundle], None]:
    """Refer at each place to a copy of an entry's resource that is contained where the reference stands."""

    def spoil(bundle: Bundle) -> None:
        copy = deepcopy(bundle["entry"][entry]["resource"])
        for place in places:
            home = place.partition(".resource")[0] + ".resource"
            at(f"{home}.contained", [{**copy, "id": "p"}])(bundle)
            at(place, {"reference": "#p"})(bundle)

    return spoil


def copied(entry: int, **changes: Any) -> Callable[[Bundle], None]:
    """Send an entry's resource once more, under another id and fullUrl, and with some properties changed."""

    def spoil(bundle: Bundle) -> None:
        copy = {**deepcopy(bundle["entry"][entry]["resource"]), "id": "copy", **changes}
        bundle["entry"].append({"fullUrl": OTHER, "resource": copy})

    return spoil


def declared(name: str) -> Callable[[Bundle], None]:
    return at(f"{CLAIM}.meta.profile", [f"{S}{name}"])


def prior(bundle: Bundle) -> None:
    """Make the request an update of a prior one that is the same but for its certification."""
    copied(0, identifier=[{"system": "urn:trnorg:9000000001", "value": "REQ-0000"}])(bundle)
    claim = bundle["entry"][0]["resource"]
    claim["meta"]["profile"] = [f"{S}profile-claim-update"]
    relation = concept("http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship", "prior")
    claim["related"] = [{"claim": {"reference": OTHER}, "relationship": relation}]


CHANGED = {"url": f"{S}extension-infoChanged", "valueCode": "changed"}
CANCELLED = {"url": f"{S}modifierextension-infoCancelled", "valueBoolean": True}


# name: how to spoil it, the rule that must say so, the place it must name
BUNDLE_MUTANTS: Mutants = {
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
    # references that must lead to an entry
    "patient contained in the Claim": (
        contained(1, f"{CLAIM}.patient"),
        "reference-resolves",
        f"{CLAIM}.patient",
    ),
    "beneficiary contained in the Coverage": (
        contained(1, f"{COVERAGE}.beneficiary"),
        "reference-resolves",
        f"{COVERAGE}.beneficiary",
    ),
    "practitioner contained in the role": (
        contained(6, "Bundle.entry[5].resource.practitioner"),
        "reference-resolves",
        "Bundle.entry[5].resource.practitioner",
    ),
    "contained Claim as the prior one": (
        both(prior, contained(0, f"{CLAIM}.related[0].claim")),
        "reference-resolves",
        f"{CLAIM}.related[0].claim",
    ),
    "patient by display": (at(f"{CLAIM}.patient", NOBODY), "spec-13", f"{CLAIM}.patient"),
    "insurer by identifier": (at(f"{CLAIM}.insurer", NUMBER), "spec-13", f"{CLAIM}.insurer"),
    "provider by identifier": (at(f"{CLAIM}.provider", NUMBER), "spec-13", f"{CLAIM}.provider"),
    "coverage by display": (
        at(f"{CLAIM}.insurance[0].coverage", NOBODY),
        "spec-13",
        f"{CLAIM}.insurance[0].coverage",
    ),
    "beneficiary by identifier": (at(f"{COVERAGE}.beneficiary", NUMBER), "spec-13", f"{COVERAGE}.beneficiary"),
    "payor by display": (at(f"{COVERAGE}.payor[0]", NOBODY), "spec-13", f"{COVERAGE}.payor[0]"),
    "patient of the prior Claim by display": (
        both(prior, at("Bundle.entry[11].resource.patient", NOBODY)),
        "spec-13",
        "Bundle.entry[11].resource.patient",
    ),
    # resources that do not go together
    "same patient under two addresses": (copied(1), "spec-14", "Bundle.entry[11].resource"),
    "same order under two addresses": (copied(10), "spec-14", "Bundle.entry[11].resource"),
    "coverage of another person": (
        both(
            copied(1, identifier=[{"system": "urn:oid:1.2.3.4.5", "value": "MEMBER-0002"}]),
            at(f"{COVERAGE}.beneficiary.reference", OTHER),
        ),
        "same-beneficiary",
        f"{COVERAGE}.beneficiary",
    ),
    "prior Claim of another person": (
        both(
            prior,
            copied(1, birthDate="1958-01-01"),
            at("Bundle.entry[12].fullUrl", OTHER[:-1] + "8"),
            at("Bundle.entry[11].resource.patient.reference", OTHER[:-1] + "8"),
        ),
        "same-beneficiary",
        f"{COVERAGE}.beneficiary",
    ),
    "inquiry where a request is due": (declared("profile-claim-inquiry"), "profile", f"{CLAIM}.meta.profile[0]"),
    "inquiry of another version where a request is due": (
        declared("profile-claim-inquiry|2.0.1"),
        "profile",
        f"{CLAIM}.meta.profile[0]",
    ),
    "two initial Claims": (
        copied(0, identifier=[{"system": "urn:trnorg:9000000001", "value": "REQ-0002"}]),
        "spec-65",
        "Bundle.entry[11].resource",
    ),
    "second Claim that is not the prior one": (
        both(prior, at("Bundle.entry[11].fullUrl", OTHER[:-1] + "8")),
        "spec-65",
        "Bundle.entry[11].resource",
    ),
    "changed item in an initial request": (
        at(f"{ITEM}.extension[4]", CHANGED),
        "update-only",
        f"{ITEM}.extension[4]",
    ),
    "cancelled item in an initial request": (
        at(f"{ITEM}.modifierExtension", [CANCELLED]),
        "update-only",
        f"{ITEM}.modifierExtension[0]",
    ),
    "changed item in an initial request that declares so and has a prior": (
        both(
            prior,
            declared("profile-claim"),
            at(f"{ITEM}.extension[4]", CHANGED),
        ),
        "update-only",
        f"{ITEM}.extension[4]",
    ),
    "changed information in an initial request": (
        at(f"{CLAIM}.supportingInfo[0].extension", [CHANGED]),
        "update-only",
        f"{CLAIM}.supportingInfo[0].extension[0]",
    ),
    "cancelled information in a request that declares nothing": (
        both(
            at(f"{CLAIM}.meta", DROP),
            at(f"{CLAIM}.supportingInfo[2].modifierExtension", [CANCELLED]),
        ),
        "update-only",
        f"{CLAIM}.supportingInfo[2].modifierExtension[0]",
    ),
    "changed item in the prior Claim, an initial request": (
        both(prior, at("Bundle.entry[11].resource.item[0].extension[4]", CHANGED)),
        "update-only",
        "Bundle.entry[11].resource.item[0].extension[4]",
    ),
    "document only the order points at": (
        both(
            at(f"{CLAIM}.supportingInfo[1]", DROP),
            at("Bundle.entry[10].resource.supportingInfo", [{"reference": DOCUMENT}]),
        ),
        "spec-20",
        "Bundle.entry[9].resource",
    ),
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
}

# The same, where the guide leaves it open or only advises.
WARNED: Mutants = {
    "organization nothing leads to": (
        at(
            "Bundle.entry[11]",
            {
                "fullUrl": "urn:uuid:11111111-1111-4111-8111-111111111111",
                "resource": {"resourceType": "Organization", "active": True, "name": "Stray"},
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
    "organization of a role by display": (
        at("Bundle.entry[5].resource.organization", NOBODY),
        "spec-13",
        "Bundle.entry[5].resource.organization",
    ),
    "prior Claim by display": (
        both(prior, lambda bundle: bundle["entry"].pop(), at(f"{CLAIM}.related[0].claim", NOBODY)),
        "spec-13",
        f"{CLAIM}.related[0].claim",
    ),
    "author contained in a document": (
        both(
            at("Bundle.entry[9].resource.author", [{}]),
            contained(4, "Bundle.entry[9].resource.author[0]"),
        ),
        "reference-resolves",
        "Bundle.entry[9].resource.author[0]",
    ),
    "two organizations with one NPI": (
        at("Bundle.entry[7].resource.identifier[0].value", "9000000023"),
        "spec-15",
        "Bundle.entry[7].resource",
    ),
    "subscriber who is the patient under another address": (
        both(
            copied(1, meta={"profile": [f"{S}profile-subscriber"]}),
            at(f"{COVERAGE}.subscriber", {"reference": OTHER}),
        ),
        "spec-15",
        "Bundle.entry[11].resource",
    ),
    "practitioner who shares an NPI with another": (
        both(
            copied(6, name=[{"family": "Example", "given": ["Other"]}]),
            at("Bundle.entry[9].resource.author", [{"reference": OTHER}]),
        ),
        "spec-15",
        "Bundle.entry[11].resource",
    ),
    "coverage that shares its member id with another": (
        both(
            copied(2, period={"start": "2027-01-01"}),
            again(f"{CLAIM}.insurance"),
            at(f"{CLAIM}.insurance[1].sequence", 2),
            at(f"{CLAIM}.insurance[1].coverage.reference", OTHER),
        ),
        "spec-15",
        "Bundle.entry[11].resource",
    ),
    "location of one id on two servers": (
        both(
            copied(8, id="one", name="Elsewhere"),
            at("Bundle.entry[11].fullUrl", "http://b.example.org/Location/one"),
            at("Bundle.entry[8].fullUrl", "http://a.example.org/Location/one"),
            at("Bundle.entry[8].resource.id", "one"),
            at(
                "Bundle.entry[5].resource.location",
                [{"reference": f"http://{host}.example.org/Location/one"} for host in "ab"],
            ),
        ),
        "spec-14",
        "Bundle.entry[11].resource",
    ),
    "member id without its value": (
        at(f"{COVERAGE}.identifier[0].value", DROP),
        "member-id-value",
        f"{COVERAGE}.identifier[0]",
    ),
}

# Bundles that look like the above and are right.
SOUND: dict[str, Callable[[Bundle], None]] = {
    "an update with its prior Claim": prior,
    "an update that says what changed": both(
        prior,
        at(f"{ITEM}.extension[4]", CHANGED),
        at(f"{ITEM}.modifierExtension", [CANCELLED]),
        at(f"{CLAIM}.supportingInfo[0].extension", [CHANGED]),
    ),
    "a prior Claim whose own prior stays at home": both(
        prior,
        at("Bundle.entry[11].resource.meta.profile", [f"{S}profile-claim-update"]),
        at(
            "Bundle.entry[11].resource.related",
            [
                {
                    "claim": {"reference": "urn:uuid:88888888-8888-4888-8888-888888888888"},
                    "relationship": concept(
                        "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship", "prior"
                    ),
                }
            ],
        ),
    ),
    "a dependent who shares the subscriber's member id": both(
        copied(1, birthDate="1990-01-01", name=[{"family": "Example", "given": ["Elder"]}]),
        at(f"{COVERAGE}.subscriber", {"reference": OTHER}),
    ),
    "an update that declares nothing of the guide": both(
        prior,
        at(f"{CLAIM}.meta.profile", ["http://example.org/StructureDefinition/own"]),
        at(f"{ITEM}.extension[4]", CHANGED),
    ),
    "a Claim that also declares what its profile derives from": at(
        f"{CLAIM}.meta.profile",
        [f"{S}profile-claim-base", "http://hl7.org/fhir/StructureDefinition/Claim", f"{S}profile-claim"],
    ),
    "an inquiry in a Bundle for inquiries": both(
        declared("profile-claim-inquiry"),
        at("Bundle.meta.profile", [f"{S}profile-pas-inquiry-request-bundle"]),
    ),
}
