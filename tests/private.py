"""The private values of the example people: what must never be seen in a log, an error, a metric or a traceback."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from gateway.fhir.bundle import entries_of

ORDERS = Path(__file__).resolve().parents[1] / "examples" / "orders"
CANARIES = {
    "family": "Canaryfamily",
    "given": "Canarygiven",
    "birth": "1931-07-19",
    "member": "CANARY0MEMBER1",
    "street": "19 Canary Row",
    "note": "canary note text",
    "phone": "555-01-CANARY",
    "key": "canary-system",
    "token": "canary-token-5f1d9b",
    "secret": "canary-secret-a80c33",
}


@cache
def private_values() -> frozenset[str]:
    """Names, birth dates, addresses, record and member numbers of every example order, and the planted canaries."""
    files = sorted(ORDERS.rglob("*.json"))
    resources = (entry.resource for file in files for entry in entries_of(json.loads(file.read_bytes())))
    found = {value for resource in resources for value in _of(resource)}
    return frozenset(value for value in found if isinstance(value, str) and len(value) > 4) | frozenset(
        CANARIES.values()
    )


def leaks(text: str) -> list[str]:
    """The names of the planted canaries that stand in `text`."""
    return [name for name, canary in CANARIES.items() if canary in text]


def _of(resource: dict[str, Any]) -> Iterator[str]:
    kind = resource["resourceType"]
    if kind == "Patient":
        for name in resource.get("name", []):
            yield from (name.get("family", ""), *name.get("given", []))
        yield resource.get("birthDate", "")
        yield from (line for address in resource.get("address", []) for line in address.get("line", []))
        yield from (point.get("value", "") for point in resource.get("telecom", []))
    if kind == "Coverage":
        yield resource.get("subscriberId", "")
    if kind in ("Patient", "Coverage"):
        yield from (identifier.get("value", "") for identifier in resource.get("identifier", []))
