"""Finding what a reference points at, in every style of address seen in the field (quirks 1-12)."""

from typing import Any

import pytest

from gateway.fhir.bundle import Entry, Index, Step, collection, entries_of, references

UUID = "urn:uuid:0b321e9e-571b-4f83-8cea-fa23424383bb"
PATIENT = {"resourceType": "Patient", "id": "p1"}
CLAIM = {"resourceType": "Claim", "id": "c1"}


def bundle(*rows: tuple[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "entry": [{"fullUrl": url, "resource": resource} if url else {"resource": resource} for url, resource in rows],
    }


def index(*rows: tuple[str, Any]) -> Index:
    return Index(entries_of(bundle(*rows)))


@pytest.mark.parametrize(
    ("url", "reference", "step"),
    [
        (UUID, UUID, Step.FULL_URL),
        ("https://a.example/fhir/Patient/p1", "https://a.example/fhir/Patient/p1", Step.FULL_URL),
        ("https://a.example/fhir/Patient/p1", "https://a.example/fhir/Patient/p1/_history/3", Step.FULL_URL),
        ("p1", "p1", Step.FULL_URL),
        ("Patient/p1", "Patient/p1", Step.FULL_URL),
        ("urn:uuid:patient-001", "urn:uuid:patient-001", Step.FULL_URL),
        (UUID, "Patient/p1", Step.TYPE_ID),
        ("", "Patient/p1", Step.TYPE_ID),
        ("", "Patient/p1/_history/1", Step.TYPE_ID),
        ("https://a.example/fhir/Patient/p1", "https://b.example/Patient/p1", Step.OTHER_BASE),
        ("", "p1", Step.ID_ONLY),
        ("", "urn:uuid:p1", Step.ID_ONLY),
        (UUID, "Patient/0b321e9e-571b-4f83-8cea-fa23424383bb", Step.ID_ONLY),
    ],
)
def test_a_reference_is_resolved_and_says_how(url: str, reference: str, step: Step) -> None:
    found = index((url, PATIENT), (UUID[:-1] + "0", CLAIM)).resolve(reference)
    assert found is not None
    assert (found.entry.resource, found.step) == (PATIENT, step)


def test_a_relative_reference_prefers_the_base_of_its_own_entry() -> None:
    other = {**PATIENT, "active": True}
    entries = index(
        ("https://a.example/Patient/p1", PATIENT),
        ("https://b.example/Patient/p1", other),
        ("https://b.example/Claim/c1", CLAIM),
    )
    found = entries.resolve("Patient/p1", source=entries.entries[2])
    assert found is not None
    assert (found.entry.resource, found.step) == (other, Step.RELATIVE)
    assert entries.resolve("Patient/p1") is None


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/p2",
        "https://a.example/Patient/p2",
        "urn:uuid:nobody",
        "Patient?identifier=x",
        "Practitioner?identifier=https://a.example/Patient/p1",
        "Patient/p1?x=1",
        "",
        "#contained",
        "/",
        "Practitioner/p1",
        "Patient/",
        "https://a.example/",
    ],
)
def test_a_reference_to_nothing_resolves_to_nothing(reference: str) -> None:
    assert index(("https://a.example/Patient/p1", PATIENT)).resolve(reference) is None


def test_several_candidates_are_none_and_one_sent_twice_is_one() -> None:
    assert index(("", PATIENT), ("", {**PATIENT, "active": True})).resolve("Patient/p1") is None
    assert index(("", PATIENT), ("", dict(PATIENT))).resolve("Patient/p1") is not None
    assert index(("x", PATIENT), ("x", CLAIM)).resolve("x") is None


def test_an_id_alone_counts_only_when_one_resource_has_it() -> None:
    assert index(("", PATIENT), ("", {"resourceType": "Group", "id": "p1"})).resolve("p1") is None


def test_a_contained_resource_is_found_in_its_own_resource_only() -> None:
    holder = {
        "resourceType": "Claim",
        "id": "c1",
        "contained": [None, {"resourceType": "Patient", "id": "in"}, PATIENT],
    }
    entries = index((UUID, holder))
    found = entries.resolve("#in", source=entries.entries[0])
    assert found is not None
    assert (found.step, found.entry.path) == (Step.CONTAINED, "Bundle.entry[0].resource.contained[1]")
    assert entries.resolve("#nobody", source=entries.entries[0]) is None
    assert entries.resolve("#in") is None
    assert entries.resolve("#x", source=Entry({"resourceType": "Claim", "contained": "x"})) is None


def test_entries_are_opened_whatever_they_are_wrapped_in() -> None:
    inner = bundle(("", PATIENT))
    parameters = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "a", "resource": CLAIM},
            {"name": "b", "valueString": "x"},
            None,
            {"name": "c", "part": [{"name": "d", "resource": inner}, {"name": "e", "part": [{"resource": PATIENT}]}]},
        ],
    }
    rows = [
        (PATIENT, ["Patient"]),
        ([PATIENT, [CLAIM]], ["[0]", "[1][0]"]),
        (inner, ["Bundle.entry[0].resource"]),
        (bundle((UUID, inner)), ["Bundle.entry[0].resource.entry[0].resource"]),
        (
            parameters,
            [
                "Parameters.parameter[0].resource",
                "Parameters.parameter[3].part[0].resource.entry[0].resource",
                "Parameters.parameter[3].part[1].part[0].resource",
            ],
        ),
        ({"resourceType": "Parameters", "parameter": [{"name": "x"}]}, ["Parameters"]),
        ({"resourceType": "Parameters", "parameter": "x"}, ["Parameters"]),
    ]
    for document, paths in rows:
        assert [entry.path for entry in entries_of(document)] == paths
    assert entries_of(CLAIM, path="completion 1")[0].path == "completion 1"


@pytest.mark.parametrize(
    "document",
    [
        None,
        5,
        "x",
        {},
        [],
        {"resourceType": 5},
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "entry": {}},
        {
            "resourceType": "Bundle",
            "entry": [None, 5, {}, {"resource": None}, {"resource": "x"}, {"resource": {"id": "x"}}],
        },
    ],
)
def test_what_holds_no_resource_gives_none(document: Any) -> None:
    assert entries_of(document) == ()


def test_an_entry_keeps_its_address_and_knows_its_type_and_id() -> None:
    [entry] = entries_of({"resourceType": "Bundle", "entry": [{"fullUrl": UUID, "resource": PATIENT}]})
    assert (entry.full_url, entry.type_id) == (UUID, "Patient/p1")
    assert Entry({"resourceType": "Patient"}).type_id == Entry({"resourceType": "Patient", "id": 5}).type_id == ""
    [entry] = entries_of({"resourceType": "Bundle", "entry": [{"fullUrl": 5, "resource": PATIENT}]})
    assert entry.full_url == ""


def test_resources_are_found_by_type_in_their_order() -> None:
    entries = index(("", CLAIM), ("", PATIENT), ("", {"resourceType": "Claim", "id": "c2"}))
    assert [entry.type_id for entry in entries.of_type("Claim")] == ["Claim/c1", "Claim/c2"]
    assert [entry.type_id for entry in entries.of_type("Patient", "Claim")] == ["Claim/c1", "Patient/p1", "Claim/c2"]
    assert entries.of_type("Group") == ()


def test_every_reference_is_listed_with_its_place() -> None:
    resource = {
        "resourceType": "Claim",
        "patient": {"reference": "Patient/p1"},
        "provider": {"display": "x"},
        "item": [{"extension": [{"valueReference": {"reference": "#in"}}]}, {"reference": 5}],
        "contained": [
            {"resourceType": "Location", "id": "in", "managingOrganization": {"reference": "Organization/o"}}
        ],
    }
    assert {place: reference["reference"] for place, reference in references(resource, path="Claim")} == {
        "Claim.patient": "Patient/p1",
        "Claim.item[0].extension[0].valueReference": "#in",
        "Claim.contained[0].managingOrganization": "Organization/o",
    }
    assert [place for place, _ in references({"a": {"reference": "x"}})] == ["a"]


def test_a_collection_keeps_the_order_and_addresses_it_is_given() -> None:
    built = collection(
        [Entry(CLAIM, UUID), Entry(PATIENT, "urn:uuid:2")],
        identifier={"value": "b-1"},
        timestamp="2026-11-24T15:00:00Z",
        profile="urn:profile",
    )
    assert built == {
        "resourceType": "Bundle",
        "meta": {"profile": ["urn:profile"]},
        "identifier": {"value": "b-1"},
        "type": "collection",
        "timestamp": "2026-11-24T15:00:00Z",
        "entry": [{"fullUrl": UUID, "resource": CLAIM}, {"fullUrl": "urn:uuid:2", "resource": PATIENT}],
    }
