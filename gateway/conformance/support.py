"""What a request carries as supporting information is pointed at from its Claim (PAS 2.2.1 spec-20, 2.0.1 alike).

The guide does not say how to tell supporting information from what travels only because something refers to it
(spec-13, spec-18). Two kinds can be told: what nothing leads to, unless it is a person, an organization or a place that
was left over, and the two types the guide names as carriers of support, wherever they hang.
"""

from collections.abc import Collection, Iterable

from gateway.conformance.context import Context
from gateway.fhir.bundle import Entry
from gateway.fhir.outcome import Severity

_CARRIERS = ("DocumentReference", "QuestionnaireResponse")
# Who, where and by which plan: no support by themselves.
_LEFT_OVER = frozenset(
    {
        *("Claim", "Coverage", "Endpoint", "HealthcareService", "Location", "Organization"),
        *("Patient", "Practitioner", "PractitionerRole", "RelatedPerson"),
    }
)
# The elements that usually lead to a resource of a type in a request.
_LEADS = {
    "Coverage": "Claim.insurance.coverage",
    "Organization": "Claim.insurer or Claim.provider",
    "Patient": "Claim.patient",
    "Practitioner": "Claim.careTeam.provider",
    "PractitionerRole": "Claim.careTeam.provider",
}
_LEADS_ELSE = "Claim.supportingInfo"


def check_support(context: Context, entries: Iterable[Entry], reached: Collection[str]) -> None:
    """Look for support that no Claim points at; `reached` are the paths the first Claim leads to."""
    supported: set[str] | None = None
    for entry in entries:
        kind = context.resources[entry.path].type
        if entry.path not in reached:
            severity = Severity.WARNING if kind in _LEFT_OVER else Severity.ERROR
            _report(context, entry, severity, "Nothing in the request leads to this entry.")
        elif kind in _CARRIERS:
            if supported is None:
                supported = _supported(context, reached)
            if entry.path not in supported:
                _report(context, entry, Severity.ERROR, "Supporting information that no Claim points at as such.")


def _supported(context: Context, reached: Collection[str]) -> set[str]:
    """What the supportingInfo of the Claims leads to, and what belongs to that."""
    scene = context.scene
    claims = [item for path in sorted(reached) if (item := context.resources[path]).type == "Claim"]
    waiting = [row for claim in claims for info in claim.child("supportingInfo") for row in info.child("value[x]")]
    found: set[str] = set()
    while waiting:
        target = scene.target(waiting.pop())
        home = (target.outer or target) if target else None
        if home is None or home.path in found or home.type in _LEFT_OVER:
            continue
        inner = [path for path in scene.sources if path.startswith(f"{home.path}.entry[")]
        found.update((home.path, *inner))
        for path in (home.path, *inner):
            waiting += scene.outgoing.get(context.resources[path], ())
    return found


def _report(context: Context, entry: Entry, severity: Severity, text: str) -> None:
    leads = _LEADS.get(context.resources[entry.path].type, _LEADS_ELSE)
    fix = f"Point at it from {leads}, or leave it out."
    context.findings.add(severity, "spec-20", entry.path, text, fix, code="business-rule")
