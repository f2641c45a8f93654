"""What travels in a PAS Bundle and how its references are resolved: the examiner's way, not the tolerant one.

A reference must equal the fullUrl of exactly one entry. A relative one is first put behind the first Claim's
fullUrl without its type and id, and without its port: that is how the Inferno PAS kit does it.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gateway.fhir.bundle import Entry, references
from gateway.sandbox.elements import elements, text

_UUID4 = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_OWN_BASE = re.compile(r"(https?://.+/)Claim/[A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Link:
    """One reference met on the way from the Claim: where it stands and which entries it points at."""

    path: str
    reference: str
    targets: tuple[Entry, ...]


def is_full_url(url: str) -> bool:
    """Whether `url` may be an entry's fullUrl: http(s), or urn:uuid with a version-4 UUID (PAS spec-16)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(_UUID4.fullmatch(url)) or (parts.scheme in ("http", "https") and bool(parts.hostname))


class Travellers:
    """The entries of one Bundle, without opening Bundles among them."""

    def __init__(self, bundle: Any) -> None:
        self.entries = tuple(
            Entry(row["resource"], text(row, "fullUrl"), f"Bundle.entry[{position}].resource")
            for position, row in enumerate(elements(bundle, "entry"))
            if isinstance(row.get("resource"), dict)
        )
        self.claims = tuple(entry for entry in self.entries if entry.resource.get("resourceType") == "Claim")
        self._base = _base(self.claims[0].full_url) if self.claims else ""
        self._urls: dict[str, list[Entry]] = {}
        for entry in self.entries:
            self._urls.setdefault(entry.full_url, []).append(entry)

    def targets(self, reference: str) -> tuple[Entry, ...]:
        """The entries `reference` points at: one when all is well."""
        url = reference if _ABSOLUTE.match(reference) else self._base + reference
        return tuple(self._urls.get(url, ()))

    def one(self, value: Any) -> Entry | None:
        """The single entry a Reference element points at; None when there is none or several."""
        found = self.targets(text(value, "reference")) if text(value, "reference") else ()
        return found[0] if len(found) == 1 else None

    def links(self, *starts: Entry) -> Iterator[Link]:
        """Every reference reachable from `starts`, each entry visited once."""
        waiting, seen = deque(starts), {entry.path for entry in starts}
        while waiting:
            entry = waiting.popleft()
            for path, reference in self._references(entry):
                targets = self.targets(reference)
                yield Link(path, reference, targets)
                for target in targets:
                    if target.path not in seen:
                        seen.add(target.path)
                        waiting.append(target)

    def _references(self, entry: Entry) -> Iterator[tuple[str, str]]:
        kind = entry.resource.get("resourceType")
        if kind == "Bundle":  # a document package: its references are its own business
            return
        prior = kind == "Claim" and entry.path != self.claims[0].path
        for path, row in sorted(references(entry.resource, path=entry.path), key=lambda found: found[0]):
            reference = row["reference"]
            exempt = (prior and path.startswith(f"{entry.path}.related")) or (
                kind == "ClaimResponse" and path == f"{entry.path}.request"
            )
            if not exempt and not reference.startswith("#"):
                yield path, reference


def _base(full_url: str) -> str:
    match = _OWN_BASE.fullmatch(full_url)
    return re.sub(r"^(https?://[^/:]+):\d+/", r"\1/", match.group(1)) if match else ""
