"""What a payer says about itself is held against its profile; each judgement says what is wrong and what to do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from gateway.payers.connection import (
    Status,
    judge_capabilities,
    judge_clock,
    judge_discovery,
    judge_dry_submit,
    judge_refusal,
    judge_scope,
    judge_versions,
)
from gateway.payers.profile import PayerProfile, load_payers

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GUIDE = "http://hl7.org/fhir/us/davinci-pas/ImplementationGuide/hl7.fhir.us.davinci-pas"
STATEMENT = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "format": ["application/fhir+json"],
    "implementationGuide": [f"{GUIDE}|2.2.1"],
    "rest": [{"resource": [{"type": "Claim", "operation": [{"name": "submit"}, {"name": "$inquire"}]}]}],
}


@pytest.fixture(scope="module")
def payer() -> PayerProfile:
    return load_payers(Path(__file__).resolve().parents[3] / "profiles" / "payers")["sandbox"]


@pytest.mark.parametrize(
    ("document", "status", "names"),
    [
        ({}, Status.PASSED, ""),
        ({"grant_types_supported": ["client_credentials"]}, Status.PASSED, ""),
        ({"grant_types_supported": ["authorization_code"]}, Status.FAILED, "client_credentials"),
        ({"token_endpoint_auth_methods_supported": ["client_secret_basic"]}, Status.FAILED, "private_key_jwt"),
        ({"token_endpoint_auth_signing_alg_values_supported": ["RS384"]}, Status.FAILED, "ES384"),
        ({"scopes_supported": ["system/Claim.write"]}, Status.WARNING, "system/Claim.crus"),
    ],
)
def test_discovery_tells_what_the_payer_does_not_offer(
    payer: PayerProfile, document: dict[str, Any], status: Status, names: str
) -> None:
    step = judge_discovery(document, payer)
    assert step.status is status
    assert names in step.says


def test_another_token_endpoint_than_the_profiles_is_a_warning(payer: PayerProfile) -> None:
    own = replace(payer, endpoints=replace(payer.endpoints, token="http://127.0.0.1:8190/token"))
    step = judge_discovery({"token_endpoint": "http://127.0.0.1:8190/other"}, own)
    assert step.status is Status.WARNING
    assert judge_discovery({"token_endpoint": "http://127.0.0.1:8190/token"}, own).status is Status.PASSED


@pytest.mark.parametrize(
    ("seconds", "status"),
    [(0, Status.PASSED), (-5, Status.PASSED), (6, Status.WARNING), (-60, Status.WARNING), (61, Status.FAILED)],
)
def test_clocks_that_differ_are_told_by_how_much(seconds: int, status: Status) -> None:
    date = (NOW + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    step = judge_clock(date, NOW)
    assert step.status is status
    assert f"{abs(seconds)} s" in step.says


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_without_a_date_there_is_no_word_on_the_clock(date: str) -> None:
    assert judge_clock(date, NOW).status is Status.SKIPPED


@pytest.mark.parametrize(
    ("error", "word"),
    [
        ("invalid_client", "kid"), ("unauthorized_client", "client_credentials"), ("invalid_scope", "auth.scope"),
        ("unsupported_grant_type", "endpoints.token"), ("invalid_grant", "aud"), ("invalid_request", "auth.method"),
        ("server_confused", "endpoints.token"), (7, "endpoints.token"), (None, "endpoints.token"),
    ],
)  # fmt: skip
def test_a_refused_token_is_explained(error: Any, word: str) -> None:
    step = judge_refusal({"error": error}, 401, ())
    assert step.status is Status.FAILED
    assert word in step.fix
    assert "HTTP 401" in step.says


@pytest.mark.parametrize(("words", "shown"), [("unknown kid", True), ("you sent abc.def", False), ("a\nb", False)])
def test_the_payers_words_are_quoted_unless_they_repeat_a_secret(words: str, shown: bool) -> None:
    step = judge_refusal({"error": "invalid_client", "error_description": words}, 401, ("def",))
    assert (words in step.says) is shown


def test_a_scope_that_was_not_granted_is_named() -> None:
    assert judge_scope({}, "system/Claim.crus").status is Status.PASSED
    assert judge_scope({"scope": "system/Claim.crus x"}, "system/Claim.crus").status is Status.PASSED
    step = judge_scope({"scope": "x"}, "system/Claim.crus x")
    assert (step.status, "system/Claim.crus." in step.says) == (Status.WARNING, True)


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({}, Status.PASSED, "inquire"),
        ({"resourceType": "Bundle"}, Status.FAILED, "no CapabilityStatement"),
        ({"fhirVersion": "5.0.0"}, Status.WARNING, "4.0"),
        ({"format": ["application/fhir+xml"]}, Status.WARNING, "JSON"),
        ({"rest": [{"resource": [{"type": "Patient", "operation": [{"name": "submit"}]}]}]}, Status.WARNING, "$submit"),
        ({"rest": "none"}, Status.WARNING, "$submit"),
    ],
)
def test_a_capability_statement_is_read_for_what_we_need(change: dict[str, Any], status: Status, word: str) -> None:
    (step,) = judge_capabilities({**STATEMENT, **change})
    assert step.status is status
    assert word in step.says


@pytest.mark.parametrize(
    ("speaks", "declared", "status", "ours"),
    [
        ("2.2.1", [f"{GUIDE}|2.2.1"], Status.PASSED, False),
        ("2.2.1", [f"{GUIDE}|2.0.1", f"{GUIDE}|2.2.1"], Status.PASSED, False),
        ("2.2.1", [f"{GUIDE}|2.0.1"], Status.FAILED, False),
        ("2.2.1", [], Status.WARNING, False),
        ("2.2.1", ["http://hl7.org/fhir/us/davinci-crd/ImplementationGuide/x|2.2.1"], Status.WARNING, False),
        ("2.1.0", [f"{GUIDE}|2.1.0"], Status.FAILED, True),
    ],
)
def test_versions_are_compared(
    payer: PayerProfile, speaks: str, declared: list[str], status: Status, ours: bool
) -> None:
    own = replace(payer, speaks=MappingProxyType({"pas": speaks}))
    step = judge_versions({"implementationGuide": declared}, own, ("2.0.1", "2.2.1"))
    assert (step.status, step.ours) == (status, ours)


def test_a_dry_submit_passes_without_errors_and_names_places_only() -> None:
    warning = {"severity": "warning", "expression": ["Bundle.entry[0]"]}
    assert judge_dry_submit(200, {"issue": [warning]}).status is Status.PASSED
    error = {"severity": "error", "expression": ["Bundle.entry[0].resource.item[0]", "family = 'Doe'"]}
    step = judge_dry_submit(200, {"issue": [warning, error]})
    assert step.status is Status.FAILED
    assert "Bundle.entry[0].resource.item[0]" in step.says
    assert "Doe" not in step.says
    assert judge_dry_submit(422, {}).status is Status.FAILED
