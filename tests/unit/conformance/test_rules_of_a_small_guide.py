"""Bindings, extensions, references, limits and repeated elements, each on a definition made for the purpose."""

from typing import Any

import pytest

from gateway.fhir.outcome import Severity
from tests.unit.conformance.small_guide import (
    BASE,
    canonical,
    checked,
    found,
    of,
    profile,
    profiles,
    reference,
    skipped,
)

SETS: dict[str, Any] = {
    "urn:known": {"codes": {"urn:s": ["a", "b"]}},
    "urn:licensed": {"open": ["urn:s"]},
    "urn:partly": {"codes": {"urn:s": ["a"]}, "unknown": True},
}


def bound(strength: str, url: str, *codings: dict[str, str], **concept: Any) -> Any:
    """What is said of a concept bound to a set: (rule, severity) of the finding, or `skipped`."""
    value = {**({"coding": list(codings)} if codings else {}), **concept}
    elements = {"Patient.maritalStatus": {"binding": {"strength": strength, "set": url}}}
    report = checked({"resourceType": "Patient", "maritalStatus": value}, elements, value_sets=SETS)
    assert all(issue.path == "Patient.maritalStatus" for issue in report.issues)
    return [issue.severity for issue in report.issues] or ["skipped" for _ in report.not_evaluated]


A, C, FOREIGN = {"system": "urn:s", "code": "a"}, {"system": "urn:s", "code": "c"}, {"system": "urn:x", "code": "a"}


@pytest.mark.parametrize(
    ("strength", "url", "coding", "said"),
    [
        ("required", "urn:known", A, []),
        ("required", "urn:known", C, [Severity.ERROR]),
        ("required", "urn:known", FOREIGN, [Severity.ERROR]),
        ("required", "urn:licensed", C, ["skipped"]),
        ("required", "urn:licensed", FOREIGN, [Severity.ERROR]),
        ("required", "urn:partly", C, ["skipped"]),
        ("required", "urn:nowhere", A, ["skipped"]),
        ("extensible", "urn:known", A, []),
        ("extensible", "urn:known", FOREIGN, [Severity.WARNING]),
        ("extensible", "urn:licensed", C, ["skipped"]),
        ("preferred", "urn:known", A, []),
        ("preferred", "urn:known", C, [Severity.INFORMATION]),
        ("preferred", "urn:known", FOREIGN, []),
        ("preferred", "urn:licensed", C, []),
        ("preferred", "urn:nowhere", A, []),
    ],
)
def test_a_binding_binds_by_its_strength_and_by_what_is_known(strength: str, url: str, coding: Any, said: Any) -> None:
    assert bound(strength, url, coding) == said


def test_one_coding_of_the_set_is_enough_and_words_alone_are_not() -> None:
    assert bound("required", "urn:known", FOREIGN, A) == []
    assert bound("required", "urn:known", text="words") == [Severity.ERROR]
    assert bound("extensible", "urn:known", text="words") == []


def extension(name: str, elements: Any = None, context: Any = ("element:Patient",), **more: Any) -> dict[str, Any]:
    url = canonical(name)
    rows = {"Extension.url": {"fixed": url}, "Extension.extension": {"card": "0..0"}, **(elements or {})}
    return profile(name, "Extension", rows, context=list(context), **more)


def extended(definition: dict[str, Any], row: dict[str, Any], place: str = "extension", **more: Any) -> Any:
    return profiles(definition).check({"resourceType": "Patient", place: [row], **more})


FLAG = extension("flag", {"Extension.value[x]": of("1..1", "boolean")})
ROW = {"url": canonical("flag"), "valueBoolean": True}


def test_an_extension_is_held_against_its_definition() -> None:
    assert found(extended(FLAG, ROW)) == []
    assert found(extended(FLAG, {"url": canonical("flag"), "valueString": "x"})) == [
        ("type", "Patient.extension[0].value")
    ]
    assert found(extended(FLAG, {"url": canonical("none"), "valueString": "x"})) == [
        ("unknown-extension", "Patient.extension[0]")
    ]


def test_an_unknown_modifier_extension_is_an_error_and_an_unknown_plain_one_information() -> None:
    row = {"url": "http://example.org/other", "valueBoolean": True}

    plain, modifier = (extended(FLAG, row, place) for place in ("extension", "modifierExtension"))

    assert plain.ok
    assert [issue.severity for issue in plain.issues] == [Severity.INFORMATION]
    assert found(modifier) == [("unknown-extension", "Patient.modifierExtension[0]")]
    assert not modifier.ok


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (["element:Patient"], []),
        (["element:DomainResource"], []),
        (["element:Element"], []),
        (["element:Organization"], [("extension-context", "Patient.extension[0]")]),
        (["extension:http://example.org/other"], [("extension-context", "Patient.extension[0]")]),
        (["element:Organization", "element:Patient"], []),
    ],
)
def test_an_extension_stands_where_its_context_lets_it(context: list[str], said: Any) -> None:
    assert found(extended(extension("flag", context=context), ROW)) == said


@pytest.mark.parametrize("context", ["fhirpath:Patient", "element:Patient:slice"])
def test_a_context_that_is_not_evaluated_is_reported(context: str) -> None:
    report = extended(extension("flag", context=[context]), ROW)

    assert found(report) == []
    assert skipped(report) == [("extension-context", "Patient.extension[0]")]


def test_a_context_that_is_too_narrow_is_widened_by_an_override() -> None:
    narrow = extension("flag", context=["element:Organization"])
    wider = profiles(narrow, contexts={canonical("flag"): frozenset({"element:Patient"})})

    assert found(wider.check({"resourceType": "Patient", "extension": [ROW]})) == []


def test_a_rule_about_the_context_is_asked_of_the_element_that_holds_the_extension() -> None:
    ruled = extension("flag", contextRules=["active = true and %extension.value = true"])

    assert found(extended(ruled, ROW, active=True)) == []
    assert found(extended(ruled, ROW, active=False)) == [("extension-context", "Patient.extension[0]")]


def holder(target: str, *more: Any, targets: Any = ("Organization",), **value: Any) -> Any:
    elements = {"Patient.managingOrganization": {"types": [reference(*targets)]}}
    patient = {
        "resourceType": "Patient",
        "meta": {"profile": [canonical("p")]},
        "managingOrganization": {"reference": target, **value} if target else value,
    }
    entries = [{"fullUrl": f"urn:uuid:{number}", "resource": row} for number, row in enumerate((patient, *more))]
    strict = profile("named", "Organization", {"Organization.name": {"card": "1..1"}})
    return profiles(profile("p", "Patient", elements), strict).check({"resourceType": "Bundle", "entry": entries})


CLINIC, DOCTOR = {"resourceType": "Organization", "active": True}, {"resourceType": "Practitioner", "active": True}
PLACE = "Bundle.entry[0].resource.managingOrganization"


def test_a_reference_points_at_a_type_it_may_point_at() -> None:
    assert found(holder("urn:uuid:1", CLINIC)) == []
    assert found(holder("urn:uuid:1", DOCTOR)) == [("reference-target", PLACE)]


@pytest.mark.parametrize(
    "target", ["Practitioner/1", "http://example.org/fhir/Practitioner/1", "Practitioner/1/_history/2"]
)
def test_a_target_that_is_elsewhere_says_its_type_in_the_reference(target: str) -> None:
    assert found(holder(target)) == [("reference-target", PLACE)]
    assert found(holder(target.replace("Practitioner", "Organization"))) == []


def test_a_logical_reference_says_its_type_beside_the_identifier() -> None:
    identifier = {"system": "urn:s", "value": "1"}

    assert found(holder("", identifier=identifier, type="Practitioner")) == [("reference-target", PLACE)]
    assert found(holder("", identifier=identifier, type="Organization")) == []
    assert found(holder("", identifier=identifier)) == []


def test_a_reference_points_at_a_resource_of_the_profile() -> None:
    strict = (canonical("named") + "|1",)

    assert found(holder("urn:uuid:1", {**CLINIC, "name": "x"}, targets=strict)) == []
    assert found(holder("urn:uuid:1", CLINIC, targets=strict)) == [("cardinality", "Bundle.entry[1].resource.name")]


def test_of_several_profiles_one_is_enough() -> None:
    both = (canonical("named") + "|1", "Practitioner")

    assert found(holder("urn:uuid:1", DOCTOR, targets=both)) == []


def test_a_contained_target_is_held_against_the_profile_too() -> None:
    elements = {"Patient.managingOrganization": {"types": [reference(canonical("named") + "|1")]}}
    strict = profile("named", "Organization", {"Organization.name": {"card": "1..1"}})
    patient = {
        "resourceType": "Patient",
        "contained": [{**CLINIC, "id": "c"}],
        "managingOrganization": {"reference": "#c"},
    }

    assert found(checked(patient, elements, strict)) == [("cardinality", "Patient.contained[0].name")]


def test_a_target_whose_definition_is_not_at_hand_is_reported() -> None:
    report = holder("urn:uuid:1", DOCTOR, targets=(f"{BASE}/StructureDefinition/absent",))

    assert found(report) == []
    assert skipped(report) == [("reference-target", PLACE)]


@pytest.mark.parametrize(
    ("limits", "value", "said"),
    [
        ({"minValue": "2000-01-01"}, "1999-12-31", ["min-value"]),
        ({"minValue": "2000-01-01"}, "2000-01-01", []),
        ({"minValue": "2000-06-01"}, "2000", []),
        ({"maxValue": "2000-01-01"}, "2000-01-02", ["max-value"]),
    ],
)
def test_dates_keep_their_limits(limits: Any, value: str, said: list[str]) -> None:
    report = checked({"resourceType": "Patient", "birthDate": value}, {"Patient.birthDate": limits})

    assert found(report) == [(rule, "Patient.birthDate") for rule in said]


def test_quantities_keep_their_limits_in_the_unit_of_the_limit_only() -> None:
    elements = {"Patient.weight": {"maxValue": {"value": 300, "code": "kg"}}}

    def weighed(**weight: Any) -> Any:
        return checked({"resourceType": "Patient", "weight": weight}, elements)

    assert found(weighed(value=301, code="kg")) == [("max-value", "Patient.weight")]
    assert found(weighed(value=300, code="kg")) == []
    assert skipped(weighed(value=660, code="[lb_av]")) == [("max-value", "Patient.weight")]


INNER = {"linkId": "1.1.1", "item": [{"text": "d"}]}
NESTED = {"resourceType": "Questionnaire", "item": [{"text": "a", "item": [{"text": "b", "item": [INNER]}]}]}


def test_the_demands_on_an_element_hold_where_the_profile_repeats_it() -> None:
    elements = {"Questionnaire.item.text": {"card": "1..1"}, "Questionnaire.item.item": {"ref": "#Questionnaire.item"}}

    assert found(checked(NESTED, elements)) == [("cardinality", "Questionnaire.item[0].item[0].item[0].text")]


def test_the_demands_on_an_element_end_where_the_profile_leaves_it_to_r4() -> None:
    assert found(checked(NESTED, {"Questionnaire.item.text": {"card": "1..1"}})) == []


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ({"identifier": [{"id": "only"}]}, [("ele-1", "Patient.identifier[0]")]),
        ({"active": None, "_active": {"extension": [ROW]}}, [("empty", "Patient.active")]),
        ({"_birthDate": {"id": "only"}}, [("ele-1", "Patient.birthDate")]),
        ({"birthDate": "2000", "_birthDate": {"id": "only"}}, []),
        ({"resourceType": "Spoiled"}, [("resource-type", "Spoiled")]),
        ({"resourceType": "Identifier", "value": "x"}, [("resource-type", "Identifier")]),
        ({"multipleBirthInteger": 1, "multipleBirthBoolean": True}, [("cardinality", "Patient.multipleBirth")]),
        ({"multipleBirthInteger": 1, "_multipleBirthBoolean": {"id": "a", "extension": [ROW]}},
         [("cardinality", "Patient.multipleBirth")]),
    ],
)  # fmt: skip
def test_json_that_says_nothing_or_too_much_is_named(resource: Any, said: Any) -> None:
    report = profiles(extension("flag", context=["element:Element"])).check({"resourceType": "Patient", **resource})

    assert found(report) == said
