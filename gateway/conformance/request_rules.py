"""How the entries of a request belong together (PAS 2.2.1 spec-13, spec-65; Coverage and Claim of one person)."""

from collections.abc import Collection

from gateway.conformance.context import Context
from gateway.conformance.items import Item
from gateway.fhir.bundle import Entry, Index, Step
from gateway.fhir.outcome import Severity

# Without these resources nobody can judge the request, so naming them is not enough.
_INCLUDED = {
    "Claim": (("patient",), ("insurer",), ("provider",), ("insurance", "coverage")),
    "Coverage": (("beneficiary",), ("payor",)),
}


def check_request(context: Context, entries: list[Entry], focus: Entry, reached: Collection[str]) -> None:
    """Hold the entries of a Bundle about a Claim together; `reached` are the paths the Claim leads to."""
    index, sources = context.scene.index, context.scene.sources
    due: set[str] = set()
    _priors(context, index, entries, focus)
    for path in sorted(reached):
        item = context.resources[path]
        for steps in _INCLUDED.get(item.type, ()):
            for row in _along([item], *steps):
                due.add(row.path)
                _named_only(context, row, Severity.ERROR)
        if item.type == "Claim":
            _beneficiaries(context, index, item, sources)
    for path, row in context.profiled.items():
        if path not in due and row.home.path in reached:
            _named_only(context, row, Severity.WARNING)


def _priors(context: Context, index: Index, entries: list[Entry], focus: Entry) -> None:
    """spec-65: a second Claim is there as the prior version of the first, which says so in `related`."""
    related = _along([context.resources[focus.path]], "related", "claim")
    for row in related:
        _named_only(context, row, Severity.WARNING)
    priors = {_target(index, row, focus) for row in related}
    for entry in entries:
        if entry.resource.get("resourceType") == "Claim" and entry is not focus and entry.path not in priors:
            context.findings.error(
                "spec-65",
                entry.path,
                "A second Claim that the first does not name as its prior version.",
                "Send one request in each Bundle; in an update, refer to the prior Claim from Claim.related.",
                code="business-rule",
            )


def _named_only(context: Context, reference: Item, severity: Severity) -> None:
    """spec-13: a display or an identifier is not a resource in the Bundle."""
    if isinstance(reference.value, dict) and not isinstance(reference.value.get("reference"), str):
        context.findings.add(
            severity,
            "spec-13",
            reference.path,
            "The resource is only named here; it is due in the Bundle.",
            "Include the resource, and refer to it by its fullUrl.",
            code="not-found",
        )


def _beneficiaries(context: Context, index: Index, claim: Item, sources: dict[str, Entry]) -> None:
    """The person covered is the person the request is for; only the subscriber may be someone else."""
    home = sources[claim.path]
    patient = next((_target(index, row, home) for row in claim.child("patient")), "")
    coverages = [sources.get(_target(index, row, home)) for row in _along([claim], "insurance", "coverage")]
    for coverage in coverages:
        for row in context.resources[coverage.path].child("beneficiary") if coverage else ():
            covered = _target(index, row, coverage)
            if patient and covered and covered != patient:
                context.findings.error(
                    "same-beneficiary",
                    row.path,
                    "The coverage is another person's than the Claim's patient.",
                    "Refer to one Patient from Claim.patient and Coverage.beneficiary; the subscriber may be another.",
                    code="business-rule",
                )


def _along(items: list[Item], *steps: str) -> list[Item]:
    for step in steps:
        items = [child for item in items for child in item.child(step)]
    return items


def _target(index: Index, reference: Item, source: Entry | None) -> str:
    """The path of the entry a reference leads to; empty when it leads to none, to several, or inside the resource."""
    value = reference.value.get("reference") if isinstance(reference.value, dict) else None
    found = index.resolve(value, source=source) if isinstance(value, str) else None
    return found.entry.path if found and found.step is not Step.CONTAINED else ""
