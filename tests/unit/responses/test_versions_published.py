"""Every official example of an answer in PAS 2.0.1, 2.1.0 and 2.2.1: the state it leads to, each item, each number."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.fhir import json
from gateway.flow.submit import answer
from gateway.model.authorization import Authorization, State
from gateway.model.events import ReplyLost
from gateway.model.lifecycle import TRANSITIONS
from gateway.responses import Reading, read_rejection
from tests.unit.responses.payloads import SHARED, reading, reply
from tests.unit.responses.test_published_answers import matching, responses
from tests.worlds import NOW

EXAMPLES = SHARED / "ig" / "examples"
VERSIONS = ("2.0.1", "2.1.0", "2.2.1")

pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="../shared with the official examples is not here")

APPROVED = ("decided", "1 approved AUTH0001 2005-05-02 to 2005-06-02 x1", "")
FOUND = ("decided", "1 approved AUTH0001", "")
PENDED = ("pended", "1 pended PEND0001", "")
DENIED = ("decided", "1 denied", "")
REJECTED = ("rejected", "", "04; T4 C 2010A-NM103")
REFUSED = ("rejected", "", "33 N 2000E")
APPROVED_AND_MORE = (*APPROVED[:2], "more: approved AUTH0001")

# file: (state, items, rejections or what was added) and why
EXPECTED = {
    "2.0.1": {
        "Bundle-ErrorResponseBundleExample.json": (APPROVED, "a defect of the guide: it holds an approved answer"),
        "Bundle-PASClaimInquiryResponseBundleExample.json": (FOUND, "A1; a bare Bundle; no dates of validity"),
        "Bundle-ReferralAuthorizationResponseBundleExample.json": (APPROVED, "A1, without request: our trace number"),
        "ClaimResponse-ErrorResponseExample.json": (REJECTED, "outcome error; errorElement is a string"),
        "ClaimResponse-PASClaimInquiryResponseExample.json": (FOUND, "A1, alone without a Bundle"),
        "ClaimResponse-PractitionerRequestorResponseExample.json": (APPROVED, "A1, requestor is a role"),
        "ClaimResponse-ReferralAuthorizationResponseExample.json": (APPROVED, "A1, the provider not included"),
    },
    "2.1.0": {
        "Bundle-ErrorResponseBundleExample.json": (REJECTED, "outcome error; errorElement is still a string"),
        "Bundle-PASClaimInquiryResponseBundleExample.json": (FOUND, "A1; still a bare Bundle"),
        "Bundle-PASSubscriptionNotification.json": (APPROVED, "the answer's Bundle inside the notification"),
        "Bundle-ReferralAuthorizationResponseBundleExample.json": (APPROVED, "A1 with number and dates"),
        "Bundle-ReferralPendingAuthorizationResponseBundleExample.json": (PENDED, "A4 beside outcome complete"),
        "Bundle-RejectionResponseBundleExample.json": (REFUSED, "named rejection, and is one: error 33, no item"),
        "ClaimResponse-ErrorResponseExample.json": (REJECTED, "outcome error"),
        "ClaimResponse-PASClaimInquiryResponseExample.json": (FOUND, "A1"),
        "ClaimResponse-PractitionerRequestorAdditionalContentResponseExample.json": (
            APPROVED_AND_MORE,
            "addItem 2 stands for nothing we asked: an extra service",
        ),
        "ClaimResponse-PractitionerRequestorPendingResponseExample.json": (PENDED, "A4"),
        "ClaimResponse-PractitionerRequestorResponseExample.json": (APPROVED, "A1"),
        "ClaimResponse-RejectionResponseExample.json": (REFUSED, "error 33 is no denial"),
    },
    "2.2.1": {
        "Bundle-ErrorResponseBundleExample.json": (REJECTED, "outcome error; errorElement has parts"),
        "Bundle-PASClaimInquiryResponseBundleExample.json": (FOUND, "A1"),
        "Bundle-PASSubscriptionNotification.json": (APPROVED, "the answer's Bundle inside the notification"),
        "Bundle-ReferralAuthorizationResponseBundleExample.json": (APPROVED, "A1 with number and dates"),
        "Bundle-ReferralPendingAuthorizationResponseBundleExample.json": (PENDED, "A4 beside outcome complete"),
        "Bundle-RejectionResponseBundleExample.json": (DENIED, "named rejection, but is a denial: A3"),
        "ClaimResponse-ErrorResponseExample.json": (REJECTED, "outcome error"),
        "ClaimResponse-PASClaimInquiryResponseExample.json": (FOUND, "A1"),
        "ClaimResponse-PractitionerRequestorAdditionalContentResponseExample.json": (
            APPROVED_AND_MORE,
            "addItem 2 stands for nothing we asked: an extra service",
        ),
        "ClaimResponse-PractitionerRequestorPendingResponseExample.json": (PENDED, "A4"),
        "ClaimResponse-PractitionerRequestorResponseExample.json": (APPROVED, "A1"),
        "ClaimResponse-RejectionResponseExample.json": (DENIED, "A3"),
        "OperationOutcome-InvalidRequestResponse.json": (("in_doubt", "", ""), "in a 2xx it answers nothing"),
        "Parameters-PASClaimInquiryOperationResponseExample.json": (FOUND, "A1; since 2.2 inside Parameters"),
    },
}
ROWS = [(version, file) for version, files in EXPECTED.items() for file in files]


def read_example(version: str, file: str) -> Reading:
    raw = (EXAMPLES / f"pas-{version}" / file).read_bytes()
    return reading(raw, replace(matching(json.loads(raw)), guide=version))


def state_after(found: Reading) -> str:
    record = Authorization(id="a", client="c", order_id="o", order_refs=(), patient="", created_at=NOW, updated_at=NOW)
    event = answer(record, found, at=NOW, actor="payer:p", exchange="e")
    return TRANSITIONS[State.SUBMITTING][type(event) if event else ReplyLost].value


def items(found: Reading) -> str:
    rows = []
    for sequence, each in found.answers:
        words = [str(sequence), each.result.value, each.authorization_number, each.administration_reference_number]
        words += [f"{each.valid.start} to {each.valid.end}"] if each.valid else []
        words += [f"x{each.quantity.value}"] if each.quantity else []
        rows.append(" ".join(word for word in words if word))
    return "; ".join(rows)


def besides(found: Reading) -> str:
    rows = []
    for each in found.rejections:
        codes = [code.code for code in (each.reason, each.follow_up) if code]
        rows.append(" ".join([*codes, *([each.element] if each.element else [])]))
    rows += [f"more: {each.result.value} {each.authorization_number}" for each in found.additional]
    return "; ".join(rows)


@pytest.mark.parametrize(("version", "file"), ROWS, ids=[f"{version} {file}" for version, file in ROWS])
def test_an_official_answer_leads_to_its_state_items_and_numbers(version: str, file: str) -> None:
    expected, why = EXPECTED[version][file]
    found = read_example(version, file)
    assert (state_after(found), items(found), besides(found)) == expected, why


@pytest.mark.parametrize(("version", "file"), ROWS, ids=[f"{version} {file}" for version, file in ROWS])
def test_an_official_answer_is_read_the_same_whichever_version_we_asked_in(version: str, file: str) -> None:
    raw = (EXAMPLES / f"pas-{version}" / file).read_bytes()
    wanted = matching(json.loads(raw))
    readings = {other: reading(raw, replace(wanted, guide=other)) for other in VERSIONS}
    assert len({(items(each), besides(each), each.attention) for each in readings.values()}) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_every_official_answer_of_the_version_is_in_the_table(version: str) -> None:
    def is_answer(file: Path) -> bool:
        document = json.loads(file.read_bytes())
        return bool(responses(document)) or document.get("resourceType") == "OperationOutcome"

    files = {file.name for file in (EXAMPLES / f"pas-{version}").glob("*.json") if is_answer(file)}
    assert files == EXPECTED[version].keys()


def test_the_official_refusal_comes_with_a_4xx_and_is_a_rejection() -> None:
    document = json.loads((EXAMPLES / "pas-2.2.1" / "OperationOutcome-InvalidRequestResponse.json").read_bytes())
    [rejection] = read_rejection(reply(document, status=400))
    assert rejection.text
