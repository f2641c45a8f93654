"""The decision procedure over one ClaimResponse: what each item's answer comes to, and what it never comes to."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from gateway.fhir import path
from gateway.model.authorization import Code, Dates, Provider, Quantity, Result
from gateway.responses import Kind
from tests.unit.responses.payloads import (
    PAS,
    X12,
    action,
    answer_of,
    asked,
    bundle,
    extension,
    item,
    one,
    reading,
    response,
    review,
)

TWO = asked((1, "item-1"), (2, "item-2"))
COMMUNICATION = {"communicationRequest": [{"reference": "CommunicationRequest/c1"}]}
TASK = {"resourceType": "Task", "id": "t1", "status": "requested", "intent": "order"}


def rules(document: Any) -> set[str]:
    return {issue.rule for issue in reading(document).issues}


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("A1", Result.APPROVED),
        ("A2", Result.PARTLY_APPROVED),
        ("A3", Result.DENIED),
        ("A4", Result.PENDED),
        ("A6", Result.MODIFIED),
        ("C", Result.CANCELLED),
        ("CT", Result.CONTACT_PAYER),
        ("NA", Result.NO_ACTION_REQUIRED),
    ],
)
def test_each_review_action_has_its_result(code: str, result: Result) -> None:
    found = reading(one(review(code, "AUTH-1")))
    assert (found.kind, found.determination) == (Kind.ANSWERED, result)
    answer = dict(found.answers)[1]
    assert (answer.result, answer.action) == (result, Code(code, f"{X12}306", answer.action.source))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "system",
    ["http://codesystem.x12.org/005010/306", "https://valueset.x12.org/x217/005010/response/2000F/HCR/1/01/00/306"],
)
def test_a_review_action_is_known_by_the_number_of_its_x12_list(system: str) -> None:
    assert answer_of(one(review("A1", "AUTH-1", system=system))).result is Result.APPROVED


@pytest.mark.parametrize(
    "adjudication",
    [
        review("ZZ", "AUTH-1"),
        review("", "AUTH-1"),
        review("A1", system="https://example.org/005010/306"),
        review("A1", system="https://codesystem.x12.org/005010/305"),
        review("A1", system=""),
        review("a1"),
        review("PENDEDCODE"),
        {"extension": [{"url": f"{PAS}reviewAction", "valueCode": "A1"}]},
        {
            "extension": [
                {"url": f"{PAS}reviewAction", "extension": [{"url": f"{PAS}reviewActionCode", "valueString": "A1"}]}
            ]
        },
        {
            "extension": [
                {
                    "url": "https://vendor.example/StructureDefinition/extension-reviewAction",
                    "extension": [action("A1")],
                }
            ]
        },
    ],
    ids=[
        "unknown",
        "no code",
        "other host",
        "other list",
        "no system",
        "other case",
        "placeholder",
        "valueCode",
        "valueString",
        "foreign extension",
    ],
)
def test_whatever_is_not_a_known_code_of_list_306_is_unrecognized_and_shown_to_a_person(adjudication: Any) -> None:
    found = reading(one(adjudication))
    assert (found.kind, found.determination) == (Kind.ANSWERED, Result.UNRECOGNIZED)
    assert "item 1" in found.attention


@pytest.mark.parametrize(
    ("adjudication", "raw"),
    [
        (review("ZZ"), ("ZZ", f"{X12}306")),
        (review("A1", system="urn:other"), ("A1", "urn:other")),
        ({"extension": [{"url": f"{PAS}reviewAction", "valueCode": "A1"}]}, ("A1", "")),
    ],
)
def test_an_unrecognized_code_is_kept_raw_with_its_place(adjudication: Any, raw: tuple[str, str]) -> None:
    kept = answer_of(one(adjudication)).action
    assert kept is not None
    assert (kept.code, kept.system) == raw
    assert kept.source.startswith("Bundle.entry[0].resource.item[0].adjudication[0].extension[0]")


def test_adjudications_that_disagree_are_unrecognized() -> None:
    answer = answer_of(one(review("A4"), review("A1", "AUTH-1")))
    assert (answer.result, answer.action.code) == (Result.UNRECOGNIZED, "A4")  # type: ignore[union-attr]


def test_two_codes_of_the_list_in_one_concept_disagree() -> None:
    both = {"coding": [{"system": f"{X12}306", "code": "A1"}, {"system": f"{X12}306", "code": "A3"}]}
    parts = [extension("reviewActionCode", valueCodeableConcept=both)]
    answer = answer_of(one({"extension": [{"url": f"{PAS}reviewAction", "extension": parts}]}))
    assert (answer.result, answer.action.code) == (Result.UNRECOGNIZED, "A1")  # type: ignore[union-attr]


def test_a_code_of_the_list_counts_beside_a_local_one() -> None:
    both = {"coding": [{"system": "urn:local", "code": "OK"}, {"system": f"{X12}306", "code": "A3"}]}
    parts = [extension("reviewActionCode", valueCodeableConcept=both)]
    assert answer_of(one({"extension": [{"url": f"{PAS}reviewAction", "extension": parts}]})).result is Result.DENIED


def test_adjudications_that_agree_and_amounts_beside_them_are_fine() -> None:
    amount = {"category": {"text": "benefit"}, "amount": {"value": 10, "currency": "USD"}}
    assert answer_of(one(amount, review("A1", "AUTH-1"), review("A1", "AUTH-1"))).result is Result.APPROVED


def test_items_answered_twice_must_agree() -> None:
    document = bundle(response(item(review("A1", "AUTH-1")), item(review("A3"))))
    assert answer_of(document).result is Result.UNRECOGNIZED
    assert "itemSequence" in rules(document)


def test_an_item_the_payer_does_not_answer_is_unrecognized() -> None:
    found = reading(bundle(response(item(review("A1", "AUTH-1")))), TWO)
    assert [answer.result for _, answer in found.answers] == [Result.APPROVED, Result.UNRECOGNIZED]
    assert found.determination is Result.UNRECOGNIZED
    assert found.attention == "the payer did not answer item 2"


def test_an_item_row_without_a_review_action_is_unrecognized_beside_decided_ones() -> None:
    document = bundle(response(item(review("A1", "AUTH-1")), item(sequence=2), **COMMUNICATION))
    assert answer_of(document, 2, TWO).result is Result.UNRECOGNIZED


def test_an_item_that_was_not_asked_for_is_pointed_out_and_answers_nothing() -> None:
    found = reading(bundle(response(item(review("A1", "AUTH-1")), item(review("A3"), sequence=9))))
    assert found.determination is Result.APPROVED
    assert [sequence for sequence, _ in found.answers] == [1]
    assert "not asked for" in found.attention


@pytest.mark.parametrize("sequence", [None, "1", 0, -1, True, [1, 2], {"value": 1}])
def test_a_row_without_a_usable_sequence_is_known_by_its_trace_number_or_not_at_all(sequence: Any) -> None:
    trace = extension("itemTraceNumber", valueIdentifier={"value": "item-1"})
    document = bundle(response(item(review("A1", "AUTH-1"), sequence=sequence, extensions=(trace,))))
    assert answer_of(document).result is Result.APPROVED
    assert answer_of(bundle(response(item(review("A1"), sequence=sequence)))).result is Result.UNRECOGNIZED


def test_answers_whose_trace_numbers_are_swapped_are_unrecognized() -> None:
    traces = [extension("itemTraceNumber", valueIdentifier={"value": f"item-{number}"}) for number in (2, 1)]
    rows = [item(review("A1", "AUTH-1"), sequence=place + 1, extensions=(traces[place],)) for place in (0, 1)]
    found = reading(bundle(response(*rows)), TWO)
    assert {answer.result for _, answer in found.answers} == {Result.UNRECOGNIZED}


def test_items_of_one_answer_each_keep_their_own_result() -> None:
    found = reading(
        bundle(response(item(review("A1", "AUTH-1")), item(review("A3", reasons=("0F",)), sequence=2))), TWO
    )
    assert [answer.result for _, answer in found.answers] == [Result.APPROVED, Result.DENIED]
    assert found.determination is Result.PARTLY_APPROVED


def test_a_decision_on_the_whole_request_holds_for_every_item_when_none_has_its_own() -> None:
    found = reading(bundle(response(item(), adjudication=[review("A3", reasons=("0F",))])), TWO)
    assert [answer.result for _, answer in found.answers] == [Result.DENIED, Result.DENIED]
    assert found.answers[1][1].reasons[0].code == "0F"


def test_a_request_for_information_beside_a_decision_on_the_whole_request_is_pointed_out() -> None:
    found = reading(bundle(response(adjudication=[review("A1", "AUTH-1")], **COMMUNICATION)))
    assert (found.determination, found.attention) == (Result.APPROVED, "the payer asks for more information")


def test_a_decision_on_the_whole_request_does_not_overrule_items() -> None:
    document = bundle(response(item(review("A3")), adjudication=[review("A1", "AUTH-1")]))
    found = reading(document)
    assert found.determination is Result.DENIED
    assert "does not fit" in found.attention
    assert "event-level" in rules(document)


@pytest.mark.parametrize("changes", [{"outcome": "queued"}, COMMUNICATION], ids=["queued", "communicationRequest"])
def test_queued_or_a_request_for_information_without_any_decision_is_pended(changes: Any) -> None:
    found = reading(bundle(response(item({"category": {"text": "submitted"}}), **changes)))
    assert (found.determination, found.answers[0][1].action) == (Result.PENDED, None)


def test_a_task_that_asks_for_a_document_without_any_item_is_pended() -> None:
    found = reading(bundle(response(without=("item",)), TASK))
    assert found.determination is Result.PENDED
    assert found.attention == "the payer asks for more information"


def test_a_task_that_is_over_asks_for_nothing() -> None:
    found = reading(bundle(response(without=("item",)), {**TASK, "status": "completed"}))
    assert found.determination is Result.UNRECOGNIZED


def test_a_request_for_information_beside_a_decision_leaves_the_decision_and_is_pointed_out() -> None:
    found = reading(bundle(response(item(review("A4")), **COMMUNICATION), TASK))
    assert (found.determination, found.attention) == (Result.PENDED, "the payer asks for more information")


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "complete"},
        {"outcome": "partial"},
        {"disposition": "Approved", "preAuthRef": "PA-1"},
        {"extension": [{"url": f"{PAS}reviewAction", "valueCode": "A1"}]},
    ],
    ids=["complete", "partial", "disposition", "claim-level valueCode"],
)
def test_outcome_and_words_decide_nothing(changes: Any) -> None:
    found = reading(bundle(response(**changes)))
    assert (found.kind, found.determination) == (Kind.ANSWERED, Result.UNRECOGNIZED)
    assert found.answers[0][1].authorization_number == ""


def test_numbers_are_told_apart() -> None:
    numbers = (
        extension("authorizationNumber", valueString="OLD-1"),
        extension("administrationReferenceNumber", valueString="REF-1"),
    )
    answer = answer_of(one(review("A1", "AUTH-1"), extensions=numbers))
    assert answer.authorization_number == "AUTH-1"
    assert answer.administration_reference_number == "REF-1"
    assert answer.previous_authorization_number == "OLD-1"


def test_approved_without_number_is_pointed_out() -> None:
    found = reading(one(review("A1")))
    assert (found.determination, found.attention) == (Result.APPROVED, "item 1 was approved without number")


def test_pre_auth_ref_is_a_last_hint_for_what_was_approved_without_number() -> None:
    found = reading(bundle(response(item(review("A1")), preAuthRef="PA-1")))
    answer = found.answers[0][1]
    assert answer.authorization_number == "PA-1"
    assert dict(answer.sources)["authorization_number"] == "Bundle.entry[0].resource.preAuthRef"
    assert "hint" in found.attention


@pytest.mark.parametrize("code", ["A3", "A4", "ZZ", "C", "CT", "NA"])
def test_pre_auth_ref_is_no_number_of_what_was_not_approved(code: str) -> None:
    assert answer_of(bundle(response(item(review(code)), preAuthRef="PA-1"))).authorization_number == ""


def test_pre_auth_ref_is_not_used_when_another_item_is_pended() -> None:
    document = bundle(response(item(review("A1")), item(review("A4"), sequence=2), preAuthRef="PA-1"))
    assert answer_of(document, 1, TWO).authorization_number == ""


@pytest.mark.parametrize("place", ["response", "bundle"])
def test_pre_auth_ref_that_is_only_a_resource_id_is_no_number(place: str) -> None:
    changes: Any = {"id": "x-1"} if place == "response" else {}
    document = bundle(response(item(review("A1")), preAuthRef="x-1", **changes), id="x-1" if place == "bundle" else "b")
    assert answer_of(document).authorization_number == ""


def test_several_numbers_for_one_item_are_pointed_out() -> None:
    found = reading(one(review("A1", "AUTH-1"), review("A1", "AUTH-2")))
    assert found.answers[0][1].authorization_number == "AUTH-1"
    assert "several authorization numbers" in found.attention


def test_dates_quantity_and_providers_of_what_was_approved() -> None:
    practitioner = {
        "resourceType": "Practitioner",
        "id": "p1",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1982947230"}],
    }
    role = {"resourceType": "PractitionerRole", "id": "r1", "practitioner": {"reference": "Practitioner/p1"}}
    reference = {"url": "provider", "valueReference": {"reference": "PractitionerRole/r1"}}
    parts = (
        extension("itemPreAuthIssueDate", valueDate="2026-12-01"),
        extension("itemPreAuthPeriod", valuePeriod={"start": "2026-12-02", "end": "2027-02-28"}),
        extension("itemAuthorizedProvider", extension=[reference]),
        extension(
            "itemAuthorizedDetail", extension=[{"url": "quantity", "valueQuantity": {"value": 6, "unit": "visits"}}]
        ),
    )
    answer = answer_of(bundle(response(item(review("A1", "AUTH-1"), extensions=parts)), role, practitioner))
    assert answer.issued == date(2026, 12, 1)
    assert answer.valid == Dates(date(2026, 12, 2), date(2027, 2, 28))
    assert answer.quantity == Quantity(Decimal(6), "visits")
    assert [(each.reference, each.npi) for each in answer.providers] == [("PractitionerRole/r1", "1982947230")]


def test_the_period_and_providers_of_the_whole_answer_serve_what_was_granted_only() -> None:
    named = extension(
        "itemAuthorizedProvider",
        extension=[
            {
                "url": "provider",
                "valueReference": {"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1982947230"}},
            }
        ],
    )
    document = bundle(
        response(
            item(review("A1", "AUTH-1")),
            item(review("A3"), sequence=2),
            extension=[named],
            preAuthPeriod={"start": "2026-12-01"},
        )
    )
    granted, denied = (answer_of(document, sequence, TWO) for sequence in (1, 2))
    assert (granted.valid, denied.valid) == (Dates(date(2026, 12, 1)), None)
    assert (granted.providers[0].npi, denied.providers) == ("1982947230", ())


def test_the_detail_on_an_item_is_no_granted_quantity_unless_all_was_granted() -> None:
    detail = extension("itemAuthorizedDetail", extension=[{"url": "quantity", "valueQuantity": {"value": 6}}])
    assert answer_of(one(review("A2", "AUTH-1"), extensions=(detail,))).quantity is None


@pytest.mark.parametrize("text", ["2026-13-01", "2026", "20261201", "2026-W49-2", "soon", 7, {"day": 1}, "٢٠٢٦-12-01"])
def test_a_date_that_cannot_be_read_is_left_out_and_said(text: Any) -> None:
    document = one(review("A1", "AUTH-1"), extensions=(extension("itemPreAuthIssueDate", valueDate=text),))
    assert answer_of(document).issued is None
    assert "date" in rules(document)


def test_the_day_of_a_time_is_the_senders_own() -> None:
    part = extension("itemPreAuthIssueDate", valueDate="2026-12-01T23:30:00-08:00")
    assert answer_of(one(review("A1", "AUTH-1"), extensions=(part,))).issued == date(2026, 12, 1)


def test_a_period_that_ends_before_it_starts_is_said() -> None:
    part = extension("itemPreAuthPeriod", valuePeriod={"start": "2026-12-02", "end": "2026-12-01"})
    assert "period" in rules(one(review("A1", "AUTH-1"), extensions=(part,)))


def test_reasons_and_notes_are_kept_with_their_places() -> None:
    document = bundle(
        response(
            item(review("A3", reasons=("0F", "44")), noteNumber=[2, 9]),
            disposition="Not certified",
            processNote=[{"number": 1, "text": "first"}, {"number": 2, "text": "second"}],
        )
    )
    found = reading(document)
    answer = found.answers[0][1]
    assert [reason.code for reason in answer.reasons] == ["0F", "44"]
    assert [note.text for note in answer.notes] == ["second"]
    assert [note.text for note in found.notes] == ["first", "second", "Not certified"]
    assert found.notes[1].source == "Bundle.entry[0].resource.processNote[1].text"
    assert "noteNumber" in rules(document)


def test_a_reason_without_a_code_is_kept_as_a_note() -> None:
    decision = review("A3")
    decision["extension"][0]["extension"].append({"url": "reasonCode", "valueCodeableConcept": {"text": "too early"}})
    answer = answer_of(one(decision))
    assert (answer.reasons, [note.text for note in answer.notes]) == ((), ["too early"])


def test_a_second_opinion_is_said() -> None:
    decision = review("A4")
    decision["extension"][0]["extension"].append({"url": "secondSurgicalOpinionFlag", "valueBoolean": True})
    assert "second-opinion" in rules(one(decision))


def test_modified_is_read_together_with_what_was_authorized_instead() -> None:
    added = {
        "itemSequence": [1],
        "productOrService": {"coding": [{"system": "urn:hcpcs", "code": "E0431"}]},
        "modifier": [{"coding": [{"code": "RR"}]}],
        "quantity": {"value": 3, "unit": "months"},
        "servicedPeriod": {"start": "2026-12-01", "end": "2027-02-28"},
        "locationCodeableConcept": {"coding": [{"code": "12"}]},
        "provider": [{"reference": "Practitioner/p1"}],
        "extension": [extension("itemPreAuthPeriod", valuePeriod={"end": "2027-02-28"})],
        "adjudication": [review("A1", "AUTH-9")],
    }
    found = reading(bundle(response(item(review("A6")), addItem=[added])))
    answer = found.answers[0][1]
    assert (answer.result, found.attention, found.additional) == (Result.MODIFIED, "", ())
    [instead] = answer.authorized
    assert (instead.replaces, instead.result, instead.authorization_number) == ((1,), Result.APPROVED, "AUTH-9")
    assert (instead.code.code, instead.modifiers[0].code, instead.place.code) == ("E0431", "RR", "12")  # type: ignore[union-attr]
    assert instead.quantity == Quantity(Decimal(3), "months")
    assert instead.dates == Dates(date(2026, 12, 1), date(2027, 2, 28))
    assert instead.valid == Dates(None, date(2027, 2, 28))
    assert instead.providers == (Provider("Practitioner/p1", "", f"{instead.source}.provider[0]"),)
    assert instead.source == "Bundle.entry[0].resource.addItem[0]"


def test_what_was_added_may_say_its_service_in_the_detail_extension_and_its_day_alone() -> None:
    detail = extension(
        "itemAuthorizedDetail",
        extension=[
            {"url": "productOrServiceCode", "valueCodeableConcept": {"coding": [{"code": "E0431"}]}},
            {"url": "quantity", "valueQuantity": {"value": 2, "code": "UN"}},
        ],
    )
    added = {
        "itemSequence": [1],
        "servicedDate": "2026-12-01",
        "extension": [detail],
        "adjudication": [review("A1", "N")],
    }
    [instead] = answer_of(bundle(response(item(review("A2", "AUTH-1")), addItem=[added]))).authorized
    assert instead.code is not None
    assert (instead.code.code, instead.quantity) == ("E0431", Quantity(Decimal(2), "UN"))
    assert instead.dates == Dates(date(2026, 12, 1), date(2026, 12, 1))


def test_modified_without_what_was_authorized_stays_modified_and_is_pointed_out() -> None:
    found = reading(one(review("A6", "AUTH-1")))
    assert (found.determination, found.attention) == (
        Result.MODIFIED,
        "item 1 was modified, and the payer did not say to what",
    )


@pytest.mark.parametrize("sequence", [[2], [], None, "1", [None, "x", True]])
def test_something_granted_that_nobody_asked_for_is_additional(sequence: Any) -> None:
    added = {"itemSequence": sequence, "adjudication": [review("A1", "AUTH-2")]}
    found = reading(bundle(response(item(review("A1", "AUTH-1")), addItem=[added])))
    assert (found.answers[0][1].authorized, found.additional[0].replaces) == ((), ())
    assert "not asked for" in found.attention


@pytest.mark.parametrize(
    ("adjudication", "result"),
    [([review("A3")], Result.DENIED), ([review("ZZ")], Result.UNRECOGNIZED), ([], Result.UNRECOGNIZED)],
)
def test_what_was_added_has_its_own_result_and_never_a_default(adjudication: Any, result: Result) -> None:
    added = {"itemSequence": [1], "adjudication": adjudication}
    found = reading(bundle(response(item(review("A6", "AUTH-1")), addItem=[added])))
    assert found.answers[0][1].authorized[0].result is result
    assert "without authorizing" in found.attention


@pytest.mark.parametrize("place", ["response", "adjudication", "item", "implicitRules", "error"])
def test_an_unknown_modifier_extension_makes_unrecognized_what_it_may_turn(place: str) -> None:
    turn = [{"url": "https://payer.example/not", "valueBoolean": True}]
    answer = response(item(review("A1", "AUTH-1")))
    match place:
        case "response":
            answer["modifierExtension"] = turn
        case "adjudication":
            answer["item"][0]["adjudication"][0]["modifierExtension"] = turn
        case "item":
            answer["item"][0]["modifierExtension"] = turn
        case "implicitRules":
            answer["implicitRules"] = "https://payer.example/rules"
        case "error":
            answer["error"] = [{"modifierExtension": turn, "code": {"text": "x"}}]
    found = reading(bundle(answer))
    assert (found.kind, found.determination) == (Kind.ANSWERED, Result.UNRECOGNIZED)
    assert "modifier" in found.attention


def test_a_modifier_extension_on_one_item_leaves_the_others() -> None:
    turned = item(review("A1", "AUTH-1"), sequence=2, modifierExtension=[{"url": "urn:x"}])
    found = reading(bundle(response(item(review("A1", "AUTH-1")), turned)), TWO)
    assert [answer.result for _, answer in found.answers] == [Result.APPROVED, Result.UNRECOGNIZED]


def test_a_modifier_extension_on_what_was_added_makes_it_unrecognized() -> None:
    added = {"itemSequence": [1], "adjudication": [review("A1")], "modifierExtension": [{"url": "urn:x"}]}
    found = reading(bundle(response(item(review("A6", "AUTH-1")), addItem=[added])))
    assert found.answers[0][1].authorized[0].result is Result.UNRECOGNIZED


@pytest.mark.parametrize("status", ["cancelled", "draft", "something"])
def test_an_answer_that_is_not_active_grants_nothing(status: str) -> None:
    found = reading(bundle(response(item(review("A1", "AUTH-1")), status=status)))
    assert found.determination is Result.UNRECOGNIZED
    assert "not active" in found.attention


def test_what_an_answer_that_is_not_active_adds_is_not_granted_either() -> None:
    added = [{"itemSequence": [sequence], "adjudication": [review("A1", "AUTH-2")]} for sequence in (1, 5)]
    found = reading(bundle(response(item(review("A6", "AUTH-1")), addItem=added, status="draft")))
    assert found.answers[0][1].authorized[0].result is Result.UNRECOGNIZED
    assert found.additional[0].result is Result.UNRECOGNIZED


def test_an_answer_that_is_not_active_may_still_refuse() -> None:
    found = reading(bundle(response(item(review("A3")), status="cancelled")))
    assert (found.determination, found.attention) == (Result.DENIED, "the payer's answer is not active")


def test_an_answer_entered_in_error_is_not_trusted() -> None:
    assert reading(bundle(response(item(review("A1")), status="entered-in-error"))).kind is Kind.UNTRUSTED


def test_an_operation_outcome_beside_the_answer_is_kept_for_technicians() -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "information", "code": "informational", "details": {"text": "slow today"}}],
    }
    found = reading(bundle(response(item(review("A1", "AUTH-1"))), outcome))
    assert (found.determination, found.attention) == (Result.APPROVED, "")
    assert [(issue.path, issue.text) for issue in found.issues] == [("Bundle.entry[1].resource.issue[0]", "slow today")]
    assert "slow today" not in repr(found)


def test_every_source_is_a_fhirpath_that_finds_its_value() -> None:
    parts = (
        extension("itemPreAuthIssueDate", valueDate="2026-12-01"),
        extension("itemPreAuthPeriod", valuePeriod={"start": "2026-12-02"}),
        extension("administrationReferenceNumber", valueString="REF-1"),
        extension("authorizationNumber", valueString="OLD-1"),
        extension("itemAuthorizedDetail", extension=[{"url": "quantity", "valueQuantity": {"value": 6}}]),
    )
    document = bundle(response(item(review("A1", "AUTH-1"), extensions=parts)))
    sources = dict(answer_of(document).sources)
    assert sources.keys() == {
        "result",
        "authorization_number",
        "administration_reference_number",
        "previous_authorization_number",
        "issued",
        "valid",
        "quantity",
    }
    values = {field: path.compile(source)(document) for field, source in sources.items()}
    assert values["result"] == [{"system": f"{X12}306", "code": "A1"}]
    assert values["authorization_number"] == ["AUTH-1"]
    assert values["administration_reference_number"] == ["REF-1"]
    assert values["previous_authorization_number"] == ["OLD-1"]
    assert values["valid"] == [{"start": "2026-12-02"}]
    assert values["issued"]
    assert values["quantity"]
