"""Answers to an inquiry that invite a wrong conclusion: that the payer has nothing, or that something is ours."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.fhir import json
from gateway.responses.echo import Whose
from gateway.responses.inquiry import InquiryKind, read_candidate, read_inquiry
from tests.unit.responses.payloads import CLAIM, CODES, TRACE, Json, bundle, extension, item, reply, response, review
from tests.unit.responses.test_inquiry import (
    ASKING,
    OTHER,
    PAYERS_OWN,
    asked,
    found_bundle,
    hit,
    inquired,
    item_trace,
    outcome,
    patient,
    wrapped,
)

EARLIER = {"system": TRACE["system"], "value": "11e7-of-an-earlier-build"}
ANOTHERS = hit(identifier=[OTHER])
OURS = hit(identifier=[TRACE])


def parameters(*rows: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": list(rows)}


def returned(resource: Any, **more: Any) -> Json:
    return {"name": "return", "resource": resource, **more}


def holding(*contained: Json) -> Json:
    return {**patient(), "contained": list(contained)}


def entry(resource: Json, **more: Any) -> Json:
    return {"fullUrl": "urn:uuid:1", "resource": resource, **more}


UNFINISHED: dict[str, Json] = {
    "a next page": {"link": [{"relation": "next", "url": "https://payer.example/2"}]},
    "a next page in other letters": {"link": [{"relation": " Next", "url": "https://payer.example/2"}]},
    "a next page that is no list": {"link": {"relation": "next"}},
    "a page before": {"link": [{"relation": "previous", "url": "https://payer.example/1"}]},
    "a link of no kind": {"link": [{"url": "https://payer.example/2"}]},
    "more counted than held": {"total": 7},
    "fewer counted than held": {"total": 0},
    "a count in words": {"total": "1"},
    "a count that is none": {"total": True},
    "a count kept back": {"_total": {"extension": []}},
    "a search": {"type": "searchset"},
    "a batch": {"type": "batch-response"},
    "no type": {"type": None},
    "a list of types": {"type": ["collection"]},
    "no time": {"timestamp": ""},
    "a mark that it is a part": {"meta": {"tag": [{"code": "SUBSETTED"}]}},
    "a mark that something is masked": {"meta": {"security": [{"code": "MASKED"}]}},
    "rules of its own": {"implicitRules": "https://payer.example/rules"},
    "an entry that was searched for": {"entry": [entry(ANOTHERS, search={"mode": "outcome"}), entry(patient())]},
    "an entry with a failure": {"entry": [entry(ANOTHERS, response={"status": "503"}), entry(patient())]},
    "an entry with a turned meaning": {"entry": [entry(ANOTHERS, modifierExtension=[{"url": "x"}]), entry(patient())]},
}


@pytest.mark.parametrize("guide", ["2.0.1", "2.2.1"])
@pytest.mark.parametrize("why", UNFINISHED)
def test_an_unfinished_bundle_never_says_that_nothing_else_is_there(why: str, guide: str) -> None:
    part = {**found_bundle(ANOTHERS), **UNFINISHED[why]}
    found = inquired(wrapped(part) if guide == "2.2.1" else part, asked(guide))
    assert (found.kind, len(found.others)) == (InquiryKind.UNTRUSTED, 1)
    assert found.reason


@pytest.mark.parametrize("guide", ["2.0.1", "2.2.1"])
@pytest.mark.parametrize("why", UNFINISHED)
def test_what_is_ours_counts_in_an_unfinished_bundle_too(why: str, guide: str) -> None:
    part = {**found_bundle(ANOTHERS, OURS), **UNFINISHED[why]}
    if "entry" in UNFINISHED[why]:
        part["entry"] = [*part["entry"], entry(OURS)]
    found = inquired(wrapped(part) if guide == "2.2.1" else part, asked(guide))
    assert found.kind is InquiryKind.FOUND


@pytest.mark.parametrize("guide", ["2.0.1", "2.2.1"])
@pytest.mark.parametrize("said", [{"total": 1}, {"link": [{"relation": "self", "url": "https://payer.example"}]}])
def test_a_finished_bundle_may_count_what_it_holds_and_name_itself(said: Json, guide: str) -> None:
    part = found_bundle(ANOTHERS, **said)
    found = inquired(wrapped(part) if guide == "2.2.1" else part, asked(guide))
    assert found.kind is InquiryKind.NOT_FOUND


def test_a_bundle_inside_a_bundle_has_to_be_finished_as_well() -> None:
    inner = found_bundle(ANOTHERS, total=7)
    found = inquired(found_bundle(inner), asked("2.0.1"))
    assert (found.kind, len(found.others)) == (InquiryKind.UNTRUSTED, 1)


@pytest.mark.parametrize("status", [201, 202, 203, 204, 206, 207, 226])
@pytest.mark.parametrize(("guide", "document"), [("2.2.1", parameters()), ("2.0.1", found_bundle())])
def test_only_http_200_says_that_the_payer_has_nothing(guide: str, document: Json, status: int) -> None:
    found = read_inquiry(reply(document, status=status), asked(guide), CODES)
    assert found.kind is InquiryKind.UNTRUSTED
    assert found.reason.startswith(f"the payer answered the inquiry with HTTP {status}, which is not final")


@pytest.mark.parametrize("status", [202, 206])
def test_what_is_ours_counts_in_an_answer_that_is_not_final_too(status: int) -> None:
    assert read_inquiry(reply(wrapped(found_bundle(OURS)), status=status), asked(), CODES).kind is InquiryKind.FOUND


EARLIER_HITS: dict[str, Json] = {
    "its trace number": {"identifier": [EARLIER]},
    "its trace number in other letters": {"identifier": [{**EARLIER, "value": EARLIER["value"].upper()}]},
    "its trace number under another system": {"identifier": [{**EARLIER, "system": "urn:payer"}]},
    "its item trace": {"item": [item(review("A1", "AUTH7"), extensions=(item_trace(f"{EARLIER['value']}-1"),))]},
    "its trace number beside another's": {"identifier": [OTHER, EARLIER]},
    "its trace number beside the inquiry's": {"identifier": [ASKING, EARLIER]},
    "its trace number as the request": {"request": {"identifier": EARLIER}},
}


@pytest.mark.parametrize("said", EARLIER_HITS)
def test_what_carries_the_trace_of_an_earlier_build_is_for_a_person(said: str) -> None:
    wanted = asked(earlier_traces=frozenset({EARLIER["value"]}))
    document = wrapped(found_bundle(hit(**EARLIER_HITS[said])))
    found = inquired(document, wanted)
    assert (found.kind, found.others) == (InquiryKind.CANDIDATES, ())
    [candidate] = found.candidates
    assert candidate.whose is Whose.EARLIER
    assert set(candidate.traces) <= {OTHER["value"]}
    chosen = read_candidate(reply(document), found.candidates[0].key, wanted, CODES)
    assert chosen.answers[0][1].authorization_number == "AUTH7"


def test_our_trace_beside_that_of_an_earlier_build_is_for_a_person() -> None:
    wanted = asked(earlier_traces=frozenset({EARLIER["value"]}))
    found = inquired(wrapped(found_bundle(hit(identifier=[TRACE, EARLIER]))), wanted)
    assert [row.whose for row in found.candidates] == [Whose.DISPUTED]


def test_an_answer_to_an_earlier_build_beside_ours_is_pointed_out() -> None:
    wanted = asked(earlier_traces=frozenset({EARLIER["value"]}))
    found = inquired(wrapped(found_bundle(OURS), found_bundle(hit(identifier=[EARLIER]))), wanted)
    assert found.kind is InquiryKind.FOUND
    assert found.reading is not None
    assert found.reading.attention == "the payer has an authorization for an earlier build of this order as well"


MANGLED: dict[str, Json] = {
    "in other letters": {**TRACE, "value": TRACE["value"].upper()},
    "cut short": {**TRACE, "value": TRACE["value"][:6]},
    "without its hyphen": {**TRACE, "value": TRACE["value"].replace("-", "")},
    "with something before it": {**TRACE, "value": f"TRN*1*{TRACE['value']}"},
    "under another system, in other letters": {"system": "urn:payer", "value": TRACE["value"].upper()},
    "without a system, in other letters": {"value": TRACE["value"].upper()},
}


@pytest.mark.parametrize("how", MANGLED)
def test_our_trace_mangled_beside_anothers_is_not_anothers(how: str) -> None:
    for document in (
        hit(identifier=[MANGLED[how], OTHER]),
        hit(identifier=[OTHER], request={"identifier": MANGLED[how]}),
    ):
        found = inquired(wrapped(found_bundle(document)))
        assert (found.kind, found.others) == (InquiryKind.CANDIDATES, ())


UUIDS = ["5b0c6a0e-8c1f-4b53-9d0a-3c5f1e7a9b21", "c7e1d9a4-2f36-4a78-8e55-90b1a2c3d4e5"]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (UUIDS[1], InquiryKind.NOT_FOUND),
        (f"{UUIDS[1]}-2", InquiryKind.NOT_FOUND),
        (UUIDS[1].upper(), InquiryKind.NOT_FOUND),
        ("PA-2026-000123", InquiryKind.CANDIDATES),
        (UUIDS[1][:30], InquiryKind.CANDIDATES),
        ("2026-11-24", InquiryKind.CANDIDATES),
        (f"{UUIDS[0]}-1", InquiryKind.CANDIDATES),
    ],
)
def test_only_what_has_the_form_of_our_trace_numbers_can_be_anothers(value: str, kind: InquiryKind) -> None:
    document = wrapped(found_bundle(hit(identifier=[{**TRACE, "value": value}])))
    assert inquired(document, asked(trace_value=UUIDS[0])).kind is kind


@pytest.mark.parametrize("value", [TRACE["value"].upper(), f"TRN {TRACE['value']}", "trace-77-1", "sub-1", CLAIM])
def test_our_number_at_a_place_where_no_one_looks_is_not_nothing(value: str) -> None:
    for place in (
        {"disposition": f"see {value}"},
        {"processNote": [{"text": value}]},
        {"insurance": [{"note": value}]},
    ):
        found = inquired(wrapped(found_bundle({**ANOTHERS, **place})))
        assert found.kind is InquiryKind.UNTRUSTED
        assert found.reason == "the payer's answer to the inquiry names our request where no answer to it can be read"


HIDDEN: dict[str, Json] = {
    "contained in a patient": bundle(holding(hit(identifier=[PAYERS_OWN])), timestamp="2026-11-24T15:00:00Z"),
    "a Bundle contained in a patient": bundle(holding(found_bundle(hit())), timestamp="2026-11-24T15:00:00Z"),
    "contained in another's answer": found_bundle({**ANOTHERS, "contained": [hit()]}),
    "a request contained in another's answer": found_bundle({**ANOTHERS, "contained": [{"resourceType": "Claim"}]}),
    "at an unknown place": found_bundle({**ANOTHERS, "more": [{"deep": hit()}]}),
    "of a kind nobody knows, beside another's": found_bundle(ANOTHERS, {**hit(), "resourceType": "Claimresponse"}),
    "a benefit beside another's": found_bundle(ANOTHERS, {"resourceType": "ExplanationOfBenefit", "id": "e"}),
    "a request without answer beside another's": found_bundle(ANOTHERS, {"resourceType": "Claim", "id": "c"}),
    "a kind that is none": found_bundle({**ANOTHERS, "contained": [{"resourceType": ["ClaimResponse"]}]}),
}


@pytest.mark.parametrize("guide", ["2.0.1", "2.2.1"])
@pytest.mark.parametrize("where", HIDDEN)
def test_what_may_be_an_answer_where_none_is_looked_for_is_not_nothing(where: str, guide: str) -> None:
    document = HIDDEN[where]
    found = inquired(wrapped(document) if guide == "2.2.1" else document, asked(guide))
    assert found.kind is InquiryKind.UNTRUSTED
    assert found.reason


def test_the_request_of_another_that_came_with_its_answer_hides_nothing() -> None:
    claim = {"resourceType": "Claim", "id": "theirs", "identifier": [OTHER]}
    found = inquired(wrapped(found_bundle(hit(request={"reference": "Claim/theirs"}), claim)))
    assert (found.kind, len(found.others)) == (InquiryKind.NOT_FOUND, 1)


ODD_PARAMETERS: dict[str, Json] = {
    "a value beside": parameters(returned(found_bundle(ANOTHERS)), {"name": "more", "valueBoolean": True}),
    "another name": parameters({"name": "withheld", "resource": found_bundle(ANOTHERS)}),
    "a part without a resource": parameters(returned(found_bundle(ANOTHERS), part=[{"name": "cursor"}])),
    "Parameters in Parameters": parameters(returned(parameters())),
    "an answer without a Bundle": parameters(returned(ANOTHERS)),
    "a patient beside a remark": parameters(returned(outcome("information", "not-found")), returned(patient())),
    "a list of resources": parameters(returned([found_bundle(ANOTHERS)])),
    "a remark without rows": parameters(returned({"resourceType": "OperationOutcome"})),
    "a remark with no row": parameters(returned({"resourceType": "OperationOutcome", "issue": []})),
    "a remark with a row that is none": parameters(returned({"resourceType": "OperationOutcome", "issue": ["error"]})),
    "one part empty": wrapped(found_bundle(ANOTHERS), bundle(timestamp="2026-11-24T15:00:00Z")),
    "one part unfinished": wrapped(found_bundle(ANOTHERS), found_bundle(hit(identifier=[OTHER]), total=2)),
    "a turned meaning": wrapped(
        found_bundle({**ANOTHERS, "modifierExtension": [{"url": "https://payer.example/not"}]})
    ),
}


@pytest.mark.parametrize("how", ODD_PARAMETERS)
def test_parameters_that_say_more_than_is_read_do_not_say_that_nothing_is_there(how: str) -> None:
    found = inquired(ODD_PARAMETERS[how])
    assert (found.kind, found.candidates) == (InquiryKind.UNTRUSTED, ())
    assert found.reason


def test_parameters_in_a_bundle_are_no_answer_before_2_2() -> None:
    assert inquired(found_bundle(parameters()), asked("2.0.1")).kind is InquiryKind.UNTRUSTED


def test_what_is_ours_is_found_in_nested_parts() -> None:
    nested = {"name": "return", "part": [{"name": "page", "part": [returned(found_bundle(OURS))]}]}
    for document in (parameters(nested), parameters(returned(found_bundle(ANOTHERS), part=[nested]))):
        assert inquired(document).kind is InquiryKind.FOUND
    by_bundle = returned(found_bundle(hit(), identifier={"value": "sub-1"}))
    assert inquired(parameters({"name": "return", "part": [by_bundle]})).kind is InquiryKind.FOUND
    look_alike = {"name": "return", "part": [returned(found_bundle(hit()))]}
    [candidate] = inquired(parameters(look_alike)).candidates
    assert candidate.path == "Parameters.parameter[0].part[0].resource.entry[0].resource"


def test_what_stands_beside_a_bundle_in_a_bundle_is_still_read_together() -> None:
    claim = {"resourceType": "Claim", "id": "theirs", "identifier": [{"value": "X"}]}
    disputed = hit(identifier=[TRACE], request={"reference": "Claim/theirs"})
    found = inquired(found_bundle(disputed, claim, found_bundle()))
    assert [row.whose for row in found.candidates] == [Whose.DISPUTED]
    stranger = bundle(
        OURS, patient(member="M-999", birth="1941-01-01"), found_bundle(), timestamp="2026-11-24T15:00:00Z"
    )
    assert inquired(stranger).kind is InquiryKind.UNTRUSTED
    apart = parameters(returned(OURS), returned(patient(member="M-999", birth="1941-01-01")))
    assert inquired(apart).kind is InquiryKind.UNTRUSTED


@pytest.mark.parametrize("use", ["predetermination", "claim", "Preauthorization"])
def test_what_is_no_prior_authorization_is_not_adopted_by_itself(use: str) -> None:
    found = inquired(wrapped(found_bundle({**OURS, "use": use})))
    assert [row.whose for row in found.candidates] == [Whose.DISPUTED]


@pytest.mark.parametrize("status", ["cancelled", "draft", "odd"])
def test_what_is_ours_and_not_active_grants_nothing(status: str) -> None:
    found = inquired(wrapped(found_bundle({**OURS, "status": status})))
    assert found.kind is InquiryKind.FOUND
    assert found.reading is not None
    assert not found.reading.decided_items
    assert "the payer's answer is not active" in found.reading.attention


@pytest.mark.parametrize("status", ["active", "cancelled", "entered-in-error"])
def test_what_may_be_ours_is_never_nothing_whatever_its_status(status: str) -> None:
    for said in (hit(), OURS):
        found = inquired(wrapped(found_bundle({**said, "status": status})))
        assert found.kind is not InquiryKind.NOT_FOUND


def test_an_answer_taken_back_beside_one_that_stands_is_for_a_person() -> None:
    found = inquired(wrapped(found_bundle({**OURS, "status": "entered-in-error"}), found_bundle(OURS)))
    assert (found.kind, len(found.candidates)) == (InquiryKind.UNTRUSTED, 2)


def test_ours_is_not_adopted_against_a_disputed_answer_that_says_otherwise() -> None:
    disputed = hit(item(review("A3")), identifier=[TRACE, OTHER])
    found = inquired(wrapped(found_bundle(OURS), found_bundle(disputed)))
    assert (found.kind, len(found.candidates)) == (InquiryKind.UNTRUSTED, 2)


def test_what_the_inquiry_told_the_payer_proves_nothing_even_if_it_is_ours() -> None:
    claim = {"resourceType": "Claim", "id": CLAIM.removeprefix("urn:uuid:"), "identifier": [TRACE]}
    line = {"sequence": 1, "extension": [item_trace("trace-77-1")]}
    inquiry = json.dumps(bundle({**claim, "item": [line]}, identifier={"value": "sub-1"}))
    echoes = [
        found_bundle(OURS),
        found_bundle(hit(request={"reference": CLAIM})),
        found_bundle(hit(request={"identifier": TRACE})),
        found_bundle(hit(item(review("A1", "AUTH7"), extensions=(item_trace("trace-77-1"),)))),
        found_bundle(hit(), identifier={"value": "sub-1"}),
    ]
    for echo in echoes:
        assert inquired(wrapped(echo), inquiry=inquiry).kind is InquiryKind.CANDIDATES


BLANKS: tuple[Any, ...] = ("", " ", None, "---", [], {})


@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_number_is_neither_ours_nor_anothers(blank: Any) -> None:
    trace = extension("itemTraceNumber", valueIdentifier={"system": TRACE["system"], "value": blank})
    said = hit(item(review("A1", "AUTH7"), extensions=(trace,)), identifier=[{**TRACE, "value": blank}])
    nameless = replace(asked(), claim_url="", trace_value="", submission_id="", items=((1, ""),))
    for wanted in (asked(), nameless, replace(nameless, earlier_traces=frozenset({""}))):
        document = wrapped(found_bundle({**said, "request": {"reference": "/_history/1"}}, identifier={"value": blank}))
        assert [row.whose for row in inquired(document, wanted).candidates] == [Whose.UNSAID]


@pytest.mark.parametrize("space", [" {} ", "\n{}", "{}\t"])
def test_space_around_a_trace_changes_nothing(space: str) -> None:
    assert inquired(wrapped(found_bundle(hit(identifier=[{**TRACE, "value": space.format(TRACE["value"])}])))).kind is (
        InquiryKind.FOUND
    )
    other = {**OTHER, "value": space.format(OTHER["value"])}
    assert inquired(wrapped(found_bundle(hit(identifier=[other])))).kind is InquiryKind.NOT_FOUND


def test_an_answer_to_the_inquiry_itself_is_no_answer_to_our_request() -> None:
    itself = response(without=("item",), identifier=[ASKING], request={"identifier": ASKING}, outcome="complete")
    itself["patient"] = {"reference": "Patient/payer-patient"}
    found = inquired(wrapped(found_bundle(itself)))
    assert [row.whose for row in found.candidates] == [Whose.UNSAID]
