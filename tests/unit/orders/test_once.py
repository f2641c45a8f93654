"""A rule whose answer several orders share is worked out once, and leaves its notes with each of them."""

from typing import Any

from gateway.orders.chart import Chart
from gateway.orders.notes import Notes


def _rule(resource: dict[str, Any], notes: Notes) -> list[str]:
    notes.gap("Patient.name", "a name", "name")
    notes.choose("name", "official", "It is the only one.", "name-only")
    notes.use(resource)
    return [resource["id"]]


def test_the_answer_is_the_same_and_every_order_has_the_notes() -> None:
    chart, first, second, patient = Chart([]), Notes(), Notes(), {"resourceType": "Patient", "id": "p"}
    answer = chart.once(_rule, patient, notes=first)
    assert chart.once(_rule, patient, notes=second) is answer
    assert first.gaps == second.gaps != ()
    assert first.choices == second.choices != ()
    assert first.used == second.used == [patient]


def test_equal_resources_are_not_the_same_one() -> None:
    chart, notes = Chart([]), Notes()
    one = chart.once(_rule, {"resourceType": "Patient", "id": "p"}, notes=notes)
    other = chart.once(_rule, {"resourceType": "Patient", "id": "p"}, notes=notes)
    assert one == other
    assert one is not other
