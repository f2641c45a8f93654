"""Which profile a resource is held against, and what happens to entries that nothing in the guide constrains."""

from typing import Any

import pytest

from gateway.conformance import Profiles

S = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/"
QR_BUNDLE = "urn:uuid:22222222-2222-4222-8222-222222222222"
EHR = "http://ehr.example.org/fhir"


def test_a_bundle_that_says_nothing_is_judged_by_its_first_entry(
    profiles: Profiles, request_bundle: Any, response_bundle: Any
) -> None:
    for bundle, name in (
        (request_bundle, "profile-pas-request-bundle"),
        (response_bundle, "profile-pas-response-bundle"),
    ):
        del bundle["meta"]

        report = profiles.check(bundle)

        assert report.profile == f"{S}{name}|2.2.1"
        assert report.ok


def test_a_resource_that_says_nothing_is_held_against_its_type(profiles: Profiles) -> None:
    report = profiles.check({"resourceType": "Organization", "name": "Example"})

    assert report.ok
    assert report.profile == "Organization"


def test_the_caller_may_name_the_profile(profiles: Profiles) -> None:
    report = profiles.check({"resourceType": "Organization", "name": "Example"}, f"{S}profile-insurer")

    assert [(issue.rule, issue.path) for issue in report.issues] == [("cardinality", "Organization.active")]
    assert report.profile == f"{S}profile-insurer|2.2.1"


def test_a_profile_nobody_compiled_is_refused(profiles: Profiles) -> None:
    with pytest.raises(ValueError, match="has no profile"):
        profiles.check({"resourceType": "Organization"}, "http://example.org/StructureDefinition/none")


def test_a_profile_of_a_version_not_at_hand_is_reported_not_guessed(profiles: Profiles, request_bundle: Any) -> None:
    request_bundle["entry"][3]["resource"]["meta"]["profile"] = [f"{S}profile-insurer|2.0.1"]

    report = profiles.check(request_bundle)

    assert report.ok
    assert ("profile", "Bundle.entry[3].resource.meta.profile[0]") in [
        (row.rule, row.path) for row in report.not_evaluated
    ]


def test_an_update_is_judged_by_what_it_declares(profiles: Profiles, request_bundle: Any) -> None:
    claim = request_bundle["entry"][0]["resource"]
    claim["meta"]["profile"] = [f"{S}profile-claim-update"]

    report = profiles.check(request_bundle)

    assert ("cardinality", "Bundle.entry[0].resource.related") in [(i.rule, i.path) for i in report.issues]


def test_a_claim_that_declares_nothing_needs_to_fit_one_of_the_two_profiles(
    profiles: Profiles, request_bundle: Any
) -> None:
    del request_bundle["entry"][0]["resource"]["meta"]

    assert profiles.check(request_bundle).ok


def test_a_bundle_in_a_bundle_is_judged_by_its_own_profile(profiles: Profiles, request_bundle: Any) -> None:
    request_bundle["entry"][0]["resource"]["meta"]["profile"] = [f"{S}profile-claim-inquiry"]
    outer = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": QR_BUNDLE, "resource": request_bundle}],
    }

    report = profiles.check(outer)

    assert [(issue.rule, issue.path) for issue in report.issues] == [
        ("profile", "Bundle.entry[0].resource.entry[0].resource.meta.profile[0]")
    ]


def test_an_entry_the_guide_does_not_constrain_follows_us_core(profiles: Profiles, request_bundle: Any) -> None:
    request_bundle["entry"].append(
        {
            "fullUrl": "urn:uuid:44444444-4444-4444-8444-444444444444",
            "resource": {
                "resourceType": "Procedure",
                "status": "completed",
                "code": {"text": "invented"},
                "subject": {"reference": request_bundle["entry"][1]["fullUrl"]},
            },
        }
    )
    claim = request_bundle["entry"][0]["resource"]
    claim["supportingInfo"][1]["valueReference"]["reference"] = "urn:uuid:44444444-4444-4444-8444-444444444444"
    del request_bundle["entry"][9]

    report = profiles.check(request_bundle)

    # us-core-7 (6.1.0): a completed procedure says when it was performed; base R4 would let it pass.
    assert [(issue.rule, issue.path) for issue in report.issues if issue.is_error] == [
        ("us-core-7", "Bundle.entry[10].resource")
    ]


def test_answers_may_travel_in_a_bundle_of_their_own(profiles: Profiles, request_bundle: Any) -> None:
    claim = request_bundle["entry"][0]["resource"]
    claim["supportingInfo"][1]["valueReference"]["reference"] = QR_BUNDLE
    answers = {
        "resourceType": "QuestionnaireResponse",
        "id": "answers",
        "questionnaire": "http://example.org/Questionnaire/1",
        "status": "completed",
        "authored": "2026-11-20",
        "subject": {"reference": request_bundle["entry"][1]["fullUrl"]},
        "author": {"reference": "Practitioner/author"},  # relative to the entry's own base
        "item": [{"linkId": "1", "answer": [{"valueBoolean": True}]}],
    }
    author = {**request_bundle["entry"][6]["resource"], "id": "author"}
    del request_bundle["entry"][9]
    request_bundle["entry"].append(
        {
            "fullUrl": QR_BUNDLE,
            "resource": {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [
                    {"fullUrl": f"{EHR}/QuestionnaireResponse/answers", "resource": answers},
                    {"fullUrl": f"{EHR}/Practitioner/author", "resource": author},
                ],
            },
        }
    )

    assert profiles.check(request_bundle).issues == ()

    answers["item"][0]["answer"][0]["valueBoolean"] = "yes"
    report = profiles.check(request_bundle)
    assert [(issue.rule, issue.path) for issue in report.issues] == [
        ("type", "Bundle.entry[10].resource.entry[0].resource.item[0].answer[0].value")
    ]
