"""Rules about the rows of a Claim that no StructureDefinition holds (PAS 2.2.1 spec-22, 34, 69 to 72)."""

from gateway.conformance.context import Context
from gateway.conformance.definitions import EXTENSIONS
from gateway.conformance.items import Item
from gateway.conformance.references import declared
from gateway.fhir.outcome import Severity

# Row, and the property of Claim.item that points at it.
_POINTERS = {
    "careTeam": "careTeamSequence",
    "diagnosis": "diagnosisSequence",
    "procedure": "procedureSequence",
    "supportingInfo": "informationSequence",
}
_NUMBERED = ("item", "insurance", *_POINTERS)
_RULES = {"supportingInfo": "spec-22"}
_UPDATE_ONLY = ("extension-infoChanged", "modifierextension-infoCancelled")
_IMMEDIATE_APPEAL = "1"  # X12 1322


def check_claim(context: Context, claim: Item) -> None:
    """Hold the rows of one Claim together."""
    for name in _NUMBERED:
        _unique(context, claim, name)
    _immediate_appeals(context, claim)
    _flags(context, claim)
    for name, pointer in _POINTERS.items():
        known = {_number(row) for row in claim.child(name)}
        for item in claim.child("item"):
            numbers = item.value.get(pointer) if isinstance(item.value, dict) else None
            if not isinstance(numbers, list) or all(one in known for one in numbers if _is_number(one)):
                continue
            for row in item.child(pointer):
                if _is_number(row.value) and row.value not in known:
                    context.findings.error(
                        "sequence-resolves",
                        row.path,
                        f"No {name} has this sequence.",
                        f"Point at the sequence of a {name} that is sent.",
                        code="not-found",
                    )


def _unique(context: Context, claim: Item, name: str) -> None:
    seen: set[int] = set()
    for row in claim.child(name):
        number = _number(row)
        if number is None:
            continue
        if number in seen:
            context.findings.error(
                _RULES.get(name, "sequence-unique"),
                f"{row.path}.sequence",
                f"Another {name} has the same sequence.",
                f"Give each {name} its own sequence, and keep it in updates.",
                code="duplicate",
            )
        seen.add(number)


def _number(row: Item) -> int | None:
    value = row.value.get("sequence") if isinstance(row.value, dict) else None
    return value if _is_number(value) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _immediate_appeals(context: Context, claim: Item) -> None:
    """ImmediateLevelOfCare as meant: an immediate appeal states its level of service on the Claim.

    As published the rule can never fail (profiles/pas/2.2.1/overrides.yaml).
    """
    base = f"{context.guide.structures}extension-"
    if _extensions(claim, f"{base}levelOfServiceCode"):
        return
    for item in claim.child("item"):
        for extension in _extensions(item, f"{base}certificationType"):
            concept = extension.value.get("valueCodeableConcept")
            codings = concept.get("coding") if isinstance(concept, dict) else None
            rows = codings if isinstance(codings, list) else []
            codes = [row.get("code") for row in rows if isinstance(row, dict)]
            if _IMMEDIATE_APPEAL in codes:
                context.findings.add(
                    Severity.WARNING,
                    "ImmediateLevelOfCare",
                    item.path,
                    "An immediate appeal without a level of service.",
                    "Send the extension levelOfServiceCode on the Claim.",
                    code="business-rule",
                )


def _flags(context: Context, claim: Item) -> None:
    """infoChanged and infoCancelled compare with a prior Claim; only profile-claim-update has them."""
    if _is_update(context, claim):
        return
    urls = [f"{context.guide.structures}{name}" for name in _UPDATE_ONLY]
    for row in (*claim.child("item"), *claim.child("supportingInfo")):
        names = [name for name in EXTENSIONS if row.value.__class__ is dict and name in row.value]
        for extension in [one for name in names for one in row.child(name)]:
            if isinstance(extension.value, dict) and extension.value.get("url") in urls:
                context.findings.error(
                    "update-only",
                    extension.path,
                    "Only an update says what is changed or cancelled.",
                    "Remove the extension, or send the Claim as an update of the prior one (profile-claim-update).",
                    code="business-rule",
                )


def _is_update(context: Context, claim: Item) -> bool:
    """By what the Claim declares to be; one that declares nothing of the guide is an update if it has `related`."""
    urls = [canonical.partition("|")[0] for canonical in declared(claim)]
    own = [url.removeprefix(context.guide.structures) for url in urls if url.startswith(context.guide.structures)]
    return "profile-claim-update" in own if own else bool(claim.child("related"))


def _extensions(item: Item, url: str) -> list[Item]:
    return [row for row in item.child("extension") if isinstance(row.value, dict) and row.value.get("url") == url]
