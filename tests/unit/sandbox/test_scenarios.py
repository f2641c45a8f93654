"""Every shipped scenario keeps its promise, the choosing rule is the documented one, and the lint finds mistakes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.sandbox import names
from gateway.sandbox.checks import check_request
from gateway.sandbox.config import shipped_scenarios
from gateway.sandbox.scenarios import (
    ErrorAnswer,
    HttpAnswer,
    ItemAnswer,
    LostAnswer,
    Scenario,
    Scenarios,
    lint,
    read_scenarios,
)
from gateway.sandbox.schema import FileFault
from tests.unit.sandbox.harness import Sandbox

IDS = [path.name[:4] for path in sorted(shipped_scenarios().glob("*.yaml"))]


def _answer_of(sandbox: Sandbox, identity: str) -> tuple[int, dict[str, Any]]:
    reply = sandbox.submit(sandbox.request_of(identity))
    return reply.status_code, reply.json()


def _reviews(row: dict[str, Any]) -> dict[str, Any]:
    (adjudication,) = row["adjudication"]
    (action,) = adjudication["extension"]
    assert action["url"] == names.REVIEW_ACTION
    codes = {part["url"]: part for part in action["extension"]}
    review = codes[names.REVIEW_ACTION_CODE]["valueCodeableConcept"]["coding"][0]
    assert review["system"] == "https://codesystem.x12.org/005010/306"
    return {
        "action": review["code"],
        "number": codes.get("number", {}).get("valueString", ""),
        "reasons": [
            part["valueCodeableConcept"]["coding"][0]["code"]
            for part in action["extension"]
            if part["url"] == "reasonCode"
        ],
    }


def _extension(row: dict[str, Any], url: str) -> dict[str, Any]:
    return next((found for found in row.get("extension", []) if found["url"] == url), {})


@pytest.mark.parametrize("identity", IDS)
def test_the_ready_request_of_every_scenario_is_valid(sandbox: Sandbox, identity: str) -> None:
    assert check_request(sandbox.request_of(identity)) == ()


@pytest.mark.parametrize("identity", IDS)
def test_the_ready_request_of_every_scenario_gets_the_promised_answer(sandbox: Sandbox, identity: str) -> None:
    scenario = sandbox.config.scenarios[identity]
    promised = [sandbox.config.scenarios[part] for part in scenario.combines] or [scenario]

    status, answer = _answer_of(sandbox, identity)

    if isinstance(scenario.answer, HttpAnswer):
        assert (status, answer["resourceType"]) == (scenario.answer.status, "OperationOutcome")
        assert [issue["code"] for issue in answer["issue"]] == [scenario.answer.code]
        return
    if isinstance(scenario.answer, LostAnswer):
        assert (status, answer["issue"][0]["code"]) == (504, "timeout")
        request = sandbox.request_of(identity)
        assert sandbox.submit(request).status_code == 504
        again = sandbox.submit(request)
        status, answer = again.status_code, again.json()
    response = answer["entry"][0]["resource"]
    assert (status, response["resourceType"]) == (200, "ClaimResponse")
    if isinstance(scenario.answer, ErrorAnswer):
        assert response["outcome"] == "error"
        assert "item" not in response
        assert [row["code"]["coding"][0]["code"] for row in response["error"]] == [
            row.code for row in scenario.answer.rows
        ]
        return
    assert response["outcome"] == "complete"
    for row, part in zip(response["item"], promised, strict=True):
        _check_item(response, row, part)


def _check_item(response: dict[str, Any], row: dict[str, Any], scenario: Scenario) -> None:
    answer = scenario.decision
    assert answer is not None
    review = _reviews(row)
    assert review["action"] == answer.action
    assert review["reasons"] == list(answer.reasons)
    assert bool(review["number"]) == answer.authorization_number
    assert bool(_extension(row, names.ADMINISTRATION_REFERENCE_NUMBER)) == answer.administration_reference_number
    assert (
        bool(_extension(row, names.VALID_PERIOD)) == bool(answer.valid_days) == bool(_extension(row, names.ISSUE_DATE))
    )
    notes = {note["number"]: note["text"] for note in response.get("processNote", [])}
    assert [notes[number] for number in row.get("noteNumber", [])] == ([answer.note] if answer.note else [])
    added = [extra for extra in response.get("addItem", []) if extra["itemSequence"] == [row["itemSequence"]]]
    assert len(added) == bool(answer.percent)
    for extra in added:
        asked = next(
            part["valueQuantity"]["value"]
            for part in _extension(row, names.AUTHORIZED_DETAIL)["extension"]
            if part["url"] == "quantity"
        )
        assert 0 < extra["quantity"]["value"] < asked
        assert _reviews(extra)["number"] == review["number"]


def test_the_needed_results_are_all_there(sandbox: Sandbox) -> None:
    answers = [scenario.answer for scenario in sandbox.config.scenarios.all]
    actions = {answer.action for answer in answers if isinstance(answer, ItemAnswer)}

    assert actions >= {"A1", "A2", "A3", "A4", "A6", "C", "CT", "NA"}
    assert any(isinstance(answer, ItemAnswer) and answer.unknown_on_purpose for answer in answers)
    assert {type(answer) for answer in answers} == {ItemAnswer, ErrorAnswer, HttpAnswer, LostAnswer, type(None)}


def test_other_dates_begin_later_than_asked(sandbox: Sandbox) -> None:
    _, answer = _answer_of(sandbox, "S-02")

    (row,) = answer["entry"][0]["resource"]["item"]
    assert _extension(row, names.REQUESTED_SERVICE_DATE)["valueDateTime"] == "2026-12-08"
    assert _extension(row, names.VALID_PERIOD)["valuePeriod"] == {"start": "2026-12-22", "end": "2027-01-20"}
    assert _extension(row, names.ISSUE_DATE)["valueDate"] == "2026-12-01"


def test_an_error_names_the_place_in_the_request(sandbox: Sandbox) -> None:
    bundle = sandbox.request_of("S-11")
    bundle["entry"].insert(1, bundle["entry"].pop())

    error = sandbox.submit(bundle).json()["entry"][0]["resource"]["error"][0]

    assert bundle["entry"][3]["resource"]["resourceType"] == "Coverage"
    assert _extension(error, names.ERROR_PATH)["valueString"] == "Bundle.entry[3].resource.identifier"
    assert _extension(error, names.FOLLOW_UP_ACTION)["valueCodeableConcept"]["coding"][0]["code"] == "C"
    assert {"url": "error", "valueString": "2010C-NM109"} in _extension(error, names.ERROR_ELEMENT)["extension"]


def _item(code: str, kind: str = "1") -> dict[str, Any]:
    return {
        "productOrService": {"coding": [{"system": names.HCPCS_SYSTEM, "code": code}]},
        "category": {"coding": [{"system": names.SERVICE_TYPE_SYSTEM, "code": kind}]},
    }


@pytest.mark.parametrize(
    ("item", "chosen"),
    [
        (_item("E0601", "48"), "S-01"),
        (_item("Z9999", "48"), "S-06"),
        (_item("48"), "S-06"),
        (_item("Z9999"), "S-14"),
        ({}, "S-14"),
    ],
)
def test_the_code_decides_then_the_service_type_then_nobody(shipped: Scenarios, item: Any, chosen: str) -> None:
    assert shipped.choose(item).id == chosen


@pytest.mark.parametrize(
    ("codes", "status", "ids"),
    [
        (("E0601", "E0470"), 422, ("S-13",)),
        (("E0601", "L1832"), 200, ("S-11",)),
        (("L1832", "E0470"), 422, ("S-13",)),
        (("E0601", "K0856", "E0601"), 200, ("S-01", "S-07")),
    ],
)
def test_one_item_can_decide_the_whole_request(
    sandbox: Sandbox, codes: tuple[str, ...], status: int, ids: tuple[str, ...]
) -> None:
    bundle = sandbox.request_of("S-01")
    item = bundle["entry"][0]["resource"]["item"][0]
    bundle["entry"][0]["resource"]["item"] = [
        {**item, **_item(code), "sequence": number} for number, code in enumerate(codes, start=1)
    ]

    reply = sandbox.submit(bundle)

    assert reply.status_code == status
    assert sandbox.store.received()[-1].scenarios == ids


A1 = ItemAnswer("A1", authorization_number=True, valid_days=1)
GOOD = Scenario("S-01", "Title", "What it shows", codes=("E0601",), answer=A1)
DEFAULT = Scenario(
    "S-02", "Title", "What it shows", is_default=True, answer=ItemAnswer("A4", administration_reference_number=True)
)


@pytest.mark.parametrize(
    ("scenarios", "words"),
    [
        ([GOOD], "nothing_else_matches"),
        ([GOOD, DEFAULT, replace(DEFAULT, id="S-03")], "nothing_else_matches"),
        ([GOOD, DEFAULT, replace(GOOD, id="S-02", codes=("E0602",))], "id S-02"),
        ([GOOD, DEFAULT, replace(GOOD, id="S-03")], "code E0601"),
        ([GOOD, DEFAULT, Scenario("S-03", "T", "W", combines=("S-01", "S-09"))], "combines S-09"),
        ([replace(GOOD, answer=ItemAnswer("A1")), DEFAULT], "A1, A2 and A6 come with"),
        ([replace(GOOD, answer=replace(A1, action="A4")), DEFAULT], "other actions without both"),
        ([replace(GOOD, answer=replace(A1, action="A6")), DEFAULT], "authorizes"),
        ([replace(GOOD, answer=ItemAnswer("A3")), DEFAULT], "A3 comes with reasons"),
        ([replace(GOOD, answer=ItemAnswer("A4")), DEFAULT], "administration_reference_number"),
        ([replace(GOOD, answer=ItemAnswer("QQ")), DEFAULT], "unknown_on_purpose"),
        ([replace(GOOD, answer=replace(A1, unknown_on_purpose=True)), DEFAULT], "unknown_on_purpose"),
    ],
)
def test_the_lint_finds(scenarios: list[Scenario], words: str) -> None:
    assert lint([GOOD, DEFAULT]) == []
    assert words in " ".join(lint(scenarios))


def _write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


DEFAULT_FILE = """
id: S-02
title: Pended otherwise
shows: What happens to everything else
when: {nothing_else_matches: true}
answer: {item: {action: A4, administration_reference_number: true}}
request: {code: "G0299", system: HCPCS, service_type: "42", request_type: HS, place: "12"}
"""


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("S-01-a.yaml", "id: [", "not YAML"),
        ("S-01-a.yaml", "id: S-01\ntitle: Something\nshows: Something else\n", "oneOf"),
        ("S-01-a.yaml", DEFAULT_FILE.replace("S-02", "S-1"), "id: breaks `pattern`"),
        ("S-01-a.yaml", DEFAULT_FILE + "colour: red\n", "breaks `additionalProperties`"),
        ("S-01-a.yaml", DEFAULT_FILE, "does not start with its id"),
        (
            "S-03-a.yaml",
            DEFAULT_FILE.replace("S-02", "S-03").replace("nothing_else_matches: true", "codes: [A9999]"),
            "S-03: its own request would not choose it",
        ),
    ],
)
def test_a_wrong_file_is_named_with_the_fix(tmp_path: Path, name: str, text: str, words: str) -> None:
    _write(tmp_path, "S-02-otherwise.yaml", DEFAULT_FILE)
    assert read_scenarios(tmp_path)["S-02"].is_default
    _write(tmp_path, name, text)

    with pytest.raises(FileFault) as fault:
        read_scenarios(tmp_path)

    assert words in str(fault.value)
    assert str(tmp_path) in str(fault.value)


def test_a_folder_without_scenarios_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="there is no scenario"):
        read_scenarios(tmp_path)
