"""The answer to an inquiry about a request in doubt: what proves that the payer has it, and what only looks so."""

import copy
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway.fhir import json
from gateway.model.authorization import Code, Dates, Result
from gateway.responses import Kind
from gateway.responses.echo import Whose
from gateway.responses.inquiry import Inquired, InquiryKind, read_candidate, read_inquiry
from gateway.responses.reading import Asked
from tests.unit.responses.payloads import (
    CLAIM,
    CODES,
    PATIENT,
    SHARED,
    TRACE,
    Json,
    bundle,
    extension,
    item,
    reply,
    response,
    review,
)
from tests.unit.responses.payloads import asked as plainly_asked

MEMBER = "M-123"
OTHER = {"system": TRACE["system"], "value": "9b1c-of-another-order"}
ASKING = {"system": TRACE["system"], "value": "5e5e-of-the-inquiry"}
PAYERS_OWN = {"system": "https://payer.example/ids", "value": "PA-1"}
INQUIRY = json.dumps(bundle({"resourceType": "Claim", "id": "q", "identifier": [ASKING]}))


def asked(guide: str = "2.2.1", **changes: Any) -> Asked:
    parts: Json = {"member_ids": frozenset({MEMBER}), "birth_date": "1980-05-06", "guide": guide}
    return plainly_asked((1, "trace-77-1"), **{**parts, **changes})


def patient(member: str = MEMBER, birth: str = "1980-05-06", identity: str = "payer-patient") -> Json:
    kind = {"coding": [{"code": "MB"}]}
    return {
        "resourceType": "Patient",
        "id": identity,
        "birthDate": birth,
        "identifier": [{"type": kind, "value": member}],
    }


def item_trace(value: str, system: str = TRACE["system"]) -> Json:
    return extension("itemTraceNumber", valueIdentifier={"system": system, "value": value})


def hit(*items: Json, without: tuple[str, ...] = ("request", "identifier"), **changes: Any) -> Json:
    """A ClaimResponse that names no request unless told to, for the right member."""
    given = {"patient": {"reference": "Patient/payer-patient"}, "created": "2026-11-20T10:00:00Z", **changes}
    left_out = tuple(name for name in without if name not in changes)
    return response(*(items or (item(review("A1", "AUTH7")),)), without=left_out, **given)


def found_bundle(*resources: Json, **changes: Any) -> Json:
    return bundle(*resources, patient(), timestamp="2026-11-24T15:00:00Z", **changes)


def wrapped(*bundles: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": [{"name": "return", "resource": one} for one in bundles]}


def outcome(severity: str, code: str) -> Json:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


def inquired(document: Any, wanted: Asked | None = None, *, inquiry: bytes = INQUIRY) -> Inquired:
    return read_inquiry(reply(document), wanted or asked(), CODES, inquiry=inquiry)


PROOFS: dict[str, Json] = {
    "the trace as the identifier of the answer": {"identifier": [TRACE]},
    "the trace beside the payer's own number": {"identifier": [PAYERS_OWN, TRACE]},
    "the trace beside the inquiry's own": {"identifier": [ASKING, TRACE]},
    "the trace as the identifier of the request": {"request": {"identifier": TRACE}},
    "the trace, and a Claim under the payer's own address": {
        "identifier": [TRACE],
        "request": {"reference": "https://payer.example/fhir/Claim/1"},
    },
    "the address of our Claim": {"request": {"reference": CLAIM}},
    "an item trace": {"item": [item(review("A1", "AUTH7"), extensions=(item_trace("trace-77-1"),))]},
    "an item trace beside the payer's own": {
        "item": [item(review("A1", "AUTH7"), extensions=(item_trace("PA-1-1", "urn:payer"), item_trace("trace-77-1")))]
    },
    "an item trace under a Claim of the payer's own": {
        "request": {"reference": "Claim/1"},
        "item": [item(review("A1", "AUTH7"), extensions=(item_trace("trace-77-1"),))],
    },
    "an item trace beside the inquiry's identifier": {
        "identifier": [ASKING],
        "item": [item(review("A1", "AUTH7"), extensions=(item_trace("trace-77-1"),))],
    },
}


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize("guide", ["2.0.1", "2.2.1"])
def test_what_echoes_a_trace_of_our_request_is_found_and_read_like_an_answer_to_a_submit(
    guide: str, proof: str
) -> None:
    document = found_bundle(hit(**PROOFS[proof]))
    found = inquired(wrapped(document) if guide == "2.2.1" else document, asked(guide))
    assert found.kind is InquiryKind.FOUND
    assert found.reading is not None
    assert (found.reading.kind, found.reading.determination) == (Kind.ANSWERED, Result.APPROVED)
    assert found.reading.answers[0][1].authorization_number == "AUTH7"
    assert found.reading.attention == ""


def test_the_bundle_identifier_of_our_request_is_proof_where_the_bundle_holds_one_answer() -> None:
    document = found_bundle(hit(), identifier={"value": "sub-1"})
    assert inquired(wrapped(document)).kind is InquiryKind.FOUND
    two = found_bundle(hit(), hit(item(review("A3"))), identifier={"value": "sub-1"})
    assert inquired(wrapped(two)).kind is InquiryKind.CANDIDATES


@pytest.mark.parametrize("guide", ["2.0.1", "2.2.1"])
def test_either_envelope_is_read_in_either_version(guide: str) -> None:
    document = found_bundle(hit(identifier=[TRACE]))
    assert inquired(wrapped(document), asked(guide)).kind is InquiryKind.FOUND
    assert inquired(document, asked(guide)).kind is InquiryKind.FOUND


LOOK_ALIKES: dict[str, Json] = {
    "nothing but the same member and service": {},
    "a number of the payer's": {"identifier": [PAYERS_OWN]},
    "the trace number of the inquiry": {"identifier": [ASKING]},
    "the inquiry as its request": {"request": {"identifier": ASKING}},
    "our trace number cut short": {"identifier": [{**TRACE, "value": TRACE["value"][:6]}]},
    "our trace number in other letters": {"identifier": [{**TRACE, "value": TRACE["value"].upper()}]},
    "a request of the payer's": {"request": {"reference": "Claim/1"}},
    "an item trace of the payer's": {"item": [item(review("A1", "AUTH7"), extensions=(item_trace("1", "urn:payer"),))]},
    "no patient named": {"patient": {"display": "someone"}},
}


@pytest.mark.parametrize("alike", LOOK_ALIKES)
def test_a_look_alike_is_never_adopted_and_goes_to_a_person(alike: str) -> None:
    found = inquired(wrapped(found_bundle(hit(**LOOK_ALIKES[alike]))))
    assert (found.kind, found.reading) == (InquiryKind.CANDIDATES, None)
    assert [candidate.whose for candidate in found.candidates] == [Whose.UNSAID]


DISPUTED: dict[str, Json] = {
    "our trace number and another's": {"identifier": [TRACE, OTHER]},
    "our trace number for another's request": {"identifier": [TRACE], "request": {"identifier": OTHER}},
    "our trace number for a request of somebody's": {"identifier": [TRACE], "request": {"identifier": {"value": "X"}}},
    "our item trace under another's number": {
        "identifier": [OTHER],
        "item": [item(review("A1", "AUTH7"), extensions=(item_trace("trace-77-1"),))],
    },
    "our item trace on another item": {
        "item": [item(review("A1", "AUTH7"), sequence=2, extensions=(item_trace("trace-77-1"),))],
    },
    "our trace and an item of another's": {
        "identifier": [TRACE],
        "item": [item(review("A1", "AUTH7"), extensions=(item_trace(f"{OTHER['value']}-1"),))],
    },
}


@pytest.mark.parametrize("disputed", DISPUTED)
def test_our_trace_beside_anothers_is_for_a_person(disputed: str) -> None:
    found = inquired(wrapped(found_bundle(hit(**DISPUTED[disputed]))))
    assert found.kind is InquiryKind.CANDIDATES
    assert [candidate.whose for candidate in found.candidates] == [Whose.DISPUTED]


def test_our_trace_for_a_claim_that_says_it_is_another_is_for_a_person() -> None:
    claim = {"resourceType": "Claim", "id": "theirs", "identifier": [{"value": "X"}]}
    document = found_bundle(hit(identifier=[TRACE], request={"reference": "Claim/theirs"}), claim)
    assert inquired(wrapped(document)).kind is InquiryKind.CANDIDATES


ANOTHERS: dict[str, Json] = {
    "its trace number": {"identifier": [OTHER]},
    "its item trace": {"item": [item(review("A1", "AUTH1"), extensions=(item_trace(f"{OTHER['value']}-1"),))]},
    "its trace number beside the inquiry's": {"identifier": [ASKING, OTHER]},
}


@pytest.mark.parametrize("said", ANOTHERS)
def test_what_carries_the_trace_of_another_order_of_ours_is_no_candidate(said: str) -> None:
    found = inquired(wrapped(found_bundle(hit(**ANOTHERS[said]))))
    assert (found.kind, found.candidates) == (InquiryKind.NOT_FOUND, ())
    assert [row.whose for row in found.others] == [Whose.ANOTHERS]
    assert all(trace.startswith(OTHER["value"]) for trace in found.others[0].traces)


@pytest.mark.parametrize("said", ANOTHERS)
def test_without_the_inquiry_at_hand_it_stays_a_candidate(said: str) -> None:
    found = inquired(wrapped(found_bundle(hit(**ANOTHERS[said]))), inquiry=b"")
    assert (found.kind, found.others) == (InquiryKind.CANDIDATES, ())


def test_ours_is_found_among_look_alikes() -> None:
    documents = [found_bundle(hit(item(review("A3")))), found_bundle(hit(identifier=[TRACE])), found_bundle(hit())]
    found = inquired(wrapped(*documents))
    assert found.kind is InquiryKind.FOUND
    assert found.reading is not None
    assert found.reading.answers[0][1].authorization_number == "AUTH7"
    in_one = found_bundle(hit(item(review("A3"))), hit(identifier=[TRACE]))
    beside = inquired(in_one, asked("2.0.1"))
    assert beside.reading is not None
    assert beside.reading.determination is Result.APPROVED


def test_two_answers_to_our_request_that_agree_are_one() -> None:
    first, second = hit(identifier=[TRACE]), hit(identifier=[TRACE], created="2026-11-21T10:00:00Z")
    found = inquired(wrapped(found_bundle(first), found_bundle(second)))
    assert found.kind is InquiryKind.FOUND


@pytest.mark.parametrize("other", [review("A1", "AUTH8"), review("A3"), review("A4")])
def test_two_answers_to_our_request_that_differ_are_shown_and_not_adopted(other: Json) -> None:
    documents = found_bundle(hit(identifier=[TRACE])), found_bundle(hit(item(other), identifier=[TRACE]))
    found = inquired(wrapped(*documents))
    assert (found.kind, found.reason) == (
        InquiryKind.UNTRUSTED,
        "the payer shows several different answers to our request",
    )
    assert len(found.candidates) == 2


NOTHING: dict[str, tuple[str, Json]] = {
    "Parameters without return": ("2.2.1", {"resourceType": "Parameters"}),
    "Parameters with an empty list": ("2.2.1", {"resourceType": "Parameters", "parameter": []}),
    "Parameters with a remark": ("2.2.1", wrapped(outcome("information", "informational"))),
    "Parameters that say it": ("2.2.1", wrapped(outcome("warning", "not-found"))),
    "a Bundle without answer": ("2.0.1", found_bundle()),
    "an empty Bundle": ("2.0.1", bundle(timestamp="2026-11-24T15:00:00Z")),
    "a Bundle that says it": ("2.0.1", found_bundle(outcome("information", "not-found"))),
}


@pytest.mark.parametrize("said", NOTHING)
def test_a_whole_answer_without_a_hit_says_that_the_payer_has_nothing(said: str) -> None:
    guide, document = NOTHING[said]
    found = inquired(document, asked(guide))
    assert (found.kind, found.candidates, found.reason) == (InquiryKind.NOT_FOUND, (), "")


NOT_FIRM: dict[str, tuple[str, Json]] = {
    "matches withheld": ("2.2.1", wrapped(outcome("warning", "suppressed"))),
    "matches withheld, said softly": ("2.2.1", wrapped(outcome("information", "suppressed"))),
    "a warning of another kind": ("2.2.1", wrapped(outcome("warning", "informational"))),
    "not every source asked": ("2.2.1", wrapped(outcome("information", "incomplete"))),
    "an error": ("2.2.1", wrapped(outcome("error", "not-found"))),
    "a severity nobody knows": ("2.2.1", wrapped(outcome("odd", "not-found"))),
    "only an OperationOutcome": ("2.2.1", outcome("information", "not-found")),
    "only an OperationOutcome, before 2.2": ("2.0.1", outcome("information", "not-found")),
    "a return without answer": ("2.2.1", wrapped(found_bundle())),
    "a return without a resource": ("2.2.1", {"resourceType": "Parameters", "parameter": [{"name": "return"}]}),
    "a Bundle where Parameters are due": ("2.2.1", found_bundle()),
    "Parameters where a Bundle is due": ("2.0.1", {"resourceType": "Parameters"}),
    "matches withheld, before 2.2": ("2.0.1", found_bundle(outcome("warning", "suppressed"))),
    "a Bundle of another type": ("2.0.1", found_bundle(type="searchset")),
    "a Bundle without its time": ("2.0.1", bundle(patient())),
    "a page of several": ("2.0.1", found_bundle(link=[{"relation": "next", "url": "https://payer.example/2"}])),
    "a Bundle about another member": (
        "2.0.1",
        bundle(patient(member="M-9"), timestamp="2026-11-24T15:00:00Z"),
    ),
    "Parameters of another resource": ("2.2.1", wrapped(patient())),
    "a resource of another kind": ("2.2.1", patient()),
    "a list that is none": ("2.2.1", {"resourceType": "Parameters", "parameter": {"name": "return"}}),
    "a row that is none": ("2.2.1", {"resourceType": "Parameters", "parameter": ["return"]}),
    "an element spelled otherwise": ("2.2.1", {"resourceType": "Parameters", "parameters": [{"name": "return"}]}),
    "rules of its own": ("2.2.1", {"resourceType": "Parameters", "implicitRules": "https://payer.example/rules"}),
    "an entry without a resource": ("2.0.1", found_bundle(entry=[{"fullUrl": "urn:uuid:1"}])),
    "entries that are no list": ("2.0.1", found_bundle(entry={"resource": {"resourceType": "ClaimResponse"}})),
    "an answer of a kind nobody knows": ("2.0.1", found_bundle({"resourceType": "Claimresponse", "id": "x"})),
    "a Claim and no answer to it": ("2.0.1", found_bundle({"resourceType": "Claim", "id": "x"})),
    "a Task and no answer": ("2.0.1", found_bundle({"resourceType": "Task", "id": "x"})),
}


@pytest.mark.parametrize("said", NOT_FIRM)
def test_any_other_answer_without_a_hit_proves_nothing(said: str) -> None:
    guide, document = NOT_FIRM[said]
    found = inquired(document, asked(guide))
    assert (found.kind, found.candidates) == (InquiryKind.UNTRUSTED, ())
    assert found.reason


@pytest.mark.parametrize(
    ("guide", "due", "document"), [("2.2.1", "Parameters", found_bundle()), ("2.0.1", "Bundle", wrapped())]
)
def test_in_the_envelope_of_another_version_nothing_found_says_why_it_proves_nothing(
    guide: str, due: str, document: Json
) -> None:
    reason = f"the payer's answer to the inquiry is no {due}, so what it lacks proves nothing"
    assert inquired(document, asked(guide)).reason == reason


def test_an_other_beside_a_warning_that_something_is_withheld_proves_nothing() -> None:
    found = inquired(wrapped(found_bundle(hit(identifier=[OTHER])), outcome("warning", "suppressed")))
    assert found.kind is InquiryKind.UNTRUSTED


@pytest.mark.parametrize("hits", [[TRACE], [OTHER], [PAYERS_OWN]])
def test_an_answer_with_another_patient_in_it_is_not_trusted(hits: list[Json]) -> None:
    stranger = bundle(hit(identifier=hits), patient(member="M-999", birth="1941-01-01"))
    for document in (wrapped(stranger), wrapped(found_bundle(hit(identifier=[TRACE])), stranger), stranger):
        found = inquired(document)
        assert (found.kind, found.candidates, found.reading) == (InquiryKind.UNTRUSTED, (), None)
        assert found.reason == "the payer's answer is about another patient"


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 200), (b"<html/>", 200), (b"{", 200), (b"[]", 200), (b"null", 200), (b'{"a": 1}', 200), (b"{}", 204)],
)
def test_what_is_no_fhir_proves_nothing(body: bytes, status: int) -> None:
    found = read_inquiry(reply(body, status=status), asked(), CODES)
    assert found.kind is InquiryKind.UNTRUSTED


@pytest.mark.parametrize("status", [302, 400, 404, 409, 500, 501, 503])
def test_an_http_error_proves_nothing_whatever_its_body_says(status: int) -> None:
    found = read_inquiry(reply({"resourceType": "Parameters"}, status=status), asked(), CODES)
    assert (found.kind, found.reason) == (
        InquiryKind.UNTRUSTED,
        f"the payer answered the inquiry with HTTP {status}",
    )


def test_an_answer_that_the_inquiry_failed_is_no_look_alike() -> None:
    failed = response(without=("item",), identifier=[ASKING], request={"reference": "Claim/q"}, outcome="error")
    failed["patient"] = {"reference": PATIENT}
    found = inquired(wrapped(found_bundle(failed)))
    assert (found.kind, found.candidates) == (InquiryKind.UNTRUSTED, ())


def test_a_rejection_of_our_request_is_found() -> None:
    found = inquired(wrapped(found_bundle(response(without=("item",), outcome="error"))))
    assert found.kind is InquiryKind.FOUND
    assert found.reading is not None
    assert found.reading.kind is Kind.REJECTED


def test_an_answer_the_payer_took_back_is_not_adopted() -> None:
    found = inquired(wrapped(found_bundle(hit(identifier=[TRACE], status="entered-in-error"))))
    assert found.kind is InquiryKind.UNTRUSTED


def test_a_candidate_shows_what_a_person_needs_to_compare() -> None:
    service = {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "73721"}]}
    detail = extension(
        "itemAuthorizedDetail", extension=[{"url": "productOrServiceCode", "valueCodeableConcept": service}]
    )
    days = extension("itemRequestedServiceDate", valuePeriod={"start": "2026-12-01", "end": "2026-12-31"})
    first = item(review("A1", "AUTH7"), extensions=(detail, days))
    second = item(
        review("A4"), sequence=2, extensions=(extension("administrationReferenceNumber", valueString="REF1"),)
    )
    document = wrapped(found_bundle(hit(first, second, preAuthPeriod={"start": "2026-12-01"})))
    [candidate] = inquired(document).candidates
    assert (candidate.numbers, candidate.tracking) == (("AUTH7",), ("REF1",))
    assert (candidate.created, candidate.valid) == (date(2026, 11, 20), Dates(date(2026, 12, 1), None))
    assert candidate.determination is Result.PENDED
    assert candidate.path == "Parameters.parameter[0].resource.entry[0].resource"
    [one, two] = candidate.services
    assert one.service is not None
    assert (one.service.code, one.dates) == ("73721", Dates(date(2026, 12, 1), date(2026, 12, 31)))
    assert (one.result, one.action and one.action.code) == (Result.APPROVED, "A1")
    assert one.path == f"{candidate.path}.item[0]"
    assert (two.sequence, two.result, two.number, two.service) == (2, Result.PENDED, "", None)


def test_a_candidate_takes_service_and_day_from_the_claim_that_came_with_it() -> None:
    claim = {
        "resourceType": "Claim",
        "id": "theirs",
        "item": [{"sequence": 1, "productOrService": {"coding": [{"code": "E1390"}]}, "servicedDate": "2026-12-02"}],
    }
    document = wrapped(found_bundle(hit(request={"reference": "Claim/theirs"}), claim))
    [service] = inquired(document).candidates[0].services
    assert isinstance(service.service, Code)
    assert (service.service.code, service.dates) == ("E1390", Dates(date(2026, 12, 2), date(2026, 12, 2)))


def test_the_same_thing_shown_twice_is_one_candidate() -> None:
    assert len(inquired(wrapped(found_bundle(hit()), found_bundle(hit()))).candidates) == 1


def test_the_key_of_a_candidate_is_the_same_in_a_later_answer_that_shows_the_same() -> None:
    early, late = found_bundle(hit()), found_bundle(hit(item(review("A3"))), hit())
    [one] = inquired(wrapped(early)).candidates
    assert one.key in [candidate.key for candidate in inquired(late).candidates]


@pytest.mark.parametrize("envelope", [wrapped, lambda document: document])
def test_the_candidate_a_person_chose_is_read_like_an_answer_to_our_request(envelope: Callable[[Json], Json]) -> None:
    document = envelope(found_bundle(hit(item(review("A3"))), hit()))
    keys = {row.determination: row.key for row in inquired(document).candidates}
    chosen = read_candidate(reply(document), keys[Result.APPROVED], asked(), CODES)
    assert (chosen.kind, chosen.determination) == (Kind.ANSWERED, Result.APPROVED)
    assert chosen.answers[0][1].authorization_number == "AUTH7"
    other = read_candidate(reply(document), keys[Result.DENIED], asked(), CODES)
    assert other.determination is Result.DENIED


def test_a_candidate_nobody_showed_cannot_be_chosen() -> None:
    assert read_candidate(reply(wrapped(found_bundle(hit()))), "nothing", asked(), CODES).kind is Kind.UNTRUSTED
    assert read_candidate(reply(b""), "nothing", asked(), CODES).kind is Kind.UNTRUSTED


HOSTILE: tuple[Any, ...] = (
    None,
    [],
    {},
    "",
    0,
    True,
    [None],
    [[]],
    {"": {}},
    "x" * 999,
    OTHER,
    PATIENT,
    "#",
    "2026-02-30",
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a document, as its holder and the key in it."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [(value, key) for key in keys] + [found for key in keys for found in places(value[key])]


@pytest.mark.parametrize("guide", ["2.0.1", "2.2.1"])
def test_a_broken_look_alike_is_never_found_and_never_taken_for_nothing(guide: str) -> None:
    dice = random.Random(20261125)  # noqa: S311
    trace = extension("itemTraceNumber", valueIdentifier=PAYERS_OWN)
    whole = found_bundle(hit(item(review("A1", "AUTH7"), extensions=(trace,)), identifier=[PAYERS_OWN]))
    kinds = set()
    for _ in range(1500):
        document = copy.deepcopy(wrapped(whole) if guide == "2.2.1" else whole)
        for _ in range(dice.randint(1, 3)):
            holder, key = dice.choice(places(document))
            holder[key] = copy.deepcopy(dice.choice(HOSTILE))
        found = inquired(document, asked(guide))
        kinds.add(found.kind)
        assert found.kind is not InquiryKind.FOUND
        if found.kind is InquiryKind.NOT_FOUND:
            # All that is left is nothing, or what carries the trace of another order.
            assert found.others or b"AUTH7" not in json.dumps(document)
    assert InquiryKind.CANDIDATES in kinds


PUBLISHED = SHARED / "ig" / "examples"


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published examples are not at hand")
@pytest.mark.parametrize(
    ("file", "guide"),
    [
        ("pas-2.2.1/Parameters-PASClaimInquiryOperationResponseExample.json", "2.2.1"),
        ("pas-2.2.1/Bundle-PASClaimInquiryResponseBundleExample.json", "2.2.1"),
        ("pas-2.0.1/Bundle-PASClaimInquiryResponseBundleExample.json", "2.0.1"),
    ],
)
def test_the_published_answers_are_found_by_the_trace_they_echo_and_by_nothing_less(file: str, guide: str) -> None:
    body = (PUBLISHED / file).read_bytes()
    wanted = asked(guide, member_ids=frozenset({"12345678901"}), birth_date="", items=((1, ""),))
    ours = replace(wanted, trace_system="http://example.org/PATIENT_EVENT_TRACE_NUMBER", trace_value="111099")
    assert read_inquiry(reply(body), ours, CODES).kind is InquiryKind.FOUND
    assert read_inquiry(reply(body), wanted, CODES).kind is InquiryKind.CANDIDATES
