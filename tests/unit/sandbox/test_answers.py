"""A response Bundle holds what PAS 2.2.1 asks for, echoes what it speaks of once, and is the same every time."""

import copy
import re
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle as R4Bundle

from gateway.fhir.bundle import references
from gateway.fhir.json import dumps, loads
from gateway.sandbox import names
from gateway.sandbox.config import SandboxConfig
from gateway.sandbox.submit import submit
from tests.unit.sandbox.harness import Sandbox, counted_ids

UUID4 = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
EVERY = [f"S-{number:02}" for number in range(1, 16) if number != 13]


def _answer(sandbox: Sandbox, bundle: dict[str, Any]) -> dict[str, Any]:
    outcome = submit(dumps(bundle), sandbox.config)
    assert outcome.status == 200, outcome.issues
    return outcome.resource


@pytest.mark.parametrize("identity", EVERY)
def test_the_bundle_has_the_shape_of_the_profile(sandbox: Sandbox, identity: str) -> None:
    request = sandbox.request_of(identity)
    bundle = _answer(sandbox, request)
    response, claim = bundle["entry"][0]["resource"], request["entry"][0]["resource"]

    assert bundle["type"] == "collection"
    assert bundle["meta"]["profile"] == [names.RESPONSE_BUNDLE]
    assert bundle["identifier"]["value"] not in (request["identifier"]["value"], "")
    assert bundle["timestamp"] == response["created"] == "2026-12-01T09:30:00Z"
    assert all(set(row) == {"fullUrl", "resource"} for row in bundle["entry"])
    assert UUID4.fullmatch(bundle["entry"][0]["fullUrl"])
    assert response["meta"]["profile"] == [names.CLAIM_RESPONSE]
    assert response["identifier"] == claim["identifier"]
    assert (response["status"], response["use"]) == ("active", "preauthorization")
    assert response["type"] == claim["type"]
    assert response["request"] == {"reference": request["entry"][0]["fullUrl"]}
    assert [response[name] for name in ("patient", "insurer", "requestor")] == [
        claim[name] for name in ("patient", "insurer", "provider")
    ]
    R4Bundle.model_validate_json(dumps(bundle))


@pytest.mark.parametrize("identity", EVERY)
def test_every_reference_but_the_one_to_the_request_meets_one_entry(sandbox: Sandbox, identity: str) -> None:
    bundle = _answer(sandbox, sandbox.request_of(identity))
    urls = [row["fullUrl"] for row in bundle["entry"]]

    assert len(set(urls)) == len(urls)
    for path, reference in references(bundle):
        if not path.endswith(".request"):
            assert urls.count(reference["reference"]) == 1, path


def test_what_the_parties_refer_to_comes_along_once_and_unchanged(sandbox: Sandbox) -> None:
    request = sandbox.request_of("S-01")
    by_kind = {row["resource"]["resourceType"]: row["fullUrl"] for row in request["entry"]}
    request["entry"][0]["resource"]["provider"] = {"reference": by_kind["PractitionerRole"]}

    bundle = _answer(sandbox, request)

    sent = {row["fullUrl"]: row["resource"] for row in request["entry"]}
    kinds = [row["resource"]["resourceType"] for row in bundle["entry"]]
    assert sorted(kinds) == [
        "ClaimResponse",
        "Organization",
        "Organization",
        "Patient",
        "Practitioner",
        "PractitionerRole",
    ]
    assert all(sent[row["fullUrl"]] == row["resource"] for row in bundle["entry"][1:])


def test_relative_references_come_back_absolute(sandbox: Sandbox) -> None:
    request = loads(dumps(sandbox.request_of("S-01")))
    role = next(row["fullUrl"] for row in request["entry"] if row["resource"]["resourceType"] == "PractitionerRole")
    request["entry"][0]["resource"]["provider"] = {"reference": role}
    text = dumps(request).decode()
    for row in request["entry"]:
        kind = row["resource"]["resourceType"]
        text = text.replace(f'"reference":"{row["fullUrl"]}"', f'"reference":"{kind}/{row["resource"]["id"]}"')
        text = text.replace(
            f'"fullUrl":"{row["fullUrl"]}"', f'"fullUrl":"https://ehr.example/fhir/{kind}/{row["resource"]["id"]}"'
        )

    bundle = _answer(sandbox, loads(text.encode()))

    found = [reference["reference"] for _, reference in references(bundle)]
    assert len(found) == 6  # four in the ClaimResponse, two in the role
    assert all(reference.startswith("https://ehr.example/fhir/") for reference in found)


def test_sequences_and_trace_numbers_are_echoed(sandbox: Sandbox) -> None:
    request = sandbox.request_of("S-15")
    items = request["entry"][0]["resource"]["item"]
    for item, number in zip(items, (4, 9, 2), strict=True):
        item["sequence"] = number

    rows = _answer(sandbox, request)["entry"][0]["resource"]["item"]

    assert [row["itemSequence"] for row in rows] == [4, 9, 2]
    for row, item in zip(rows, items, strict=True):
        trace = next(found for found in item["extension"] if found["url"] == names.ITEM_TRACE_NUMBER)
        assert trace in row["extension"]


def test_sender_and_receiver_change_places(sandbox: Sandbox) -> None:
    response = _answer(sandbox, sandbox.request_of("S-01"))["entry"][0]["resource"]

    (transmission,) = response["extension"]
    parts = {part["url"]: part["valueString"] for part in transmission["extension"]}
    assert parts == {
        "applicationSenderCode": "SANDBOX",
        "interchangeSenderID": "SANDBOX",
        "applicationReceiverCode": "READYREQUEST",
        "interchangeReceiverID": "READYREQUEST",
    }


def test_only_the_denial_is_marked_as_reviewed_by_a_person(sandbox: Sandbox) -> None:
    def reviewers(identity: str) -> list[Any]:
        response = _answer(sandbox, sandbox.request_of(identity))["entry"][0]["resource"]
        return [row["extension"] for row in response["extension"] if row["url"] == names.REVIEWER]

    assert reviewers("S-05") == [[{"url": "wasHumanReviewedFlag", "valueBoolean": True}]]
    assert reviewers("S-01") == []


def test_an_item_without_quantity_or_dates_is_answered_from_today(sandbox: Sandbox) -> None:
    request = sandbox.request_of("S-04")
    item = request["entry"][0]["resource"]["item"][0]
    del item["quantity"], item["servicedPeriod"]

    response = _answer(sandbox, request)["entry"][0]["resource"]

    period = next(row["valuePeriod"] for row in response["item"][0]["extension"] if row["url"] == names.VALID_PERIOD)
    assert period["start"] == "2026-12-01"
    assert "quantity" not in response["addItem"][0]


@pytest.mark.parametrize(("asked", "given"), [("12", "3"), ("1", "1"), ("10.5", "2"), ("3", "1")])
def test_a_share_is_whole_units_and_at_least_one(sandbox: Sandbox, asked: str, given: str) -> None:
    text = dumps(sandbox.request_of("S-04")).replace(b'"value":12,', f'"value":{asked},'.encode())

    response = submit(text, sandbox.config).resource["entry"][0]["resource"]

    assert str(response["addItem"][0]["quantity"]["value"]) == given


def test_the_same_clock_and_ids_give_the_same_answer_and_the_request_is_left_alone(sandbox: Sandbox) -> None:
    request = sandbox.request_of("S-15")
    raw, before = dumps(request), copy.deepcopy(request)

    def fresh() -> SandboxConfig:
        old = sandbox.config
        return SandboxConfig(
            origin=old.origin,
            store=old.store,
            clients=old.clients,
            scenarios=old.scenarios,
            now=old.now,
            new_id=counted_ids(),
        )

    assert dumps(submit(raw, fresh()).resource) == dumps(submit(raw, fresh()).resource)
    assert request == before


def test_a_repeat_is_decided_again_and_both_stand_in_the_book(sandbox: Sandbox) -> None:
    request = sandbox.request_of("S-15")

    first, second = sandbox.submit(request), sandbox.submit(request)

    assert first.status_code == second.status_code == 200
    rows = sandbox.store.book()
    assert [row.action for row in rows] == ["A1", "A3", "A4"] * 2
    assert len({row.bundle_identifier for row in rows}) == 1
    assert len({row.authorization_number for row in rows if row.authorization_number}) == 2
    assert rows[2].administration_reference_number
