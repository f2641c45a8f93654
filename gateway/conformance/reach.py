"""What a Claim or ClaimResponse leads to in its Bundle (PAS 2.2.1 spec-13, 44, 66; Inferno 2.5)."""

import re
from collections import deque

from gateway.conformance.context import Context
from gateway.conformance.items import Item
from gateway.fhir.bundle import Entry, Step
from gateway.fhir.outcome import Severity

_PORT = re.compile(r"https?://[^/]+:\d+/")


def follow(context: Context, focus: Entry) -> set[str]:
    """Every reference reachable from the focus must lead to exactly one entry by its fullUrl."""
    index = context.scene.index
    reached, waiting = {focus.path}, deque([focus])
    while waiting:
        entry = waiting.popleft()
        if entry.resource.get("resourceType") == "Bundle":  # its entries speak for themselves
            inner = [other for other in index.entries if other.path.startswith(f"{entry.path}.entry[")]
            waiting.extend(other for other in inner if other.path not in reached)
            reached.update(other.path for other in inner)
            continue
        for reference in context.scene.outgoing.get(context.resources[entry.path], ()):
            text = reference.value.get("reference")
            if not isinstance(text, str) or _is_left_out(reference, entry, focus):
                continue
            if text.startswith("#"):
                if focus.resource.get("resourceType") == "Claim":
                    _inside(context, reference, entry)
                continue
            found = index.resolve(text, source=entry)
            if found is None or found.step not in (Step.FULL_URL, Step.RELATIVE):
                _dangling(context, reference, found.step if found else None)
                continue
            if found.step is Step.RELATIVE and _PORT.match(entry.full_url):
                context.findings.add(
                    Severity.WARNING,
                    "reference-relative",
                    reference.path,
                    "A relative reference under a base with a port is not found by all receivers.",
                    "Send the target's fullUrl.",
                    code="processing",
                )
            if found.entry.path not in reached:
                reached.add(found.entry.path)
                waiting.append(found.entry)
    return reached


def _is_left_out(reference: Item, entry: Entry, focus: Entry) -> bool:
    """Whether a reference in an entry may lead outside the Bundle.

    spec-66: the prior Claim's own prior does not travel; spec-44: the Claim answered need not be inside.
    """
    kind = entry.resource.get("resourceType")
    if kind not in ("Claim", "ClaimResponse"):
        return False
    inner = reference.path.removeprefix(entry.path)
    return (kind == "Claim" and entry is not focus and inner.startswith(".related[")) or (
        kind == "ClaimResponse" and inner == ".request"
    )


def _inside(context: Context, reference: Item, entry: Entry) -> None:
    """A reference into the resource itself: fine in FHIR, but who checks a request looks for an entry."""
    if reference.home.outer is not None:  # between contained resources, or back to the one that holds them
        return
    is_due = entry.resource.get("resourceType") == "Claim" or reference.path in context.profiled
    context.findings.add(
        Severity.ERROR if is_due else Severity.WARNING,
        "reference-resolves",
        reference.path,
        "The reference leads to a contained resource and to no entry (spec-13).",
        "Send the resource as an entry of its own, and refer to it by its fullUrl.",
        code="not-found",
    )


def _dangling(context: Context, reference: Item, step: Step | None) -> None:
    how = f" by its fullUrl; it would be found by {step.value} only" if step else ", or to more than one"
    context.findings.error(
        "reference-resolves",
        reference.path,
        f"The reference leads to no entry{how} (spec-13).",
        "Include the resource, and refer to it by its fullUrl.",
        code="not-found",
    )
