"""Which coverage, which payer, which member."""

from typing import Any

import pytest

from gateway.model.errors import BadOrder
from tests.unit.orders.reading import (
    TYPES,
    built,
    chosen,
    concept,
    context,
    contexts,
    coverage,
    patient,
    resources,
    rules,
    service_request,
)

_RELATIONSHIP = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"


def by_patient(*coverages: dict[str, Any]) -> Any:
    [found] = contexts([service_request(insurance=None), patient(), *coverages])
    return found


def test_the_coverage_the_order_names_wins_over_rank() -> None:
    [found] = contexts(
        [
            service_request(insurance=[{"reference": "Coverage/c2"}]),
            patient(),
            coverage(order=1),
            coverage(id="c2", order=2),
        ]
    )
    assert found.coverage["id"] == "c2"


def test_without_insurance_the_active_current_coverage_of_the_patient_is_chosen() -> None:
    found = by_patient(
        coverage(id="old", period={"start": "2020-01-01", "end": "2021-12-31"}),
        coverage(id="gone", status="cancelled"),
        coverage(id="other", beneficiary={"reference": "Patient/p2"}),
        coverage(id="now", period={"start": "2026-01-01"}),
        patient(id="p2", gender="male"),
    )
    assert found.coverage["id"] == "now"
    [choice] = [choice for choice in found.choices if choice.what == "coverage"]
    assert "active, in force and first by rank" in choice.why


def test_the_lowest_order_number_pays_first() -> None:
    assert by_patient(coverage(id="second", order=2), coverage(id="first", order=1)).coverage["id"] == "first"


def test_several_equal_coverages_are_a_gap_and_not_a_guess() -> None:
    found = by_patient(coverage(id="a"), coverage(id="b"))
    assert found.coverage == {}
    [gap] = [gap for gap in found.gaps if gap.rule == "coverage-ambiguous"]
    assert "Coverage/a, Coverage/b" in gap.need


def test_a_named_coverage_that_was_not_sent_is_not_replaced_by_another() -> None:
    found = context(service_request(insurance=[{"reference": "Coverage/c9"}]))
    assert found.coverage == {}
    assert "coverage" in rules(found)


def test_a_coverage_must_be_in_force_on_the_day_of_service() -> None:
    assert "coverage-period" in rules(context(service_request(), coverage(period={"end": "2026-11-30"})))
    assert "coverage-period" not in rules(context(service_request(), coverage(period={"end": "2026-12-14"})))


def test_an_inactive_coverage_is_a_gap_even_when_it_is_named() -> None:
    assert "coverage-active" in rules(context(service_request(), coverage(status="cancelled")))


def test_a_payer_that_no_profile_matches_is_a_gap() -> None:
    found = context(service_request(), coverage(payor=[{"display": "Some Other Plan"}]))
    assert found.payer_id == ""
    assert "payer-routing" in rules(found)


def test_a_coverage_paid_by_the_patient_has_no_payer() -> None:
    assert "payer-self-pay" in rules(context(service_request(), coverage(payor=[{"reference": "Patient/p1"}])))


def test_the_payer_the_caller_names_wins_and_must_exist() -> None:
    found = context(service_request(), coverage(payor=None), payer="sandbox")
    assert found.payer_id == "sandbox"
    assert not found.gaps
    with pytest.raises(BadOrder, match="no payer profile of that id"):
        context(service_request(), payer="nobody")


@pytest.mark.parametrize(
    ("changes", "source"),
    [
        ({}, "Coverage/c1.identifier[0]"),
        ({"identifier": None, "subscriberId": "S-1"}, "Coverage/c1.subscriberId"),
        ({"identifier": [{"system": "urn:x", "value": "U-1"}]}, "Coverage/c1.identifier"),
    ],
)
def test_the_member_id_is_searched_in_order_and_its_source_kept(changes: dict[str, Any], source: str) -> None:
    found = context(service_request(), coverage(**changes))
    assert found.member_id_source == source
    assert found.member_id


def test_the_member_id_may_stand_on_the_patient() -> None:
    member = {"type": concept(TYPES, "MB"), "system": "urn:x", "value": "P-1"}
    found = context(service_request(), patient(identifier=[member]), coverage(identifier=None))
    assert (found.member_id, found.member_id_source) == ("P-1", "Patient.identifier[0]")


def test_a_social_security_number_is_never_a_member_id() -> None:
    number = {"type": concept(TYPES, "SS"), "system": "http://hl7.org/fhir/sid/us-ssn", "value": "000-00-0001"}
    found = context(
        service_request(), patient(identifier=[number]), coverage(identifier=[number], subscriberId="000-00-0001")
    )
    assert found.member_id == ""
    [gap] = [gap for gap in found.gaps if gap.rule == "member-id"]
    assert "social security number is not used" in gap.need


def test_a_social_security_number_of_the_subscriber_is_no_member_id_either() -> None:
    number = {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "000-00-0002"}
    spouse = patient(id="p2", identifier=[number], gender="male")
    held = coverage(
        identifier=None,
        subscriberId="000-00-0002",
        subscriber={"reference": "Patient/p2"},
        relationship=concept(_RELATIONSHIP, "spouse"),
    )
    found = context(service_request(), patient(), spouse, held)
    assert "member-id" in rules(found)
    assert "000-00-0002" not in str(resources(built(found), "Coverage"))


def test_the_subscriber_id_of_the_card_is_kept_beside_another_member_id() -> None:
    [made] = resources(built(context(service_request(), coverage(subscriberId="FAMILY-1"))), "Coverage")
    assert made["subscriberId"] == "FAMILY-1"
    assert made["identifier"][0]["value"] == "MEMBER-1"


def test_the_member_id_is_in_no_choice_gap_or_repr() -> None:
    found = context(service_request())
    assert "MEMBER-1" not in f"{found.choices} {found.gaps}"
    assert "member_id='MEMBER-1'" not in repr(found)


@pytest.mark.parametrize(
    "relationship",
    [
        concept(_RELATIONSHIP, "self"),
        concept("https://codesystem.x12.org/005010/1069", "18"),
    ],
)
def test_self_in_either_code_makes_the_patient_the_subscriber(relationship: dict[str, Any]) -> None:
    found = context(service_request(), coverage(relationship=relationship))
    assert found.subscriber == found.patient


def test_a_subscriber_who_is_the_patient_needs_no_relationship() -> None:
    assert not context(service_request(), coverage(relationship=None, subscriber={"reference": "Patient/p1"})).gaps


def test_a_spouse_needs_the_subscriber() -> None:
    spouse = coverage(relationship=concept(_RELATIONSHIP, "spouse"))
    assert "subscriber" in rules(context(service_request(), spouse))
    other = {"resourceType": "RelatedPerson", "id": "r1", "name": [{"family": "Example"}]}
    found = context(service_request(), {**spouse, "subscriber": {"reference": "RelatedPerson/r1"}}, other)
    assert found.subscriber["id"] == "r1"
    assert not found.gaps


def test_no_relationship_at_all_is_a_gap() -> None:
    assert "relationship" in rules(context(service_request(), coverage(relationship=None)))


def test_a_choice_says_which_payer_and_why() -> None:
    assert "payer-routing-identifier" in chosen(context(service_request()))
