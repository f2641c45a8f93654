"""Reads `recipe.yaml`: which packages and which other guide folders make up one version folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gateway.conformance.guides import by_hand
from gateway.conformance.packages import Package, read_package

RECIPE = "recipe.yaml"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What goes into one version folder.

    Attributes:
        name: the folder as guides call each other, e.g. `pas/2.0.1`.
        guide: file name of the guide's own package, all of whose profiles and extensions are compiled; empty for a
            guide whose definitions are written by hand.
        canonical, version: of a guide without package.
        includes: guide folders it leans on, most specific first; their definitions are loaded with it.
        packages: file names of packages that have no folder here; what the guide leads to in them is compiled.
        leave_out: definitions of the guide's package that are not to be compiled.
        without: names of packages the guide's package asks for and this gateway does without.
        fallback: the included guide whose resource profiles judge what this one leaves alone, or empty.
    """

    name: str
    guide: str = ""
    canonical: str = ""
    version: str = ""
    includes: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    fallback: str = ""

    @classmethod
    def read(cls, folder: Path) -> "Recipe":
        """Read `folder/recipe.yaml`.

        Raises:
            FileNotFoundError: there is none.
        """
        raw = yaml.safe_load((folder / RECIPE).read_text(encoding="utf-8"))
        return cls(
            name="/".join(folder.resolve().parts[-2:]),
            guide=raw.get("guide", ""),
            canonical=raw.get("canonical", ""),
            version=raw.get("version", ""),
            includes=tuple(raw.get("includes", ())),
            packages=tuple(raw.get("packages", ())),
            leave_out=tuple(raw.get("leave_out", ())),
            without=tuple(raw.get("without", ())),
            fallback=raw.get("fallback", ""),
        )


def included(root: Path, recipe: Recipe) -> tuple[Recipe, ...]:
    """The recipes of all folders under `root` that a recipe includes, and those include, most specific first.

    Raises:
        FileNotFoundError: an included folder has no recipe.
    """
    found: dict[str, Recipe] = {}
    for inner in _walk(root, recipe):
        found.pop(inner.name, None)  # what several include stands behind all of them
        found[inner.name] = inner
    return tuple(found.values())


def _walk(root: Path, recipe: Recipe) -> Iterator[Recipe]:
    for name in recipe.includes:
        inner = Recipe.read(root / name)
        yield inner
        yield from _walk(root, inner)


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything one version folder is made of, read.

    Attributes:
        included: the folders included, most specific first; `shelved` are their packages, compiled there.
        guide: the guide's own package; None when it is written by hand.
        others: packages that have no folder.
        by_hand: the definitions written by hand in this folder.
        known_by_hand: canonicals of those, and of those in the included folders.
        fallback: package id whose resource profiles judge what the guide leaves alone, or empty.
    """

    recipe: Recipe
    included: tuple[Recipe, ...]
    guide: Package | None
    shelved: tuple[Package, ...]
    others: tuple[Package, ...]
    by_hand: dict[str, Any]
    known_by_hand: frozenset[str]
    fallback: str = ""

    @property
    def packages(self) -> tuple[Package, ...]:
        """All packages, in the order in which a canonical without version is looked up."""
        return (*([self.guide] if self.guide else ()), *self.shelved, *self.others)

    @classmethod
    def read(cls, source: Path, folder: Path) -> "Sources":
        """Read the packages in `source` that the recipe of `folder` and of what it includes name.

        Raises:
            PackageFault: a package cannot be read.
            FileNotFoundError: the recipe, that of an included folder, or a package is absent.
        """
        recipe = Recipe.read(folder)
        return cls.gather(recipe, read_package(source / recipe.guide) if recipe.guide else None, source, folder)

    @classmethod
    def gather(cls, recipe: Recipe, guide: Package | None, source: Path, folder: Path) -> "Sources":
        """The same for a recipe that need not be written yet; `folder` is where it belongs."""
        root = folder.resolve().parents[1]
        inner = included(root, recipe)
        shelved = {other.name: read_package(source / other.guide) for other in inner if other.guide}
        own = by_hand(folder)
        names = {name.partition("|")[0] for other in inner for name in by_hand(root / other.name)}
        return cls(
            recipe,
            inner,
            guide,
            tuple(shelved.values()),
            tuple(read_package(source / name) for name in recipe.packages),
            own,
            frozenset({*names, *(name.partition("|")[0] for name in own)}),
            shelved[recipe.fallback].id if recipe.fallback else "",
        )
