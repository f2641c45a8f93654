"""A profile written by hand says only what it adds: what it derives from is held against a value as well."""

from typing import Any

import pytest

from gateway.conformance import Profiles
from gateway.conformance.context import Guide
from gateway.conformance.definitions import Library, read_definition
from gateway.conformance.overrides import Overrides
from gateway.conformance.terminology import Terminology
from tests.unit.conformance.small_guide import BASE, TYPES, canonical, found, profile, skipped

PATIENT = {"resourceType": "Patient", "active": True}


def by_hand(*definitions: dict[str, Any], compiled: tuple[dict[str, Any], ...] = ()) -> Profiles:
    rows = [(row, True) for row in definitions] + [(row, False) for row in (TYPES, *compiled)]
    library = Library(
        [read_definition(name, raw, partial=partial) for row, partial in rows for name, raw in row.items()]
    )
    guide = Guide(canonical=BASE, version="1", library=library, terminology=Terminology({}), overrides=Overrides())
    return Profiles(guide, {})


def born(name: str, **more: Any) -> dict[str, Any]:
    return profile(name, "Patient", {"Patient.birthDate": {"card": "1..1"}}, **more)


def silent(name: str, **more: Any) -> dict[str, Any]:
    return profile(name, "Patient", {}, **more)


@pytest.mark.parametrize(
    ("profiles", "due"),
    [
        (by_hand(silent("it", base=f"{canonical('a')}|1"), compiled=(born("a"),)), True),
        (by_hand(silent("it", base=f"{canonical('a')}|1"), born("a")), True),
        (by_hand(silent("it", base=f"{canonical('a')}|1"), silent("a", base=canonical("b")), born("b")), True),
        # a compiled one says itself what its base says, or has left it out
        (by_hand(silent("it", base=canonical("a")), born("b"), compiled=(silent("a", base=canonical("b")),)), False),
        (by_hand(born("a"), compiled=(silent("it", base=canonical("a")),)), False),
    ],
)
def test_what_a_profile_by_hand_derives_from_holds_too(profiles: Profiles, due: bool) -> None:
    report = profiles.check(PATIENT, canonical("it"))

    assert found(report) == ([("cardinality", "Patient.birthDate")] if due else [])
    assert skipped(report) == []


def test_a_base_that_is_not_at_hand_is_not_evaluated() -> None:
    profiles = by_hand(silent("it", base=canonical("a")), silent("a", base="http://example.org/other|2"))

    report = profiles.check(PATIENT, canonical("it"))

    assert found(report) == []
    assert [(row.rule, row.path) for row in report.not_evaluated] == [("profile", "Patient")]
    assert "http://example.org/other|2" in report.not_evaluated[0].reason


def test_profiles_that_derive_from_each_other_are_each_held_once() -> None:
    profiles = by_hand(born("it", base=canonical("a")), silent("a", base=canonical("it")))

    assert found(profiles.check(PATIENT, canonical("it"))) == [("cardinality", "Patient.birthDate")]
