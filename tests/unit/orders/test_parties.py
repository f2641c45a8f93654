"""Who asks, who orders, who performs."""

from typing import Any

import pytest

from gateway.model.errors import BadOrder
from tests.unit.orders.reading import (
    built,
    chosen,
    context,
    practitioner,
    resources,
    rules,
    service_request,
    two_requestors,
)

_NPI = "http://hl7.org/fhir/sid/us-npi"


def role(organization: str = "Organization/hospital", **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "PractitionerRole",
        "id": "r1",
        "practitioner": {"reference": "Practitioner/d1"},
        "organization": {"reference": organization},
        **changes,
    }


def test_a_site_with_one_requestor_needs_no_hint() -> None:
    found = context(service_request())
    assert found.requestor_id == "clinic"
    assert "requestor-only" in chosen(found)


@pytest.mark.parametrize(
    "requester",
    [
        {"reference": "Organization/hospital"},
        {"identifier": {"system": _NPI, "value": "1230000022"}},
        {"reference": "PractitionerRole/r1"},
    ],
)
def test_a_requestor_is_known_by_reference_npi_or_role(requester: dict[str, Any]) -> None:
    found = context(service_request(requester=requester), role(), practitioner(), site=two_requestors())
    assert found.requestor_id == "hospital"
    assert "requestor-known" in chosen(found)


def test_a_requestor_is_known_by_the_tax_id_of_the_encounters_organization() -> None:
    encounter = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "serviceProvider": {"reference": "Organization/o9"},
    }
    organization = {
        "resourceType": "Organization",
        "id": "o9",
        "name": "x",
        "identifier": [{"system": "urn:oid:2.16.840.1.113883.4.4", "value": "900000002"}],
    }
    found = context(
        service_request(encounter={"reference": "Encounter/e1"}), encounter, organization, site=two_requestors()
    )
    assert found.requestor_id == "hospital"


def test_between_several_requestors_an_order_without_a_hint_is_a_gap() -> None:
    found = context(service_request(), site=two_requestors())
    assert found.requestor_id == ""
    [gap] = [gap for gap in found.gaps if gap.rule == "requestor"]
    assert "clinic, hospital" in gap.need


def test_the_requestor_the_caller_names_wins_and_must_exist() -> None:
    assert context(service_request(), site=two_requestors(), requestor="hospital").requestor_id == "hospital"
    with pytest.raises(BadOrder, match="no requestor of that key") as fault:
        context(service_request(), requestor="nobody")
    assert "clinic" in fault.value.fix


def test_a_performer_that_was_not_sent_is_a_gap() -> None:
    assert "performing-provider" in rules(context(service_request(performer=[{"reference": "Practitioner/d9"}])))


def test_who_is_named_by_display_only_is_left_out_and_recorded() -> None:
    found = context(service_request(requester={"display": "Dr. X"}, performer=[{"display": "Dr. Y"}]))
    assert not found.gaps
    assert "provider-absent" in chosen(found)
    assert not found.providers


@pytest.mark.parametrize("npi", ["1230000015", "520", "12300000140", "123000001x"])
def test_a_wrong_npi_is_a_gap_before_a_payer_sees_it(npi: str) -> None:
    wrong = practitioner(identifier=[{"system": _NPI, "value": npi}])
    found = context(service_request(requester={"reference": "Practitioner/d1"}), wrong)
    assert "npi" in rules(found)
    assert npi not in str(found.gaps)


def test_orderer_and_performer_become_a_care_team_with_their_scope() -> None:
    performer = practitioner(id="d2", identifier=[{"system": _NPI, "value": "1230000022"}])
    order = service_request(requester={"reference": "Practitioner/d1"}, performer=[{"reference": "Practitioner/d2"}])
    claim = built(context(order, practitioner(), performer)).bundle["entry"][0]["resource"]
    scopes = [row["extension"][0]["valueBoolean"] for row in claim["careTeam"]]
    assert scopes == [True, False]
    assert claim["item"][0]["careTeamSequence"] == [1, 2]


def test_a_provider_without_a_telephone_is_a_gap_unless_the_requestors_desk_answers() -> None:
    silent = practitioner(telecom=None)
    ordering = built(context(service_request(requester={"reference": "Practitioner/d1"}), silent))
    assert not ordering.gaps
    [made] = resources(ordering, "PractitionerRole")
    assert made["telecom"][0]["value"] == "555-010-0100"
    performing = built(context(service_request(performer=[{"reference": "Practitioner/d1"}]), silent))
    assert [gap.element for gap in performing.gaps] == ["PractitionerRole.telecom[0].system"]


def test_a_provider_of_the_requestor_refers_to_the_requestors_own_entry() -> None:
    clinic = {
        "resourceType": "Organization",
        "id": "x1",
        "name": "ours",
        "identifier": [{"system": _NPI, "value": "1999999984"}],
    }
    request = built(
        context(
            service_request(requester={"reference": "PractitionerRole/r1"}),
            role("Organization/x1"),
            practitioner(),
            clinic,
        )
    )
    assert len(resources(request, "Organization")) == 2
    claim = request.bundle["entry"][0]["resource"]
    assert resources(request, "PractitionerRole")[0]["organization"] == claim["provider"]


def test_one_person_in_two_orders_travels_once() -> None:
    orders = [service_request(id=name, requester={"reference": "Practitioner/d1"}) for name in ("s1", "s2")]
    request = built(context(*orders, practitioner()))
    assert len(resources(request, "Practitioner")) == len(resources(request, "PractitionerRole")) == 1


def contact_told(*found: dict[str, Any]) -> list[tuple[str, str]]:
    request = built(context(*found))
    return [(choice.what, choice.value) for choice in request.choices if choice.rule == "provider-contact"]


def test_a_telecom_that_is_not_the_providers_own_is_told() -> None:
    order = service_request(requester={"reference": "Practitioner/d1"})
    assert contact_told(order, practitioner()) == []
    assert contact_told(order, practitioner(telecom=None)) == [
        ("contact of the ordering provider", "contact of the requestor in the site profile")
    ]
    hospital = {
        "resourceType": "Organization",
        "id": "hospital",
        "name": "Hospital",
        "telecom": [{"system": "phone", "value": "555-010-0177"}],
    }
    order = service_request(performer=[{"reference": "PractitionerRole/r1"}])
    assert contact_told(order, practitioner(telecom=None), role(), hospital) == [
        ("contact of the performing provider", "telecom of the organization")
    ]
    own = role(telecom=[{"system": "phone", "value": "555-010-0178"}])
    assert contact_told(order, practitioner(telecom=None), own, hospital) == []
