"""Rules about PAS bundles that no StructureDefinition holds (PAS 2.2.1 spec-13, 14, 16, 20, 66; Inferno 2.5)."""

import re
from collections import deque
from collections.abc import Iterator

from gateway.conformance.context import Context
from gateway.fhir.bundle import Entry, Index, Step, references
from gateway.fhir.outcome import Severity

_WEB = re.compile(r"https?://[^\s/?#]+(/\S*)?")
_GUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_PORT = re.compile(r"https?://[^/]+:\d+/")
_CERTAIN = (Step.CONTAINED, Step.FULL_URL, Step.RELATIVE)


def check_bundle(context: Context, index: Index, path: str) -> None:
    """Hold the entries of one Bundle at `path` together; a Bundle without Claim or ClaimResponse is left alone."""
    entries = [entry for entry in index.entries if entry.path.startswith(f"{path}.entry[")]
    own = [entry for entry in entries if entry.path.count(".entry[", len(path)) == 1]
    focus = _focus(own)
    if focus is None:
        return
    _full_urls(context, own)
    _instances(context, own)
    reached = _follow(context, index, focus)
    if focus.resource.get("resourceType") == "Claim":
        _orphans(context, own, reached)


def _focus(entries: list[Entry]) -> Entry | None:
    """The resource the Bundle is about: its first ClaimResponse, else its first Claim."""
    for kind in ("ClaimResponse", "Claim"):
        for entry in entries:
            if entry.resource.get("resourceType") == kind:
                return entry
    return None


def _full_urls(context: Context, entries: list[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        place = entry.path.removesuffix(".resource") + ".fullUrl"
        url = entry.full_url
        if url and not (_WEB.fullmatch(url) or _GUID.fullmatch(url)):
            context.findings.error(
                "full-url",
                place,
                "fullUrl is neither an http(s) URL nor a version 4 UUID (spec-16).",
                "Send the resource's absolute http(s) URL, or urn:uuid: and a random (version 4) UUID in lower case.",
                code="value",
            )
        elif url.startswith("http") and not _agrees(entry):
            context.findings.error(
                "full-url",
                place,
                "fullUrl names another id than the resource has.",
                "End fullUrl with the resource's type and id.",
                code="value",
            )
        if url and url in seen:
            context.findings.error(
                "full-url-unique",
                place,
                "Another entry has the same fullUrl (spec-14).",
                "Send each resource once.",
                code="duplicate",
            )
        seen.add(url)


def _agrees(entry: Entry) -> bool:
    """R4 bundle: an http fullUrl of the form .../Type/id must name the resource's own id."""
    parts = entry.full_url.rstrip("/").split("/")  # http://host at least, so never fewer than three
    kind, identity = parts[-2], parts[-1]
    return kind != entry.resource.get("resourceType") or identity == entry.resource.get("id")


def _instances(context: Context, entries: list[Entry]) -> None:
    seen: dict[str, str] = {}
    for entry in entries:
        if not entry.type_id or not entry.full_url.startswith("http"):
            continue
        if seen.setdefault(entry.type_id, entry.full_url) != entry.full_url:
            context.findings.add(
                Severity.WARNING,
                "spec-14",
                entry.path,
                "Another entry has the same type and id under another fullUrl.",
                "Send each resource once.",
                code="duplicate",
            )


def _follow(context: Context, index: Index, focus: Entry) -> set[str]:
    """Every reference reachable from the focus must lead to exactly one entry by its fullUrl."""
    reached, waiting = {focus.path}, deque([focus])
    while waiting:
        entry = waiting.popleft()
        if entry.resource.get("resourceType") == "Bundle":  # its entries speak for themselves
            inner = [other for other in index.entries if other.path.startswith(f"{entry.path}.entry[")]
            waiting.extend(other for other in inner if other.path not in reached)
            reached.update(other.path for other in inner)
            continue
        for path, reference in _outgoing(entry, is_focus=entry is focus):
            found = index.resolve(reference, source=entry)
            if found is None or found.step not in _CERTAIN:
                _dangling(context, path, found.step if found else None)
                continue
            if found.step is Step.RELATIVE and _PORT.match(entry.full_url):
                context.findings.add(
                    Severity.WARNING,
                    "reference-relative",
                    path,
                    "A relative reference under a base with a port is not found by all receivers.",
                    "Send the target's fullUrl.",
                    code="processing",
                )
            if found.step is not Step.CONTAINED and found.entry.path not in reached:
                reached.add(found.entry.path)
                waiting.append(found.entry)
    return reached


def _outgoing(entry: Entry, *, is_focus: bool) -> Iterator[tuple[str, str]]:
    for path, row in sorted(references(entry.resource, path=entry.path), key=lambda pair: pair[0]):
        inner = path.removeprefix(entry.path)
        kind = entry.resource.get("resourceType")
        # spec-66: the prior's own prior does not travel; spec-44: the Claim answered need not be inside.
        if (kind == "Claim" and not is_focus and inner.startswith(".related[")) or (
            kind == "ClaimResponse" and inner == ".request"
        ):
            continue
        if not row["reference"].startswith("#"):
            yield path, row["reference"]


def _dangling(context: Context, path: str, step: Step | None) -> None:
    how = f" by its fullUrl; it would be found by {step.value} only" if step else ", or to more than one"
    context.findings.error(
        "reference-resolves",
        path,
        f"The reference leads to no entry{how} (spec-13).",
        "Include the resource, and refer to it by its fullUrl.",
        code="not-found",
    )


def _orphans(context: Context, entries: list[Entry], reached: set[str]) -> None:
    for entry in entries:
        if entry.path not in reached:
            context.findings.add(
                Severity.WARNING,
                "spec-20",
                entry.path,
                "Nothing in the request leads to this entry.",
                "Point at it from Claim.supportingInfo, or leave it out.",
                code="business-rule",
            )
