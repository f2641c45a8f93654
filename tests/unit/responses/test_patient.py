"""Whether an answer is about our patient: by reference, by member identifier and by birth date."""

from typing import Any

import pytest

from gateway.model.authorization import Result
from gateway.responses import Kind, Reading
from tests.unit.responses.payloads import PATIENT, asked, bundle, item, reading, response, review

ID = PATIENT.removeprefix("urn:uuid:")
WANTED = asked(member_ids=frozenset({"W12 345a", "SUB-9"}), birth_date="1961-04-09")
ANOTHER = "the payer's answer is about another patient"
UNSAID = "the payer's answer does not say which patient it is about"


COPY = "https://payer.example/Patient/p99"
MEMBER = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MB"}]}


def ids(*values: Any) -> list[dict[str, Any]]:
    """Identifiers of a system we do not know, without a type."""
    return [{"system": "urn:theirs", "value": value} for value in values]


def members(*values: Any) -> list[dict[str, Any]]:
    """Identifiers said to be member ids."""
    return [{"type": MEMBER, **row} for row in ids(*values)]


def answered(person: Any = None, *, patient: Any = None, wanted: Any = WANTED, **more: Any) -> Reading:
    """An approval with `person` as the Patient in its Bundle, under our patient's own address."""
    document = bundle(response(item(review("A1", "AUTH-1")), patient=patient or {"reference": PATIENT}, **more))
    if person is not None:
        document["entry"].append({"fullUrl": PATIENT, "resource": {"resourceType": "Patient", "id": ID, **person}})
    return reading(document, wanted)


def contained(person: Any) -> Reading:
    held = [{"resourceType": "Patient", "id": "p", **person}]
    return answered(patient={"reference": "#p"}, contained=held)


def copied(person: Any, *, full_url: str = COPY, **reference: Any) -> Reading:
    """An approval that refers to `person` as a Patient under an address of the payer."""
    document = bundle(response(item(review("A1", "AUTH-1")), patient={"reference": COPY, **reference}))
    resource = {"resourceType": "Patient", "id": "p99", **person}
    document["entry"].append({"fullUrl": full_url, "resource": resource})
    return reading(document, WANTED)


def remarks(found: Reading) -> list[tuple[str, str]]:
    return [(issue.severity.value, issue.path) for issue in found.issues if issue.rule == "patient"]


def trusted(found: Reading, attention: str = "") -> bool:
    return (found.kind, found.determination, found.attention) == (Kind.ANSWERED, Result.APPROVED, attention)


def untrusted(found: Reading) -> bool:
    return (found.kind, found.reason, found.answers) == (Kind.UNTRUSTED, ANOTHER, ())


@pytest.mark.parametrize(
    "person",
    [
        {"identifier": members("W99999")},
        {"identifier": members("W99999", "X-1")},
        {"identifier": members("W99999")[0]},
        {"identifier": [{"type": {"coding": {"code": "mb"}}, "value": "W99999"}]},
        {"identifier": [*ids("SUB-9"), *members("W99999")]},
        {"identifier": [*members("W99999"), *ids("SUB-9")], "birthDate": "1961-04-09"},
        {"identifier": members("W12345A", "W99999")},
        {"birthDate": "1961-04-10"},
        {"birthDate": "1960"},
        {"identifier": ids("SUB-9"), "birthDate": "1990-01-01"},
        {"identifier": members("W99999"), "birthDate": "1961-04-09"},
    ],
    ids=[
        "other member",
        "others",
        "no list",
        "type without system",
        "other member beside a record number",
        "before a record number",
        "beside our member id",
        "born later",
        "other year",
        "same subscriber",
        "same birthday",
    ],
)
def test_another_person_is_another_patient_under_whatever_address(person: Any) -> None:
    assert untrusted(answered(person))
    assert untrusted(contained(person))
    assert untrusted(copied(person))


@pytest.mark.parametrize(
    "person",
    [
        {"identifier": ids("W12345A"), "birthDate": "1961-04-09"},
        {"identifier": members("W12345A")},
        {"identifier": ids("their-own-number", " w12 345 A ")},
        {"identifier": ids("sub-9")},
        {"identifier": members("W12-345.A", " sub 9 ")},
        {"identifier": ids("SUB9"), "birthDate": "1961-04"},
        {"identifier": ids("SUB9"), "birthDate": "1961"},
        {"identifier": ids("SUB9"), "birthDate": "1961-04-09T00:00:00Z"},
    ],
    ids=["same", "member", "one of several", "subscriber", "punctuation", "month", "year", "time"],
)
def test_our_patient_is_known_by_what_it_states(person: Any) -> None:
    for found in (answered(person), contained(person)):
        assert trusted(found)
        assert remarks(found) == []
    assert trusted(copied(person))
    assert remarks(copied(person)) == [("information", "Bundle.entry[0].resource.patient.reference")]


def test_a_copy_is_found_however_referred_to() -> None:
    same = {"identifier": ids("W12345A"), "birthDate": "1961-04-09"}
    assert trusted(copied(same, reference="Patient/p99"))
    assert trusted(copied(same, reference=f"{COPY}/_history/3"))
    assert trusted(copied(same, full_url="https://other.example/fhir/Patient/p99"))
    assert trusted(copied(same, reference="Patient/p98"), UNSAID)


@pytest.mark.parametrize(
    "person",
    [
        {},
        {"identifier": []},
        {"identifier": [{"system": "urn:x"}, {"value": ""}, {"value": 5}, None]},
        {"birthDate": "09.04.1961"},
        {"birthDate": None, "name": [{"family": "Roe"}]},
        {"identifier": ids("W99999")},
        {"identifier": [{"value": "W99999", "type": {"coding": [{"code": "MR"}]}}]},
        {"identifier": members("-", " ")},
        {"birthDate": "1961-04-09"},
        {"identifier": ids("W99999"), "birthDate": "1961-04-09"},
    ],
    ids=[
        "nothing",
        "no identifier",
        "no value",
        "unreadable date",
        "name only",
        "number of their own",
        "record number",
        "punctuation only",
        "birthday alone",
        "number of their own and birthday",
    ],
)
def test_a_patient_that_states_nothing_to_tell_it_by_must_be_named_by_reference(person: Any) -> None:
    assert trusted(answered(person))
    assert trusted(contained(person), UNSAID)
    assert trusted(copied(person), UNSAID)


def test_the_identifier_on_the_reference_counts_with_and_without_an_address() -> None:
    for address in ({"reference": PATIENT}, {"reference": COPY}, {}):
        assert trusted(answered(patient={**address, "identifier": {"value": "w12345a"}}))
        assert untrusted(answered(patient={**address, "identifier": members("W99999")[0]}))
        assert untrusted(answered(patient={**address, "identifier": members("W12345A", "W99999")}))
    assert trusted(answered(patient={"reference": PATIENT, "identifier": {"value": "W99999"}}))
    assert trusted(answered(patient={"reference": COPY, "identifier": {"value": "W99999"}}), UNSAID)


def test_the_identifier_on_the_reference_does_not_outweigh_the_copy_it_points_at() -> None:
    known = {"value": "W12345A"}
    assert trusted(copied({}, identifier=known))
    assert untrusted(copied({"identifier": members("W99999")}, identifier=known))
    assert untrusted(copied({"birthDate": "1990-01-01"}, identifier=known))


@pytest.mark.parametrize(
    "patient",
    [{"display": "somebody"}, {"reference": "#nobody"}, {"reference": "#"}, "Patient", [], {"identifier": {}}],
    ids=["words", "contained nowhere", "container", "no object", "empty list", "empty identifier"],
)
def test_an_answer_that_does_not_say_which_patient_is_shown_to_a_person(patient: Any) -> None:
    document = bundle(response(item(review("A1", "AUTH-1")), patient=patient))
    assert trusted(reading(document, WANTED), UNSAID)


def test_an_answer_without_any_patient_is_shown_to_a_person() -> None:
    assert trusted(reading(bundle(response(item(review("A1", "AUTH-1")), without=("patient",))), WANTED), UNSAID)


def test_a_patient_under_our_address_counts_though_the_answer_does_not_refer_to_it() -> None:
    for patient in ({"display": "somebody"}, {"reference": "#nobody"}):
        assert untrusted(answered({"identifier": members("W99999")}, patient=patient))
        assert trusted(answered({"identifier": ids("W12345A")}, patient=patient), UNSAID)


def test_what_we_do_not_know_ourselves_is_not_compared() -> None:
    stranger = {"identifier": members("W99999"), "birthDate": "1990-01-01"}
    assert trusted(answered(stranger, wanted=asked()))
    assert trusted(answered({"birthDate": "1990-01-01"}, wanted=asked(member_ids=frozenset({"W12345A"}))))
    assert trusted(answered({"identifier": members("W99999")}, wanted=asked(birth_date="1961-04-09")))
    assert trusted(answered(patient={"identifier": members("W99999")[0]}, wanted=asked(member_ids=frozenset())), UNSAID)


def test_of_two_patients_under_one_address_the_other_one_is_not_overlooked() -> None:
    document = bundle(response(item(review("A1", "AUTH-1"))))
    for value in ("W12345A", "W99999"):
        person = {"resourceType": "Patient", "id": ID, "identifier": members(value)}
        document["entry"].append({"fullUrl": PATIENT, "resource": person})
    assert untrusted(reading(document, WANTED))


def test_a_patient_known_under_another_base_is_compared_too() -> None:
    document = bundle(
        response(item(review("A1", "AUTH-1")), patient={"reference": f"https://payer.example/Patient/{ID}"})
    )
    person = {"resourceType": "Patient", "id": ID, "identifier": members("W99999")}
    document["entry"].append({"fullUrl": f"https://payer.example/Patient/{ID}", "resource": person})
    assert untrusted(reading(document, WANTED))


def test_another_person_beside_our_patient_does_no_harm() -> None:
    document = bundle(response(item(review("A1", "AUTH-1"))))
    subscriber = {"resourceType": "Patient", "id": "s", "identifier": members("W99999"), "birthDate": "1958-01-01"}
    document["entry"].append({"fullUrl": "urn:uuid:s", "resource": subscriber})
    assert trusted(reading(document, WANTED))


def test_what_identifies_our_patient_never_shows() -> None:
    assert not any(secret in repr(WANTED) for secret in ("W12", "SUB-9", "1961"))
    found = answered({"identifier": members("SECRET-1"), "birthDate": "1990-12-31"})
    assert not any(secret in repr(found) for secret in ("SECRET", "1990", "W12"))
