"""An Encounter says where, when and in what kind of stay an order is carried out; alone it is refused."""

from typing import Any

import pytest

from gateway.model.errors import BadOrder
from tests.unit.orders.reading import (
    CPT,
    VERSIONS,
    Resource,
    built,
    concept,
    context,
    contexts,
    patient,
    resources,
    service_request,
    the_profiles,
    the_site,
)

_ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_HOSPITAL = {
    "resourceType": "Organization",
    "id": "o1",
    "active": True,
    "name": "Hospital",
    "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1230000022"}],
    "telecom": [{"system": "phone", "value": "555-010-0190"}],
    "address": [{"line": ["1 Example Way"], "city": "Springfield", "state": "IL", "postalCode": "62701"}],
}
_WARD = {
    "resourceType": "Location",
    "id": "l1",
    "name": "Ward",
    "address": {"line": ["1 Example Way"], "city": "Springfield", "state": "IL", "postalCode": "62701"},
}
in_each_version = pytest.mark.parametrize("version", VERSIONS)


def stay(**changes: Any) -> Resource:
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "planned",
        "class": {"system": _ACT, "code": "IMP"},
        "basedOn": [{"reference": "ServiceRequest/s1"}],
        "priority": concept("http://terminology.hl7.org/CodeSystem/v3-ActPriority", "UR"),
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2026-12-02", "end": "2026-12-06"},
        "hospitalization": {"admitSource": concept("http://terminology.hl7.org/CodeSystem/admit-source", "outp")},
        "location": [{"location": {"reference": "Location/l1"}}],
        "serviceProvider": {"reference": "Organization/o1"},
        **changes,
    }


def admission(**changes: Any) -> Resource:
    return service_request(code=concept(CPT, "99223"), occurrenceDateTime=None, locationCode=None, **changes)


@in_each_version
def test_a_stay_is_used_wherever_the_guide_has_a_place_for_it(version: str) -> None:
    found = context(admission(), stay(), _HOSPITAL, _WARD)
    request = built(found, version)
    assert (found.gaps, request.gaps) == ((), ())
    [encounter], [claim] = resources(request, "Encounter"), resources(request, "Claim")
    assert encounter["class"]["code"] == "IMP"
    assert encounter["type"][0]["coding"][0]["code"] == "2"
    assert encounter["period"] == {"start": "2026-12-02", "end": "2026-12-06"}
    assert encounter["hospitalization"]["admitSource"]["coding"][0]["code"] == "2"
    [location] = resources(request, "Location")
    assert encounter["location"] == [{"location": {"reference": f"urn:uuid:{location['id']}"}}]
    assert claim["item"][0]["servicedPeriod"] == {"start": "2026-12-02", "end": "2026-12-06"}
    assert claim["item"][0]["locationCodeableConcept"]["coding"][0]["code"] == "21"
    categories = [row["category"]["coding"][0]["code"] for row in claim["supportingInfo"]]
    assert {"admissionDates", "dischargeDates"} <= set(categories)
    assert [issue for issue in the_profiles(version).check(request.bundle).issues if issue.is_error] == []


def test_the_organization_of_the_stay_travels_in_the_version_that_has_a_place_for_it() -> None:
    found = context(admission(), stay(), _HOSPITAL, _WARD)
    [encounter] = resources(built(found, "2.2.1"), "Encounter")
    held = {f"urn:uuid:{row['id']}": row for row in resources(built(found, "2.2.1"), "Organization")}
    assert held[encounter["serviceProvider"]["reference"]]["identifier"][0]["value"] == "1230000022"
    [encounter] = resources(built(found, "2.0.1"), "Encounter")
    assert "serviceProvider" not in encounter


@pytest.mark.parametrize("known", [None, {**_HOSPITAL, "identifier": [{"system": "urn:oid:2.999", "value": "7"}]}])
def test_an_organization_that_was_not_sent_or_has_no_npi_is_no_gap(known: Resource | None) -> None:
    found = context(admission(), stay(), _WARD, *([known] if known else []))
    request = built(found)
    assert (found.gaps, request.gaps) == ((), ())
    assert "serviceProvider" not in resources(request, "Encounter")[0]


def test_a_stay_at_the_requestors_own_names_its_entry() -> None:
    own = {
        **_HOSPITAL,
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": the_site().requestors[0].npi}],
    }
    request = built(context(admission(), stay(), own, _WARD))
    [encounter], [claim] = resources(request, "Encounter"), resources(request, "Claim")
    assert encounter["serviceProvider"] == claim["provider"]


@in_each_version
@pytest.mark.parametrize(("code", "place"), [("EMER", "23"), ("HH", "12")])
def test_the_class_of_a_visit_tells_the_place_by_a_rule(code: str, place: str, version: str) -> None:
    visit = stay(**{"class": {"system": _ACT, "code": code}, "location": []})
    order = service_request(locationCode=None, occurrenceDateTime=None)
    [item] = built(context(order, visit), version).items
    assert item.place == place
    assert item.dates
    assert str(item.dates.start) == "2026-12-02"


def test_a_class_no_table_knows_tells_nothing() -> None:
    visit = stay(**{"class": {"system": _ACT, "code": "NEW"}, "location": []})
    found = context(service_request(locationCode=None), visit)
    assert "encounter_class" not in found.facts[0]
    assert [gap.element for gap in built(found).gaps] == ["Claim.item[0].locationCodeableConcept.coding[0].code"]


def test_an_encounter_alone_is_refused_with_what_to_send() -> None:
    with pytest.raises(BadOrder, match="send the ServiceRequest for the admission or service beside it") as refused:
        contexts([stay(), patient()])
    assert refused.value.fix.startswith("Send a ServiceRequest")
