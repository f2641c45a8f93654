"""The sandbox's rules on a request's Claim and Coverage (PAS profile-claim, profile-coverage)."""

from collections.abc import Iterator

from gateway.fhir.bundle import Entry
from gateway.fhir.outcome import Issue
from gateway.sandbox import names
from gateway.sandbox.checks_item import check_items
from gateway.sandbox.elements import Element, codings, element, elements, error, extensions, sequence, text
from gateway.sandbox.travel import Travellers
from gateway.sandbox.versions import RequestRules

_PARTIES = {
    "patient": ("Patient",),
    "insurer": ("Organization",),
    "provider": ("Organization", "PractitionerRole"),
}
_TIMED = ("patientEvent", "admissionDates", "dischargeDates")
_VALUES = {"additionalInformation": "valueReference", "freeFormMessage": "valueString"}


def check_claim(claim: Entry, travellers: Travellers, rules: RequestRules) -> Iterator[Issue]:
    """What is wrong with a Claim; references are taken as resolved elsewhere."""
    resource, path = claim.resource, claim.path
    yield from _trace(resource, path, rules)
    yield from _head(resource, path, rules)
    yield from _parties(resource, path, travellers)
    yield from _care_team(resource, path)
    yield from _supporting_info(resource, path)
    yield from _insurance(resource, path)
    yield from check_items(resource, path, rules)


def _trace(claim: Element, path: str, rules: RequestRules) -> Iterator[Issue]:
    identifiers, most = elements(claim, "identifier"), rules.most_identifiers
    whole = all(text(row, "system") and text(row, "value") for row in identifiers)
    if not 1 <= len(identifiers) <= most or not whole:
        yield error(
            "claim-identifier",
            f"{path}.identifier",
            "There is no trace number with system and value, or there are too many.",
            f"Send one, at most {most} in this version, each with system and value.",
            "required",
        )


def _head(claim: Element, path: str, rules: RequestRules) -> Iterator[Issue]:
    for name, wanted in (("status", "active"), ("use", "preauthorization")):
        if claim.get(name) != wanted:
            yield error(f"claim-{name}", f"{path}.{name}", f"{name} is not {wanted}.", f"Set it to {wanted}.")
    kinds = {code for system, code in codings(claim.get("type")) if system == names.CLAIM_TYPE_SYSTEM}
    if not (kinds & rules.claim_types if rules.claim_types else any(codings(claim.get("type")))):
        yield error(
            "claim-type",
            f"{path}.type",
            "type is missing, or not one this version knows.",
            f"Use institutional, professional or oral, with system {names.CLAIM_TYPE_SYSTEM}.",
            "code-invalid",
        )
    if not text(claim, "created"):
        yield error(
            "claim-created", f"{path}.created", "created is missing.", "Say when the Claim was made.", "required"
        )
    if not any(codings(claim.get("priority"))):
        yield error("claim-priority", f"{path}.priority", "priority is missing.", "Send a coded priority.", "required")


def _parties(claim: Element, path: str, travellers: Travellers) -> Iterator[Issue]:
    for name, kinds in _PARTIES.items():
        place = f"{path}.{name}"
        if not text(element(claim, name), "reference"):
            yield error(
                "claim-party", place, f"{name} has no reference.", "Refer to an entry of the Bundle.", "required"
            )
            continue
        target = travellers.one(claim[name])
        if target and target.resource.get("resourceType") not in kinds:
            yield error(
                "claim-party-type",
                place,
                f"{name} points at another kind of resource.",
                f"Point at {' or '.join(kinds)}.",
            )


def _care_team(claim: Element, path: str) -> Iterator[Issue]:
    for position, row in enumerate(elements(claim, "careTeam")):
        place = f"{path}.careTeam[{position}]"
        scopes = extensions(row, names.CARE_TEAM_SCOPE)
        if len(scopes) != 1 or not isinstance(scopes[0].get("valueBoolean"), bool):
            yield error(
                "care-team-scope",
                f"{place}.extension",
                "The row does not say whom it works for.",
                "Add careTeamClaimScope once: true for the whole claim, false for items.",
                "required",
            )
        if not sequence(row) or not text(element(row, "provider"), "reference"):
            yield error("care-team-row", place, "The row has no sequence or no provider.", "Send both.", "required")


def _supporting_info(claim: Element, path: str) -> Iterator[Issue]:
    seen: set[int] = set()
    for position, row in enumerate(elements(claim, "supportingInfo")):
        place = f"{path}.supportingInfo[{position}]"
        if not sequence(row) or sequence(row) in seen:
            yield error(
                "supporting-info-sequence",
                f"{place}.sequence",
                "The sequence is missing or used twice.",
                "Number the rows; every number once.",
                "duplicate",
            )
        seen.add(sequence(row))
        found = [code for _, code in codings(row.get("category"))]
        kind = found[0] if found else ""
        if not kind:
            yield error(
                "supporting-info-category",
                f"{place}.category",
                "The row has no category.",
                "Say what it is.",
                "required",
            )
        yield from _supporting_row(row, kind, place)


def _supporting_row(row: Element, kind: str, place: str) -> Iterator[Issue]:
    if kind in _TIMED and not any(name.startswith("timing") for name in row):
        yield error(
            "supporting-info-timing", place, "The row has no date.", "Send timingDate or timingPeriod.", "required"
        )
    if kind in _VALUES and _VALUES[kind] not in row:
        yield error("supporting-info-value", place, "The row holds nothing.", f"Send {_VALUES[kind]}.", "required")
    if kind == "additionalInformation" and not any(
        text(part, "url") == "reportTypeCode"
        for row_information in extensions(row, names.DOCUMENT_INFORMATION)
        for part in elements(row_information, "extension")
    ):
        yield error(
            "document-information",
            f"{place}.extension",
            "The row does not say what kind of document it is.",
            "Add extension documentInformation with reportTypeCode.",
            "required",
        )


def _insurance(claim: Element, path: str) -> Iterator[Issue]:
    rows = elements(claim, "insurance")
    if not rows:
        yield error("insurance", f"{path}.insurance", "There is no insurance.", "Send the coverage asked.", "required")
    for position, row in enumerate(rows):
        place = f"{path}.insurance[{position}]"
        if row.get("focal") is not True:
            yield error("insurance-focal", f"{place}.focal", "focal is not true.", "Set it to true.")
        if not sequence(row) or not text(element(row, "coverage"), "reference"):
            yield error("insurance-row", place, "The row has no sequence or no coverage.", "Send both.", "required")


def check_coverages(travellers: Travellers) -> Iterator[Issue]:
    """What is wrong with the Coverages the Claims name."""
    found = {
        entry.path: entry
        for claim in travellers.claims
        for row in elements(claim.resource, "insurance")
        if (entry := travellers.one(row.get("coverage")))
    }
    for entry in found.values():
        yield from _coverage(entry.resource, entry.path)


def _coverage(coverage: Element, path: str) -> Iterator[Issue]:
    if coverage.get("resourceType") != "Coverage":
        yield error("coverage", path, "insurance.coverage points at another kind of resource.", "Point at a Coverage.")
        return
    members = [
        row
        for row in elements(coverage, "identifier")
        if (names.IDENTIFIER_TYPE_SYSTEM, "MB") in codings(row.get("type"))
    ]
    if len(members) != 1 or not text(members[0], "value"):
        yield error(
            "coverage-member-id",
            f"{path}.identifier",
            "There is no single member id with a value.",
            "Send one identifier of type MB (system v2-0203) with the number on the card.",
            "required",
        )
    if coverage.get("status") != "active":
        yield error("coverage-status", f"{path}.status", "status is not active.", "Send the coverage in force.")
    payors = elements(coverage, "payor")
    if not element(coverage, "beneficiary") or not payors:
        yield error("coverage-party", path, "beneficiary or payor is missing.", "Send both.", "required")
    if len(payors) > 1:
        yield error("coverage-one-payor", f"{path}.payor", "There are several payors.", "Send the one asked.")
    if not element(coverage, "relationship"):
        yield error(
            "coverage-relationship",
            f"{path}.relationship",
            "relationship is missing.",
            "Say how the patient is related to the subscriber.",
            "required",
        )
    is_self = (names.RELATIONSHIP_SYSTEM, "18") in codings(coverage.get("relationship"))
    if not is_self and not element(coverage, "subscriber"):
        yield error(
            "coverage-subscriber",
            f"{path}.subscriber",
            "The patient is not marked as the subscriber, nor is one given.",
            "Add coding 18 (X12 1069) to relationship, or refer to the subscriber.",
            "invariant",
        )
