"""Which conditions count as a diagnosis, which diagnosis is principal, and how both are told."""

from typing import Any

import pytest

from tests.unit.orders.reading import ICD, chosen, concept, context, rules, service_request

_VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_NOT_USED = [
    ("verificationStatus", "refuted"),
    ("verificationStatus", "entered-in-error"),
    ("verificationStatus", "differential"),
    ("verificationStatus", "provisional"),
    ("verificationStatus", "unconfirmed"),
    ("clinicalStatus", "resolved"),
    ("clinicalStatus", "inactive"),
    ("clinicalStatus", "remission"),
]


def condition(**status: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": "k1", "code": concept(ICD, "M23.203"), **status}


def order(**changes: Any) -> dict[str, Any]:
    return service_request(**{"reasonReference": [{"reference": "Condition/k1"}], **changes})


@pytest.mark.parametrize(("element", "code"), _NOT_USED)
@pytest.mark.parametrize("source", ["reasonReference", "supportingInfo"])
def test_a_condition_that_is_not_established_or_past_is_left_out_and_told(element: str, code: str, source: str) -> None:
    asked = order(
        **{"reasonReference": None, source: [{"reference": "Condition/k1"}]}, reasonCode=[concept(ICD, "M17.11")]
    )
    found = context(asked, condition(**{element: concept(_VERIFIED, code)}))
    assert [row["code"] for row in found.diagnoses] == ["M17.11"]
    [told] = [choice for choice in found.choices if choice.rule == "diagnosis-left-out"]
    assert told.value == "Condition/k1"
    assert f"{element} is {code}" in told.why


@pytest.mark.parametrize(("element", "code"), _NOT_USED)
def test_the_gap_says_why_when_no_other_diagnosis_is_left(element: str, code: str) -> None:
    found = context(order(reasonCode=None), condition(**{element: concept(_VERIFIED, code)}))
    [gap] = [gap for gap in found.gaps if gap.rule == "diagnosis"]
    assert f"Condition/k1 is left out: its {element} is {code}" in gap.need


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"verificationStatus": concept(_VERIFIED, "confirmed")},
        {"clinicalStatus": concept(_CLINICAL, "active")},
        {"clinicalStatus": concept(_CLINICAL, "recurrence")},
        {"clinicalStatus": concept(_CLINICAL, "relapse")},
    ],
)
def test_a_condition_that_stands_is_a_diagnosis(status: dict[str, Any]) -> None:
    found = context(order(reasonCode=None), condition(**status))
    assert [row["code"] for row in found.diagnoses] == ["M23.203"]
    assert "diagnosis-left-out" not in chosen(found)


def test_the_principal_diagnosis_is_told_with_the_reason() -> None:
    found = context(order(reasonCode=[concept(ICD, "M17.11")]), condition())
    [told] = [choice for choice in found.choices if choice.rule == "diagnosis-principal"]
    assert (told.what, told.value) == ("principal diagnosis", "M17.11")
    assert "first of 2" in told.why
    assert "ServiceRequest/s1.reasonCode[0].coding[0]" in told.why


def test_without_a_diagnosis_no_principal_one_is_told() -> None:
    found = context(service_request(reasonCode=None))
    assert "diagnosis" in rules(found)
    assert "diagnosis-principal" not in chosen(found)
