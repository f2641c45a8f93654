"""Takes a FHIR package in: what it would change in its version folder, what it lacks, and the change itself."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gateway.conformance.compile import compiled_files, write
from gateway.conformance.dependencies import Need, discover, needs
from gateway.conformance.differences import Difference, compare
from gateway.conformance.guides import MANIFEST, definitions, installed
from gateway.conformance.packages import Package, PackageFault, printable, read_package
from gateway.conformance.recipes import RECIPE, Recipe, Sources, included
from gateway.model.errors import OurFault

# What may become the names of folders.
_DEPTH = 4  # root of the disk, `profiles`, guide, version
_USABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


class MissingDependency(OurFault):
    """A package that the guide needs is not at hand."""

    code = "missing-dependency"


@dataclass(frozen=True, slots=True)
class Import:
    """A package read and compiled, nothing written yet.

    Attributes:
        folder: the version folder it belongs to.
        package: its id; `sha256` its digest.
        needs: what it depends on, and what meets that.
        digests: id and digest of every package read for it.
        files: what would be written; a recipe only where there is none.
        difference: to what is in the folder now.
    """

    folder: Path
    package: str
    sha256: str
    needs: tuple[Need, ...]
    digests: Mapping[str, str]
    files: Mapping[str, str]
    difference: Difference

    def name(self, root: Path) -> str:
        """How the guide version is asked for, e.g. `pas/2.2.1`; empty when its folder is no place under `root`."""
        place = self.folder.resolve()
        return "/".join(place.parts[-2:]) if place.parents[1] == root.resolve() else ""

    def write(self) -> list[Path]:
        """Put it into its folder; files written by hand are never touched.

        Raises:
            OurFault: the folder cannot be written.
        """
        try:
            return write(self.folder, self.files)
        except OSError as fault:
            raise OurFault(
                f"{self.folder} cannot be written: {fault.strerror}.",
                fix="Make it writable, or name another folder with --into.",
            ) from None


def plan(
    file: Path, root: Path, *, into: Path | None = None, source: Path | None = None, without: tuple[str, ...] = ()
) -> Import:
    """Read a package, and those it needs, from `source` (where the package is, unless told), and compile it.

    Args:
        root: the `profiles` folder.
        into: the version folder; otherwise the one the name of the package leads to.
        without: names of packages that a new guide may do without.

    Raises:
        PackageFault: a package cannot be read, is not for FHIR R4, or is not the one the folder is made of.
        MissingDependency: packages it needs are not at hand; the message lists all.
    """
    guide = _checked(read_package(file))
    source = source or file.resolve().parent
    folder = into or root / _place(guide, root)
    if len(folder.resolve().parts) < _DEPTH:
        raise OurFault("That is no version folder.", fix="Name one as profiles/GUIDE/VERSION.")
    has_recipe = (folder / RECIPE).is_file()
    recipe = _known(folder, guide) if has_recipe else _new(guide, folder, source, without)
    _refuse_absent(recipe, folder, source)
    sources = Sources.gather(recipe, guide, source, folder)
    found = needs(sources, exact=not has_recipe)
    _refuse([f"{one.name}#{one.version}, needed by {one.needed_by}" for one in found if _is_open(one)], source)
    files = compiled_files(sources)
    difference = compare(definitions(folder), _definitions(files) | sources.by_hand, guide.canonical)
    if not has_recipe:
        files[RECIPE] = _recipe_text(recipe)
    digests = {package.id: package.sha256 for package in sources.packages}
    return Import(folder, guide.id, guide.sha256, tuple(found), digests, files, difference)


def _checked(guide: Package) -> Package:
    if not guide.fhir_versions:
        raise PackageFault(
            f"{guide.file} has no package.json that says which FHIR it is for.", fix="Give the package of a guide."
        )
    if not any(version.startswith("4.0.") for version in guide.fhir_versions):
        raise PackageFault(
            f"{guide.file} is for FHIR {', '.join(guide.fhir_versions)}, this checker for R4 (4.0.1).",
            fix="Give the package built for 4.0.1.",
        )
    if not all(_USABLE.fullmatch(part) and ".." not in part for part in (guide.name, guide.version)):
        raise PackageFault(
            f"{guide.file} has no usable name and version in its package.json.",
            fix="They are letters, digits and . _ + - only, e.g. org.example.tea and 1.0.0.",
        )
    return guide


def _place(guide: Package, root: Path) -> str:
    """Where a package belongs: beside the other versions of its guide, else under a short form of its name."""
    for other in installed(root):
        if other.canonical == guide.canonical:
            return f"{other.name.partition('/')[0]}/{guide.version}"
    short = guide.name.removeprefix("hl7.fhir.").removeprefix("us.davinci-").removeprefix("uv.").replace(".", "-")
    return f"{short or guide.name.replace('.', '-')}/{guide.version}"


def _known(folder: Path, guide: Package) -> Recipe:
    recipe = Recipe.read(folder)
    if recipe.guide != guide.file:
        raise PackageFault(
            f"{recipe.name} is made of {recipe.guide or 'hand-written definitions'}, not of {guide.file}.",
            fix=f"Name the package in its {RECIPE}, or import it into a folder of its own with --into.",
        )
    return recipe


def _new(guide: Package, folder: Path, source: Path, without: tuple[str, ...]) -> Recipe:
    place = folder.resolve()
    includes, files = discover(guide, place.parents[1], source)
    return Recipe(
        "/".join(place.parts[-2:]), guide.file, includes=tuple(includes), packages=tuple(files), without=without
    )


def _refuse_absent(recipe: Recipe, folder: Path, source: Path) -> None:
    """The files a recipe leads to must be there before anything is read."""
    inner = included(folder.resolve().parents[1], recipe)
    wanted = [(name, recipe.name) for name in recipe.packages] + [(one.guide, one.name) for one in inner if one.guide]
    _refuse([f"{name}, of which {whose} is made" for name, whose in wanted if not (source / name).is_file()], source)


def _is_open(need: Need) -> bool:
    return not (need.met_by or need.is_waived)


def _refuse(problems: list[str], source: Path) -> None:
    if problems:
        raise MissingDependency(
            "\n".join(["Packages are not at hand:", *(f"  {printable(problem)}" for problem in problems)]),
            fix=f"Looked in {source} and in the guides installed. Put them there, name another folder with --packages, "
            f"or do without: --without NAME for a new guide, `without` in the {RECIPE} of a known one.",
        )


def _definitions(files: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in yaml.safe_load(files[MANIFEST])["definitions"]:
        found |= json.loads(files[name])
    return found


def _recipe_text(recipe: Recipe) -> str:
    content = {
        "guide": recipe.guide,
        "includes": list(recipe.includes),
        "packages": list(recipe.packages),
        "without": list(recipe.without),
    }
    return (
        "# What pa profile import puts into this folder; yours to change, profiles/README.md says how.\n"
        + yaml.safe_dump({name: value for name, value in content.items() if value}, sort_keys=False)
    )
