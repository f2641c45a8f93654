"""What the sandbox answers in each of its scenarios, read: two hands wrote the two sides, and they must agree."""

from dataclasses import replace

import pytest

from gateway.fhir import json
from gateway.responses import Kind, Reading, read, read_rejection
from gateway.sandbox.config import shipped_scenarios
from gateway.sandbox.ready_request import ready_request
from gateway.sandbox.scenarios import read_scenarios
from gateway.sandbox.versions import VERSIONS
from tests.unit.responses.payloads import CODES
from tests.unit.sandbox.harness import counted_ids
from tests.worlds import NOW, sandbox_answer

SCENARIOS = read_scenarios(shipped_scenarios())
DETERMINATIONS = {
    "S-01": "approved",
    "S-02": "approved",
    "S-03": "partly_approved",
    "S-04": "modified",
    "S-05": "denied",
    "S-06": "pended",
    "S-07": "contact_payer",
    "S-08": "no_action_required",
    "S-09": "cancelled",
    "S-10": "unrecognized",
    "S-14": "pended",
    "S-15": "pended",
}
# Lost on the way: tests/unit/sandbox/test_inquire.py
LOST = {"S-16", "S-17", "S-18", "S-19", "S-20"}

BOTH = pytest.mark.parametrize("version", VERSIONS)


def request_for(scenario: str, version: str) -> bytes:
    orders = SCENARIOS.orders(SCENARIOS[scenario])
    return json.dumps(ready_request(orders, now=NOW, new_id=counted_ids(), version=VERSIONS[version]))


def answered(scenario: str, version: str) -> Reading:
    raw = request_for(scenario, version)
    reply, wanted = sandbox_answer(raw, version)
    items = json.loads(raw)["entry"][0]["resource"]["item"]
    return read(reply, replace(wanted, items=tuple((row["sequence"], "") for row in items)), CODES)


@pytest.mark.parametrize("scenario", sorted(DETERMINATIONS))
@BOTH
def test_a_decision_of_the_sandbox_is_read_as_meant(version: str, scenario: str) -> None:
    found = answered(scenario, version)
    assert (found.kind, found.determination.value) == (Kind.ANSWERED, DETERMINATIONS[scenario])
    assert (found.issues == ()) is (scenario != "S-10")


@BOTH
def test_what_the_sandbox_granted_has_its_number_and_dates(version: str) -> None:
    answer = answered("S-01", version).answers[0][1]
    assert answer.authorization_number.startswith("AUTH")
    assert answer.issued is not None
    assert answer.valid is not None


@pytest.mark.parametrize("scenario", ["S-03", "S-04"])
@BOTH
def test_what_the_sandbox_authorized_instead_is_read(version: str, scenario: str) -> None:
    [(sequence, answer)] = answered(scenario, version).answers
    [instead] = answer.authorized
    assert (instead.replaces, instead.result.value) == ((sequence,), "approved")
    assert instead.quantity is not None
    assert instead.authorization_number == answer.authorization_number


@BOTH
def test_a_denial_of_the_sandbox_has_its_reasons(version: str) -> None:
    answer = answered("S-05", version).answers[0][1]
    assert answer.reasons
    assert answer.authorization_number == ""


@BOTH
def test_three_items_of_the_sandbox_have_three_results(version: str) -> None:
    assert [answer.result.value for _, answer in answered("S-15", version).answers] == ["approved", "denied", "pended"]


@pytest.mark.parametrize(
    ("scenario", "category"), [("S-11", "member_not_matched"), ("S-12", "payer_unavailable_retry")]
)
@BOTH
def test_a_rejection_of_the_sandbox_is_read_as_meant(version: str, scenario: str, category: str) -> None:
    found = answered(scenario, version)
    [rejection] = found.rejections
    assert found.kind is Kind.REJECTED
    assert rejection.reason is not None
    assert CODES.category(rejection.reason) == category
    assert rejection.path.startswith("Bundle.entry[")


@BOTH
def test_a_refusal_of_the_sandbox_is_read_as_a_rejection(version: str) -> None:
    reply, _ = sandbox_answer(request_for("S-13", version), version)
    [rejection] = read_rejection(reply)
    assert reply.status == 422
    assert rejection.text
    assert rejection.reason is not None
    assert rejection.reason.code == "business-rule"


def test_every_scenario_is_here() -> None:
    assert {scenario.id for scenario in SCENARIOS.all} == {*DETERMINATIONS, "S-11", "S-12", "S-13", *LOST}
