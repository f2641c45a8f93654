"""Ids are the only ones of their kind in a resource, references say the type they lead to, and null says nothing."""

from typing import Any

import pytest

from tests.unit.conformance.small_guide import checked, found

ROW = {"system": "urn:s", "value": "1"}


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "active": True, **more}


def contained(*rows: dict[str, Any], to: str = "#a") -> dict[str, Any]:
    return patient(contained=list(rows), managingOrganization={"reference": to})


ORGANIZATION = {"resourceType": "Organization", "id": "a", "name": "x"}


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (patient(identifier=[{"id": "x", **ROW}, {"id": "y", **ROW}]), []),
        (patient(identifier=[{"id": "x", **ROW}, {"id": "x", **ROW}]), [("id-unique", "Patient.identifier[1].id")]),
        (
            patient(identifier=[{"id": "x", **ROW}], _active={"id": "x"}),
            [("id-unique", "Patient.active.id")],
        ),
        # another resource, another count
        (
            contained({**ORGANIZATION, "_name": {"id": "x"}}) | {"_active": {"id": "x"}},
            [],
        ),
        (contained(ORGANIZATION), []),
        (contained(ORGANIZATION, ORGANIZATION), [("id-unique", "Patient.contained[1].id")]),
        (
            contained(ORGANIZATION, {"resourceType": "Practitioner", "id": "a", "name": "x"}),
            [("id-unique", "Patient.contained[1].id")],
        ),
    ],
)
def test_an_id_is_the_only_one_of_its_kind_in_a_resource(
    resource: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert found(checked(resource, {})) == expected


@pytest.mark.parametrize(
    ("reference", "is_right"),
    [
        ({"reference": "#a", "type": "Organization"}, True),
        ({"reference": "#a", "type": "http://hl7.org/fhir/StructureDefinition/Organization"}, True),
        ({"reference": "#a", "type": "Practitioner"}, False),
        ({"reference": "#a", "type": "Nothing"}, False),
        ({"reference": "Organization/1", "type": "Organization"}, True),
        ({"reference": "Organization/1", "type": "Practitioner"}, False),
        ({"reference": "http://example.org/Organization/1", "type": "Practitioner"}, False),
        ({"reference": "urn:uuid:0fd630f1-f29d-4da9-953f-48f1a09f76b5", "type": "Practitioner"}, True),
        ({"display": "x", "type": "Practitioner"}, True),
    ],
)
def test_the_type_a_reference_says_is_that_of_its_target(reference: dict[str, Any], is_right: bool) -> None:
    resource = patient(contained=[ORGANIZATION], managingOrganization=reference)
    rules = [issue for issue in checked(resource, {}).issues if issue.rule == "reference-type"]

    assert [issue.path for issue in rules] == ([] if is_right else ["Patient.managingOrganization.type"])


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (patient(birthDate="2020-01-01", _birthDate=None), [("empty", "Patient.birthDate")]),
        (patient(_birthDate=None), [("empty", "Patient.birthDate")]),
        (patient(meta={"profile": ["urn:a"], "_profile": [{"id": "x"}]}), []),
        (patient(meta={"profile": ["urn:a", "urn:b"], "_profile": [None, {"id": "x"}]}), []),
        (patient(meta={"profile": ["urn:a", "urn:b"], "_profile": [None, None]}), [("empty", "Patient.meta.profile")]),
    ],
)
def test_null_beside_a_value_only_fills_up_an_array(resource: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(checked(resource, {})) == expected
