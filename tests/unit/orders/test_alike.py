"""What several orders say alike is read once, and each is read as if it had come alone."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.bundle import references
from gateway.model.order import OrderContext
from gateway.orders.request import _targets
from tests.unit.orders.reading import CPT, ICD, concept, contexts, coverage, patient, practitioner, service_request

CONDITION = {"resourceType": "Condition", "id": "c1", "code": concept(ICD, "M17.11"), "recordedDate": "2026-01-02"}
PAST = {**CONDITION, "id": "c2", "clinicalStatus": {"coding": [{"code": "resolved"}]}}
OTHERS = (patient(), patient(id="p2"), coverage(), practitioner(), CONDITION, PAST)
# What one order says differently from the first; several orders may say the same.
VARIANTS: tuple[dict[str, Any], ...] = (
    {},
    {"code": concept(CPT, "73723")},
    {"reasonCode": None, "reasonReference": [{"reference": "Condition/c1"}]},
    {"reasonCode": None, "reasonReference": [{"reference": "Condition/c2"}]},
    {"occurrenceDateTime": "2027-03-01"},
    {"performer": [{"reference": "Practitioner/none"}]},
    {"performer": [{"display": "somebody"}]},
    {"requester": {"display": "somebody"}},
    {"insurance": [{"reference": "Coverage/none"}]},
    {
        "locationCode": [
            concept("https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set", "22")
        ]
    },
    {"supportingInfo": [{"reference": "Observation/none"}, {"reference": "Condition/c1"}]},
    {"contained": [{**CONDITION, "id": "in"}], "reasonReference": [{"reference": "#in"}]},
)


def order(number: int, changes: dict[str, Any]) -> dict[str, Any]:
    made = {**service_request(), **changes, "id": f"s{number}"}
    return {name: value for name, value in made.items() if value is not None}


def said(found: OrderContext) -> tuple[Any, ...]:
    return (
        found.orders,
        found.facts,
        found.gaps,
        found.choices,
        found.providers,
        found.diagnoses,
        found.documents,
        found.messages,
        found.insurance,
        found.coverage,
        found.requestor_id,
        found.location,
    )


def read(orders: Iterable[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [said(found) for found in contexts([*orders, *OTHERS], split=True)]


@given(st.lists(st.integers(0, len(VARIANTS) - 1), min_size=2, max_size=5))
def test_each_of_several_orders_is_read_as_if_it_had_come_alone(numbers: list[int]) -> None:
    # ids that begin alike, days that differ: no order repeats another
    orders = [
        order(10**at, {"authoredOn": f"2026-01-{at + 1:02}", **VARIANTS[number]}) for at, number in enumerate(numbers)
    ]
    assert read(orders) == [one for alone in orders for one in read([alone])]


def test_orders_beside_an_appointment_are_each_looked_at_themselves() -> None:
    meeting = {
        "resourceType": "Appointment",
        "id": "a1",
        "status": "booked",
        "start": "2026-12-05T10:00:00Z",
        "basedOn": [{"reference": "ServiceRequest/s2"}],
    }
    orders = [order(number, {"occurrenceDateTime": None, "code": concept(CPT, f"7372{number}")}) for number in (1, 2)]
    first, second = contexts([*orders, *OTHERS, meeting], split=True)
    assert ("start" in first.facts[0], "start" in second.facts[0]) == (False, True)


NAMES = st.sampled_from(["item", "items", "value", "valueReference", "a", "aB", "extension"])
ADDRESSES = [f"urn:uuid:{number}" for number in range(12)]
PARTS = st.recursive(
    st.one_of(
        st.sampled_from(["text", 1, None]), st.sampled_from([*ADDRESSES, "urn:other"]).map(lambda to: {"reference": to})
    ),
    lambda inner: st.one_of(st.lists(inner, min_size=1, max_size=12), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=30,
)


@given(PARTS.filter(lambda part: isinstance(part, dict)))
def test_what_a_resource_leads_to_comes_in_the_order_of_the_paths(part: dict[str, Any]) -> None:
    rows = sorted(references(part), key=lambda row: row[0])
    named = [row["reference"] for _, row in rows if row["reference"] in ADDRESSES]
    assert list(dict.fromkeys(_targets(part, ADDRESSES))) == list(dict.fromkeys(named))


@pytest.mark.parametrize("id_", ["s1", "s10"])
def test_the_gap_of_an_order_names_that_order(id_: str) -> None:
    changes = {"performer": [{"reference": "Practitioner/none"}]}
    orders = [order(1, changes), order(10, {**changes, "code": concept(CPT, "73723")})]
    paths = [gap.path for found in contexts([*orders, *OTHERS], split=True) for gap in found.gaps]
    assert f"ServiceRequest/{id_}.performer[0]" in paths
