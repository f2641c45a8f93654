"""Finds the guide versions installed under `profiles/`: `pas/2.0.1` to its folder and what its `package.yaml` says."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gateway.model.errors import ConfigFault, NotFound

MANIFEST = "package.yaml"
HAND_DEFINITIONS = "definitions.hand.yaml"


@dataclass(frozen=True, slots=True)
class Installed:
    """One installed guide version.

    Attributes:
        name: how it is asked for, `<guide>/<version>`, e.g. `pas/2.0.1`.
        folder: where its files are.
        canonical: base of its canonical URLs, e.g. `http://hl7.org/fhir/us/davinci-pas`.
        version: as the package says it.
        package: id of the guide's own package, e.g. `hl7.fhir.us.core#7.0.0`; empty when the guide is written by hand.
        sha256: digest of that package.
        profiles: how many profiles and extensions are the guide's own.
    """

    name: str
    folder: Path
    canonical: str
    version: str
    package: str
    sha256: str
    profiles: int


def installed(root: Path) -> tuple[Installed, ...]:
    """Every guide version under `root` (the `profiles` folder), by name and version.

    Raises:
        ConfigFault: a `package.yaml` cannot be read.
    """
    return tuple(sorted(_guides(root), key=_order))


def folder(root: Path, name: str) -> Path:
    """The folder of a guide version, e.g. of `pas/2.0.1`.

    Raises:
        NotFound: it is not installed; the fix lists what is.
    """
    guide, _, version = name.partition("/")
    if guide.isascii() and version and all(part.strip(".") for part in (guide, version)) and "/" not in version:
        place = root / guide / version
        if (place / MANIFEST).is_file():
            return place
    names = ", ".join(one.name for one in installed(root))
    raise NotFound("That guide version is not installed.", fix=f"Name it guide/version; installed: {names or 'none'}.")


def definitions(place: Path) -> dict[str, Any]:
    """The compiled and hand-written definitions of one folder, without those of what it includes; {} of no guide."""
    found: dict[str, Any] = {}
    for name in compiled_names(place):
        found |= json.loads((place / name).read_bytes())
    return found | by_hand(place)


def compiled_names(place: Path) -> list[str]:
    """The names of the compiled definition files in one folder."""
    file = place / MANIFEST
    return list(yaml.safe_load(file.read_text(encoding="utf-8"))["definitions"]) if file.is_file() else []


def by_hand(place: Path) -> dict[str, Any]:
    """The definitions written by hand in one folder."""
    file = place / HAND_DEFINITIONS
    return (yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file.is_file() else {}


def _guides(root: Path) -> Iterator[Installed]:
    for file in root.glob(f"*/*/{MANIFEST}"):
        try:
            raw = yaml.safe_load(file.read_text(encoding="utf-8"))
            yield _guide(file, raw)
        except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as fault:
            raise ConfigFault(
                f"{file} cannot be read ({type(fault).__name__}).", fix="Compile the guide again: pa profile import."
            ) from None


def _guide(file: Path, raw: dict[str, Any]) -> Installed:
    digests = {row["package"]: row["sha256"] for row in raw["sources"]}
    return Installed(
        name="/".join(file.parts[-3:-1]),
        folder=file.parent,
        canonical=raw["canonical"],
        version=raw["version"],
        package=raw["package"],
        sha256=digests.get(raw["package"], ""),
        profiles=raw["profiles"],
    )


def _order(guide: Installed) -> tuple[str, tuple[tuple[int, str], ...]]:
    """Versions by their numbers: 2.10.0 after 2.9.0."""
    parts = guide.version.replace("-", ".").split(".")
    return guide.name.partition("/")[0], tuple((int(part), "") if part.isdigit() else (-1, part) for part in parts)
