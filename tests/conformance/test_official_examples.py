"""Every guide's own examples are accepted, or refused for a defect of the example that is known by name.

A defect that goes away fails the test as well. Information (another guide's extension, a preferred code) is no finding.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gateway.conformance import Profiles, Report
from gateway.conformance.guides import by_hand, definitions, folder
from gateway.conformance.known_examples import FILE, known_defects, known_examples
from gateway.fhir import json

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
EXAMPLES = SHARED / "ig/examples"
GUIDES = ("pas/2.0.1", "pas/2.2.1", "crd/2.0.1", "crd/2.2.1", "dtr/2.0.1", "dtr/2.2.0")
COUNTS = {"pas/2.0.1": 39, "pas/2.2.1": 47, "crd/2.0.1": 17, "crd/2.2.1": 26, "dtr/2.0.1": 16, "dtr/2.2.0": 23}


# Rule and place of each finding of an example, to the words of the fact sheet on the guides (ig.md) it is known by.
KNOWN = {guide: known_examples(folder(ROOT / "profiles", guide)) for guide in GUIDES}
# Rules that only warn, and that examples may break: a code outside an extensible set, and names that R4 merely advises.
# DTR 2.2.0 is not at hand, and its examples lack the origin of answers to questions within others (see
# profiles/dtr/2.2.0/definitions.hand.yaml).
ADVICE = {"binding", "lib-0", "que-0", "dtr-origin-nested"}
# What may be an exception at all: rules about a Bundle as a whole and the narrative ones. Never a structural rule.
EXCUSABLE = {"member-id-value", "prof-2", "prof-3", "reference-resolves", "spec-20"}

needs_examples = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the official examples are not beside this checkout")
FILES = [
    pytest.param(guide, file, id=f"{guide}-{file.stem}")
    for guide in GUIDES
    for file in (sorted((EXAMPLES / guide.replace("/", "-")).glob("*.json")) if EXAMPLES.is_dir() else ())
]


@cache
def checker(guide: str) -> Profiles:
    return Profiles.load(folder(ROOT / "profiles", guide))


@cache
def own_profiles(guide: str) -> dict[str, str]:
    """R4 type to the guide's own profile for it, where there is exactly one: CRD's examples do not say theirs."""
    names: dict[str, list[str]] = {}
    for name, raw in definitions(folder(ROOT / "profiles", guide)).items():
        if raw.get("type") != "Extension":
            names.setdefault(raw["type"], []).append(name)
    return {kind: found[0] for kind, found in names.items() if len(found) == 1}


def resources(content: Any) -> Iterator[dict[str, Any]]:
    """The resources of a file; those that a CDS Hooks message carries."""
    if isinstance(content, dict) and "resourceType" in content:
        yield content
    elif isinstance(content, dict | list):
        for inner in content.values() if isinstance(content, dict) else content:
            yield from resources(inner)


def reports(guide: str, file: Path) -> list[Report]:
    content = json.loads(file.read_bytes())
    found = []
    for resource in resources(content):
        is_bare = guide.startswith("crd/") and resource is content
        found.append(
            checker(guide).check(resource, own_profiles(guide).get(resource["resourceType"]) if is_bare else None)
        )
    return found


@needs_examples
@pytest.mark.parametrize(("guide", "file"), FILES)
def test_an_official_example_has_no_finding_but_its_known_defects(guide: str, file: Path) -> None:
    findings = [issue for report in reports(guide, file) for issue in report.issues if issue.severity != "information"]

    found = {(issue.rule, issue.path) for issue in findings if issue.is_error or issue.rule not in ADVICE}
    assert found == set(KNOWN.get(guide, {}).get(file.stem, {}))


@needs_examples
@pytest.mark.parametrize("guide", GUIDES)
def test_all_the_examples_of_a_guide_are_looked_at(guide: str) -> None:
    files = [param.values[1] for param in FILES if param.values[0] == guide]

    assert len(files) == COUNTS[guide]
    assert sum(len(reports(guide, file)) for file in files) >= len(files) - 1  # CRDServices.json holds no resource


def test_no_exception_is_for_a_structural_rule() -> None:
    rules = {rule for examples in KNOWN.values() for known in examples.values() for rule, _ in known}

    assert rules == EXCUSABLE


@needs_examples
def test_every_exception_quotes_a_defect_of_the_fact_sheet() -> None:
    sheet = (SHARED / "facts/ig.md").read_text(encoding="utf-8")
    section = sheet[sheet.index("## 9. Defects in official data") :]
    rows = {line.split("|")[1].strip(): line for line in section.splitlines() if line.startswith("| ")}

    for guide in ("pas/2.0.1", "pas/2.2.1"):
        raw = by_hand(folder(ROOT / "profiles", guide), FILE)
        assert {row["defect"] for example in raw["examples"].values() for row in example} == raw["defects"].keys()
        for defect in raw["defects"].values():
            assert defect["fact"] in rows[defect["row"]], defect


@needs_examples
@pytest.mark.parametrize("guide", GUIDES)
def test_every_known_example_is_an_official_one_and_found_by_its_type_and_id(guide: str) -> None:
    files = {param.values[1].stem: param.values[1] for param in FILES if param.values[0] == guide}

    assert KNOWN[guide].keys() <= files.keys()
    for stem, known in KNOWN[guide].items():
        assert known_defects(folder(ROOT / "profiles", guide), files[stem].read_bytes()) == known


@needs_examples
@pytest.mark.parametrize("guide", ["pas/2.0.1", "pas/2.2.1"])
def test_every_request_and_response_bundle_is_judged_by_its_pas_profile(guide: str) -> None:
    names = {
        param.values[1].stem: reports(guide, param.values[1])[0].profile
        for param in FILES
        if param.values[0] == guide and "Bundle-" in param.values[1].stem
    }
    exchanged = {stem: name for stem, name in names.items() if "Notification" not in stem}

    assert len(exchanged) == {"pas/2.0.1": 10, "pas/2.2.1": 11}[guide]
    assert all("davinci-pas/StructureDefinition/profile-pas-" in name for name in exchanged.values())


@needs_examples
@pytest.mark.parametrize("guide", GUIDES)
def test_what_cannot_be_judged_in_the_examples_is_said_and_is_only_codes_and_absent_guides(guide: str) -> None:
    files = [param.values[1] for param in FILES if param.values[0] == guide]
    rules = {row.rule for file in files for report in reports(guide, file) for row in report.not_evaluated}

    # Published expressions that no evaluator can make sense of: implies on what is no boolean, resolve() of a server.
    unclear = {"crd/2.0.1": {"crd-ci-q2", "crd-ci-q4", "sdc-t1"}}
    assert rules <= {"binding", "profile", "extension"} | unclear.get(guide, set())


@needs_examples
@pytest.mark.parametrize("version", ["3.1.1", "6.1.0", "7.0.0"])
@pytest.mark.parametrize("guide", ["pas/2.2.1", "us-core/{}"])
def test_a_us_core_profile_of_each_version_can_be_asked_for(guide: str, version: str) -> None:
    patient = json.loads((EXAMPLES / "pas-2.2.1/Patient-SubscriberExample.json").read_bytes())
    canonical = f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|{version}"

    report = checker(guide.format(version)).check(patient, canonical)
    del patient["name"]
    broken = checker(guide.format(version)).check(patient, canonical)

    assert report.profile == canonical
    assert report.ok
    assert ("cardinality", "Patient.name") in {(issue.rule, issue.path) for issue in broken.issues}


def test_a_profile_claimed_without_a_version_means_the_one_the_guide_prefers() -> None:
    """PAS 2.2.1 depends on three versions of US Core and takes 7.0.0 for the plain name, as the HL7 validator does."""
    canonical = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-organization"
    resource = {
        "resourceType": "Organization",
        "active": True,
        "name": "A practice",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567890"}],
    }
    said = {
        version: {
            issue.rule for issue in checker("pas/2.2.1").check(claiming(resource, f"{canonical}{version}")).issues
        }
        for version in ("", "|3.1.1", "|6.1.0", "|7.0.0")
    }

    assert "us-core-17" not in said["|3.1.1"]
    assert "us-core-17" in said["|6.1.0"]
    assert said[""] == said["|7.0.0"] >= {"us-core-17"}


def claiming(resource: dict[str, Any], canonical: str) -> dict[str, Any]:
    return resource | {"meta": {"profile": [canonical]}}
