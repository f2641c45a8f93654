"""Every answer-like file of the guides and of other people's systems: the reading it must have."""

from pathlib import Path
from typing import Any

import pytest

from gateway.fhir import json, path
from gateway.fhir.bundle import Entry, entries_of
from gateway.model.authorization import Result
from gateway.model.determination import GRANTED
from gateway.responses import Asked, Kind, Reading
from tests.unit.responses.payloads import SHARED, reading

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared with the published examples is not here")

APPROVED = ("answered", "approved", "AUTH0001")
PENDED = ("answered", "pended", "PEND0001")
REJECTED = ("rejected", "none", "04 T4")
UNTRUSTED = ("untrusted", "none", "")
EXPECTED = {
    "ig/examples/pas-2.2.1/Bundle-ErrorResponseBundleExample.json": REJECTED,
    "ig/examples/pas-2.2.1/Bundle-PASClaimInquiryResponseBundleExample.json": APPROVED,
    "ig/examples/pas-2.2.1/Bundle-PASSubscriptionNotification.json": APPROVED,
    "ig/examples/pas-2.2.1/Bundle-ReferralAuthorizationResponseBundleExample.json": APPROVED,
    "ig/examples/pas-2.2.1/Bundle-ReferralPendingAuthorizationResponseBundleExample.json": PENDED,
    "ig/examples/pas-2.2.1/Bundle-RejectionResponseBundleExample.json": ("answered", "denied", ""),
    "ig/examples/pas-2.2.1/ClaimResponse-ErrorResponseExample.json": REJECTED,
    "ig/examples/pas-2.2.1/ClaimResponse-PASClaimInquiryResponseExample.json": APPROVED,
    "ig/examples/pas-2.2.1/ClaimResponse-PractitionerRequestorAdditionalContentResponseExample.json": APPROVED,
    "ig/examples/pas-2.2.1/ClaimResponse-PractitionerRequestorPendingResponseExample.json": PENDED,
    "ig/examples/pas-2.2.1/ClaimResponse-PractitionerRequestorResponseExample.json": APPROVED,
    "ig/examples/pas-2.2.1/ClaimResponse-RejectionResponseExample.json": ("answered", "denied", ""),
    "ig/examples/pas-2.2.1/OperationOutcome-InvalidRequestResponse.json": UNTRUSTED,
    "ig/examples/pas-2.2.1/Parameters-PASClaimInquiryOperationResponseExample.json": APPROVED,
    "corpus/pas/davinci-pas-test-kit/pas_client_example__pended_json_response.json": ("answered", "unrecognized", ""),
    "corpus/pas/davinci-pas-test-kit/valid_pa_response_bundle_denial.json": ("answered", "denied", "AUTH0001"),
    "corpus/pas/davinci-prior-auth-ri/DatabaseResources__DeniedResponse.json": ("answered", "unrecognized", ""),
    "corpus/pas/davinci-prior-auth-ri/bundle-response.json": ("answered", "unrecognized", ""),
    "corpus/pas/ig-pas_2.0.1/Bundle-ReferralAuthorizationResponseBundleExample.json": APPROVED,
    "corpus/pas/ig-pas_2.2.0-preview/Bundle-ErrorResponseBundleExample.json": REJECTED,
    "corpus/pas/ig-pas_2.2.0-preview/Bundle-ReferralAuthorizationResponseBundleExample.json": APPROVED,
    "corpus/pas/ig-pas_2.2.0-preview/Bundle-ReferralPendingAuthorizationResponseBundleExample.json": PENDED,
    "corpus/pas/ig-pas_2.2.0-preview/OperationOutcome-InvalidRequestResponse.json": UNTRUSTED,
    "corpus/pas/ig-pas_2.2.0/Bundle-PASClaimInquiryResponseBundleExample.json": APPROVED,
    "corpus/pas/shn-sdk/2.2__claimresponse-pended.json": ("answered", "pended", ""),
    "corpus/pas/wso2-cms0057f/claim-response.json": ("answered", "unrecognized", ""),
}


def files() -> list[Path]:
    folders = [*SHARED.glob("ig/examples/pas-*"), SHARED / "corpus" / "pas"]
    return sorted(file for folder in folders for file in folder.rglob("*.json"))


def name(file: Path) -> str:
    return file.relative_to(SHARED).as_posix()


def responses(document: Any) -> list[Entry]:
    return [entry for entry in entries_of(document) if entry.resource["resourceType"] == "ClaimResponse"]


def matching(document: Any) -> Asked:
    """What must have been asked for this to be the answer; without any ClaimResponse, anything."""
    found = responses(document)
    answer: dict[str, Any] = found[0].resource if found else {}
    request = answer.get("request", {})
    identifiers = [request.get("identifier", {}), *answer.get("identifier", [])]
    rows = answer.get("item") or [{"itemSequence": 1}]
    return Asked(
        claim_url=request.get("reference", ""),
        trace_system="",
        trace_value=next((each["value"] for each in identifiers if "value" in each), ""),
        submission_id="",
        patient_urls=frozenset({answer.get("patient", {}).get("reference", "")} - {""}),
        items=tuple((row["itemSequence"], "") for row in rows),
    )


def number(found: Reading) -> str:
    if found.kind is Kind.REJECTED:
        return " ".join(each.reason.code for each in found.rejections if each.reason)
    numbers = (each.authorization_number or each.administration_reference_number for _, each in found.answers)
    return next((each for each in numbers if each), "")


@pytest.mark.parametrize("file", sorted(EXPECTED))
def test_a_published_answer_has_its_reading(file: str) -> None:
    document = json.loads((SHARED / file).read_bytes())
    found = reading(document, matching(document))
    assert (found.kind.value, found.determination.value, number(found)) == EXPECTED[file]


@pytest.mark.parametrize("file", files(), ids=name)
def test_no_published_file_is_ever_read_as_granted_without_saying_so(file: Path) -> None:
    raw = file.read_bytes()
    found = reading(raw, matching(json.loads(raw)))
    granted = [answer for _, answer in found.answers if answer.result in GRANTED]
    assert all(answer.action and answer.action.code in ("A1", "A2", "A6") for answer in granted)
    if not responses(json.loads(raw)):
        assert found.kind is Kind.UNTRUSTED


@pytest.mark.parametrize("file", files(), ids=name)
def test_no_published_answer_is_taken_for_one_to_another_request(file: Path) -> None:
    assert reading(file.read_bytes()).kind is Kind.UNTRUSTED


@pytest.mark.parametrize("file", sorted(each for each in EXPECTED if each.startswith("ig/examples/pas-2.2.1/Bundle")))
def test_every_source_in_a_published_answer_can_be_found_there(file: str) -> None:
    document = json.loads((SHARED / file).read_bytes())
    found = reading(document, matching(document))
    sources = [source for _, answer in found.answers for _, source in answer.sources]
    sources += [each.source for each in found.rejections] + [each.source for each in found.notes]
    for source in sources:
        if ".entry[1].resource.entry" not in source:  # FHIRPath knows no Bundle.entry.resource.entry by type
            assert path.compile(source)(document), source


def test_the_official_error_is_read_in_full() -> None:
    document = json.loads((SHARED / "ig/examples/pas-2.2.1/Bundle-ErrorResponseBundleExample.json").read_bytes())
    found = reading(document, matching(document))
    read = [(each.reason.code if each.reason else "", each.element, each.path) for each in found.rejections]
    assert read == [("04", "", ""), ("T4", "2010A-NM103", "Bundle.entry[1].Organization.name")]
    assert found.rejections[1].follow_up is not None
    assert found.rejections[1].follow_up.code == "C"


def test_every_answer_of_the_current_guide_is_in_the_table() -> None:
    current = [*SHARED.glob("ig/examples/pas-2.2.1/*.json"), *(SHARED / "corpus" / "pas").rglob("*.json")]
    answers = {
        name(file)
        for file in current
        if responses(json.loads(file.read_bytes()))
        or json.loads(file.read_bytes()).get("resourceType") == "OperationOutcome"
    }
    assert answers == EXPECTED.keys()


def test_the_additional_service_of_the_official_example_is_kept() -> None:
    file = "ig/examples/pas-2.2.1/ClaimResponse-PractitionerRequestorAdditionalContentResponseExample.json"
    document = json.loads((SHARED / file).read_bytes())
    found = reading(document, matching(document))
    [extra] = found.additional
    assert (extra.result, extra.authorization_number, extra.replaces) == (Result.APPROVED, "AUTH0001", ())
