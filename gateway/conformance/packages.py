"""Reads FHIR packages (.tgz, the npm form HL7 publishes) without unpacking them to disk.

A package is other people's data: only regular `package/*.json` members are read, in order, within caps on
count and size, so that neither a path in the archive nor a bomb can do harm.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import Any

from gateway.fhir import json

Resource = dict[str, Any]
MAX_MEMBERS = 20_000
MAX_MEMBER = 16 * 1024 * 1024
MAX_TOTAL = 512 * 1024 * 1024
KINDS = ("StructureDefinition", "ValueSet", "CodeSystem")


class PackageFault(ValueError):
    """The archive is not a FHIR package this reader accepts."""


@dataclass(frozen=True, slots=True)
class Package:
    """The conformance resources of one package.

    Attributes:
        name: package id, e.g. `hl7.fhir.us.core`; taken from the file name when there is no package.json.
        version: e.g. `7.0.0`.
        canonical: base of its canonical URLs.
        sha256: digest of the .tgz file.
        dependencies: package id to version, as its package.json states them.
        resources: StructureDefinition, ValueSet and CodeSystem, in the order of the archive.
    """

    file: str
    name: str
    version: str
    canonical: str
    sha256: str
    dependencies: dict[str, str] = field(default_factory=dict)
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
        PackageFault: not a gzipped tar, too many or too large members, or JSON that is not a resource.
    """
    manifest: Resource = {}
    resources: list[Resource] = []
    for name, raw in _members(path):
        content = _load(path, name, raw)
        if name == "package.json":
            manifest = content
        elif content.get("resourceType") in KINDS:
            resources.append(content)
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
        tuple(resources),
    )


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    total = 0
    try:
        with tarfile.open(path, "r:gz") as archive:
            for count, member in enumerate(archive):
                if count >= MAX_MEMBERS:
                    raise PackageFault(f"{path.name}: more than {MAX_MEMBERS} members")
                name = _wanted(member)
                if name is None:
                    continue
                total += member.size
                if member.size > MAX_MEMBER or total > MAX_TOTAL:
                    raise PackageFault(f"{path.name}: {name} goes over the size cap")
                stream = archive.extractfile(member)
                if stream is not None:
                    yield name, stream.read(member.size)
    except (tarfile.TarError, OSError) as fault:
        raise PackageFault(f"{path.name}: not a gzipped tar archive ({type(fault).__name__})") from None


def _wanted(member: tarfile.TarInfo) -> str | None:
    """The plain file name of a member worth reading; examples and by-products lie in subfolders."""
    parts = PurePosixPath(member.name).parts
    if not member.isfile() or len(parts) != 2 or parts[0] != "package":
        return None
    name = parts[1]
    wanted = name == "package.json" or name.startswith(tuple(f"{kind}-" for kind in KINDS))
    return name if wanted and name.endswith(".json") else None


def _load(path: Path, name: str, raw: bytes) -> Resource:
    try:
        content = json.loads(raw, limits=json.Limits(size=MAX_MEMBER, depth=128))
    except json.JsonFault as fault:
        raise PackageFault(f"{path.name}: {name}: {fault}") from None
    if not isinstance(content, dict):
        raise PackageFault(f"{path.name}: {name} is not a JSON object")
    return content


def _name_version(path: Path, manifest: Resource) -> tuple[str, str]:
    if manifest:
        return str(manifest.get("name", "")), str(manifest.get("version", ""))
    # The core definitions travel without a manifest: hl7.fhir.r4.core-4.0.1-definitions.tgz
    name, _, version = path.name.removesuffix(".tgz").removesuffix("-definitions").partition("-")
    return name, version
