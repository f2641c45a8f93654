"""Every must-support element of PASClaim and PASClaimUpdate can be put on the wire, in each guide version.

`must_support/<version>.yaml` names for each element the request or update (`shown.py`) that has it; the list is held
against the profile, and the profile against the official package where `../shared` is present.
"""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.fhir import json
from gateway.sandbox.checks import check_request
from gateway.sandbox.versions import VERSIONS as SPOKEN
from tests.mappings.shown import Resource, Shown, requests, updates
from tests.unit.orders.reading import ROOT, VERSIONS, the_profiles

HERE = Path(__file__).parent / "must_support"
SHARED = ROOT.parent / "shared" / "ig"
PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/"
PROFILES = ("profile-claim", "profile-claim-update")
SLICES: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "slices.yaml").read_text())
LISTS = {version: yaml.safe_load((HERE / f"{version}.yaml").read_text()) for version in VERSIONS}
CASES = [
    (version, profile, element, shown)
    for version in VERSIONS
    for profile in PROFILES
    for element, shown in LISTS[version][profile].items()
]
each_profile = pytest.mark.parametrize(("version", "profile"), [(v, p) for v in VERSIONS for p in PROFILES])


def everything(version: str) -> dict[str, Shown]:
    return {**requests(version), **updates(version)}


def observed(rows: list[Any], element: str) -> list[Any]:
    """What stands at a StructureDefinition element id (`supportingInfo:PatientEvent.timing[x]`) below the rows."""
    for part in element.split("."):
        name, _, slice_name = part.partition(":")
        if name.endswith("[x]"):
            rows = [value for row in rows for value in _forms(row, name.removesuffix("[x]"), slice_name)]
        else:
            rows = [value for row in rows for value in _values(row, name)]
            rows = [row for row in rows if not slice_name or _is_slice(row, part)]
    return rows


def _values(row: Any, name: str) -> list[Any]:
    value = row.get(name, []) if isinstance(row, dict) else []
    return value if isinstance(value, list) else [value]


def _forms(row: Resource, stem: str, form: str) -> Iterator[Any]:
    """The value of a choice element, in the form of that name or in any."""
    for key, value in row.items():
        if key == form or (not form and key.startswith(stem) and key[len(stem) :][:1].isupper()):
            yield value


def _is_slice(row: Resource, part: str) -> bool:
    return all(value in observed([row], path) for path, value in SLICES[part].items())


@pytest.mark.parametrize(("version", "profile", "element", "shown"), CASES)
def test_a_must_support_element_can_be_put_on_the_wire(version: str, profile: str, element: str, shown: str) -> None:
    claim = everything(version)[shown].claim
    assert claim["meta"]["profile"] == [PAS + profile]
    assert observed([claim], element), f"{element} is not in {shown}"


@each_profile
def test_the_list_is_that_of_the_profile(version: str, profile: str) -> None:
    folder = ROOT / "profiles" / "pas" / version
    compiled = json.loads((folder / f"us.davinci-pas-{version}.json").read_bytes())
    elements = compiled[f"{PAS}{profile}|{version}"]["elements"]
    assert set(LISTS[version][profile]) == {_below(name) for name, row in elements.items() if row.get("ms")}


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared with the official packages is not there")
@each_profile
def test_the_list_is_that_of_the_official_package(version: str, profile: str) -> None:
    with tarfile.open(SHARED / f"hl7.fhir.us.davinci-pas-{version}.tgz") as package:
        member = package.extractfile(f"package/StructureDefinition-{profile}.json") or io.BytesIO()
        snapshot = json.loads(member.read())["snapshot"]["element"]
    assert set(LISTS[version][profile]) == {_below(row["id"]) for row in snapshot if row.get("mustSupport")}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_shows_it_has_no_error(version: str) -> None:
    found = {
        name: [(issue.rule, issue.path) for issue in the_profiles(version).check(shown.bundle).issues if issue.is_error]
        for name, shown in everything(version).items()
    }
    assert {name: errors for name, errors in found.items() if errors} == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_sandbox_of_that_version_would_take_what_shows_it(version: str) -> None:
    found = {name: check_request(shown.bundle, SPOKEN[version]) for name, shown in everything(version).items()}
    assert {name: issues for name, issues in found.items() if issues} == {}


def test_an_update_of_2_2_1_has_the_claim_before_it_as_its_second_entry() -> None:
    before, update = requests("2.2.1")["inpatient_stay with everything"], updates("2.2.1")["update"]
    first = before.bundle["entry"][0]
    assert update.claim["related"][0]["claim"] == {"reference": first["fullUrl"]}
    assert update.bundle["entry"][1] == first


def test_an_update_of_2_0_1_names_the_claim_before_it_since_a_bundle_holds_one() -> None:
    before, update = requests("2.0.1")["inpatient_stay with everything"], updates("2.0.1")["update"]
    [trace] = before.claim["identifier"]
    assert update.claim["related"][0]["claim"] == {"identifier": {"system": trace["system"], "value": trace["value"]}}
    assert [entry["resource"]["resourceType"] for entry in update.bundle["entry"]].count("Claim") == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_an_update_keeps_every_number_and_marks_what_changed(version: str) -> None:
    before, update = requests(version)["inpatient_stay with everything"], updates(version)["update"]
    for list_name in ("item", "supportingInfo"):
        kept = {row["sequence"] for row in before.claim[list_name]}
        rows = {row["sequence"]: row for row in update.claim[list_name]}
        assert kept <= rows.keys()
        added = {n for n, row in rows.items() if observed([row], "extension:infoChanged.valueCode") == ["added"]}
        assert added == rows.keys() - kept
    assert update.claim["identifier"] != before.claim["identifier"]
    assert observed([update.claim], "item.extension:itemTraceNumber") == observed(
        [before.claim], "item.extension:itemTraceNumber"
    )


def test_an_element_that_is_not_there_is_not_observed() -> None:
    claim = requests("2.2.1")["knee_mri"].claim
    for element in (
        "accident",
        "item.unitPrice",
        "supportingInfo:MessageText",
        "item.extension:epsdtIndicator",
        "item.serviced[x]:servicedPeriod",
        "supportingInfo:PatientEvent.timing[x]:timingPeriod.start",
    ):
        assert not observed([claim], element), element


def _below(name: str) -> str:
    return name.removeprefix("Claim.")
