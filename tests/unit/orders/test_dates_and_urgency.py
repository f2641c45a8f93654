"""Days stay days, urgency comes from a table."""

from typing import Any

import pytest

from tests.unit.orders.reading import (
    built,
    chosen,
    context,
    contexts,
    coverage,
    drug_order,
    patient,
    rules,
    service_request,
)


def when(**changes: Any) -> dict[str, Any]:
    return service_request(occurrenceDateTime=None, **changes)


@pytest.mark.parametrize(
    ("changes", "start", "end"),
    [
        ({"occurrenceDateTime": "2026-12-14"}, "2026-12-14", "2026-12-14"),
        ({"occurrenceDateTime": "2026-12-14T23:30:00-08:00"}, "2026-12-14", "2026-12-14"),
        ({"occurrencePeriod": {"start": "2026-12-01", "end": "2026-12-31T10:00:00Z"}}, "2026-12-01", "2026-12-31"),
        ({"occurrencePeriod": {"start": "2026-12-01"}}, "2026-12-01", "2026-12-01"),
        ({"occurrenceTiming": {"event": ["2026-12-09", "2026-12-02"]}}, "2026-12-02", "2026-12-09"),
        (
            {"occurrenceTiming": {"repeat": {"boundsPeriod": {"start": "2026-12-01", "end": "2027-01-31"}}}},
            "2026-12-01",
            "2027-01-31",
        ),
    ],
)
def test_an_occurrence_becomes_whole_days_as_written(changes: dict[str, Any], start: str, end: str) -> None:
    found = context(service_request(**{"occurrenceDateTime": None, **changes}))
    assert (found.facts[0]["start"], found.facts[0]["end"]) == (start, end)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"occurrenceDateTime": "2026-12"},
        {"occurrenceDateTime": "12/14/2026"},
        {"occurrenceDateTime": "2026-02-30"},
        {"occurrenceTiming": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "wk"}}},
        {"occurrencePeriod": {"start": "2026-12-10", "end": "2026-12-01"}},
    ],
)
def test_no_whole_day_is_a_gap(changes: dict[str, Any]) -> None:
    found = context(service_request(**{"occurrenceDateTime": None, **changes}))
    assert "service-date" in rules(found)
    assert "start" not in found.facts[0]


def test_a_day_in_the_past_is_kept_and_recorded() -> None:
    found = context(service_request(occurrenceDateTime="2026-10-01"))
    assert found.facts[0]["start"] == "2026-10-01"
    assert "service-date-past" in chosen(found)
    assert not found.gaps


def test_today_is_not_the_past() -> None:
    assert "service-date-past" not in chosen(context(service_request(occurrenceDateTime="2026-11-24")))


def test_a_drug_order_has_its_days_in_the_dispense_request_or_the_dosage() -> None:
    assert context(drug_order()).facts[0]["start"] == "2026-12-14"
    dosage = [{"timing": {"event": ["2026-12-20"]}}]
    assert context(drug_order(dispenseRequest=None, dosageInstruction=dosage)).facts[0]["start"] == "2026-12-20"


def test_one_day_is_a_date_and_several_are_a_period() -> None:
    claim = built(context(service_request())).bundle["entry"][0]["resource"]
    assert claim["item"][0]["servicedDate"] == "2026-12-14"
    several = when(occurrencePeriod={"start": "2026-12-01", "end": "2026-12-31"})
    claim = built(context(several)).bundle["entry"][0]["resource"]
    assert claim["item"][0]["servicedPeriod"] == {"start": "2026-12-01", "end": "2026-12-31"}


@pytest.mark.parametrize(
    ("priority", "expedited"),
    [
        ("routine", False),
        (None, False),
        ("urgent", True),
        ("asap", True),
        ("stat", True),
    ],
)
def test_urgency_comes_from_the_priority_by_a_table(priority: str | None, expedited: bool) -> None:
    found = context(service_request(priority=priority))
    assert found.expedited is expedited
    claim = built(found).bundle["entry"][0]["resource"]
    levels = [row for row in claim["extension"] if row["url"].endswith("extension-levelOfServiceCode")]
    assert bool(levels) is expedited
    assert claim["priority"]["coding"][0]["code"] == ("stat" if expedited else "normal")


def test_an_urgent_order_does_not_make_a_routine_one_urgent() -> None:
    orders = [service_request(), service_request(id="s2", priority="urgent")]
    found = contexts([*orders, patient(), coverage()])
    assert [one.expedited for one in found] == [False, True]
