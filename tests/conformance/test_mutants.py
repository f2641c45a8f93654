"""A good bundle is accepted; spoilt in one place it is rejected, by the right rule, at the right place."""

from copy import deepcopy

import pytest

from gateway.conformance import Profiles
from gateway.fhir.outcome import Severity
from tests.conformance.bundle_mutants import BUNDLE_MUTANTS, SOUND, WARNED
from tests.conformance.mutants import MUTANTS as ELEMENT_MUTANTS
from tests.conformance.spoiling import CLAIM, DROP, ITEM, Bundle, S, at, concept

MUTANTS = ELEMENT_MUTANTS | BUNDLE_MUTANTS


def test_the_good_request_has_nothing_to_report(profiles: Profiles, request_bundle: Bundle) -> None:
    report = profiles.check(request_bundle)

    assert report.issues == ()
    assert report.profile == f"{S}profile-pas-request-bundle|2.2.1"


def test_the_good_response_has_nothing_to_report(profiles: Profiles, response_bundle: Bundle) -> None:
    report = profiles.check(response_bundle)

    assert report.issues == ()
    assert report.profile == f"{S}profile-pas-response-bundle|2.2.1"


@pytest.mark.parametrize("name", MUTANTS)
def test_a_spoilt_request_is_rejected_by_its_rule_at_its_place(
    profiles: Profiles, request_bundle: Bundle, name: str
) -> None:
    spoil, rule, path = MUTANTS[name]
    spoil(request_bundle)

    report = profiles.check(request_bundle)

    errors = [(issue.rule, issue.path) for issue in report.issues if issue.is_error]
    assert (rule, path) in errors
    assert not report.ok
    assert all(issue.text and issue.fix for issue in report.issues if issue.is_error)


@pytest.mark.parametrize("name", WARNED)
def test_what_the_guide_leaves_open_is_a_warning(profiles: Profiles, request_bundle: Bundle, name: str) -> None:
    spoil, rule, path = WARNED[name]
    spoil(request_bundle)

    report = profiles.check(request_bundle)

    assert [(issue.rule, issue.path, issue.severity) for issue in report.issues] == [(rule, path, Severity.WARNING)]
    assert report.ok


@pytest.mark.parametrize("name", SOUND)
def test_what_only_looks_wrong_has_nothing_to_report(profiles: Profiles, request_bundle: Bundle, name: str) -> None:
    SOUND[name](request_bundle)

    assert profiles.check(request_bundle).issues == ()


def test_an_extension_of_someone_else_is_only_mentioned(profiles: Profiles, request_bundle: Bundle) -> None:
    at(f"{ITEM}.extension[4]", {"url": "http://example.org/own", "valueString": "x"})(request_bundle)

    report = profiles.check(request_bundle)

    assert [(issue.rule, issue.severity) for issue in report.issues] == [("unknown-extension", Severity.INFORMATION)]


def test_no_finding_quotes_what_was_sent(profiles: Profiles, request_bundle: Bundle) -> None:
    for spoil, _, _ in MUTANTS.values():
        bundle = deepcopy(request_bundle)
        spoil(bundle)
        said = str(profiles.check(bundle))
        for secret in ("Quillfeather", "Odessa", "MEMBER-0001", "1957", 'wish"', "stray"):
            assert secret not in said


RESPONSES = {
    "outcome queued": (at(f"{CLAIM}.outcome", "queued"), "binding", f"{CLAIM}.outcome"),
    "review action code by the wrong system": (
        at(
            f"{CLAIM}.item[0].adjudication[0].extension[0].extension[0].valueCodeableConcept",
            concept("http://example.org/own", "A1"),
        ),
        "binding",
        f"{CLAIM}.item[0].adjudication[0].extension[0].extension[0].value",
    ),
    "no request": (at(f"{CLAIM}.request", DROP), "cardinality", f"{CLAIM}.request"),
    "ClaimResponse not first": (lambda bundle: bundle["entry"].reverse(), "ClaimResponseFirst", "Bundle"),
    "patient not included": (lambda bundle: bundle["entry"].pop(1), "reference-resolves", f"{CLAIM}.patient"),
}


@pytest.mark.parametrize("name", RESPONSES)
def test_a_spoilt_response_is_rejected_by_its_rule_at_its_place(
    profiles: Profiles, response_bundle: Bundle, name: str
) -> None:
    spoil, rule, path = RESPONSES[name]
    spoil(response_bundle)

    assert (rule, path) in [(issue.rule, issue.path) for issue in profiles.check(response_bundle).issues]
