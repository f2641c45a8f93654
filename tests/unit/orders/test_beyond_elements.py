"""What an order has no element for: messages, numbers the payer gave before, a day of admission that is not settled."""

from datetime import date
from typing import Any

import pytest

from gateway.orders.dates import span
from tests.unit.orders.reading import CPT, VERSIONS, built, context, contexts, coverage, patient, rules, service_request

_PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/"
_NUMBER = {"url": f"{_PAS}extension-authorizationNumber", "valueString": "EARLIER-1"}


def communication(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Communication",
        "id": "x",
        "status": "completed",
        "payload": [{"contentString": "The first request was lost."}],
        **changes,
    }


def ordered_with(message: dict[str, Any]) -> Any:
    return context(service_request(supportingInfo=[{"reference": "Communication/x"}]), message)


def claim_of(found: Any, version: str = "2.2.1") -> dict[str, Any]:
    claim: dict[str, Any] = built(found, version).bundle["entry"][0]["resource"]
    return claim


@pytest.mark.parametrize("version", VERSIONS)
def test_a_message_named_by_the_order_travels_as_it_was_written(version: str) -> None:
    rows = claim_of(ordered_with(communication()), version)["supportingInfo"]
    assert [row["valueString"] for row in rows if "valueString" in row] == ["The first request was lost."]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"status": "entered-in-error"}, "Communication/x.status"),
        ({"status": "not-done"}, "Communication/x.status"),
        ({"payload": [{"contentReference": {"reference": "DocumentReference/d"}}]}, "Communication/x.payload"),
    ],
)
def test_a_message_that_was_not_meant_or_says_nothing_is_a_gap(changes: dict[str, Any], place: str) -> None:
    found = ordered_with(communication(**changes))
    [gap] = found.gaps
    assert (gap.path, found.messages) == (place, ())


def test_a_message_about_another_patient_is_a_gap_and_never_sent() -> None:
    found = ordered_with(communication(subject={"reference": "Patient/p2"}))
    assert (rules(found), found.messages) == ({"other-patient"}, ())


def test_notes_on_the_order_are_no_message_to_the_payer() -> None:
    found = context(service_request(note=[{"text": "for the ward only"}]))
    assert "supportingInfo" in claim_of(found)
    assert all("valueString" not in row for row in claim_of(found)["supportingInfo"])


def test_a_number_the_payer_gave_before_stands_at_the_reference_to_its_coverage() -> None:
    order = service_request(insurance=[{"reference": "Coverage/c1", "extension": [_NUMBER]}])
    assert _NUMBER in claim_of(context(order))["extension"]
    assert all(row["url"] != _NUMBER["url"] for row in claim_of(context(order), "2.0.1").get("extension", []))


def test_the_number_of_another_coverage_is_not_sent_to_this_payer() -> None:
    order = service_request(
        insurance=[{"reference": "Coverage/c1"}, {"reference": "Coverage/c2", "extension": [_NUMBER]}]
    )
    [found] = contexts([order, patient(), coverage(order=1), coverage(id="c2", order=2)])
    assert (found.coverage["id"], found.insurance) == ("c1", ({"reference": "Coverage/c1"},))
    assert _NUMBER not in claim_of(found)["extension"]


def test_two_numbers_for_one_item_leave_a_person_to_say_which_one() -> None:
    order = service_request(extension=[_NUMBER, {**_NUMBER, "valueString": "EARLIER-2"}])
    [gap] = built(context(order)).gaps
    assert gap.path == "ServiceRequest/s1.extension"


def test_a_revenue_code_beside_the_billing_code_is_the_revenue_of_the_item_in_the_spelling_of_the_version() -> None:
    codings = [
        {"system": CPT, "code": "73721"},
        {"system": "https://www.nubc.org/CodeSystem/RevenueCodes", "code": "0610"},
    ]
    found = context(service_request(code={"coding": codings}))
    systems = [claim_of(found, version)["item"][0]["revenue"]["coding"][0]["system"] for version in VERSIONS]
    assert systems == ["https://www.nubc.org/revenue-code", "https://www.nubc.org/CodeSystem/RevenueCodes"]


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("2026-12-02", (date(2026, 12, 2), date(2026, 12, 2))),
        ("2026-12-02T08:00:00-06:00", (date(2026, 12, 2), date(2026, 12, 2))),
        ("2028-02", (date(2028, 2, 1), date(2028, 2, 29))),
        ("2026-13", None),
        ("2026-00", None),
        ("2026", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_a_month_may_be_any_of_its_days(written: Any, days: Any) -> None:
    assert span(written) == days
