"""Which packages a guide needs, and where they are: in an included guide folder, beside the package, or nowhere."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.conformance.guides import installed
from gateway.conformance.packages import Package, read_package
from gateway.conformance.recipes import RECIPE, Sources

CORE = "hl7.fhir.r4.core#"
# US Core is needed in several versions at once under made-up names: hl7.fhir.us.core.v311.
_ALIAS = re.compile(r"\.v\d+$")
# No file system has longer names, with the ending.
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Need:
    """One dependency as a package states it.

    Attributes:
        name, version: of the package needed.
        needed_by: id of the package that needs it.
        met_by: id of the package that meets it; empty when none at hand does.
        is_waived: the recipe says that it is done without.
    """

    name: str
    version: str
    needed_by: str
    met_by: str = ""
    is_waived: bool = False

    @property
    def is_exact(self) -> bool:
        return self.met_by == f"{self.name}#{self.version}"


def needs(sources: Sources, *, exact: bool) -> list[Need]:
    """The dependencies of a guide and of the packages that have no folder, met by what its recipe brings to hand.

    A recipe somebody wrote may bring another version on purpose; where it is made up on the spot, only the `exact` one
    meets a need.
    """
    at_hand = sources.packages
    needing = [package for package in (sources.guide, *sources.others) if package]
    found = []
    for package in needing:
        for stated, version in sorted(package.dependencies.items()):
            name = _ALIAS.sub("", stated)
            candidates = [one for one in at_hand if one.name == name and (not exact or one.version == version)]
            best = [one for one in candidates if one.version == version] or candidates
            met_by = best[0].id if best else ""
            found.append(Need(name, version, package.id, met_by, not met_by and name in sources.recipe.without))
    return found


def discover(guide: Package, root: Path, source: Path) -> tuple[list[str], list[str]]:
    """What the recipe of a new guide may name, as guide folders and as package files in `source`.

    Only the very versions needed count, those that a package without folder needs too.

    Raises:
        PackageFault: a package found cannot be read.
    """
    folders = dict(_folders(root))
    found: list[str] = []
    files: list[str] = []
    waiting, seen = [guide], {guide.id}
    while waiting:
        for stated, version in sorted(waiting.pop(0).dependencies.items()):
            name = _ALIAS.sub("", stated)
            identity = f"{name}#{version}"
            if identity in seen:
                continue
            seen.add(identity)
            if identity in folders:
                found.append(identity)
            elif file := _file(source, name, version):
                files.append(file.name)
                waiting.append(read_package(file))
    found.sort(key=lambda identity: identity.startswith(CORE))  # the types of R4 stand behind all profiles
    return [folders[identity] for identity in found], files


def _folders(root: Path) -> Iterator[tuple[str, str]]:
    for guide in installed(root):
        if guide.package and (guide.folder / RECIPE).is_file():
            yield guide.package, guide.name


def _file(source: Path, name: str, version: str) -> Path | None:
    """The package file as registries name it; the core definitions carry a word more."""
    if len(f"{name}{version}".encode()) > _LONGEST:
        return None
    places: Iterable[Path] = (source / f"{name}-{version}{ending}" for ending in (".tgz", "-definitions.tgz"))
    return next((file for file in places if file.is_file()), None)
