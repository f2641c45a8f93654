"""The sandbox's rule on extensions: under the guide's address only what this version of the guide defines."""

from collections.abc import Iterator
from typing import Any

from gateway.fhir.outcome import Issue
from gateway.sandbox import names
from gateway.sandbox.elements import elements, error, text
from gateway.sandbox.travel import Travellers
from gateway.sandbox.versions import RequestRules

_HOLDERS = ("extension", "modifierExtension")


def check_extensions(travellers: Travellers, rules: RequestRules) -> Iterator[Issue]:
    """PAS extensions that are none in this version: misspelled, or of another version."""
    for entry in travellers.entries:
        for place, url in _urls(entry.resource, entry.path):
            if url.startswith(names.STRUCTURES) and url.removeprefix(names.STRUCTURES) not in rules.extensions:
                yield error(
                    "extension-unknown",
                    place,
                    "This version of PAS defines no such extension.",
                    "Send what the version this endpoint speaks defines; its CapabilityStatement names it.",
                    "extension",
                )


def _urls(resource: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every extension url inside and where it stands, in no order that matters."""
    waiting: list[tuple[Any, str]] = [(resource, path)]
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, list):
            waiting += [(row, f"{place}[{position}]") for position, row in enumerate(value)]
        elif isinstance(value, dict):
            for name in _HOLDERS:
                for position, row in enumerate(elements(value, name)):
                    yield f"{place}.{name}[{position}]", text(row, "url")
            waiting += [(child, f"{place}.{name}") for name, child in value.items() if isinstance(child, list | dict)]
