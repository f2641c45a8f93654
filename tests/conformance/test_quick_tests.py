"""The quick tests of elements only save time: without them every report is the same."""

from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.conformance import Profiles
from gateway.conformance.items import Reader
from gateway.conformance.primitives import FORMATS, acceptor, fault, never
from gateway.fhir import json
from tests.conformance.bundle_mutants import BUNDLE_MUTANTS, WARNED
from tests.conformance.mutants import MUTANTS
from tests.conformance.test_hostile_input import NOT_FHIR, places, put

VALUES: tuple[Any, ...] = (
    *NOT_FHIR,
    *("a", "a b", " a", "a ", "a  b", "a\tb", "a\nb", "a\u00a0b", "\u2028", "\x00", "ä"),
    *("x" * 65, "x" * (1024 * 1024 + 1)),
    *("2026", "2026-02-30", "2026-02-28", "2026-02-28T10:00:00Z", "10:00:00", "urn:oid:1.2", "QUJD", "QUJ", "true"),
    *(False, 1, 0, -1, 2**31, Decimal("1.0"), 1.5),
)  # fmt: skip


@pytest.mark.parametrize("code", sorted(FORMATS))
def test_what_the_quick_test_of_a_type_lets_pass_is_a_value_of_the_type(code: str) -> None:
    test = acceptor(code)

    assert [value for value in VALUES if test(value) and fault(code, value) is not None] == []


@pytest.fixture(scope="module")
def slow() -> Profiles:
    """The same checker, made to look at everything."""
    profiles = Profiles.load(Path(__file__).parents[2] / "profiles/pas/2.2.1")
    guide = profiles._guide
    guide.__dict__["reader"] = Reader(guide.library, lambda *_: never)
    return profiles


def said(profiles: Profiles, bundle: Any) -> Any:
    report = profiles.check(deepcopy(bundle))
    return set(report.issues), set(report.not_evaluated)


def test_a_spoilt_request_gets_the_same_report(profiles: Profiles, slow: Profiles, request_bundle: Any) -> None:
    for spoil, *_ in (MUTANTS | BUNDLE_MUTANTS | WARNED).values():
        bundle = deepcopy(request_bundle)
        spoil(bundle)

        assert said(profiles, bundle) == said(slow, bundle)


def test_a_hostile_value_anywhere_gets_the_same_report(profiles: Profiles, slow: Profiles, request_bundle: Any) -> None:
    trails = sorted(places(request_bundle), key=str)

    for number, trail in enumerate(trails[:: len(trails) // 120]):
        bundle = put(request_bundle, trail, NOT_FHIR[number % len(NOT_FHIR)])

        assert not isinstance(bundle, dict) or said(profiles, bundle) == said(slow, bundle)


def test_the_answers_of_json_are_the_types_the_quick_tests_ask_for() -> None:
    assert [type(value) for value in json.loads(b'[{}, [], "a", 1, 1.5, true, null]')] == [
        dict, list, str, int, Decimal, bool, type(None)
    ]  # fmt: skip
