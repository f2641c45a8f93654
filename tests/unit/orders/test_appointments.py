"""An appointment says when, where and by whom, only where the order is silent, and never alone."""

from pathlib import Path
from typing import Any

import pytest

from gateway.fhir import json
from gateway.model.errors import BadOrder
from tests.unit.orders.reading import (
    ROOT,
    chosen,
    concept,
    context,
    contexts,
    patient,
    practitioner,
    rules,
    service_request,
)

_SHARED = ROOT.parent / "shared"
_ROLE = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_PLACE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_CLINIC = {"resourceType": "Location", "id": "l1", "type": [concept(_PLACE, "PROFF")]}
needs_shared = pytest.mark.skipif(not _SHARED.is_dir(), reason="../shared with the third-party files is not there")


def actor(reference: str, **more: Any) -> dict[str, Any]:
    return {"actor": {"reference": reference}, "status": "accepted", **more}


def appointment(*participants: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Appointment",
        "id": "a1",
        "status": "booked",
        "basedOn": [{"reference": "ServiceRequest/s1"}],
        "start": "2026-12-15T09:00:00-06:00",
        "end": "2026-12-15T10:00:00-06:00",
        "participant": [actor("Patient/p1"), *participants],
        **changes,
    }


def undated(**changes: Any) -> dict[str, Any]:
    return service_request(occurrenceDateTime=None, **changes)


def days(*resources: dict[str, Any]) -> tuple[str | None, str | None]:
    facts = context(*resources).facts[0]
    return facts.get("start"), facts.get("end")


@pytest.mark.parametrize(
    ("changes", "start", "end"),
    [
        ({}, "2026-12-15", "2026-12-15"),
        ({"start": "2026-12-15T23:30:00-08:00", "end": "2026-12-16T00:30:00-08:00"}, "2026-12-15", "2026-12-15"),
        ({"start": "2026-12-16T05:30:00Z", "end": "2026-12-16T06:30:00Z"}, "2026-12-16", "2026-12-16"),
        ({"start": "2026-12-15T08:00:00-06:00", "end": "2026-12-18T08:00:00-06:00"}, "2026-12-15", "2026-12-18"),
        ({"start": "2026-12-15T08:00:00-06:00", "end": None}, "2026-12-15", "2026-12-15"),
        (
            {"start": None, "end": None, "requestedPeriod": [{"start": "2026-12-20", "end": "2026-12-21"}]},
            "2026-12-20",
            "2026-12-21",
        ),
        (
            {"start": None, "end": None, "requestedPeriod": [{"start": "2027-01-04"}, {"start": "2026-12-20"}]},
            "2026-12-20",
            "2027-01-04",
        ),
        ({"requestedPeriod": [{"start": "2027-01-04"}]}, "2026-12-15", "2026-12-15"),
        ({"start": "2026-12", "end": None}, None, None),
    ],
)
def test_its_days_are_those_of_an_order_without_any_as_written_in_their_own_zone(
    changes: dict[str, Any], start: str | None, end: str | None
) -> None:
    made = {key: value for key, value in appointment(**changes).items() if value is not None}
    assert days(undated(), made) == (start, end)


def test_the_choice_names_the_appointment_and_its_rule() -> None:
    found = context(undated(), appointment())
    [choice] = [choice for choice in found.choices if choice.rule == "appointment-date"]
    assert choice.value == "Appointment/a1"
    assert "service-date" not in rules(found)


def test_several_appointments_are_a_period_from_the_first_to_the_last() -> None:
    second = appointment(id="a2", start="2027-01-12T09:00:00-06:00", end="2027-01-12T10:00:00-06:00")
    assert days(undated(), appointment(), second) == ("2026-12-15", "2027-01-12")


def test_an_order_may_name_its_appointment_itself() -> None:
    order = undated(supportingInfo=[{"reference": "Appointment/a1"}])
    unnamed = {**appointment(), "basedOn": []}
    assert days(order, unnamed)[0] == "2026-12-15"
    assert days(undated(), unnamed)[0] is None
    assert "supporting-information" not in chosen(context(order, unnamed))


def test_an_appointment_for_another_order_says_nothing() -> None:
    other = service_request(id="s2", occurrenceDateTime="2026-12-20")
    found = context(undated(), other, appointment(basedOn=[{"reference": "ServiceRequest/s2"}]))
    assert "start" not in found.facts[0]


@pytest.mark.parametrize("status", ["cancelled", "noshow", "entered-in-error"])
def test_one_that_was_not_kept_does_not_count(status: str) -> None:
    found = context(undated(), appointment(actor("Practitioner/d1"), actor("Location/l1"), status=status), _CLINIC)
    assert rules(found) == {"service-date"}
    assert "appointment-not-kept" in chosen(found)
    assert not found.providers
    assert not found.location


@pytest.mark.parametrize("status", ["proposed", "pending", "booked", "arrived", "fulfilled", "checked-in", "waitlist"])
def test_every_other_status_counts(status: str) -> None:
    assert days(undated(), appointment(status=status))[0] == "2026-12-15"


def test_one_for_another_patient_is_left_out() -> None:
    made = {**appointment(), "participant": [actor("Patient/p2")]}
    found = context(undated(), made)
    assert rules(found) == {"service-date"}
    assert "other-patient" in chosen(found)
    group = {**appointment(), "participant": [actor("Patient/p2"), actor("Patient/p1")]}
    assert days(undated(), group)[0] == "2026-12-15"


def test_the_day_of_the_order_comes_first_and_a_difference_is_recorded() -> None:
    found = context(service_request(), appointment())
    assert found.facts[0]["start"] == "2026-12-14"
    assert "appointment-outranked" in chosen(found)
    later = context(service_request(occurrenceDateTime="2026-12-16"), appointment())
    assert later.facts[0]["start"] == "2026-12-16"
    assert "appointment-outranked" in chosen(later)
    within = context(undated(occurrencePeriod={"start": "2026-12-01", "end": "2026-12-31"}), appointment())
    assert within.facts[0]["start"] == "2026-12-01"
    assert "appointment-outranked" not in chosen(within)


def test_an_order_whose_day_cannot_be_read_is_asked_and_not_overruled() -> None:
    assert rules(context(service_request(occurrenceDateTime="2027-01"), appointment())) == {"service-date"}


def test_a_rate_in_the_order_leaves_the_days_to_the_appointment() -> None:
    order = undated(occurrenceTiming={"repeat": {"frequency": 2, "period": 1, "periodUnit": "wk"}})
    assert days(order, appointment())[0] == "2026-12-15"


def test_the_period_of_the_encounter_comes_before_the_appointment() -> None:
    stay = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "planned",
        "basedOn": [{"reference": "ServiceRequest/s1"}],
        "period": {"start": "2026-12-13", "end": "2026-12-18"},
    }
    assert days(undated(), appointment(), stay) == ("2026-12-13", "2026-12-18")


def test_it_gives_the_place_where_the_order_names_none() -> None:
    found = context(undated(locationCode=None), appointment(actor("Location/l1")), _CLINIC)
    assert (found.location["id"], found.facts[0]["site"]) == ("l1", "PROFF")
    [choice] = [choice for choice in found.choices if choice.rule == "appointment-place"]
    assert choice.value == "Appointment/a1.participant[1].actor"


@pytest.mark.parametrize("reference", [None, [{"reference": "Location/unsent"}]])
def test_the_place_of_the_order_comes_first(reference: list[dict[str, str]] | None) -> None:
    order = undated(locationReference=reference) if reference is None else undated(locationCode=None)
    order = {**order, "locationReference": reference} if reference else order
    found = context(order, appointment(actor("Location/l1")), _CLINIC)
    assert not found.location
    assert found.facts[0].get("site") != "PROFF"
    assert "appointment-outranked" in chosen(found)


def test_of_several_places_none_is_guessed() -> None:
    second = {**_CLINIC, "id": "l2"}
    found = context(
        undated(locationCode=None), appointment(actor("Location/l1"), actor("Location/l2")), _CLINIC, second
    )
    assert not found.location
    assert "appointment-places" in chosen(found)


@pytest.mark.parametrize(
    ("more", "performs"),
    [
        ({}, True),
        ({"type": [concept(_ROLE, "PPRF")]}, True),
        ({"type": [concept(_ROLE, "SPRF")]}, True),
        ({"type": [concept(_ROLE, "REF")]}, False),
        ({"type": [concept(_ROLE, "no-such-role")]}, False),
        ({"type": [{"text": "surgeon"}]}, False),
        ({"status": "declined"}, False),
        ({"required": "information-only"}, False),
    ],
)
def test_a_participant_performs_by_the_table_where_the_order_names_nobody(more: dict[str, Any], performs: bool) -> None:
    found = context(undated(), appointment(actor("Practitioner/d1", **more)), practitioner())
    assert ("1/performing/1" in found.providers) is performs
    assert ("appointment-performer" in chosen(found)) is performs


def test_the_performer_of_the_order_comes_first_and_another_is_recorded() -> None:
    other = practitioner(id="d2", name=[{"family": "Else"}])
    order = undated(performer=[{"reference": "Practitioner/d1"}])
    found = context(order, appointment(actor("Practitioner/d2")), practitioner(), other)
    assert [provider["practitioner"]["id"] for provider in found.providers.values()] == ["d1"]
    assert "appointment-outranked" in chosen(found)
    same = context(order, appointment(actor("Practitioner/d1")), practitioner())
    assert "appointment-outranked" not in chosen(same)


def test_a_modifier_extension_in_an_appointment_goes_to_a_person() -> None:
    found = context(undated(), appointment(modifierExtension=[{"url": "urn:x", "valueBoolean": True}]))
    assert rules(found) == {"modifier-extension"}


def third_party(path: Path) -> Any:
    return json.loads(path.read_bytes())


@needs_shared
def test_a_third_party_appointment_alone_is_refused() -> None:
    held = third_party(_SHARED / "corpus/orders/br-provider/seed-data__appointment-pat014-cardiology.json")
    with pytest.raises(BadOrder, match="an appointment is not an order; send the order it was made for"):
        contexts(held)


@needs_shared
def test_a_third_party_appointment_dates_the_order_that_names_it() -> None:
    held = third_party(_SHARED / "corpus/orders/br-provider/seed-data__appointment-pat014-cardiology.json")
    order = undated(
        supportingInfo=[{"reference": "Appointment/appt-pat014-03"}], subject={"reference": "Patient/pat014"}
    )
    found = context(order, held, patient(id="pat014"))
    assert found.facts[0]["start"] == "2026-04-28"


@needs_shared
def test_the_official_appointment_dates_the_order_it_is_based_on() -> None:
    held = third_party(_SHARED / "ig/examples/crd-2.2.1/Appointment-example1.json")
    found = context(undated(id="example", subject={"reference": "Patient/example"}), held, patient(id="example"))
    assert (found.facts[0]["start"], found.facts[0]["end"]) == ("2013-12-10", "2013-12-10")
