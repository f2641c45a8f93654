"""The files of a version folder fit together, and the generated ones are what the compiler makes today."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.conformance.compile import compile_package
from gateway.conformance.definitions import Definition, Library, Node, read_definition
from gateway.fhir import path as fhirpath

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "profiles/pas/2.2.1"
PACKAGES = ROOT.parent / "shared/ig"


def read(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def compiled() -> dict[str, Any]:
    return {
        key: raw
        for name in read("package.yaml")["definitions"]
        for key, raw in json.loads((FOLDER / name).read_bytes()).items()
    }


@pytest.fixture(scope="module")
def library(compiled: dict[str, Any]) -> Library:
    return Library(read_definition(key, raw) for key, raw in compiled.items())


def test_compiling_again_gives_the_same_bytes(tmp_path: Path) -> None:
    if not PACKAGES.is_dir():
        pytest.skip("the FHIR packages are not beside this checkout")
    shutil.copy(FOLDER / "recipe.yaml", tmp_path)

    written = compile_package(PACKAGES, tmp_path)

    assert {file.name for file in written} > {"package.yaml", "valuesets.json"}
    for file in written:
        assert file.read_bytes() == (FOLDER / file.name).read_bytes(), file.name


def test_compiled_files_stay_small_and_hold_no_prose(compiled: dict[str, Any]) -> None:
    assert sum(file.stat().st_size for file in FOLDER.glob("*.json")) < 1_500_000
    words = {name for raw in compiled.values() for element in raw["elements"].values() for name in element}
    assert words <= {
        "card",
        "types",
        "fixed",
        "pattern",
        "binding",
        "rules",
        "slicing",
        "maxLength",
        "minValue",
        "maxValue",
        "ms",
        "ref",
    }


def test_every_value_set_written_by_hand_is_bound_somewhere_and_not_compiled(compiled: dict[str, Any]) -> None:
    bound = {
        element["binding"]["set"]
        for raw in (*compiled.values(), *read("definitions.hand.yaml").values())
        for element in raw["elements"].values()
        if "binding" in element
    }
    by_hand = set(read("valuesets.hand.yaml"))

    assert by_hand <= bound
    assert by_hand.isdisjoint(json.loads((FOLDER / "valuesets.json").read_bytes()))


def test_every_required_value_set_is_known_or_named_here(compiled: dict[str, Any]) -> None:
    known = {*read("valuesets.hand.yaml"), *json.loads((FOLDER / "valuesets.json").read_bytes())}
    required = {
        element["binding"]["set"]
        for raw in compiled.values()
        for element in raw["elements"].values()
        if element.get("binding", {}).get("strength") == "required"
    }

    # Two VSAC sets of US Core extensions, which no package holds; names of all R4 types.
    assert required - known == {
        "http://cts.nlm.nih.gov/fhir/ValueSet/2.16.840.1.113762.1.4.1021.24",
        "http://cts.nlm.nih.gov/fhir/ValueSet/2.16.840.1.113762.1.4.1240.3",
        "http://hl7.org/fhir/ValueSet/all-types",
        "http://hl7.org/fhir/ValueSet/resource-types",
    }


def test_every_invariant_can_at_least_be_parsed(compiled: dict[str, Any]) -> None:
    for raw in compiled.values():
        for element in raw["elements"].values():
            for rule in element.get("rules", ()):
                fhirpath.compile(rule["expression"])


def test_added_rules_stand_on_definitions_that_exist_and_parse(compiled: dict[str, Any]) -> None:
    for row in read("rules.yaml")["added"]:
        assert row["definition"] in compiled
        assert row["fix"].endswith(".")
        fhirpath.compile(row["expression"])


def test_every_override_has_a_reason() -> None:
    for rows in read("overrides.yaml").values():
        assert all(row["reason"].endswith(".") for row in rows)


def test_context_overrides_are_those_the_guides_profiles_need_and_no_others(library: Library) -> None:
    overrides = {
        (url, place) for row in read("overrides.yaml")["contexts"] for url in row["extensions"] for place in row["also"]
    }
    allowed = {url: {place for other, place in overrides if other == url} for url, _ in overrides}
    used = set()
    for definition in own(library):
        if definition.type != "Extension":
            continue
        for places in (names for site in sites(library, definition.url) for names in naming(library, *site)):
            if places.isdisjoint(definition.context):
                hits = places & allowed.get(definition.url, set())
                assert hits, f"{definition.url} may not stand at {sorted(places)}"
                used |= {(definition.url, place) for place in hits}

    assert used == overrides


def own(library: Library) -> Iterator[Definition]:
    names = json.loads((FOLDER / "us.davinci-pas-2.2.1.json").read_bytes())
    return (found for name in names if (found := library.find(name)))


def sites(library: Library, url: str) -> Iterator[tuple[Definition, str]]:
    """Every element on which a profile of the guide puts an extension."""
    for definition in own(library):
        for node in nodes(definition.root):
            slices = [
                one
                for name in ("extension", "modifierExtension")
                if name in node.children
                for one in node.children[name].slices.values()
            ]
            if any(
                profile.partition("|")[0] == url
                for one in slices
                for row in one.element.types
                for profile in row.profiles
            ):
                yield definition, node.path


def naming(library: Library, definition: Definition, path: str) -> list[set[str]]:
    """The ways a context may name an element; part of an extension, one set for each place of the whole."""
    if definition.type != "Extension":
        return [{f"element:{path}", *(f"element:{code}" for code in types(library, path))}]
    whole = f"extension:{definition.url}"
    return [{whole, f"element:{outer}.extension"} for _, outer in sites(library, definition.url)] or [{whole}]


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in (*node.children.values(), *node.slices.values()):
        yield from nodes(child)


def types(library: Library, path: str) -> list[str]:
    """The R4 types of an element."""
    first, *rest = path.split(".")
    definition = library.type(first)
    node = definition.root if definition else None
    for name in rest:
        if node is None:
            return []
        roots = [node, *(found.root for row in node.element.types if (found := library.type(row.code)))]
        node = next((root.children[name] for root in roots if name in root.children), None)
    return [row.code for row in node.element.types] if node else []
