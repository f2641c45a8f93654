"""`$inquire` of the sandbox in both versions: what it finds by example, what it echoes, what it makes worse on purpose.

The inquiry is built by the gateway and the answer read by it: two hands wrote the two sides, and they must agree.
"""

from functools import cache
from typing import Any

import httpx
import pytest

from gateway.conformance import check
from gateway.fhir.json import dumps, loads
from gateway.mapping import Mappings
from gateway.model.authorization import Result
from gateway.model.exchange import Reply
from gateway.orders.inquiry import build_inquiry
from gateway.responses.inquiry import Inquired, InquiryKind, read_inquiry
from gateway.responses.reading import Asked
from gateway.sandbox import names
from gateway.sandbox.store import Grant
from gateway.sandbox.versions import VERSIONS
from tests.unit.responses.payloads import CODES
from tests.unit.sandbox.harness import SUBMIT_SCOPE, Sandbox
from tests.worlds import NOW, ROOT, CountedIds

BOTH = pytest.mark.parametrize("version", VERSIONS)
Bundle = dict[str, Any]
_IDS = CountedIds(start=1 << 40)


@cache
def mappings(version: str) -> Mappings:
    return Mappings.load(ROOT / "mappings" / "pas" / version, ROOT / "mappings" / "codes")


def request_of(sandbox: Sandbox, scenario: str, version: str) -> Bundle:
    bundle: Bundle = loads(dumps(sandbox.request_of(scenario, version)))
    return bundle


def send(sandbox: Sandbox, operation: str, body: bytes, version: str, *, client: str = "by-basic") -> httpx.Response:
    token = f"token-of-{client}"
    if sandbox.store.grant(token) is None:
        sandbox.store.keep_token(token, Grant(client, (SUBMIT_SCOPE,), sandbox.clock().timestamp() + 60))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    return sandbox.ask("POST", f"{VERSIONS[version].path}/Claim/${operation}", content=body, headers=headers)


def ask(sandbox: Sandbox, request: Bundle, version: str, **changes: Any) -> tuple[bytes, httpx.Response]:
    built = build_inquiry(dumps(request), mappings(version), now=NOW, new_id=_IDS.new)
    assert built.gaps == ()
    return built.body, send(sandbox, "inquire", built.body, version, **changes)


def _trace(row: Bundle) -> str:
    return next((part["valueIdentifier"]["value"] for part in row["extension"] if "valueIdentifier" in part), "")


def asked(request: Bundle, version: str) -> Asked:
    first, *_ = request["entry"]
    claim = first["resource"]
    patient = next(row for row in request["entry"] if row["fullUrl"] == claim["patient"]["reference"])
    return Asked(
        claim_url=first["fullUrl"],
        trace_system=claim["identifier"][0]["system"],
        trace_value=claim["identifier"][0]["value"],
        submission_id=request["identifier"]["value"],
        patient_urls=frozenset({patient["fullUrl"]}),
        items=tuple((row["sequence"], _trace(row)) for row in claim["item"]),
        member_ids=frozenset(row["value"] for row in patient["resource"]["identifier"]),
        guide=version,
    )


def inquired(sandbox: Sandbox, request: Bundle, version: str) -> Inquired:
    body, answer = ask(sandbox, request, version)
    return read_inquiry(_reply(answer), asked(request, version), CODES, inquiry=body)


def _reply(answer: httpx.Response) -> Reply:
    return Reply(status=answer.status_code, media_type="", body=answer.content, received_at=NOW)


@BOTH
@pytest.mark.parametrize(
    ("scenario", "determination"),
    [("S-01", "approved"), ("S-04", "modified"), ("S-05", "denied"), ("S-06", "pended"), ("S-15", "pended")],
)
def test_what_was_decided_is_found_again_as_it_was_told(
    sandbox: Sandbox, version: str, scenario: str, determination: str
) -> None:
    request = request_of(sandbox, scenario, version)
    told = send(sandbox, "submit", dumps(request), version).json()
    found = inquired(sandbox, request, version)
    assert found.kind is InquiryKind.FOUND
    assert found.reading is not None
    assert found.reading.determination.value == determination
    numbers = {answer.authorization_number for _, answer in found.reading.answers} - {""}
    assert all(number in dumps(told).decode() for number in numbers)


@BOTH
def test_of_two_orders_of_one_member_each_is_found_as_itself(sandbox: Sandbox, version: str) -> None:
    first, second = request_of(sandbox, "S-01", version), request_of(sandbox, "S-01", version)
    told = [send(sandbox, "submit", dumps(request), version).json() for request in (first, second)]
    for request, answer in zip((first, second), told, strict=True):
        found = inquired(sandbox, request, version)
        assert found.kind is InquiryKind.FOUND
        assert found.reading is not None
        assert found.reading.answers[0][1].authorization_number in dumps(answer).decode()
        assert len(found.others) == 1


@BOTH
def test_what_it_does_not_have_it_does_not_find(sandbox: Sandbox, version: str) -> None:
    request = request_of(sandbox, "S-01", version)
    assert inquired(sandbox, request, version).kind is InquiryKind.NOT_FOUND
    send(sandbox, "submit", dumps(request_of(sandbox, "S-05", version)), version)
    send(sandbox, "submit", dumps(request_of(sandbox, "S-11", version)), version)
    assert inquired(sandbox, request, version).kind is InquiryKind.NOT_FOUND


@BOTH
def test_the_order_of_another_is_no_answer_to_ours(sandbox: Sandbox, version: str) -> None:
    send(sandbox, "submit", dumps(request_of(sandbox, "S-01", version)), version)
    found = inquired(sandbox, request_of(sandbox, "S-01", version), version)
    assert (found.kind, len(found.others)) == (InquiryKind.NOT_FOUND, 1)


@BOTH
def test_an_answer_lost_after_processing_is_found_by_inquiry(sandbox: Sandbox, version: str) -> None:
    request = request_of(sandbox, "S-16", version)
    lost = send(sandbox, "submit", dumps(request), version)
    assert (lost.status_code, lost.json()["resourceType"]) == (504, "OperationOutcome")
    assert len(sandbox.store.book()) == 1
    found = inquired(sandbox, request, version)
    assert found.kind is InquiryKind.FOUND
    assert found.reading is not None
    number = found.reading.answers[0][1].authorization_number
    assert number == sandbox.store.book()[0].authorization_number


@BOTH
def test_an_answer_lost_before_processing_is_not_found_and_the_same_bytes_are_then_answered(
    sandbox: Sandbox, version: str
) -> None:
    request = request_of(sandbox, "S-17", version)
    assert send(sandbox, "submit", dumps(request), version).status_code == 504
    assert sandbox.store.book() == ()
    assert inquired(sandbox, request, version).kind is InquiryKind.NOT_FOUND
    assert send(sandbox, "submit", dumps(request), version).status_code == 200
    assert len(sandbox.store.book()) == 1
    assert inquired(sandbox, request, version).kind is InquiryKind.FOUND


@BOTH
def test_look_alikes_go_to_a_person(sandbox: Sandbox, version: str) -> None:
    request = request_of(sandbox, "S-18", version)
    assert send(sandbox, "submit", dumps(request), version).status_code == 504
    found = inquired(sandbox, request, version)
    assert found.kind is InquiryKind.CANDIDATES
    [candidate] = found.candidates
    assert (candidate.determination, len(candidate.numbers)) == (Result.APPROVED, 1)
    [service] = candidate.services
    assert service.dates is not None
    assert service.service is not None
    assert service.service.code == "72146"
    assert candidate.created is not None
    assert candidate.created < sandbox.clock().date()


@BOTH
def test_matches_that_are_withheld_prove_nothing(sandbox: Sandbox, version: str) -> None:
    request = request_of(sandbox, "S-19", version)
    send(sandbox, "submit", dumps(request), version)
    found = inquired(sandbox, request, version)
    assert found.kind is InquiryKind.UNTRUSTED
    assert "warns" in found.reason


@BOTH
def test_an_inquiry_that_is_refused_proves_nothing(sandbox: Sandbox, version: str) -> None:
    request = request_of(sandbox, "S-20", version)
    send(sandbox, "submit", dumps(request), version)
    _, answer = ask(sandbox, request, version)
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (501, "not-supported")
    assert inquired(sandbox, request, version).kind is InquiryKind.UNTRUSTED


@BOTH
@pytest.mark.parametrize("scenario", ["S-01", "S-04", "S-06", "S-15", "S-16", "S-18", "S-19", "S-17"])
def test_every_answer_is_valid_against_the_profiles_of_its_version(
    sandbox: Sandbox, version: str, scenario: str
) -> None:
    request = request_of(sandbox, scenario, version)
    send(sandbox, "submit", dumps(request), version)
    send(sandbox, "submit", dumps(request_of(sandbox, scenario, version)), version)
    _, answer = ask(sandbox, request, version)
    document = loads(answer.content)
    bundles = [document]
    if version == "2.2.1":
        assert document["resourceType"] == "Parameters"
        assert {row["name"] for row in document.get("parameter", [])} <= {"return"}
        rows = [row["resource"] for row in document.get("parameter", [])]
        bundles = [row for row in rows if row["resourceType"] == "Bundle"]
    for bundle in bundles:
        report = check(bundle, f"pas/{version}", names.INQUIRY_RESPONSE_BUNDLE)
        assert [(issue.rule, issue.path, issue.text) for issue in report.issues if issue.is_error] == []


@BOTH
def test_a_search_key_of_the_payers_finds_its_authorization_alone(sandbox: Sandbox, version: str) -> None:
    requests = [request_of(sandbox, "S-01", version) for _ in range(2)]
    for request in requests:
        send(sandbox, "submit", dumps(request), version)
    number = sandbox.store.book()[1].authorization_number
    asking = loads(build_inquiry(dumps(requests[0]), mappings(version), now=NOW, new_id=_IDS.new).body)
    key = {"url": names.AUTHORIZATION_NUMBER, "valueString": number}
    asking["entry"][0]["resource"]["item"][0]["extension"].append(key)
    answer = send(sandbox, "inquire", dumps(asking), version)
    assert answer.content.count(b'"ClaimResponse"') == 1
    assert number.encode() in answer.content


@BOTH
def test_no_particular_service_asks_for_all_of_the_member(sandbox: Sandbox, version: str) -> None:
    for scenario in ("S-01", "S-05"):
        send(sandbox, "submit", dumps(request_of(sandbox, scenario, version)), version)
    asking = loads(
        build_inquiry(dumps(request_of(sandbox, "S-01", version)), mappings(version), now=NOW, new_id=_IDS.new).body
    )
    absent = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "not-applicable"}
    asking["entry"][0]["resource"]["item"][0]["productOrService"] = {"coding": [absent]}
    asking["entry"][0]["resource"]["item"][0].pop("servicedPeriod", None)
    answer = send(sandbox, "inquire", dumps(asking), version)
    assert answer.content.count(b'"ClaimResponse"') == 2


@BOTH
def test_another_client_finds_it_only_by_member_and_provider(sandbox: Sandbox, version: str) -> None:
    request = request_of(sandbox, "S-01", version)
    send(sandbox, "submit", dumps(request), version)
    _, by_provider = ask(sandbox, request, version, client="by-post")
    assert b'"ClaimResponse"' in by_provider.content
    asking = build_inquiry(dumps(request), mappings(version), now=NOW, new_id=_IDS.new).body
    stranger = asking.replace(b"1982947230", b"1093817465")
    assert b'"ClaimResponse"' not in send(sandbox, "inquire", stranger, version, client="by-post").content
    assert b'"ClaimResponse"' in send(sandbox, "inquire", stranger, version).content


@BOTH
def test_another_member_with_the_same_service_finds_nothing(sandbox: Sandbox, version: str) -> None:
    request = request_of(sandbox, "S-01", version)
    send(sandbox, "submit", dumps(request), version)
    other = loads(dumps(request))
    for row in other["entry"]:
        for number in row["resource"].get("identifier", []) if row["resource"]["resourceType"] != "Claim" else []:
            if row["resource"]["resourceType"] in ("Patient", "Coverage"):
                number["value"] = "SOMEBODY-ELSE"
        row["resource"].pop("subscriberId", None)
    assert inquired(sandbox, other, version).kind is InquiryKind.NOT_FOUND


@BOTH
def test_one_version_knows_nothing_of_what_was_sent_in_the_other(sandbox: Sandbox, version: str) -> None:
    other = next(number for number in VERSIONS if number != version)
    send(sandbox, "submit", dumps(request_of(sandbox, "S-01", other)), other)
    assert inquired(sandbox, request_of(sandbox, "S-01", version), version).kind is InquiryKind.NOT_FOUND


@BOTH
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"resourceType": "Bundle", "type": "collection"}'])
def test_an_empty_or_malformed_inquiry_is_refused_with_one_outcome(sandbox: Sandbox, version: str, body: bytes) -> None:
    answer = send(sandbox, "inquire", body, version)
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")


@BOTH
def test_an_inquiry_that_names_no_member_is_refused(sandbox: Sandbox, version: str) -> None:
    asking = loads(
        build_inquiry(dumps(request_of(sandbox, "S-01", version)), mappings(version), now=NOW, new_id=_IDS.new).body
    )
    for row in asking["entry"]:
        if row["resource"]["resourceType"] in ("Patient", "Coverage"):
            row["resource"].pop("identifier", None)
            row["resource"].pop("subscriberId", None)
    answer = send(sandbox, "inquire", dumps(asking), version)
    assert answer.status_code == 400


def test_an_inquiry_needs_a_token_and_is_seen_by_the_owner(sandbox: Sandbox) -> None:
    refused = sandbox.ask("POST", "/fhir/Claim/$inquire", content=b"{}")
    assert refused.status_code == 401
    request = request_of(sandbox, "S-01", "2.2.1")
    ask(sandbox, request, "2.2.1")
    rows = [(row.what, row.status) for row in sandbox.store.received() if row.what != "token"]
    assert rows == [("inquire", 401), ("inquire", 200)]


@BOTH
def test_the_capability_statement_names_the_operation(sandbox: Sandbox, version: str) -> None:
    claim = sandbox.ask("GET", f"{VERSIONS[version].path}/metadata").json()["rest"][0]["resource"][0]
    assert [row["name"] for row in claim["operation"]] == ["submit", "inquire"]
