"""What the payer could not process: rejected, which is never denied."""

from typing import Any

import pytest

from gateway.model.authorization import Code, Rejection, Result
from gateway.responses import Kind, read_rejection
from tests.unit.responses.payloads import X12, asked, bundle, extension, item, reading, reply, response, review


def error(code: str = "75", *, follow_up: str = "C", parts: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    concept = {"coding": [{"system": f"{X12}889", "code": follow_up}]}
    return {
        "code": {"coding": [{"system": f"{X12}901", "code": code}]},
        "extension": [extension("errorFollowupAction", valueCodeableConcept=concept), *parts],
    }


PATH = extension("errorPath", valueString="Bundle.entry[2].resource.identifier")
ELEMENT = extension(
    "errorElement",
    extension=[{"url": "processNote", "valuePositiveInt": 1}, {"url": "error", "valueString": "2010C-NM109"}],
)
NOTES = [{"number": 1, "text": "not known here"}]


def test_an_error_answer_is_rejected_with_all_its_parts_and_never_denied() -> None:
    document = bundle(response(outcome="error", error=[error(parts=(PATH, ELEMENT))], processNote=NOTES))
    found = reading(document)
    assert (found.kind, found.determination, found.answers, found.attention) == (Kind.REJECTED, Result.NONE, (), "")
    place = "Bundle.entry[0].resource.error[0]"
    assert found.rejections == (
        Rejection(
            reason=Code("75", f"{X12}901", f"{place}.code.coding[0]"),
            follow_up=Code("C", f"{X12}889", f"{place}.extension[0].value.coding[0]"),
            element="2010C-NM109",
            path="Bundle.entry[2].resource.identifier",
            text="not known here",
            source=place,
        ),
    )
    assert [note.text for note in found.notes] == ["not known here"]


def test_an_error_element_may_be_a_plain_string_as_before_2_2() -> None:
    document = bundle(response(outcome="error", error=[error(parts=(extension("errorElement", valueString="NM109"),))]))
    assert reading(document).rejections[0].element == "NM109"


@pytest.mark.parametrize("outcome", ["complete", "partial", "queued", "error", ""])
def test_error_rows_reject_whatever_the_outcome_says(outcome: str) -> None:
    found = reading(bundle(response(outcome=outcome, error=[error()])))
    assert (found.kind, found.rejections[0].reason.code) == (Kind.REJECTED, "75")  # type: ignore[union-attr]


def test_outcome_error_without_error_rows_is_rejected_without_a_reason() -> None:
    found = reading(bundle(response(outcome="error", disposition="try the portal")))
    assert found.rejections == (Rejection(text="try the portal", source="Bundle.entry[0].resource.outcome"),)


@pytest.mark.parametrize("code", ["A1", "A3"])
def test_a_rejection_that_decides_on_items_too_stays_rejected_and_goes_to_a_person(code: str) -> None:
    document = bundle(response(item(review(code, "AUTH-1")), outcome="error", error=[error()]))
    found = reading(document, asked((1, ""), (2, "")))
    assert (found.kind, found.determination) == (Kind.REJECTED, Result.NONE)
    assert [(sequence, answer.action.code) for sequence, answer in found.answers] == [(1, code)]  # type: ignore[union-attr]
    assert (
        found.attention == "the payer rejected the request and decided on items too; ask the payer before sending again"
    )


def test_a_rejection_that_decides_on_the_whole_request_too_keeps_both() -> None:
    found = reading(bundle(response(outcome="error", error=[error()], adjudication=[review("A1", "AUTH-1")])))
    assert (found.kind, found.determination, found.answers[0][1].authorization_number) == (
        Kind.REJECTED,
        Result.NONE,
        "AUTH-1",
    )
    assert "decided on items too" in found.attention


@pytest.mark.parametrize(
    ("code", "decided"),
    [("A1", True), ("A2", True), ("A3", True), ("A6", True), ("A4", False), ("CT", False), ("ZZ", False), ("", False)],
)
def test_a_reading_tells_whether_the_payer_decided_on_items_whatever_its_kind(code: str, decided: bool) -> None:
    rows = (item(review(code, "AUTH-1")), item(review("A4"), sequence=2))
    wanted = asked((1, ""), (2, ""))
    assert reading(bundle(response(*rows)), wanted).decided_items is decided
    rejected = reading(bundle(response(*rows, outcome="error", error=[error()])), wanted)
    assert (rejected.kind, rejected.determination, rejected.decided_items) == (Kind.REJECTED, Result.NONE, decided)
    assert "ask the payer before sending again" in rejected.attention


def test_a_plain_rejection_or_no_answer_decides_on_no_item() -> None:
    assert not reading(bundle(response(outcome="error", error=[error()]))).decided_items
    assert not reading(b"").decided_items


@pytest.mark.parametrize("sequence", [1, 9])
def test_a_rejection_that_only_adds_something_keeps_it_and_goes_to_a_person(sequence: int) -> None:
    added = {"itemSequence": [sequence], "adjudication": [review("A1", "AUTH-2")]}
    found = reading(bundle(response(outcome="error", error=[error()], addItem=[added])))
    kept = [row for _, answer in found.answers for row in answer.authorized] + list(found.additional)
    assert [row.authorization_number for row in kept] == ["AUTH-2"]
    assert "ask the payer before sending again" in found.attention
    assert found.decided_items


def test_a_rejection_that_decides_on_a_part_of_an_item_goes_to_a_person() -> None:
    row = item(detail=[{"adjudication": [review("A1")]}])
    assert "ask the payer" in reading(bundle(response(row, outcome="error", error=[error()]))).attention


@pytest.mark.parametrize(
    "rows", [[{"code": {"text": "member?"}}], [{}, {"code": {"text": "member?"}}], {"code": {"text": "member?"}}]
)
def test_an_error_of_any_shape_is_kept(rows: Any) -> None:
    found = reading(bundle(response(error=rows)))
    assert found.kind is Kind.REJECTED
    assert [(each.reason, each.text) for each in found.rejections] == [(None, "member?")]


def test_errors_beside_an_unknown_modifier_extension_are_kept_but_not_believed() -> None:
    found = reading(bundle(response(outcome="error", error=[error()], modifierExtension=[{"url": "urn:x"}])))
    assert (found.kind, found.determination, len(found.rejections)) == (Kind.ANSWERED, Result.UNRECOGNIZED, 1)


def outcome(*rows: Any) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": list(rows)}


def test_the_errors_of_an_operation_outcome_are_the_rejections() -> None:
    rows = (
        {"severity": "warning", "code": "informational", "diagnostics": "slow"},
        {"severity": "error", "code": "required", "expression": ["Bundle.entry[1]"], "details": {"text": "member id"}},
        {"severity": "fatal", "code": "invalid", "details": {"coding": [{"system": "urn:codes", "code": "X9"}]}},
    )
    assert read_rejection(reply(outcome(*rows), status=422)) == (
        Rejection(
            reason=Code("required", "", "OperationOutcome.issue[1].code"),
            path="Bundle.entry[1]",
            text="member id",
            source="OperationOutcome.issue[1]",
        ),
        Rejection(
            reason=Code("X9", "urn:codes", "OperationOutcome.issue[2].details.coding[0]"),
            source="OperationOutcome.issue[2]",
        ),
    )


def test_an_operation_outcome_without_errors_gives_what_it_has() -> None:
    [found] = read_rejection(reply(outcome({"severity": "warning", "code": "throttled"}), status=400))
    assert found.reason == Code("throttled", "", "OperationOutcome.issue[0].code")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>no</html>",
        b"nope",
        b"[]",
        b'{"resourceType": "Bundle"}',
        b'{"error": "x"}',
        b'{"resourceType": "OperationOutcome"}',
        b'{"resourceType": "OperationOutcome", "issue": "x"}',
        b'{"resourceType": "OperationOutcome", "issue": [null, 5, "x"]}',
    ],
)
def test_a_refusal_without_an_operation_outcome_is_still_one_rejection(body: bytes) -> None:
    assert read_rejection(reply(body, status=404)) == (
        Rejection(text="HTTP 404 without an OperationOutcome", source="HTTP 404"),
    )


def test_an_operation_outcome_is_found_in_a_bundle() -> None:
    document = bundle(outcome({"severity": "error", "code": "invalid"}))
    assert read_rejection(reply(document, status=400))[0].source == "Bundle.entry[0].resource.issue[0]"


def test_the_words_of_a_payer_do_not_show_in_a_repr() -> None:
    [found] = read_rejection(
        reply(outcome({"severity": "error", "code": "x", "details": {"text": "Jane Roe"}}), status=400)
    )
    assert found.text == "Jane Roe"
    assert "Jane" not in repr(found)
