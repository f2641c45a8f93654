"""The files of every version folder fit together, and the generated ones are what the compiler makes today."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.conformance import compile as compiler
from gateway.conformance import recipes
from gateway.conformance.definitions import Definition, Library, Node, read_definition
from gateway.conformance.guides import by_hand, definitions, folder, installed
from gateway.conformance.packages import read_package
from gateway.conformance.recipes import Recipe, Sources, included
from gateway.conformance.snapshot import value_sets
from gateway.fhir import path as fhirpath

ROOT = Path(__file__).parents[2]
PROFILES = ROOT / "profiles"
PACKAGES = ROOT.parent / "shared/ig"
GUIDES = [guide.name for guide in installed(PROFILES)]
KEYS = {
    *("card", "types", "fixed", "pattern", "binding", "rules", "slicing"),
    *("maxLength", "minValue", "maxValue", "ms", "ref", "ceiling", "also"),
}
HEAD = {"kind", "type", "base", "abstract", "context", "contextRules", "modifier", "elements"}

every_guide = pytest.mark.parametrize("guide", GUIDES)


def read(guide: str, name: str) -> Any:
    file = folder(PROFILES, guide) / name
    return (yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file.is_file() else {}


@cache
def compiled(guide: str) -> dict[str, Any]:
    """The definitions of one folder, compiled and by hand."""
    return definitions(folder(PROFILES, guide))


@cache
def folders(guide: str) -> tuple[str, ...]:
    """A guide and what it includes, least specific first."""
    recipe = Recipe.read(folder(PROFILES, guide))
    return (*(one.name for one in reversed(included(PROFILES, recipe))), guide)


@cache
def library(guide: str) -> Library:
    return Library(read_definition(key, raw) for name in folders(guide) for key, raw in compiled(name).items())


def bindings(guide: str, strength: str = "") -> set[str]:
    return {
        url
        for raw in compiled(guide).values()
        for element in raw["elements"].values()
        for url in value_sets(element)
        if not strength or ("binding" in element and element["binding"] == {"strength": strength, "set": url})
    }


def test_the_guides_and_versions_that_are_due_are_here() -> None:
    assert GUIDES == [
        "crd/2.0.1",
        "crd/2.2.1",
        "dtr/2.0.1",
        "dtr/2.2.0",
        "pas/2.0.1",
        "pas/2.2.1",
        "r4/4.0.1",
        "sdc/4.0.0-ballot",
        "us-core/3.1.1",
        "us-core/6.1.0",
        "us-core/7.0.0",
    ]


@pytest.fixture(scope="module")
def read_once() -> Iterator[None]:
    """Every package is read once for all guides: R4 alone is in all of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipes, "read_package", cache(read_package))
        yield


@every_guide
@pytest.mark.usefixtures("read_once")
@pytest.mark.skipif(not PACKAGES.is_dir(), reason="the FHIR packages are not beside this checkout")
def test_compiling_again_gives_the_same_bytes(guide: str) -> None:
    place = folder(PROFILES, guide)

    files = compiler.compiled_files(Sources.read(PACKAGES, place))

    assert files.keys() >= {"package.yaml", "valuesets.json"}
    for name, text in files.items():
        assert (place / name).read_text(encoding="utf-8") == text, name
    assert {file.name for file in place.glob("*.json")} == {name for name in files if name.endswith(".json")}


def test_compiled_files_stay_small_and_hold_no_prose() -> None:
    assert sum(file.stat().st_size for file in PROFILES.glob("*/*/*.json")) < 4_000_000
    for guide in GUIDES:
        for raw in compiled(guide).values():
            assert raw.keys() <= HEAD
            assert {name for element in raw["elements"].values() for name in element} <= KEYS


def test_fixed_and_pattern_values_hold_no_descriptions_of_other_peoples_codes() -> None:
    for guide in GUIDES:
        for raw in compiled(guide).values():
            for element in raw["elements"].values():
                for coding in codings([element.get("fixed"), element.get("pattern")]):
                    assert "display" not in coding or "hl7.org/" in coding["system"], guide


def codings(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict) and "system" in value:
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from codings(inner)


@every_guide
def test_every_file_listed_is_there_and_its_sources_have_digests(guide: str) -> None:
    manifest = read(guide, "package.yaml")

    assert all((folder(PROFILES, guide) / name).is_file() for name in manifest["definitions"])
    assert all(len(row["sha256"]) == 64 for row in manifest["sources"])
    assert [*reversed(folders(guide))][1:] == manifest["includes"]


@every_guide
def test_every_name_a_definition_leads_to_is_at_hand_or_listed_as_absent(guide: str) -> None:
    left_out = {name for one in folders(guide) for name in read(one, "recipe.yaml").get("leave_out", ())}
    absent = {*read(guide, "package.yaml")["absent"], *left_out}
    for name, raw in compiled(guide).items():
        for element in raw["elements"].values():
            for row in element.get("types", ()):
                if isinstance(row, dict):
                    for target in (*row.get("profiles", ()), *row.get("targets", ())):
                        assert library(guide).find(target) or target in absent, f"{name}: {target}"


def test_every_value_set_written_by_hand_is_bound_somewhere_and_none_has_a_compiled_list() -> None:
    bound = {url for guide in GUIDES for url in bindings(guide)}
    for guide in GUIDES:
        hand = set(read(guide, "valuesets.hand.yaml"))

        assert hand <= bound
        assert hand.isdisjoint(url for url, row in read(guide, "valuesets.json").items() if "codes" in row)


@pytest.mark.parametrize("guide", [name for name in GUIDES if not name.startswith("r4/")])
def test_every_required_value_set_of_a_guide_is_known_or_named_here(guide: str) -> None:
    known = {
        url for name in folders(guide) for file in ("valuesets.hand.yaml", "valuesets.json") for url in read(name, file)
    }
    # Of VSAC, HRex, SDC 3.0.0 and HL7 Terminology, whose packages are not at hand; the last names all types of R4.
    named = {
        "crd/2.0.1": {"http://hl7.org/fhir/uv/sdc/ValueSet/task-code"},
        "pas/2.0.1": {"http://hl7.org/fhir/us/davinci-hrex/ValueSet/hrex-task-status"},
        "us-core/3.1.1": {"http://hl7.org/fhir/ValueSet/ucum-vitals-common"},
        "us-core/6.1.0": {"http://cts.nlm.nih.gov/fhir/ValueSet/2.16.840.1.113762.1.4.1240.3"},
        "us-core/7.0.0": {
            "http://cts.nlm.nih.gov/fhir/ValueSet/2.16.840.1.113762.1.4.1021.24",
            "http://terminology.hl7.org/ValueSet/v3-UnitsOfMeasureCaseSensitive",
        },
        "dtr/2.0.1": {"http://hl7.org/fhir/ValueSet/resource-types"},
        "sdc/4.0.0-ballot": {"http://hl7.org/fhir/ValueSet/resource-types"},
    }

    assert bindings(guide, "required") - known == named.get(guide, set())


@every_guide
def test_every_invariant_can_at_least_be_parsed(guide: str) -> None:
    for expression in {
        rule["expression"]
        for raw in compiled(guide).values()
        for element in raw["elements"].values()
        for rule in element.get("rules", ())
    }:
        fhirpath.compile(expression)


@every_guide
def test_added_rules_stand_on_definitions_that_exist_and_parse(guide: str) -> None:
    for row in read(guide, "rules.yaml").get("added", ()):
        assert row["definition"] in compiled(guide)
        assert row["fix"].endswith(".")
        fhirpath.compile(row["expression"])


@every_guide
def test_every_fix_is_for_a_rule_the_guide_has(guide: str) -> None:
    keys = {
        name
        for folder in folders(guide)
        for definition in compiled(folder).values()
        for place, element in definition["elements"].items()
        for rule in element.get("rules", ())
        for name in (rule["key"], f"{rule['key']} {place}")
    }

    assert read(guide, "rules.yaml").get("fixes", {}).keys() <= keys


@every_guide
def test_a_bundle_profile_named_for_its_content_is_at_hand(guide: str) -> None:
    for canonical in read(guide, "rules.yaml").get("bundles", {}).values():
        found = library(guide).find(canonical)
        assert found is not None
        assert found.type == "Bundle"


@pytest.mark.parametrize("guide", ["pas/2.0.1", "pas/2.2.1"])
def test_context_overrides_are_those_the_guides_profiles_need_and_no_others(guide: str) -> None:
    overrides = {
        (url, place)
        for row in read(guide, "overrides.yaml")["contexts"]
        for url in row["extensions"]
        for place in row["also"]
    }
    allowed = {url: {place for other, place in overrides if other == url} for url, _ in overrides}
    used = set()
    for definition in own(guide):
        if definition.type != "Extension":
            continue
        for places in (names for site in sites(guide, definition.url) for names in naming(guide, *site)):
            if places.isdisjoint(definition.context):
                hits = places & allowed.get(definition.url, set())
                assert hits, f"{definition.url} may not stand at {sorted(places)}"
                used |= {(definition.url, place) for place in hits}

    assert used == overrides


def test_definitions_by_hand_are_read_as_the_compiled_ones_are() -> None:
    hand = by_hand(folder(PROFILES, "crd/2.2.1"))

    assert len(hand) == 11
    assert set(hand) == set(compiled("crd/2.2.1"))


def own(guide: str) -> Iterator[Definition]:
    canonical = read(guide, "package.yaml")["canonical"]
    for name in compiled(guide):
        if name.startswith(canonical) and (found := library(guide).find(name)):
            yield found


def sites(guide: str, url: str) -> Iterator[tuple[Definition, str]]:
    """Every element on which a profile of the guide puts an extension."""
    for definition in own(guide):
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


def naming(guide: str, definition: Definition, path: str) -> list[set[str]]:
    """The ways a context may name an element; part of an extension, one set for each place of the whole."""
    if definition.type != "Extension":
        return [{f"element:{path}", *(f"element:{code}" for code in types(guide, path))}]
    whole = f"extension:{definition.url}"
    return [{whole, f"element:{outer}.extension"} for _, outer in sites(guide, definition.url)] or [{whole}]


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in (*node.children.values(), *node.slices.values()):
        yield from nodes(child)


def types(guide: str, path: str) -> list[str]:
    """The R4 types of an element."""
    first, *rest = path.split(".")
    definition = library(guide).type(first)
    node = definition.root if definition else None
    for name in rest:
        if node is None:
            return []
        roots = [node, *(found.root for row in node.element.types if (found := library(guide).type(row.code)))]
        node = next((root.children[name] for root in roots if name in root.children), None)
    return [row.code for row in node.element.types] if node else []
