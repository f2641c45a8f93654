"""Slices are told apart by every kind of discriminator, on every kind of path, and what cannot be told is said."""

from typing import Any

import pytest

from tests.unit.conformance.small_guide import canonical, checked, found, of, profile, skipped

EXTENSION = "http://example.org/mark"
MINE, OTHER = {"system": "urn:mine", "value": "1"}, {"system": "urn:other", "value": "2"}
NEEDED = [("cardinality", "Patient.identifier")]


def patient(*identifiers: Any, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": list(identifiers), **more}


def sliced(kind: str, path: str, slice_: dict[str, Any], rules: str = "open", **more: Any) -> dict[str, Any]:
    rows = {f"Patient.identifier:mine{f'.{name}' if name else ''}": row for name, row in slice_.items()}
    slicing = {"by": [[kind, path]], "rules": rules, **more}
    return {"Patient.identifier": {"slicing": slicing}, "Patient.identifier:mine": {"card": "1..1"}, **rows}


@pytest.mark.parametrize(
    ("kind", "path", "slice_", "yes", "no"),
    [
        ("value", "system", {"system": {"fixed": "urn:mine"}}, MINE, OTHER),
        ("value", "$this", {"": {"card": "1..1", "pattern": {"system": "urn:mine"}}}, MINE, OTHER),
        ("pattern", "$this", {"system": {"card": "1..1", "pattern": "urn:mine"}}, MINE, OTHER),
        ("value", "system", {"system": {"binding": {"strength": "required", "set": "urn:set"}}}, MINE, OTHER),
        ("exists", "value", {"value": {"card": "1..1"}}, MINE, {"system": "urn:mine"}),
        ("exists", "value", {"value": {"card": "0..0"}}, {"system": "urn:mine"}, MINE),
        (
            "value",
            f"extension('{EXTENSION}').value.ofType(boolean)",
            {
                "extension": {},
                "extension:mark": {"card": "1..1", "types": [{"code": "Extension", "profiles": [EXTENSION]}]},
                "extension:mark.value[x]": {"card": "1..1", "types": ["boolean"], "fixed": True},
            },
            {"extension": [{"url": EXTENSION, "valueBoolean": True}]},
            {"extension": [{"url": EXTENSION, "valueBoolean": False}]},
        ),
    ],
)
def test_a_row_is_of_a_slice_by_its(kind: str, path: str, slice_: dict[str, Any], yes: Any, no: Any) -> None:
    elements = sliced(kind, path, slice_)
    sets = {"urn:set": {"codes": ["urn:mine"]}}

    assert found(checked(patient(yes), elements, value_sets=sets)) == _unknown(yes)
    assert found(checked(patient(no), elements, value_sets=sets)) == [*_unknown(no), *NEEDED]


def _unknown(row: Any) -> list[tuple[str, str]]:
    """The extension that tells slices apart here has no definition, which is worth a word each time."""
    return [("unknown-extension", "Patient.identifier[0].extension[0]")] if "extension" in row else []


DOCTOR = {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Practitioner", "active": True}}
CLINIC = {"fullUrl": "urn:uuid:2", "resource": {"resourceType": "Organization", "active": True}}
ACTIVE = profile("active", "Practitioner", {"Practitioner.active": {"card": "1..1", "fixed": True}})
DOCTORS_SLICE = {"card": "1..1", "types": [{"code": "Reference", "targets": [canonical("active") + "|1"]}]}


def in_bundle(elements: dict[str, Any], *references: str) -> Any:
    """A Bundle with a Patient of the profile, a doctor and a clinic."""
    rows = [{"reference": target} for target in references]
    holder = {
        "resourceType": "Patient",
        "meta": {"profile": [canonical("p")]},
        "generalPractitioner": rows,
    }
    bundle = {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:3", "resource": holder}, DOCTOR, CLINIC]}
    return checked(bundle, {}, profile("p", "Patient", elements), ACTIVE)


@pytest.mark.parametrize(
    ("kind", "path"), [("profile", "resolve()"), ("type", "resolve()"), ("value", "resolve().active")]
)
def test_a_reference_is_of_a_slice_by_what_it_leads_to(kind: str, path: str) -> None:
    place = "Bundle.entry[0].resource.generalPractitioner"
    elements = {
        "Patient.generalPractitioner": {"slicing": {"by": [[kind, path]], "rules": "open"}},
        "Patient.generalPractitioner:doctor": DOCTORS_SLICE,
    }

    assert found(in_bundle(elements, "urn:uuid:1")) == []
    assert found(in_bundle(elements, "urn:uuid:2")) == [("cardinality", place)]
    unresolved = in_bundle(elements, "Practitioner/elsewhere")
    assert found(unresolved) == []
    assert skipped(unresolved) == [("slice", f"{place}[0]")]


def test_a_bundle_entry_is_of_a_slice_by_the_profile_of_its_resource() -> None:
    elements = {
        "Bundle.entry": {"slicing": {"by": [["profile", "resource"]], "rules": "closed"}},
        "Bundle.entry:doctor": {"card": "1..1"},
        "Bundle.entry:doctor.resource": {
            "card": "1..1",
            "types": [{"code": "Practitioner", "profiles": [canonical("active") + "|1"]}],
        },
    }
    idle = {"resource": {"resourceType": "Practitioner", "active": False}}

    assert found(checked({"resourceType": "Bundle", "entry": [DOCTOR]}, elements, ACTIVE)) == []
    assert found(checked({"resourceType": "Bundle", "entry": [idle]}, elements, ACTIVE)) == [
        ("cardinality", "Bundle.entry"),
        ("slice", "Bundle.entry[0]"),
    ]


def test_a_target_that_may_be_of_a_profile_not_at_hand_may_be_of_the_slice() -> None:
    place = "Bundle.entry[0].resource.generalPractitioner"
    absent = {"code": "Reference", "targets": ["http://example.org/absent"]}
    for kind in ("type", "profile"):
        elements = {
            "Patient.generalPractitioner": {"slicing": {"by": [[kind, "resolve()"]], "rules": "closed"}},
            "Patient.generalPractitioner:it": {"card": "1..1", "types": [absent]},
        }

        report = in_bundle(elements, "urn:uuid:1")

        assert found(report) == []
        assert ("slice", f"{place}[0]") in skipped(report)


def test_a_value_of_another_type_is_not_of_the_slice_whatever_it_says() -> None:
    elements = sliced(
        "value",
        f"extension('{EXTENSION}').value.ofType(code)",
        {
            "extension": {},
            "extension:mark": {"card": "1..1", "types": [{"code": "Extension", "profiles": [EXTENSION]}]},
            "extension:mark.value[x]": {"card": "1..1", "fixed": "yes"},
        },
    )

    for name, missed in (("valueCode", []), ("valueString", NEEDED)):
        row = {"extension": [{"url": EXTENSION, name: "yes"}]}
        assert [one for one in found(checked(patient(row), elements)) if one[0] == "cardinality"] == missed


def test_a_contained_target_is_followed() -> None:
    resource = {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Practitioner", "id": "d", "active": True}],
        "generalPractitioner": [{"reference": "#d"}],
    }
    elements = {
        "Patient.generalPractitioner": {"slicing": {"by": [["type", "resolve()"]], "rules": "closed"}},
        "Patient.generalPractitioner:clinic": {"types": [{"code": "Reference", "targets": ["Organization"]}]},
    }

    assert found(checked(resource, elements)) == [("slice", "Patient.generalPractitioner[0]")]


def test_a_discriminator_nobody_knows_is_reported_for_each_row() -> None:
    report = checked(patient(MINE, OTHER), sliced("position", "$this", {}))

    assert found(report) == []
    assert skipped(report) == [("slice", "Patient.identifier[0]"), ("slice", "Patient.identifier[1]")]


@pytest.mark.parametrize(
    ("rows", "rules", "strays"),
    [
        ([MINE, OTHER], "open", []),
        ([OTHER, MINE], "open", []),
        ([MINE, OTHER], "closed", [1]),
        ([MINE, OTHER], "openAtEnd", []),
        ([OTHER, MINE], "openAtEnd", [0]),
    ],
)
def test_others_may_come_where_the_slicing_lets_them(rows: Any, rules: str, strays: list[int]) -> None:
    elements = sliced("value", "system", {"system": {"fixed": "urn:mine"}}, rules)

    assert found(checked(patient(*rows), elements)) == [("slice", f"Patient.identifier[{row}]") for row in strays]


@pytest.mark.parametrize(("order", "strays"), [("ab", []), ("ba", [1]), ("xab", []), ("axb", [])])
def test_ordered_slices_keep_their_order(order: str, strays: list[int]) -> None:
    elements = {
        "Patient.identifier": {"slicing": {"by": [["value", "system"]], "rules": "open", "ordered": True}},
        "Patient.identifier:a.system": {"fixed": "urn:a"},
        "Patient.identifier:b.system": {"fixed": "urn:b"},
    }
    rows = [{"system": f"urn:{name}"} for name in order]

    assert found(checked(patient(*rows), elements)) == [("slice", f"Patient.identifier[{row}]") for row in strays]


def test_a_slice_may_be_sliced_again() -> None:
    elements = {
        "Patient.identifier": {"slicing": {"by": [["value", "system"]], "rules": "open"}},
        "Patient.identifier:mine": {"slicing": {"by": [["value", "value"]], "rules": "open"}},
        "Patient.identifier:mine.system": {"fixed": "urn:mine"},
        "Patient.identifier:mine/first": {"card": "1..1"},
        "Patient.identifier:mine/first.value": {"fixed": "1"},
    }

    assert found(checked(patient(MINE), elements)) == []
    assert found(checked(patient({**MINE, "value": "2"}), elements)) == NEEDED


def test_the_least_number_of_a_slice_is_not_missed_where_a_row_may_belong_to_it() -> None:
    elements = {
        "Patient.generalPractitioner": {"slicing": {"by": [["type", "resolve()"]], "rules": "open"}},
        "Patient.generalPractitioner:clinic": of("1..1", {"code": "Reference", "targets": ["Organization"]}),
    }
    resource = {"resourceType": "Patient", "generalPractitioner": [{"reference": "Organization/elsewhere"}]}

    report = checked(resource, elements)

    assert found(report) == []
    assert skipped(report) == [("slice", "Patient.generalPractitioner[0]")]
    assert found(checked({"resourceType": "Patient"}, elements)) == [("cardinality", "Patient.generalPractitioner")]
