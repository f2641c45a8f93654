"""Whether a body is an answer at all, and an answer to our request about our patient."""

from typing import Any

import pytest

from gateway.model.authorization import Result
from gateway.responses import Kind
from tests.unit.responses.payloads import (
    CLAIM,
    PATIENT,
    TRACE,
    asked,
    bundle,
    extension,
    item,
    one,
    reading,
    reply,
    response,
    review,
)

GOOD = response(item(review("A1", "AUTH-1")))
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
ID = CLAIM.removeprefix("urn:uuid:")


def naming(**changes: Any) -> dict[str, Any]:
    """The good answer, naming its request only as `changes` say."""
    return bundle(response(item(review("A1", "AUTH-1")), **{"identifier": [], "request": {}, **changes}))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty body"),
        (b" \r\n\t", "empty body"),
        (b"\xef\xbb\xbf", "empty body"),
        (b"<html><body>Welcome</body></html>", "HTML or XML"),
        (b"\xef\xbb\xbf  <?xml version='1.0'?>", "HTML or XML"),
        (b"OK", "json-syntax"),
        (b'{"resourceType": "Bundle", "resourceType": "Bundle"}', "json-duplicate-key"),
        (b"\xff\xfe{}", "json-utf8"),
        (b"[" * 100_000, "json-depth"),
        (b'{"a": NaN}', "json-constant"),
        (b"null", "without a FHIR resource"),
        (b"[]", "without a FHIR resource"),
        (b'"Bundle"', "without a FHIR resource"),
        (b'{"error": "x"}', "without a FHIR resource"),
        (b'{"resourceType": 5}', "without a FHIR resource"),
        (b'{"resourceType": "Bundle"}', "without a FHIR resource"),
        (b'{"resourceType": "Bundle", "entry": [null, 5, {"resource": null}]}', "without a FHIR resource"),
        (b'{"resourceType": "Patient", "id": "p"}', "no ClaimResponse"),
        (b'{"resourceType": "Claim", "id": "c"}', "no ClaimResponse"),
    ],
)
def test_what_is_no_answer_is_untrusted_and_says_why(body: bytes, reason: str) -> None:
    found = reading(body)
    assert found.kind is Kind.UNTRUSTED
    assert reason in found.reason
    assert (found.answers, found.determination) == ((), Result.NONE)


def test_a_200_with_only_an_operation_outcome_holds_no_answer_but_its_rows_are_kept() -> None:
    found = reading(OUTCOME)
    assert found.kind is Kind.UNTRUSTED
    assert "only an OperationOutcome" in found.reason
    assert [(issue.rule, issue.path) for issue in found.issues] == [("operation-outcome", "OperationOutcome.issue[0]")]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (GOOD, "ClaimResponse"),
        (bundle(GOOD), "Bundle.entry[0].resource"),
        (
            {"resourceType": "Parameters", "parameter": [{"name": "return", "resource": bundle(GOOD)}]},
            "Parameters.parameter[0].resource.entry[0].resource",
        ),
        (
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "x", "part": [{"name": "return", "resource": GOOD}]}],
            },
            "Parameters.parameter[0].part[0].resource",
        ),
        ({**OUTCOME, "contained": [bundle(GOOD)]}, "OperationOutcome.contained[0].entry[0].resource"),
        (bundle({"resourceType": "Patient", "id": "p"}, GOOD), "Bundle.entry[1].resource"),
        (bundle(bundle(GOOD)), "Bundle.entry[0].resource.entry[0].resource"),
    ],
    ids=["bare", "Bundle", "Parameters", "Parameters part", "contained in OperationOutcome", "not first", "nested"],
)
def test_the_answer_is_found_in_every_wrapping(document: Any, place: str) -> None:
    found = reading(document)
    assert (found.kind, found.determination) == (Kind.ANSWERED, Result.APPROVED)
    assert dict(found.answers[0][1].sources)["result"].startswith(f"{place}.item[0].adjudication[0].extension[0]")


def test_an_answer_that_does_not_come_first_is_said() -> None:
    assert "ClaimResponseFirst" in {
        i.rule for i in reading(bundle({"resourceType": "Patient", "id": "p"}, GOOD)).issues
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"request": {"reference": CLAIM}},
        {"request": {"reference": f"{CLAIM}/_history/2"}},
        {"request": {"reference": f"Claim/{ID}"}},
        {"request": {"reference": f"https://payer.example/fhir/Claim/{ID}"}},
        {"request": {"reference": "https://payer.example/fhir/Claim?identifier=trace-77&patient=1"}},
        {"request": {"reference": "Claim?identifier=urn:trnorg:9000000001|trace-77"}},
        {"request": {"identifier": TRACE}},
        {"request": {"identifier": {"value": "trace-77", "system": "urn:theirs"}}},
        {"identifier": [{"value": "other"}, TRACE]},
        {"identifier": TRACE},
        {"request": {"reference": "Claim/their-own"}, "identifier": [TRACE]},
    ],
    ids=[
        "fullUrl",
        "version",
        "type and id",
        "other base",
        "search",
        "search with system",
        "identifier",
        "other system",
        "one of several identifiers",
        "identifier that is no list",
        "other address, our trace",
    ],
)
def test_an_answer_may_name_our_request_in_many_ways(changes: Any) -> None:
    assert reading(naming(**changes)).determination is Result.APPROVED


def test_a_relative_reference_counts_on_the_base_of_its_entry() -> None:
    wanted = asked(claim_url="https://gw.example/fhir/Claim/1")
    document = naming(request={"reference": "Claim/1"})
    document["entry"][0]["fullUrl"] = f"https://gw.example/fhir/ClaimResponse/{document['entry'][0]['resource']['id']}"
    found = reading(document, wanted)
    assert (found.determination, found.issues) == (Result.APPROVED, ())


def test_a_copy_of_our_claim_under_another_address_is_known_by_its_trace() -> None:
    copy = {"resourceType": "Claim", "id": "copy", "identifier": [TRACE]}
    document = naming(request={"reference": "Claim/copy"})
    document["entry"].append({"fullUrl": "urn:uuid:copy", "resource": copy})
    assert reading(document).determination is Result.APPROVED


def test_a_trace_number_under_another_system_counts_and_is_said() -> None:
    found = reading(naming(identifier=[{"system": "urn:theirs", "value": "trace-77"}]))
    assert (found.determination, [issue.rule for issue in found.issues]) == (Result.APPROVED, ["trace-system"])


def test_an_answer_that_names_no_request_is_known_by_an_item_trace_or_the_bundle_identifier() -> None:
    trace = extension("itemTraceNumber", valueIdentifier={"value": "item-1"})
    body = response(item(review("A1", "AUTH-1"), extensions=(trace,)), without=("request", "identifier"))
    assert reading(bundle(body)).determination is Result.APPROVED
    body = response(item(review("A1", "AUTH-1")), without=("request", "identifier"))
    assert reading(bundle(body, identifier={"value": "sub-1"})).determination is Result.APPROVED


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"request": {"reference": "Claim/other"}},
        {"request": {"reference": "urn:uuid:other"}},
        {"request": {"identifier": {"value": "other"}}},
        {"identifier": [{"value": "other"}]},
        {"request": {"reference": "Claim/other"}, "identifier": [{"value": "other"}]},
        {"request": {"reference": "https://[bad/Claim?identifier=trace-77"}},
        {"request": {"reference": "https://payer.example/Claim?identifier=other&x=trace-77"}},
        {"request": {"reference": f"Patient/{ID}"}},
        {"request": "Claim", "identifier": "trace-77"},
    ],
    ids=[
        "nothing",
        "other id",
        "other urn",
        "other request identifier",
        "other identifier",
        "both other",
        "bad url",
        "search for another",
        "another type",
        "no objects",
    ],
)
def test_an_answer_to_another_request_or_none_is_untrusted(changes: Any) -> None:
    found = reading(naming(**changes))
    assert (found.kind, found.reason) == (Kind.UNTRUSTED, "the payer's answer names another request, or none")


def test_an_item_trace_does_not_save_an_answer_that_names_another_request() -> None:
    trace = extension("itemTraceNumber", valueIdentifier={"value": "item-1"})
    body = response(item(review("A1"), extensions=(trace,)), request={"reference": "Claim/other"}, identifier=[])
    assert reading(bundle(body, identifier={"value": "sub-1"})).kind is Kind.UNTRUSTED


def test_what_we_did_not_send_is_never_matched() -> None:
    wanted = asked((1, ""), claim_url="", trace_system="", trace_value="", submission_id="")
    empty = response(
        item(review("A1")), request={"reference": "", "identifier": {"value": ""}}, identifier=[{"value": ""}]
    )
    assert reading(bundle(empty, identifier={"value": ""}), wanted).kind is Kind.UNTRUSTED
    assert reading(bundle(response(item(review("A1")), request={"reference": "Claim/"})), wanted).kind is Kind.UNTRUSTED


@pytest.mark.parametrize(
    "patient",
    [
        {"reference": PATIENT},
        {"reference": f"Patient/{PATIENT.removeprefix('urn:uuid:')}"},
        {"reference": f"https://payer.example/fhir/Patient/{PATIENT.removeprefix('urn:uuid:')}"},
        {"identifier": {"value": "M-1"}},
    ],
    ids=["fullUrl", "type and id", "other base", "identifier"],
)
def test_our_patient_is_known_however_referred_to(patient: Any) -> None:
    document = bundle(response(item(review("A1", "AUTH-1")), patient=patient))
    found = reading(document, asked(member_ids=frozenset({"M-1"})))
    assert (found.determination, found.attention) == (Result.APPROVED, "")


def test_our_patient_is_known_by_the_address_of_its_entry() -> None:
    document = bundle(response(item(review("A1", "AUTH-1")), patient={"reference": "Patient/theirs"}))
    document["entry"].append({"fullUrl": PATIENT, "resource": {"resourceType": "Patient", "id": "theirs"}})
    assert reading(document).determination is Result.APPROVED


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/other",
        "urn:uuid:other",
        "https://payer.example/Patient/other",
        f"Group/{PATIENT.removeprefix('urn:uuid:')}",
        "Patient?identifier=M-1",
    ],
)
def test_an_address_of_the_patient_that_we_cannot_follow_is_shown_to_a_person(reference: str) -> None:
    found = reading(bundle(response(item(review("A1", "AUTH-1")), patient={"reference": reference})))
    assert found.kind is Kind.ANSWERED
    assert found.attention == "the payer's answer does not say which patient it is about"


def test_of_several_answers_ours_is_taken() -> None:
    other = response(item(review("A3")), id="o", request={"reference": "Claim/other"}, identifier=[{"value": "other"}])
    assert reading(bundle(other, GOOD)).determination is Result.APPROVED


def test_the_same_answer_twice_is_one_and_different_ones_are_untrusted() -> None:
    assert reading(bundle(GOOD, GOOD)).determination is Result.APPROVED
    found = reading(bundle(GOOD, response(item(review("A3")), id="second")))
    assert (found.kind, found.reason) == (
        Kind.UNTRUSTED,
        "the payer's answer holds several different answers to our request",
    )


def test_no_reason_quotes_the_message() -> None:
    secret = "SECRET"
    body = response(item(review(secret, secret)), patient={"reference": f"Patient/{secret}"}, status=secret)
    for document in (
        bundle(body),
        secret.encode(),
        bundle(response(request={"reference": secret}, identifier=[])),
        one(review(secret), sequence=secret),
    ):
        found = reading(document)
        assert secret not in found.reason + found.attention
        assert not any(secret in f"{issue.text}{issue.path}" for issue in found.issues)


def test_the_status_is_said_for_a_body_that_is_none() -> None:
    from gateway.responses import read
    from tests.unit.responses.payloads import CODES

    assert "HTTP 202" in read(reply(b"", status=202), asked(), CODES).reason
