"""The guide's own examples are accepted, or rejected for a defect of the example that is known by name."""

from pathlib import Path

import pytest

from gateway.conformance import Profiles
from gateway.fhir import json

EXAMPLES = Path(__file__).parents[3] / "shared/ig/examples/pas-2.2.1"

# File, rule, path: and the defect of the official data behind it (quoted from the fact sheet on the guides,
# "Defects in official data"). A defect that goes away fails the test as well.
BARE_QUANTITY = "quantities: `{value: n}` only (breaks prof-2)"
UCUM_QUANTITY = 'quantities: ServiceRequest.quantity uses UCUM "1" (breaks prof-3)'
NO_REQUESTOR = "2.2.1 approved and pended responses: requestor PractitionerRole is referenced, not included"
NO_SURGEON = "2.2.1 SurgicalRequestBundle: PractitionerRole points at Practitioner and Location not in the Bundle"
NO_MEMBER_ID = "Coverage-InsuranceExample: memberid identifier has type MB but no value"
MEMBER_ID = ("member-id-value", "Bundle.entry[3].resource.identifier[0]")
DETAIL = "item[0].extension[4].extension[2].value"
KNOWN = {
    "Bundle-HomecareAuthorizationBundleExample": {MEMBER_ID: NO_MEMBER_ID},
    "Bundle-HomecareAuthorizationUpdateBundleExample": {MEMBER_ID: NO_MEMBER_ID},
    "Bundle-MedicalServicesAuthorizationBundleExample": {MEMBER_ID: NO_MEMBER_ID},
    "Bundle-PASClaimInquiryBundleExample": {MEMBER_ID: NO_MEMBER_ID},
    "Bundle-PASClaimInquiryResponseBundleExample": {MEMBER_ID: NO_MEMBER_ID},
    "Coverage-InsuranceExample": {("member-id-value", "Coverage.identifier[0]"): NO_MEMBER_ID},
    "Parameters-PASClaimInquiryOperationResponseExample": {
        ("member-id-value", "Parameters.parameter[0].resource.entry[3].resource.identifier[0]"): NO_MEMBER_ID,
    },
    "Bundle-PASSubscriptionNotification": {
        ("prof-2", f"Bundle.entry[1].resource.entry[0].resource.{DETAIL}"): BARE_QUANTITY,
        ("reference-resolves", "Bundle.entry[1].resource.entry[0].resource.requestor"): NO_REQUESTOR,
    },
    "Bundle-ReferralAuthorizationBundleExample": {
        ("prof-3", "Bundle.entry[5].resource.quantity"): UCUM_QUANTITY,
        MEMBER_ID: NO_MEMBER_ID,
    },
    "Bundle-ReferralAuthorizationResponseBundleExample": {
        ("prof-2", f"Bundle.entry[0].resource.{DETAIL}"): BARE_QUANTITY,
        ("reference-resolves", "Bundle.entry[0].resource.requestor"): NO_REQUESTOR,
    },
    "Bundle-ReferralPendingAuthorizationResponseBundleExample": {
        ("reference-resolves", "Bundle.entry[0].resource.requestor"): NO_REQUESTOR,
    },
    "Bundle-SurgicalRequestBundleExample": {
        MEMBER_ID: NO_MEMBER_ID,
        ("reference-resolves", "Bundle.entry[6].resource.practitioner"): NO_SURGEON,
        ("reference-resolves", "Bundle.entry[6].resource.location[0]"): NO_SURGEON,
        # The other side of the same coin: what is sent instead, nothing refers to.
        ("spec-20", "Bundle.entry[7].resource"): NO_SURGEON,
        ("spec-20", "Bundle.entry[8].resource"): NO_SURGEON,
    },
    "ClaimResponse-PractitionerRequestorAdditionalContentResponseExample": {
        ("prof-2", f"ClaimResponse.{DETAIL}"): BARE_QUANTITY,
        ("prof-2", "ClaimResponse.addItem[0].quantity"): BARE_QUANTITY,
    },
    "ClaimResponse-PractitionerRequestorResponseExample": {("prof-2", f"ClaimResponse.{DETAIL}"): BARE_QUANTITY},
    "ServiceRequest-ReferralRequestExample": {("prof-3", "ServiceRequest.quantity"): UCUM_QUANTITY},
}
needs_examples = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the official examples are not beside this checkout")
FILES = sorted(EXAMPLES.glob("*.json")) if EXAMPLES.is_dir() else []


@needs_examples
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_official_example_has_no_issue_but_its_known_defects(profiles: Profiles, file: Path) -> None:
    report = profiles.check(json.loads(file.read_bytes()))

    found = {(issue.rule, issue.path) for issue in report.issues}
    assert found == set(KNOWN.get(file.stem, {}))


@needs_examples
def test_every_request_and_response_bundle_is_judged_by_its_pas_profile(profiles: Profiles) -> None:
    names = {
        file.stem: profiles.check(json.loads(file.read_bytes())).profile
        for file in FILES
        if file.stem.startswith("Bundle-") and "Notification" not in file.stem
    }

    assert len(names) == 11
    assert all("davinci-pas/StructureDefinition/profile-pas-" in name for name in names.values())


@needs_examples
def test_what_cannot_be_judged_in_the_examples_is_said_and_is_only_codes_and_absent_guides(profiles: Profiles) -> None:
    rules = {row.rule for file in FILES for row in profiles.check(json.loads(file.read_bytes())).not_evaluated}

    assert rules <= {"binding", "profile"}
