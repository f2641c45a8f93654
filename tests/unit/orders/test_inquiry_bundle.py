"""The inquiry made from a request as it was sent: by example, valid, and telling the payer nothing to echo."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gateway.conformance import check
from gateway.fhir import json
from gateway.fhir.bundle import references
from gateway.mapping import Mappings
from gateway.orders.inquiry import BuiltInquiry, build_inquiry
from tests.worlds import NOW, ROOT, CountedIds

VERSIONS = ["2.0.1", "2.2.1"]
GOLDEN = ROOT / "examples" / "golden"
REQUESTS = sorted(GOLDEN.glob("*/*/*1_bundle.json"))
PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/"


@cache
def mappings(version: str) -> Mappings:
    return Mappings.load(ROOT / "mappings" / "pas" / version, ROOT / "mappings" / "codes")


def fresh_ids() -> Callable[[], str]:
    """Ids that no golden request has."""
    return CountedIds(start=1 << 40).new


def asked_about(path: Path) -> BuiltInquiry:
    return build_inquiry(path.read_bytes(), mappings(path.parts[-3]), now=NOW, new_id=fresh_ids())


def named(path: Path) -> str:
    return f"{path.parts[-3]}-{path.parts[-2]}"


@pytest.fixture(params=REQUESTS, ids=named)
def request_path(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def claim_of(document: dict[str, Any]) -> dict[str, Any]:
    claim: dict[str, Any] = document["entry"][0]["resource"]
    return claim


def test_there_are_requests_of_both_versions() -> None:
    assert {path.parts[-3] for path in REQUESTS} == set(VERSIONS)


def test_an_inquiry_is_valid_against_its_profiles(request_path: Path) -> None:
    built = asked_about(request_path)
    report = check(json.loads(built.body), f"pas/{request_path.parts[-3]}", f"{PAS}profile-pas-inquiry-request-bundle")
    assert [issue for issue in report.issues if issue.is_error] == []
    assert built.gaps == ()


def test_it_asks_for_the_same_patient_parties_services_and_dates(request_path: Path) -> None:
    sent = json.loads(request_path.read_bytes())
    asking = json.loads(asked_about(request_path).body)
    by_url = {entry["fullUrl"]: entry["resource"] for entry in sent["entry"]}
    assert all(by_url[entry["fullUrl"]] == entry["resource"] for entry in asking["entry"][1:])
    ours, theirs = claim_of(asking), claim_of(sent)
    for name in ("patient", "insurer", "provider", "insurance", "type"):
        assert ours[name] == theirs[name]
    kept = ("sequence", "category", "productOrService", "servicedDate", "servicedPeriod")
    rows = [{name: row[name] for name in kept if name in row} for row in theirs["item"]]
    assert [{name: row[name] for name in kept if name in row} for row in ours["item"]] == rows


def test_it_tells_nothing_by_which_an_answer_could_be_taken_for_ours(request_path: Path) -> None:
    sent = json.loads(request_path.read_bytes())
    claim, body = claim_of(sent), asked_about(request_path).body.decode()
    secret = [sent["identifier"]["value"], sent["entry"][0]["fullUrl"], claim["id"], claim["identifier"][0]["value"]]
    secret += [
        part["valueIdentifier"]["value"]
        for row in claim["item"]
        for part in row["extension"]
        if "valueIdentifier" in part
    ]
    assert len(secret) > 4
    assert not [value for value in secret if value in body]


def test_every_reference_finds_its_entry_and_nothing_else_travels(request_path: Path) -> None:
    asking = json.loads(asked_about(request_path).body)
    urls = [entry["fullUrl"] for entry in asking["entry"]]
    targets = {reference["reference"] for entry in asking["entry"] for _, reference in references(entry["resource"])}
    assert len(urls) == len(set(urls))
    assert targets == set(urls[1:])
    assert {entry["resource"]["resourceType"] for entry in asking["entry"]}.isdisjoint(
        {"DocumentReference", "ServiceRequest"}
    )


def test_its_identifiers_come_from_the_ids_given_and_are_told(request_path: Path) -> None:
    built, again = asked_about(request_path), asked_about(request_path)
    asking = json.loads(built.body)
    assert built == again
    assert asking["identifier"]["value"] == built.identifier
    identifier = claim_of(asking)["identifier"][0]
    assert (identifier["system"], identifier["value"]) == (built.trace_system, built.trace_value)
    assert claim_of(asking)["created"] == asking["timestamp"] == NOW.isoformat().replace("+00:00", "Z")


def test_numbers_the_payer_gave_earlier_are_not_asked_by(request_path: Path) -> None:
    sent = json.loads(request_path.read_bytes())
    number = {"url": f"{PAS}extension-authorizationNumber", "valueString": "AUTH-OF-OLD"}
    tracking = {"url": f"{PAS}extension-administrationReferenceNumber", "valueString": "REF-OF-OLD"}
    claim = claim_of(sent)
    claim["extension"] = [*claim.get("extension", []), number, tracking]
    claim["item"][0]["extension"] += [number, tracking]
    version = request_path.parts[-3]
    body = build_inquiry(json.dumps(sent), mappings(version), now=NOW, new_id=fresh_ids()).body
    assert b"OF-OLD" not in body


def test_of_an_update_only_what_still_counts_is_asked_for() -> None:
    sent = json.loads((GOLDEN / "2.2.1" / "two_orders" / "1_bundle.json").read_bytes())
    cancelled = {"url": f"{PAS}modifierextension-infoCancelled", "valueBoolean": True}
    claim_of(sent)["item"][0]["modifierExtension"] = [cancelled]
    sent["entry"].append({"fullUrl": "urn:uuid:before", "resource": {"resourceType": "Claim", "id": "before"}})
    built = build_inquiry(json.dumps(sent), mappings("2.2.1"), now=NOW, new_id=fresh_ids())
    asking = json.loads(built.body)
    assert [row["sequence"] for row in claim_of(asking)["item"]] == [2]
    assert [entry["resource"]["resourceType"] for entry in asking["entry"]].count("Claim") == 1


@pytest.mark.parametrize("lacking", ["patient", "insurer", "provider", "type"])
def test_a_request_that_lacks_what_an_inquiry_needs_leaves_a_gap(lacking: str) -> None:
    sent = json.loads((GOLDEN / "2.2.1" / "knee_mri" / "1_bundle.json").read_bytes())
    del claim_of(sent)[lacking]
    built = build_inquiry(json.dumps(sent), mappings("2.2.1"), now=NOW, new_id=fresh_ids())
    assert [gap.element.split(".")[1] for gap in built.gaps] == [lacking]


@pytest.mark.parametrize("body", [b'{"resourceType": "Bundle"}', b'{"resourceType": "Patient", "id": "p"}'])
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="Claim as its first entry"):
        build_inquiry(body, mappings("2.2.1"), now=NOW, new_id=fresh_ids())
