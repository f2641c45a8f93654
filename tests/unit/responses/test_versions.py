"""The same decisions as PAS 2.0.1, 2.1.0 and 2.2.1 write them, each way read for what it means in its version.

Small answers of our own; `test_versions_published.py` holds the official examples.
"""

from decimal import Decimal
from typing import Any

import pytest

from gateway.model.authorization import Answer
from gateway.responses import Kind, Reading
from tests.unit.responses.payloads import (
    CODES,
    PAS,
    TRACE,
    X12,
    action,
    asked,
    bundle,
    extension,
    item,
    reading,
    response,
    review,
)

ALL = ("2.0.1", "2.1.0", "2.2.1")
BEFORE_2_2 = ("2.0.1", "2.1.0")


def read_in(version: str, document: Any, *items: tuple[int, str]) -> Reading:
    return reading(document, asked(*items, guide=version))


def answer_in(version: str, document: Any) -> Answer:
    [(_, answer)] = read_in(version, document).answers
    return answer


def detail(quantity: int, **more: Any) -> dict[str, Any]:
    parts = [
        {"url": "productOrServiceCode", "valueCodeableConcept": {"coding": [{"system": f"{X12}1365", "code": "AE"}]}},
        {"url": "modifier", "valueCodeableConcept": {"coding": [{"system": "urn:example:modifier", "code": "GP"}]}},
        {"url": "quantity", "valueQuantity": {"value": quantity, "unit": "visits"}},
        *({"url": url, **value} for url, value in more.items()),
    ]
    return extension("itemAuthorizedDetail", extension=parts)


# --- outcome


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("outcome", ["queued", "complete"])
def test_a_pended_line_is_pended_whatever_the_outcome_says(version: str, outcome: str) -> None:
    found = read_in(version, bundle(response(item(review("A4")), outcome=outcome)))
    assert (found.determination.value, found.attention) == ("pended", "")


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("rows", [(), (item({"category": {"text": "submitted"}}),)], ids=["no item", "no decision"])
def test_queued_without_a_decision_is_pended_and_never_more(version: str, rows: tuple[Any, ...]) -> None:
    found = read_in(version, bundle(response(*rows, outcome="queued", preAuthRef="P-1")))
    [(_, answer)] = found.answers
    assert (found.determination.value, answer.action, answer.authorization_number) == ("pended", None, "")


@pytest.mark.parametrize(("version", "remarked"), [("2.0.1", False), ("2.1.0", False), ("2.2.1", True)])
def test_queued_is_remarked_only_where_the_version_has_no_such_outcome(version: str, remarked: bool) -> None:
    found = read_in(version, bundle(response(item(review("A4")), outcome="queued")))
    assert [issue.rule for issue in found.issues] == (["outcome"] if remarked else [])


@pytest.mark.parametrize("version", ALL)
def test_a_grant_in_an_answer_that_is_only_queued_goes_to_a_person(version: str) -> None:
    found = read_in(version, bundle(response(item(review("A1", "AUTH-1")), outcome="queued")))
    assert "does not call its answer complete" in found.attention


@pytest.mark.parametrize(("version", "plain"), [("2.0.1", True), ("2.1.0", True), ("2.2.1", False)])
def test_queued_may_stand_over_a_grant_while_another_line_is_pended(version: str, plain: bool) -> None:
    rows = (item(review("A1", "AUTH-1")), item(review("A4"), sequence=2))
    found = read_in(version, bundle(response(*rows, outcome="queued")), (1, ""), (2, ""))
    assert [answer.result.value for _, answer in found.answers] == ["approved", "pended"]
    assert (found.determination.value, found.attention == "") == ("pended", plain)


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("outcome", ["accepted", "Queued", "", "active"])
def test_an_unknown_outcome_decides_nothing(version: str, outcome: str) -> None:
    found = read_in(version, bundle(response(item({"category": {"text": "submitted"}}), outcome=outcome)))
    assert found.determination.value == "unrecognized"
    assert found.attention


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("code", ["PENDEDCODE", "a1", "A9", "queued"])
def test_an_unknown_review_action_is_unrecognized_in_every_version(version: str, code: str) -> None:
    answer = answer_in(version, bundle(response(item(review(code)), outcome="queued")))
    assert answer.result.value == "unrecognized"
    assert answer.action is not None
    assert answer.action.code == code


# --- which request it answers


def test_a_2_0_1_answer_needs_no_request_when_it_echoes_the_trace_number() -> None:
    found = read_in("2.0.1", bundle(response(item(review("A1", "AUTH-1")), without=("request",))))
    assert (found.kind, found.determination.value, found.attention) == (Kind.ANSWERED, "approved", "")


def test_a_2_0_1_answer_without_request_and_without_our_number_is_not_trusted() -> None:
    document = bundle(response(item(review("A1", "AUTH-1")), without=("request", "identifier")))
    assert read_in("2.0.1", document).kind is Kind.UNTRUSTED


def test_a_2_2_answer_may_say_that_the_request_was_never_in_fhir() -> None:
    absent = {
        "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "not-applicable"}
        ]
    }
    found = read_in("2.2.1", bundle(response(item(review("A1", "AUTH-1")), request=absent)))
    assert (found.kind, found.determination.value) == (Kind.ANSWERED, "approved")


def test_a_2_0_1_bundle_has_no_identifier_of_its_own() -> None:
    document = bundle(response(item(review("A1", "AUTH-1"))))
    del document["identifier"]
    assert read_in("2.0.1", document).determination.value == "approved"


def test_a_2_0_1_answer_to_an_inquiry_is_a_bare_bundle_and_a_2_2_one_is_parameters() -> None:
    answer = bundle(response(item(review("A1", "AUTH-1")), identifier=[TRACE]))
    wrapped = {"resourceType": "Parameters", "parameter": [{"name": "return", "resource": answer}]}
    assert read_in("2.0.1", answer).determination.value == "approved"
    assert read_in("2.2.1", wrapped).determination.value == "approved"


# --- urls of extensions: relative before, absolute since


@pytest.mark.parametrize("url", [f"{PAS}reviewActionCode", "reviewActionCode", f"{PAS}ReviewActionCode"])
@pytest.mark.parametrize("version", ALL)
def test_the_review_action_code_is_found_by_its_absolute_and_its_relative_url(version: str, url: str) -> None:
    row = review("A3", reasons=("0F",))
    row["extension"][0]["extension"][0] = {**action("A3"), "url": url}
    answer = answer_in(version, bundle(response(item(row))))
    assert (answer.result.value, [reason.code for reason in answer.reasons]) == ("denied", ["0F"])


@pytest.mark.parametrize("url", ["http://payer.example/extension-reviewActionCode", "code"])
def test_a_review_action_code_of_somebody_else_is_none(url: str) -> None:
    row = review("A1", "AUTH-1")
    row["extension"][0]["extension"][0] = {**action("A1"), "url": url}
    assert answer_in("2.0.1", bundle(response(item(row)))).result.value == "unrecognized"


PROVIDER_TYPE = {"valueCodeableConcept": {"coding": [{"system": f"{X12}98", "code": "SJ"}]}}


@pytest.mark.parametrize(
    ("version", "url"), [("2.0.1", "providerType"), *((each, f"{PAS}authorizedProviderType") for each in ALL[1:])]
)
def test_the_authorized_provider_is_read_whichever_way_its_type_is_named(version: str, url: str) -> None:
    parts = [
        {"url": url, **PROVIDER_TYPE},
        {"url": "provider", "valueReference": {"reference": "Practitioner/p"}},
    ]
    document = bundle(
        response(item(review("A1", "AUTH-1"), extensions=(extension("itemAuthorizedProvider", extension=parts),))),
        {
            "resourceType": "Practitioner",
            "id": "p",
            "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1588667638"}],
        },
    )
    document["entry"][1]["fullUrl"] = "https://payer.example/fhir/Practitioner/p"
    document["entry"][0]["fullUrl"] = "https://payer.example/fhir/ClaimResponse/r"
    [provider] = answer_in(version, document).providers
    assert (provider.reference, provider.npi) == ("Practitioner/p", "1588667638")


@pytest.mark.parametrize(("version", "url"), [("2.0.1", "revenue"), ("2.1.0", f"{PAS}revenueCode")])
def test_a_revenue_code_in_the_detail_disturbs_nothing(version: str, url: str) -> None:
    revenue = {url: {"valueCodeableConcept": {"coding": [{"system": "urn:example:revenue", "code": "0420"}]}}}
    answer = answer_in(version, bundle(response(item(review("A1", "N"), extensions=(detail(3, **revenue),)))))
    assert answer.quantity is not None
    assert (answer.quantity.value, answer.result.value) == (Decimal(3), "approved")


# --- what was authorized instead


@pytest.mark.parametrize(("code", "result"), [("A2", "partly_approved"), ("A6", "modified")])
def test_in_2_0_1_the_detail_of_the_item_says_what_was_authorized(code: str, result: str) -> None:
    valid = extension("itemPreAuthPeriod", valuePeriod={"start": "2026-12-01", "end": "2027-01-29"})
    found = read_in("2.0.1", bundle(response(item(review(code, "AUTH-1"), extensions=(valid, detail(12))))))
    [(_, answer)] = found.answers
    [instead] = answer.authorized
    assert (answer.result.value, found.attention) == (result, "")
    assert instead.code is not None
    assert instead.quantity is not None
    assert (instead.replaces, instead.result.value, instead.code.code) == ((1,), "approved", "AE")
    assert ([each.code for each in instead.modifiers], instead.quantity.value) == (["GP"], Decimal(12))
    assert (instead.authorization_number, instead.valid) == ("AUTH-1", answer.valid)
    assert instead.source == "Bundle.entry[0].resource.item[0].extension[1]"
    assert answer.quantity is None  # what was asked is not what was granted


@pytest.mark.parametrize("version", ["2.1.0", "2.2.1", ""])
def test_since_2_1_the_detail_only_restates_the_request(version: str) -> None:
    found = read_in(version, bundle(response(item(review("A6", "AUTH-1"), extensions=(detail(24),)))))
    [(_, answer)] = found.answers
    assert answer.authorized == ()
    assert "did not say to what" in found.attention


def test_an_add_item_goes_before_the_detail_in_2_0_1_too() -> None:
    row = {
        "itemSequence": [1],
        "adjudication": [review("A1", "AUTH-1")],
        "productOrService": {"coding": [{"system": f"{X12}1365", "code": "AE"}]},
        "quantity": {"value": 6},
    }
    document = bundle(response(item(review("A2", "AUTH-1"), extensions=(detail(24),)), addItem=[row]))
    [instead] = answer_in("2.0.1", document).authorized
    assert instead.quantity is not None
    assert (instead.quantity.value, instead.source) == (Decimal(6), "Bundle.entry[0].resource.addItem[0]")


@pytest.mark.parametrize("code", ["A3", "A4", "ZZ"])
def test_a_detail_grants_nothing_on_an_item_that_is_not_granted(code: str) -> None:
    assert answer_in("2.0.1", bundle(response(item(review(code), extensions=(detail(3),))))).authorized == ()


def test_in_2_0_1_an_add_item_is_not_profiled_and_grants_nothing_without_a_decision() -> None:
    row = {
        "itemSequence": [1],
        "productOrService": {"text": "something"},
        "adjudication": [{"category": {"text": "x"}}],
    }
    found = read_in("2.0.1", bundle(response(item(review("A3")), addItem=[row])))
    [(_, answer)] = found.answers
    assert (answer.result.value, [each.result.value for each in answer.authorized]) == ("denied", ["unrecognized"])
    assert found.attention


@pytest.mark.parametrize("version", ALL)
def test_a_decision_on_the_whole_request_holds_for_items_without_one(version: str) -> None:
    document = bundle(response(item({"category": {"text": "submitted"}}), adjudication=[review("A3")]))
    assert answer_in(version, document).result.value == "denied"


# --- errors


@pytest.mark.parametrize(
    ("version", "element"),
    [
        *((each, {"valueString": "2010A-NM103"}) for each in BEFORE_2_2),
        ("2.2.1", {"extension": [{"url": "error", "valueString": "2010A-NM103"}]}),
    ],
)
def test_an_error_element_is_a_string_or_has_parts(version: str, element: dict[str, Any]) -> None:
    error = {
        "code": {"coding": [{"system": f"{X12}901", "code": "75"}]},
        "extension": [
            extension("errorElement", **element),
            extension("errorPath", valueString="Bundle.entry[2].resource.identifier"),
            extension("errorFollowupAction", valueCodeableConcept={"coding": [{"system": f"{X12}889", "code": "C"}]}),
        ],
    }
    found = read_in(version, bundle(response(outcome="error", error=[error], without=("item",))))
    [rejection] = found.rejections
    assert (found.kind, rejection.element, rejection.path) == (
        Kind.REJECTED,
        "2010A-NM103",
        "Bundle.entry[2].resource.identifier",
    )
    assert rejection.reason is not None
    assert rejection.follow_up is not None
    assert (CODES.category(rejection.reason), rejection.follow_up.code) == ("member_not_matched", "C")


def test_the_note_of_a_2_2_error_element_is_its_text() -> None:
    parts = [{"url": "processNote", "valuePositiveInt": 2}, {"url": "error", "valueString": "2010C-NM109"}]
    error = {
        "code": {"coding": [{"system": f"{X12}901", "code": "75"}]},
        "extension": [extension("errorElement", extension=parts)],
    }
    notes = [{"number": 1, "text": "one"}, {"number": 2, "text": "two"}]
    found = read_in("2.2.1", bundle(response(outcome="error", error=[error], processNote=notes, without=("item",))))
    assert [(each.element, each.text) for each in found.rejections] == [("2010C-NM109", "two")]
