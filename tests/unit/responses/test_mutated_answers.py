"""Good answers broken in every way: reading never fails, and never finds an approval that is not in them."""

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.fhir import json
from gateway.model.authorization import Result
from gateway.model.determination import GRANTED
from gateway.responses import Asked, Kind, read_rejection
from tests.unit.responses.payloads import (
    CLAIM,
    PATIENT,
    TRACE,
    X12,
    asked,
    bundle,
    extension,
    item,
    reading,
    reply,
    response,
    review,
)

WANTED = asked((1, "item-1"), (2, "item-2"), member_ids=frozenset({"M-1"}), birth_date="1961-04-09")
HOSTILE: tuple[Any, ...] = (
    None,
    [],
    {},
    "",
    " ",
    "A4",
    "ZZ",
    0,
    -1,
    1,
    2,
    10**15,
    True,
    False,
    [None],
    [[]],
    [{}],
    [[[{}]]],
    {"": {}},
    {"x": [1]},
    "x" * 5000,
    CLAIM,
    PATIENT,
    TRACE,
    "Claim?identifier=x",
    "#",
    "#a",
    "https://[",
    "urn:uuid:",
    "\u202e",
    "2026-02-30",
    {"coding": [{"system": f"{X12}306", "code": "A4"}]},
    [{"url": "urn:x"}],
    {"resourceType": "ClaimResponse"},
    {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "OperationOutcome", "issue": [{}]}}]},
)
KEYS = (
    "item",
    "addItem",
    "extension",
    "modifierExtension",
    "adjudication",
    "error",
    "status",
    "url",
    "contained",
    "part",
    "resourceType",
    "itemSequence",
    "valueCodeableConcept",
    "coding",
    "identifier",
    "reference",
    "implicitRules",
    "x",
)


def _bases() -> dict[str, Any]:
    parts = (
        extension("itemTraceNumber", valueIdentifier={"value": "item-1"}),
        extension("itemPreAuthIssueDate", valueDate="2026-12-01"),
        extension("itemPreAuthPeriod", valuePeriod={"start": "2026-12-01", "end": "2027-01-01"}),
        extension("administrationReferenceNumber", valueString="REF-1"),
        extension(
            "itemAuthorizedProvider",
            extension=[{"url": "provider", "valueReference": {"reference": "PractitionerRole/r1"}}],
        ),
        extension("itemAuthorizedDetail", extension=[{"url": "quantity", "valueQuantity": {"value": 6}}]),
    )
    patient = {
        "resourceType": "Patient",
        "id": PATIENT.removeprefix("urn:uuid:"),
        "identifier": [{"value": "M-1"}],
        "birthDate": "1961-04-09",
    }
    role = {"resourceType": "PractitionerRole", "id": "r1", "practitioner": {"reference": "PractitionerRole/r1"}}
    added = {
        "itemSequence": [1],
        "productOrService": {"coding": [{"code": "E0431"}]},
        "quantity": {"value": 1},
        "servicedDate": "2026-12-01",
        "provider": [{"reference": "PractitionerRole/r1"}],
        "adjudication": [review("A3", "AUTH-2")],
    }
    notes: dict[str, Any] = {"processNote": [{"number": 1, "text": "note"}], "preAuthRef": "PA-1"}
    second = item(review("A3", reasons=("0F",)), sequence=2, noteNumber=[1])
    asking = {"resourceType": "Task", "id": "t", "status": "requested"}
    rejection = {
        "code": {"coding": [{"system": f"{X12}901", "code": "75"}]},
        "extension": [extension("errorPath", valueString="Bundle.entry[2]")],
    }
    return {
        "approved": bundle(response(item(review("A1", "AUTH-1"), extensions=parts), second, **notes), role, patient),
        "denied": bundle(response(item(review("A3"), extensions=parts), second, **notes), role),
        "pended": bundle(response(item(review("A4"), extensions=parts), communicationRequest=[{}], **notes), asking),
        "modified": bundle(response(item(review("A6"), extensions=parts), second, addItem=[added], **notes), role),
        "rejected": bundle(response(outcome="error", error=[rejection], **notes)),
        "whole": bundle(response(adjudication=[review("A3")], preAuthPeriod={"start": "2026-12-01"})),
        "wrapped": {
            "resourceType": "Parameters",
            "parameter": [{"name": "return", "resource": response(item(review("A4")))}],
        },
        "contained": {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "error", "code": "x"}],
            "contained": [bundle(response(item(review("A3"))))],
        },
    }


BASES = _bases()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in list(keys):
        yield value, key
        yield from _places(value[key])


def mutated(base: Any, seed: int) -> Any:
    """The base with one to four things broken; the same seed breaks the same."""
    dice = random.Random(seed)  # noqa: S311  a repeatable choice, no secret
    document = copy.deepcopy(base)
    for _ in range(dice.randint(1, 4)):
        places = list(_places(document))
        if not places:
            break
        holder, key = dice.choice(places)
        match dice.randrange(5):
            case 0:
                holder[key] = copy.deepcopy(dice.choice(HOSTILE))
            case 1:
                del holder[key]
            case 2 if isinstance(holder, list):
                holder.insert(0, copy.deepcopy(dice.choice([holder[key], *HOSTILE])))
            case 3 if isinstance(holder, dict):
                holder[dice.choice(KEYS)] = holder.pop(key)
            case _:
                holder[key] = [holder[key]] if dice.random() < 0.5 else {dice.choice(KEYS): holder[key]}
    return document


def check(document: Any, wanted: Asked) -> None:
    raw = json.dumps(document)
    found = reading(raw, wanted)
    read_rejection(reply(raw, status=400))
    if b'"A1"' not in raw:
        assert found.determination is not Result.APPROVED
        assert all(answer.result is not Result.APPROVED for _, answer in found.answers)
    if not any(code in raw for code in (b'"A1"', b'"A2"', b'"A6"')):
        results = [answer.result for _, answer in found.answers] + [added.result for added in found.additional]
        assert not GRANTED & set(results)
    if found.kind is Kind.ANSWERED:
        assert [sequence for sequence, _ in found.answers] == [sequence for sequence, _ in wanted.items]
        assert found.determination is not Result.NONE
        if found.determination in (Result.UNRECOGNIZED, Result.CONTACT_PAYER):
            assert found.attention or found.determination is Result.CONTACT_PAYER
    else:
        assert found.determination is Result.NONE
        assert found.rejections if found.kind is Kind.REJECTED else found.reason


@pytest.mark.parametrize("base", sorted(BASES))
def test_a_broken_answer_is_read_without_failing_and_never_approved_on_its_own(base: str) -> None:
    for seed in range(300):
        check(mutated(BASES[base], seed), WANTED)


@pytest.mark.parametrize("base", sorted(BASES))
def test_an_answer_cut_short_anywhere_is_untrusted(base: str) -> None:
    raw = json.dumps(BASES[base])
    for length in range(0, len(raw), max(1, len(raw) // 40)):
        assert reading(raw[:length], WANTED).kind is Kind.UNTRUSTED


def test_every_single_value_of_an_approval_may_be_missing_or_hostile() -> None:
    count = len(list(_places(BASES["approved"])))
    for place in range(count):
        for hostile in (None, [], {}, "x", [None]):
            document = copy.deepcopy(BASES["approved"])
            holder, key = list(_places(document))[place]
            holder[key] = hostile
            check(document, WANTED)


def test_without_its_review_action_an_approval_is_none() -> None:
    document = copy.deepcopy(BASES["approved"])
    document["entry"][0]["resource"]["item"][0]["adjudication"] = []
    assert dict(reading(document, WANTED).answers)[1].result is Result.UNRECOGNIZED
