"""Finds the guide versions installed under `profiles/`: `pas/2.0.1` to its folder and what its `package.yaml` says."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gateway.model.errors import ConfigFault, NotFound

MANIFEST = "package.yaml"
# The safe loader in C, ten times as fast, where PyYAML was built with it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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


def layers(place: Path) -> list[Path]:
    """The folders that a guide version is loaded from: those it includes, the least specific first, then its own.

    Raises:
        FileNotFoundError: there is no `package.yaml` in `place`.
    """
    root = place.resolve().parents[1]
    return [*(root / name for name in reversed(read_yaml(place / MANIFEST)["includes"])), place]


def definitions(place: Path) -> dict[str, Any]:
    """The compiled and hand-written definitions of one folder, without those of what it includes; {} of no guide."""
    return compiled(place) | by_hand(place)


def compiled(place: Path) -> dict[str, Any]:
    """The compiled definitions of one folder."""
    found: dict[str, Any] = {}
    for name in compiled_names(place):
        found |= json.loads((place / name).read_bytes())
    return found


def compiled_names(place: Path) -> list[str]:
    """The names of the compiled definition files in one folder."""
    file = place / MANIFEST
    return list(read_yaml(file)["definitions"]) if file.is_file() else []


def by_hand(place: Path, name: str = "definitions.hand.yaml") -> dict[str, Any]:
    """What is written by hand in one folder, its definitions or another file; {} when there is none."""
    file = place / name
    return read_yaml(file) if file.is_file() else {}


def read_yaml(file: Path) -> Any:
    """The content of a YAML file; {} of an empty one."""
    with file.open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader=_Loader) or {}  # noqa: S506 (both are safe loaders)


def _guides(root: Path) -> Iterator[Installed]:
    for file in root.glob(f"*/*/{MANIFEST}"):
        try:
            yield _guide(file, read_yaml(file))
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
