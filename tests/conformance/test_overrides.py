"""Every override names the known defect behind it, is needed, and hides nothing structural."""

import copy
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from gateway.conformance import Profiles
from gateway.conformance.guides import by_hand, definitions, folder, installed

ROOT = Path(__file__).parents[2]
PROFILES = ROOT / "profiles"
SHARED = ROOT.parent / "shared"
KINDS = {"contexts", "replaced", "absent"}
GUIDES = [guide.name for guide in installed(PROFILES) if (guide.folder / "overrides.yaml").is_file()]


class Row(NamedTuple):
    guide: str
    kind: str
    position: int
    content: dict[str, Any]


def overrides(guide: str) -> dict[str, list[dict[str, Any]]]:
    return yaml.safe_load((folder(PROFILES, guide) / "overrides.yaml").read_text(encoding="utf-8")) or {}


ROWS = [
    pytest.param(Row(guide, kind, position, content), id=f"{guide}-{kind}-{position}")
    for guide in GUIDES
    for kind, rows in overrides(guide).items()
    for position, content in enumerate(rows)
]
every_guide = pytest.mark.parametrize("guide", GUIDES)
every_row = pytest.mark.parametrize("row", ROWS)
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the official examples are not beside this checkout")


@cache
def checker(guide: str) -> Profiles:
    return Profiles.load(folder(PROFILES, guide))


def without(row: Row, tmp_path: Path) -> Profiles:
    """The guide's checker with one override taken out."""
    for guide in installed(PROFILES):
        if guide.name != row.guide:
            (tmp_path / guide.name).parent.mkdir(exist_ok=True)
            (tmp_path / guide.name).symlink_to(guide.folder, target_is_directory=True)
    place = tmp_path / row.guide
    place.mkdir(parents=True)
    for file in folder(PROFILES, row.guide).iterdir():
        if file.name != "overrides.yaml" and file.is_file():
            (place / file.name).symlink_to(file)
    rest = copy.deepcopy(overrides(row.guide))
    del rest[row.kind][row.position]
    (place / "overrides.yaml").write_text(yaml.safe_dump(rest), encoding="utf-8")
    return Profiles.load(place)


def uses(row: Row) -> Iterator[dict[str, Any]]:
    """The smallest resources that use what an override lets pass."""
    if row.kind == "absent":
        yield {
            "resourceType": "Patient",
            "extension": [{"url": f"{row.content['prefix']}unknown", "valueBoolean": True}],
        }
    for url in row.content.get("extensions", ()):
        for place in row.content["also"]:
            name = "modifierExtension" if "/modifierextension-" in url else "extension"
            yield standing(place, {name: [{"url": url, "valueString": "x"}]})


def standing(place: str, content: dict[str, Any]) -> dict[str, Any]:
    """A resource with some content on the element that a context names."""
    kind, _, expression = place.partition(":")
    if kind == "extension":  # an extension of ClaimResponse.item, in all that is overridden here
        return standing("element:ClaimResponse.item", {"extension": [{"url": expression} | content]})
    if expression == "Timing":
        return {"resourceType": "ServiceRequest", "occurrenceTiming": content}
    resource, *path = expression.split(".")
    for name in reversed(path):
        content = {name: [{"url": "http://example.org/any"} | content if name == "extension" else content]}
    return {"resourceType": resource} | content


def complaints(checker: Profiles, resource: dict[str, Any]) -> set[str]:
    return {
        issue.path
        for issue in checker.check(resource).issues
        if issue.rule in ("extension-context", "unknown-extension")
    }


@every_row
def test_every_override_has_its_reason_and_the_fact_it_is_known_from(row: Row) -> None:
    assert row.kind in KINDS
    assert row.content["reason"].endswith(".")
    assert row.content["fact"][0].isdigit()


@every_row
@needs_shared
def test_the_fact_of_every_override_is_in_the_fact_sheet(row: Row) -> None:
    section, _, words = row.content["fact"].partition(" ")
    text = sections()[section]

    for quoted in words.partition(":")[0].split(", ") if section != "1" else [words.rpartition(": ")[2].split()[0]]:
        assert quoted in text, quoted


@cache
def sections() -> dict[str, str]:
    """The parts of the fact sheet on the guides, by number, each up to the next heading."""
    parts = re.split(r"(?m)^#{2,3} ", (SHARED / "facts/ig.md").read_text(encoding="utf-8"))
    return {part.split()[0].strip("."): part for part in parts[1:]}


@every_row
def test_every_override_is_needed_or_says_why_that_cannot_be_shown(row: Row, tmp_path: Path) -> None:
    """With the row, its use passes; without it, something is said, about each extension and place it names."""
    if "unshown" in row.content:
        assert row.content["unshown"].endswith(".")
        return
    bent = without(row, tmp_path)
    resources = list(uses(row))

    assert resources
    for resource in resources:
        assert complaints(checker(row.guide), resource) < complaints(bent, resource), resource


@every_guide
def test_overrides_hide_nothing_structural(guide: str) -> None:
    """They touch where the guide's extensions stand, invariants by their keys, and what no definition here is for."""
    here = definitions(folder(PROFILES, guide))
    rows = overrides(guide)
    keys = {rule["key"] for raw in here.values() for one in raw["elements"].values() for rule in one.get("rules", ())}
    extensions = {name.partition("|")[0] for name, raw in here.items() if raw["type"] == "Extension"}
    prefixes = tuple(row["prefix"] for row in rows.get("absent", ()))
    by_package = {name for name in here if name not in by_hand(folder(PROFILES, guide))}

    assert rows.keys() <= KINDS
    assert {row["rule"] for row in rows.get("replaced", ())} <= keys
    assert {url for row in rows.get("contexts", ()) for url in row["extensions"]} <= extensions
    assert not [name for name in by_package if name.startswith(prefixes)]
