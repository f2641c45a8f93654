"""Rules about the rows of a Claim that no StructureDefinition holds (PAS 2.2.1 spec-22, spec-34)."""

from gateway.conformance.context import Context
from gateway.conformance.items import Item
from gateway.fhir.outcome import Severity

# Row, and the property of Claim.item that points at it.
_POINTERS = {"careTeam": "careTeamSequence", "diagnosis": "diagnosisSequence", "procedure": "procedureSequence",
             "supportingInfo": "informationSequence"}
_NUMBERED = ("item", "insurance", *_POINTERS)
_RULES = {"supportingInfo": "spec-22"}


def check_claim(context: Context, claim: Item) -> None:
    """Hold the rows of one Claim together."""
    for name in _NUMBERED:
        _unique(context, claim, name)
    for name, pointer in _POINTERS.items():
        known = {_number(row) for row in claim.child(name)}
        for item in claim.child("item"):
            for row in item.child(pointer):
                if _is_number(row.value) and row.value not in known:
                    context.findings.error("sequence-resolves", row.path, f"No {name} has this sequence.",
                                           f"Point at the sequence of a {name} that is sent.", code="not-found")


def _unique(context: Context, claim: Item, name: str) -> None:
    seen: set[int] = set()
    for row in claim.child(name):
        number = _number(row)
        if number is None:
            continue
        if number in seen:
            context.findings.error(_RULES.get(name, "sequence-unique"), f"{row.path}.sequence",
                                   f"Another {name} has the same sequence.",
                                   f"Give each {name} its own sequence, and keep it in updates.", code="duplicate")
        seen.add(number)


def _number(row: Item) -> int | None:
    value = row.value.get("sequence") if isinstance(row.value, dict) else None
    return value if _is_number(value) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
