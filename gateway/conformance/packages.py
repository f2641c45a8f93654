"""Reads FHIR packages (.tgz, the npm form HL7 publishes) without unpacking them to disk.

A package is other people's data: only regular `package/*.json` members are read, in order, within caps on
count and size, so that neither a path in the archive nor a bomb can do harm.
"""

import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import Any

from gateway.conformance.package_shapes import SHAPES, misfit
from gateway.fhir import json
from gateway.model.errors import OurFault

Resource = dict[str, Any]
MAX_MEMBERS = 20_000
MAX_MEMBER = 16 * 1024 * 1024
MAX_TOTAL = 512 * 1024 * 1024
KINDS = ("StructureDefinition", "ValueSet", "CodeSystem")
_AGAIN = "Get the package from its publisher again."
_CORRECT = "Correct the file in the package, or get the package from its publisher again."
_SNAPSHOTS = (
    "Profiles are compiled from snapshots. Take the package that the guide's publisher offers, which has them, "
    "or let the HL7 IG Publisher generate them."
)
_SHOWN = 5


class PackageFault(OurFault):
    """The archive is not a FHIR package this reader accepts."""

    code = "bad-package"


@dataclass(frozen=True, slots=True)
class Package:
    """The conformance resources of one package.

    Attributes:
        name: package id, e.g. `hl7.fhir.us.core`; taken from the file name when there is no package.json.
        version: e.g. `7.0.0`.
        canonical: base of its canonical URLs.
        sha256: digest of the .tgz file.
        dependencies: package id to version, as its package.json states them.
        fhir_versions: versions of FHIR it is for, as its package.json states them; empty when there is none.
        resources: StructureDefinition, ValueSet and CodeSystem, in the order of the archive.
    """

    file: str
    name: str
    version: str
    canonical: str
    sha256: str
    dependencies: dict[str, str] = field(default_factory=dict)
    fhir_versions: tuple[str, ...] = ()
    resources: tuple[Resource, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.name}#{self.version}"

    def of_kind(self, kind: str) -> Iterator[Resource]:
        """Its resources of one type."""
        return (resource for resource in self.resources if resource.get("resourceType") == kind)


def read_package(path: Path) -> Package:
    """Read one .tgz.

    Raises:
        PackageFault: not a gzipped tar, too many or too large members, one outside of it, JSON that is no resource, or
            a file that cannot be compiled; the message lists these.
    """
    manifest: Resource = {}
    resources: list[Resource] = []
    misfits: dict[str, str] = {}
    for name, raw in _members(path):
        content = _load(path, name, raw)
        if name == "package.json":
            manifest, shape = content, SHAPES[name]
        elif content.get("resourceType") in KINDS:
            resources.append(content)
            shape = SHAPES[content["resourceType"]]
        else:
            continue
        if found := misfit(content, shape):
            misfits[name] = found
    _refuse(path, misfits)
    name, version = _name_version(path, manifest)
    with path.open("rb") as stream:
        sha256 = file_digest(stream, "sha256").hexdigest()
    return Package(
        path.name,
        name,
        version,
        str(manifest.get("canonical", "http://hl7.org/fhir")),
        sha256,
        dict(manifest.get("dependencies", {})),
        tuple(manifest.get("fhirVersions") or manifest.get("fhir-version-list") or ()),
        tuple(resources),
    )


def _refuse(path: Path, misfits: dict[str, str]) -> None:
    """Refuse a package with files that the compiler could not read, the first few named."""
    if not misfits:
        return
    rows = [f"  {printable(name)}: {text}" for name, text in list(misfits.items())[:_SHOWN]]
    if len(misfits) > _SHOWN:
        rows.append(f"  and {len(misfits) - _SHOWN} more")
    is_bare = all(text == "snapshot is not there" for text in misfits.values())
    said = "has profiles without a snapshot, only a differential" if is_bare else "holds files that cannot be compiled"
    raise PackageFault("\n".join([f"{path.name} {said}:", *rows]), fix=_SNAPSHOTS if is_bare else _CORRECT)


def printable(name: str) -> str:
    """What a package says, for a terminal: with what would move a cursor replaced."""
    return "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in name)


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    total = 0
    try:
        with tarfile.open(path, "r:gz") as archive:
            for count, member in enumerate(archive):
                total += member.size
                if count >= MAX_MEMBERS or member.size > MAX_MEMBER or total > MAX_TOTAL:
                    raise PackageFault(
                        f"{path.name} goes over a size cap, which no FHIR package does.",
                        fix=f"At most {MAX_MEMBERS} members, {MAX_MEMBER} bytes each and {MAX_TOTAL} in all are read.",
                    )
                name = _wanted(path, member)
                stream = archive.extractfile(member) if name else None
                if name and stream:
                    yield name, stream.read(member.size)
    except (tarfile.TarError, OSError, EOFError, zlib.error) as fault:
        raise PackageFault(
            f"{path.name} is no gzipped tar archive ({type(fault).__name__}).", fix="Give a FHIR package, a .tgz file."
        ) from None


def _wanted(path: Path, member: tarfile.TarInfo) -> str | None:
    """The plain file name of a member worth reading; examples and by-products lie in subfolders."""
    place = PurePosixPath(member.name)
    if place.is_absolute() or ".." in place.parts:
        raise PackageFault(f"{path.name} holds a file that lies outside of it.", fix="Do not use this archive.")
    if not member.isfile() or len(place.parts) != 2 or place.parts[0] != "package":
        return None
    name = place.name
    wanted = name == "package.json" or name.startswith(tuple(f"{kind}-" for kind in KINDS))
    return name if wanted and name.endswith(".json") else None


def _load(path: Path, name: str, raw: bytes) -> Resource:
    try:
        content = json.loads(raw, limits=json.Limits(size=MAX_MEMBER, depth=128))
    except json.JsonFault as fault:
        raise PackageFault(f"{path.name}: {printable(name)}: {fault}", fix=_AGAIN) from None
    if not isinstance(content, dict):
        raise PackageFault(f"{path.name}: {printable(name)} is not a JSON object.", fix=_AGAIN)
    return content


def _name_version(path: Path, manifest: Resource) -> tuple[str, str]:
    if manifest:
        return str(manifest.get("name", "")), str(manifest.get("version", ""))
    # The core definitions travel without a manifest: hl7.fhir.r4.core-4.0.1-definitions.tgz
    name, _, version = path.name.removesuffix(".tgz").removesuffix("-definitions").partition("-")
    return name, version
