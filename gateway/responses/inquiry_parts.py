"""What came back from `$inquire`, taken apart into the containers in it; references resolve inside each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.fhir.bundle import Entry
from gateway.responses.unwrap import Opened, open_document

CONTAINERS = ("Bundle", "Parameters")


@dataclass(frozen=True, slots=True)
class Part:
    """A Bundle of the answer, or what stands in place of one, without the Bundles in it: those are parts themselves."""

    opened: Opened

    @property
    def responses(self) -> tuple[Entry, ...]:
        """Its ClaimResponses."""
        return self.opened.index.of_type("ClaimResponse")

    @property
    def kinds(self) -> frozenset[str]:
        """The types of its resources."""
        return frozenset(entry.resource["resourceType"] for entry in self.opened.index.entries)


def parts_of(value: Any, path: str = "") -> Iterator[Part]:
    """The parts of an answer, or of what stands in it at `path`, from the outside to the inside."""
    if not is_container(value):
        yield Part(open_document(value, path=path))
        return
    kind = value["resourceType"]
    name, held = "entry" if kind == "Bundle" else "parameter", list[tuple[Any, str]]()
    rows = value.get(name)
    own = [
        _lightened(row, f"{path or kind}.{name}[{place}]", held)
        for place, row in enumerate(rows if isinstance(rows, list) else [])
    ]
    part = Part(open_document({**value, name: own}, path=path))
    # Only a Bundle that holds nothing says something by that; Parameters may be empty, and are then no part.
    if part.kinds - {"Parameters"} or (kind == "Bundle" and not held):
        yield part
    for child, place in held:
        yield from parts_of(child, place)


def is_container(value: Any) -> bool:
    """Whether it is a Bundle or a Parameters."""
    return isinstance(value, dict) and value.get("resourceType") in CONTAINERS


def _lightened(row: Any, path: str, held: list[tuple[Any, str]]) -> Any:
    """An entry or a parameter without the container in it, which goes to `held` with its path."""
    if not isinstance(row, dict):
        return row
    kept = dict(row)
    if is_container(row.get("resource")):
        held.append((kept.pop("resource"), f"{path}.resource"))
    if isinstance(row.get("part"), list):
        kept["part"] = [_lightened(one, f"{path}.part[{place}]", held) for place, one in enumerate(row["part"])]
    return kept
