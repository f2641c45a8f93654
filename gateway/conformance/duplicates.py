"""Each resource instance once, and no two instances for one person or organization (PAS 2.2.1 spec-14, spec-15)."""

from collections import Counter
from collections.abc import Hashable, Iterator
from typing import TypeVar

from gateway.conformance.context import Context
from gateway.fhir import json
from gateway.fhir.bundle import Entry
from gateway.fhir.outcome import Severity

_Key = TypeVar("_Key", bound=Hashable)
# Types whose identifiers tell who or what is meant, whoever sends them.
_IDENTIFIED = ("Patient", "Organization", "Practitioner", "Coverage")


def check_instances(context: Context, entries: list[Entry]) -> None:
    """Look for the same thing under two fullUrls; an entry that repeats a fullUrl is reported elsewhere."""
    contents: dict[Hashable, str] = {}
    names: dict[tuple[str, ...], str] = {}
    addresses: dict[str, str] = {}
    kinds = Counter(str(entry.resource.get("resourceType")) for entry in entries)
    for entry in entries:
        is_single = kinds[str(entry.resource.get("resourceType"))] == 1  # of its type: like no other
        same_content = not is_single and _is_new_address(contents, _content(entry), entry)
        # A list, so that every name of the entry is taken down even when the first is known already.
        known = [_is_new_address(names, name, entry) for name in _names(entry)]
        web = entry.type_id and entry.full_url.startswith("http")
        if same_content:
            context.findings.error(
                "spec-14",
                entry.path,
                "Another entry has the same content under another fullUrl.",
                "Send each resource once, and let all references lead to that entry.",
                code="duplicate",
            )
        elif web and _is_new_address(addresses, entry.type_id, entry):
            context.findings.add(
                Severity.WARNING,
                "spec-14",
                entry.path,
                "Another entry has the same type and id under another fullUrl.",
                "Send each resource once.",
                code="duplicate",
            )
        elif any(known):
            context.findings.add(
                Severity.WARNING,
                "spec-15",
                entry.path,
                "Another entry of this type has the same identifier.",
                "Send one resource for each person, organization and coverage, or correct the identifier.",
                code="duplicate",
            )


def _is_new_address(seen: dict[_Key, str], key: _Key, entry: Entry) -> bool:
    """Whether what is seen here has been seen under another fullUrl."""
    return seen.setdefault(key, entry.full_url) != entry.full_url


def _content(entry: Entry) -> Hashable:
    """The same for the same content; what JSON has no form for is like nothing else."""
    try:
        return json.canonical({**entry.resource, "id": None})
    except TypeError:
        return id(entry)


def _names(entry: Entry) -> Iterator[tuple[str, ...]]:
    """What the resource is known by: its type with each identifier that has a system and a value."""
    kind = entry.resource.get("resourceType")
    rows = entry.resource.get("identifier")
    if kind not in _IDENTIFIED or not isinstance(rows, list):
        return
    # A family may share a member id, so a patient is the same person only if born on the same day.
    born = str(entry.resource.get("birthDate", "")) if kind == "Patient" else ""
    for row in rows:
        system, value = (row.get("system"), row.get("value")) if isinstance(row, dict) else (None, None)
        if isinstance(system, str) and isinstance(value, str):
            yield kind, system, value, born
