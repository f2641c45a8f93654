"""Rules about PAS bundles that no StructureDefinition holds (PAS 2.2.1 spec-14, 16, 20; Inferno 2.5)."""

import re

from gateway.conformance import reach, references, request_rules, support
from gateway.conformance.context import Context
from gateway.conformance.duplicates import check_instances
from gateway.fhir.bundle import Entry

_WEB = re.compile(r"https?://[^\s/?#]+(/\S*)?")
_GUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def check_bundle(context: Context, path: str, profile: str) -> None:
    """Hold the entries of one Bundle at `path` together, by the profile it is held against.

    A Bundle without Claim or ClaimResponse is left alone.
    """
    index = context.scene.index
    entries = [entry for entry in index.entries if entry.path.startswith(f"{path}.entry[")]
    own = [entry for entry in entries if entry.path.count(".entry[", len(path)) == 1]
    focus = _focus(own)
    if focus is None:
        return
    _full_urls(context, own)
    _kinds(context, own, profile)
    check_instances(context, own)
    reached = reach.follow(context, focus)
    if focus.resource.get("resourceType") == "Claim":
        request_rules.check_request(context, own, focus, reached)
        support.check_support(context, own, reached)


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


def _kinds(context: Context, entries: list[Entry], profile: str) -> None:
    """An entry that the Bundle's profile has a slice for must not declare itself to be something else.

    It might fit the slice all the same: a request with little in it also fits the profile for inquiries.
    """
    library = context.guide.library
    bundle = library.find(profile)
    slices = bundle.root.children["entry"].slices.values() if bundle and "entry" in bundle.root.children else ()
    types = [row for one in slices if "resource" in one.children for row in one.children["resource"].element.types]
    allowed_by_type: dict[str, set[str]] = {}
    for row in types:
        names = {one.name for profile in row.profiles for one in library.line(profile)}
        allowed_by_type.setdefault(row.code, set()).update(names)
    for entry in entries:
        item = context.resources[entry.path]
        allowed = allowed_by_type.get(item.type, set())
        for position, canonical in enumerate(references.declared(item) if allowed else ()):
            found = library.find(canonical.partition("|")[0])
            if found and found.type == item.type and not (found.abstract or found.name in allowed):
                context.findings.error(
                    "profile",
                    f"{entry.path}.meta.profile[{position}]",
                    "A resource of this profile may not stand in this Bundle.",
                    f"Declare {' or '.join(sorted(allowed))}.",
                )
