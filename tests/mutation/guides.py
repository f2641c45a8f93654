"""The official packages, read independently of the checker: definitions as trees, value sets as what they admit."""

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

SHARED = Path(__file__).parents[3] / "shared"
PACKAGES = {
    "2.2.1": (
        "hl7.fhir.us.davinci-pas-2.2.1",
        "hl7.fhir.us.core-7.0.0",
        "hl7.fhir.r4.core-4.0.1-definitions",
        "hl7.fhir.uv.extensions.r4-5.3.0",
    ),
    "2.0.1": (
        "hl7.fhir.us.davinci-pas-2.0.1",
        "hl7.fhir.us.core-3.1.1",
        "hl7.fhir.r4.core-4.0.1-definitions",
        "hl7.fhir.uv.extensions.r4-5.3.0",
    ),
}
KINDS = ("StructureDefinition", "ValueSet", "CodeSystem")


@dataclass(slots=True, eq=False)
class Element:
    """One element of a snapshot, with its children by name and its slices."""

    id: str
    data: dict[str, Any]
    structure: "Structure"
    parent: "Element | None" = None
    children: dict[str, "Element"] = field(default_factory=dict)
    slices: list["Element"] = field(default_factory=list)

    @property
    def slice_name(self) -> str | None:
        name: str | None = self.data.get("sliceName")
        return name if ":" in self.id.rsplit(".", 1)[-1] else None

    @property
    def types(self) -> list[str]:
        return [entry["code"] for entry in self.data.get("type", ())]

    @property
    def fixed(self) -> Any:
        """The fixed or pattern value, or None."""
        return next((v for k, v in self.data.items() if k.startswith(("fixed", "pattern"))), None)

    @property
    def minimum(self) -> int:
        return int(self.data.get("min", 0))

    @property
    def maximum(self) -> int | None:
        """None stands for `*`."""
        return None if self.data.get("max", "*") == "*" else int(self.data["max"])

    @property
    def is_list(self) -> bool:
        return self.data.get("base", self.data).get("max", "1") not in ("0", "1")

    def label(self) -> str:
        return f"{self.structure.name} {self.id}"


@dataclass(slots=True, eq=False)
class Structure:
    """A StructureDefinition: its URL, kind, type, and the root of its tree."""

    data: dict[str, Any]
    root: Element = field(init=False)
    by_id: dict[str, Element] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.data["snapshot"]["element"]:
            element = Element(row["id"], row, self)
            self.by_id[element.id] = element
            self._hang(element)
        self.root = self.by_id[self.data["snapshot"]["element"][0]["id"]]

    def _hang(self, element: Element) -> None:
        head, _, tail = element.id.rpartition(".")
        element.parent = self.by_id.get(head)
        if element.parent is None:
            return
        base = tail.split(":")[0]
        if ":" in tail and base in element.parent.children:
            element.parent.children[base].slices.append(element)
        else:
            element.parent.children[base] = element

    @property
    def name(self) -> str:
        return str(self.data["id"])

    @property
    def url(self) -> str:
        return str(self.data["url"])


class Guide:
    """Everything one PAS version says, its dependencies included. Definitions are parsed when asked for."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._raw: dict[tuple[str, str], bytes] = {}
        self._parsed: dict[str, Structure | None] = {}
        for package in PACKAGES[version]:
            for kind, name, raw in _members(SHARED / "ig" / f"{package}.tgz"):
                self._raw.setdefault((kind, name), raw)

    def structure(self, url: str) -> Structure | None:
        """The definition behind a canonical URL (a version suffix is ignored) or a type name; None if not here."""
        url = url.split("|", maxsplit=1)[0]
        if url not in self._parsed:
            raw = self._raw.get(("StructureDefinition", url.rsplit("/", 1)[-1]))
            data = json.loads(raw) if raw else None
            wanted = url if "/" in url else f"http://hl7.org/fhir/StructureDefinition/{url}"
            self._parsed[url] = Structure(data) if data and data["url"] == wanted else None
        return self._parsed[url]

    def terminology(self, kind: str, url: str) -> dict[str, Any] | None:
        """The ValueSet or CodeSystem behind a canonical URL; None if not in the packages."""
        url = url.split("|", maxsplit=1)[0]
        raw = self._raw.get((kind, url.rsplit("/", 1)[-1]))
        data: dict[str, Any] | None = json.loads(raw) if raw else None
        return data if data and data["url"] == url else None


@cache
def guide(version: str) -> Guide:
    """The guide of one PAS version, read once."""
    return Guide(version)


def present() -> bool:
    """Whether the official packages lie beside this checkout."""
    return (SHARED / "ig").is_dir()


def _members(path: Path) -> Iterator[tuple[str, str, bytes]]:
    with tarfile.open(path) as package:
        for member in package:
            name = member.name.removeprefix("package/")
            kind, _, rest = name.partition("-")
            if kind in KINDS and name.endswith(".json"):
                content = package.extractfile(member)
                if content is not None:
                    yield kind, rest.removesuffix(".json"), content.read()


@dataclass(frozen=True, slots=True)
class CodeSet:
    """What a value set admits, per system: a set of codes, or None where the system may not be listed here."""

    systems: dict[str, frozenset[str] | None]

    def holds(self, system: str | None, code: str | None) -> bool | None:
        """Whether a coding is a member; None where that cannot be known."""
        if system not in self.systems:
            return False
        codes = self.systems[system]
        return None if codes is None else code in codes


@cache
def code_set(version: str, url: str) -> CodeSet | None:
    """The value set behind a URL, or None if it is not in the packages or pulls in a set that is not."""
    here = guide(version)
    data = here.terminology("ValueSet", url)
    if data is None or "compose" not in data or data["compose"].get("exclude"):
        return None
    systems: dict[str, frozenset[str] | None] = {}
    for include in data["compose"]["include"]:
        for nested in include.get("valueSet", ()):
            inner = code_set(version, nested)
            if inner is None or "system" in include:
                return None
            for system, codes in inner.systems.items():
                systems[system] = _union(systems, system, codes)
        if "system" in include:
            systems[include["system"]] = _union(systems, include["system"], _codes(here, include))
    return CodeSet(systems)


def _union(
    systems: dict[str, frozenset[str] | None], system: str, codes: frozenset[str] | None
) -> frozenset[str] | None:
    if system not in systems:
        return codes
    known = systems[system]
    return None if known is None or codes is None else known | codes


def _codes(here: Guide, include: dict[str, Any]) -> frozenset[str] | None:
    if "concept" in include:
        return frozenset(row["code"] for row in include["concept"])
    # A filter only takes codes away: what is in no part of the system is in no filtered part either.
    return whole_system(here.version, include["system"])


@cache
def whole_system(version: str, url: str) -> frozenset[str] | None:
    """Every code of a code system, or None if the packages do not hold it whole."""
    system = guide(version).terminology("CodeSystem", url)
    if system is None or system.get("content") != "complete":
        return None
    return frozenset(_listed(system.get("concept", ())))


def _listed(concepts: Any) -> Iterator[str]:
    for row in concepts:
        yield row["code"]
        yield from _listed(row.get("concept", ()))
