"""Answers that say one thing here and another there: never shown as plainly approved (PAS reading, step 4)."""

from typing import Any

import pytest

from gateway.model.authorization import Result
from gateway.responses import Kind, Reading
from tests.unit.responses.payloads import (
    CLAIM,
    PAS,
    answer_of,
    asked,
    bundle,
    item,
    one,
    reading,
    response,
    review,
)

TWO = asked((1, "item-1"), (2, "item-2"))
RESULTS = {
    "A1": Result.APPROVED,
    "A2": Result.PARTLY_APPROVED,
    "A3": Result.DENIED,
    "A4": Result.PENDED,
    "A6": Result.MODIFIED,
    "??": Result.UNRECOGNIZED,
}


def rows(codes: str) -> list[dict[str, Any]]:
    """One item row for each code, in order."""
    return [item(review(code, "AUTH-1"), sequence=place) for place, code in enumerate(codes.split(), 1)]


def added(*codes: str, **more: Any) -> dict[str, Any]:
    return {"addItem": [{"itemSequence": [1], "adjudication": [review(code, "AUTH-2")], **more} for code in codes]}


def results(found: Reading) -> list[Result]:
    return [answer.result for _, answer in found.answers]


@pytest.mark.parametrize(
    ("code", "instead", "expected"),
    [
        ("A1", "A6", "??"),
        ("A1", "A2", "??"),
        ("A1", "A3", "??"),
        ("A1", "A4", "??"),
        ("A1", "CT", "??"),
        ("A1", "ZZ", "??"),
        ("A1", "A1", "A1"),
        ("A6", "A1", "A6"),
        ("A6", "A2", "A6"),
        ("A6", "A6", "A6"),
        ("A2", "A1", "A2"),
        ("A2", "A6", "A2"),
        ("A6", "A4", "A4"),
        ("A2", "A4", "A4"),
        ("A6", "A3", "??"),
        ("A2", "A3", "??"),
        ("A6", "ZZ", "??"),
        ("A6", "A1 A4", "A4"),
        ("A6", "A1 A3", "??"),
        ("A6", "A4 A3", "??"),
        ("A3", "A3", "A3"),
        ("A4", "A4", "A4"),
    ],
)
def test_an_item_and_what_was_added_for_it_must_go_together(code: str, instead: str, expected: str) -> None:
    found = reading(bundle(response(item(review(code, "AUTH-1")), **added(*instead.split()))))
    assert results(found) == [RESULTS[expected]]
    assert found.determination is RESULTS[expected]
    if expected == "??":
        assert "item 1: the payer's review actions disagree" in found.attention


def test_what_was_added_for_one_item_says_nothing_of_another() -> None:
    found = reading(
        bundle(response(*rows("A6 A1"), addItem=[{"itemSequence": [1], "adjudication": [review("A4")]}])), TWO
    )
    assert results(found) == [Result.PENDED, Result.APPROVED]


def test_an_answer_that_is_not_active_is_said_to_be_that_and_no_contradiction() -> None:
    found = reading(bundle(response(item(review("A6", "AUTH-1")), status="draft", **added("A1"))))
    assert results(found) == [Result.UNRECOGNIZED]
    assert "item 1: the payer's answer is not active and grants nothing" in found.attention
    assert "disagree" not in found.attention


@pytest.mark.parametrize("code", ["A3", "A4", "C", "NA"])
def test_something_granted_for_an_item_that_was_not_is_pointed_out(code: str) -> None:
    plain, found = (reading(bundle(response(item(review(code)), **more))) for more in ({}, added("A1")))
    assert results(found) == results(plain)
    assert found.attention == "item 1: what the payer added for it says otherwise"


def test_a_pended_part_is_shown_with_the_place_that_says_so() -> None:
    answer = answer_of(bundle(response(item(review("A6", "AUTH-1")), **added("A4"))))
    place = "Bundle.entry[0].resource.addItem[0].adjudication[0]"
    assert answer.action is not None
    assert answer.action.code == "A4"
    assert dict(answer.sources)["result"].startswith(place)


def test_what_was_added_without_a_review_action_only_tells_what_was_granted() -> None:
    more = {"addItem": [{"itemSequence": [1], "productOrService": {"coding": [{"code": "E0431"}]}}]}
    found = reading(bundle(response(item(review("A6", "AUTH-1")), **more)))
    assert (found.determination, found.attention) == (
        Result.MODIFIED,
        "the payer added a service without authorizing it",
    )


@pytest.mark.parametrize("code", ["A1", "A6"])
def test_an_unknown_modifier_extension_on_what_was_added_takes_the_item_with_it(code: str) -> None:
    more = added("A1", modifierExtension=[{"url": "urn:x"}])
    assert answer_of(bundle(response(item(review(code, "AUTH-1")), **more))).result is Result.UNRECOGNIZED


def test_a_decision_on_the_whole_request_and_a_row_added_against_it_disagree() -> None:
    document = bundle(response(adjudication=[review("A1", "AUTH-1")], **added("A3")))
    assert answer_of(document).result is Result.UNRECOGNIZED


@pytest.mark.parametrize(
    ("event", "codes"),
    [
        ("A1", "A1 A1"),
        ("A2", "A1 A3"),
        ("A6", "A1 A3"),
        ("A6", "A1 A6"),
        ("A2", "A2 A2"),
        ("A6", "A6 A6"),
        ("A2", "A1 A4"),
        ("A6", "A2 A2"),
        ("A4", "A1 A4"),
        ("A4", "A4 A4"),
        ("A4", "A3 A4"),
        ("A3", "A3 A3"),
        ("CT", "A1 CT"),
        ("A1", "A1 NA"),
        ("A3", "A3 C"),
    ],
)
def test_a_summary_over_the_items_is_fine(event: str, codes: str) -> None:
    plain, found = (reading(bundle(response(*rows(codes), **more)), TWO) for more in ({}, whole(event)))
    assert (results(found), found.attention) == (results(plain), plain.attention)


def whole(code: str) -> dict[str, Any]:
    return {"adjudication": [review(code)]}


@pytest.mark.parametrize(
    ("event", "codes"),
    [
        ("A3", "A1 A3"),
        ("A3", "A1 A4"),
        ("A4", "A1 A3"),
        ("A4", "A3 A3"),
        ("A1", "A1 A3"),
        ("A1", "A1 A4"),
        ("A1", "A1 A6"),
        ("A1", "A3 A3"),
        ("A6", "A1 A1"),
        ("A2", "A1 A1"),
        ("A6", "A3 A3"),
        ("ZZ", "A1 A3"),
        ("CT", "A3 A4"),
        ("NA", "A1 A1"),
    ],
)
def test_a_decision_on_the_whole_request_against_its_items_is_shown_to_a_person(event: str, codes: str) -> None:
    plain, found = (reading(bundle(response(*rows(codes), **more)), TWO) for more in ({}, whole(event)))
    assert results(found) == results(plain)
    assert "the payer's decision on the whole request does not fit those on its items" in found.attention


@pytest.mark.parametrize("event", ["A3", "A4", "C", "CT", "ZZ"])
@pytest.mark.parametrize("codes", ["A1 A1", "A1 A6", "A2 A2", "A1 NA"])
def test_items_all_granted_inside_a_request_that_is_not_are_unrecognized(event: str, codes: str) -> None:
    found = reading(bundle(response(*rows(codes), **whole(event))), TWO)
    assert results(found)[0] is Result.UNRECOGNIZED
    assert Result.APPROVED not in results(found)
    assert found.determination is Result.UNRECOGNIZED
    assert "does not fit" in found.attention


def test_what_was_added_is_not_granted_either_when_the_whole_request_is_denied() -> None:
    extra = {"itemSequence": [7], "adjudication": [review("A1", "AUTH-2")]}
    found = reading(bundle(response(item(review("A1", "AUTH-1")), addItem=[extra], **whole("A3"))))
    assert found.additional[0].result is Result.UNRECOGNIZED


def test_holding_the_whole_request_against_its_items_finds_nothing_twice() -> None:
    document = bundle(response(item(review("A1", "AUTH-1")), item(review("A1"), sequence=9), **whole("A1")))
    issues = reading(document).issues
    assert len(issues) == len(set(issues)) == 2


def test_a_number_on_the_whole_request_without_a_code_decides_nothing() -> None:
    found = reading(bundle(response(item(review("A1", "AUTH-1")), adjudication=[review("", "AUTH-9")])))
    assert (found.determination, found.attention) == (Result.APPROVED, "")


@pytest.mark.parametrize("code", ["A3", "A4", "A6", "ZZ"])
@pytest.mark.parametrize("depth", ["detail", "subDetail"])
def test_a_part_of_an_item_decided_otherwise_makes_it_unrecognized(code: str, depth: str) -> None:
    part: dict[str, Any] = {"detailSequence": 1, "adjudication": [review(code)]}
    if depth == "subDetail":
        part = {"detailSequence": 1, "adjudication": [review("A1")], "subDetail": [part]}
    found = reading(one(review("A1", "AUTH-1"), detail=[part]))
    assert results(found) == [Result.UNRECOGNIZED]
    assert "item 1: the payer decided otherwise on a part of it" in found.attention


def test_a_part_of_an_item_decided_alike_or_not_at_all_is_fine() -> None:
    parts = [{"adjudication": [review("A1")]}, {"adjudication": [{"category": {"text": "benefit"}}]}, {"x": 1}]
    found = reading(one(review("A1", "AUTH-1"), detail=parts))
    assert (found.determination, found.attention) == (Result.APPROVED, "")


def test_parts_count_against_a_decision_on_the_whole_request_and_against_what_was_added() -> None:
    part = {"detail": [{"adjudication": [review("A3")]}]}
    assert answer_of(bundle(response(item(**part), **whole("A1")))).result is Result.UNRECOGNIZED
    answer = answer_of(bundle(response(item(review("A6", "AUTH-1")), **added("A1", **part))))
    assert (answer.result, answer.authorized[0].result) == (Result.UNRECOGNIZED, Result.UNRECOGNIZED)


@pytest.mark.parametrize("outcome", ["queued", "done", "", None, 5])
def test_a_grant_in_an_answer_that_is_not_complete_is_shown_to_a_person(outcome: Any) -> None:
    found = reading(bundle(response(item(review("A1", "AUTH-1")), outcome=outcome)))
    assert (found.determination, found.attention) == (
        Result.APPROVED,
        "the payer granted something but does not call its answer complete",
    )


@pytest.mark.parametrize(("code", "outcome"), [("A1", "complete"), ("A1", "partial"), ("A3", "queued")])
def test_an_outcome_that_says_enough_is_not_pointed_out(code: str, outcome: str) -> None:
    assert reading(bundle(response(item(review(code, "AUTH-1")), outcome=outcome))).attention == ""


@pytest.mark.parametrize("severity", ["error", "fatal"])
def test_an_error_beside_a_grant_is_shown_to_a_person(severity: str) -> None:
    words = {"severity": severity, "code": "exception", "details": {"text": "SECRET"}}
    failure = {"resourceType": "OperationOutcome", "issue": [words]}
    found = reading(bundle(response(item(review("A1", "AUTH-1"))), failure))
    assert (found.determination, found.attention) == (Result.APPROVED, "the payer reports an error beside its answer")
    assert reading(bundle(response(item(review("A3"))), failure)).attention == ""


@pytest.mark.parametrize("use", ["claim", "predetermination", "other"])
@pytest.mark.parametrize("code", ["A1", "A2", "A3", "A4", "A6"])
def test_an_answer_that_is_no_prior_authorization_decides_nothing(use: str, code: str) -> None:
    found = reading(bundle(response(item(review(code, "AUTH-1")), use=use, **added("A1"))))
    assert (results(found), found.determination) == ([Result.UNRECOGNIZED], Result.UNRECOGNIZED)
    assert found.answers[0][1].authorized[0].result is Result.UNRECOGNIZED
    assert "the payer's answer is no prior authorization" in found.attention


def claim(value: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Claim", "id": "theirs", "identifier": [{"value": value}], **more}


@pytest.mark.parametrize("reference", ["Claim/theirs", "urn:uuid:theirs", "https://payer.example/Claim/theirs"])
def test_an_answer_that_refers_to_another_claim_in_it_is_untrusted_though_it_echoes_our_trace(reference: str) -> None:
    found = reading(bundle(response(item(review("A1")), request={"reference": reference}), claim("other")))
    assert (found.kind, found.reason) == (Kind.UNTRUSTED, "the payer's answer names another request, or none")


def test_another_claim_under_the_address_of_ours_is_not_ours() -> None:
    document = bundle(response(item(review("A1"))), claim("other", id=CLAIM.removeprefix("urn:uuid:")))
    assert reading(document).kind is Kind.UNTRUSTED


@pytest.mark.parametrize(
    "request_",
    [
        {"reference": "Claim/unknown"},
        {"reference": "https://payer.example/Claim/unknown"},
        {"reference": "urn:uuid:unknown"},
        {"identifier": {"value": "another-trace"}},
    ],
)
def test_our_trace_beside_a_foreign_name_of_the_request_is_shown_to_a_person(request_: Any) -> None:
    found = reading(bundle(response(item(review("A1", "AUTH-1")), request=request_)))
    assert (found.determination, found.attention) == (
        Result.APPROVED,
        "the payer's answer carries our trace number but names another request",
    )


def test_a_claim_in_the_answer_without_identifiers_cannot_prove_that_it_is_another() -> None:
    document = bundle(
        response(item(review("A1", "AUTH-1")), request={"reference": "Claim/theirs"}), claim("x", identifier=[])
    )
    found = reading(document)
    assert found.determination is Result.APPROVED
    assert "names another request" in found.attention


def test_the_claim_we_sent_may_come_back_with_the_answer() -> None:
    ours = claim("trace-77", id=CLAIM.removeprefix("urn:uuid:"))
    old = claim("older", related=[])
    found = reading(bundle(response(item(review("A1", "AUTH-1"))), ours, old))
    assert (found.determination, found.attention) == (Result.APPROVED, "")


def test_no_contradiction_quotes_the_message() -> None:
    secret = {"url": f"{PAS}reviewAction", "extension": [{"url": "number", "valueString": "SECRET"}]}
    document = bundle(
        response(
            item(review("A1", "SECRET"), detail=[{"adjudication": [review("SECRET")]}]),
            adjudication=[{"extension": [secret]}, review("SECRET")],
            use="SECRET",
            outcome="SECRET",
            request={"reference": "Claim/SECRET"},
            **added("SECRET"),
        )
    )
    found = reading(document)
    assert found.attention
    assert "SECRET" not in found.attention + "".join(f"{issue.text}{issue.path}" for issue in found.issues)
