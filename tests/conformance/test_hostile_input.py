"""Whatever arrives, the checker answers with a report: it never raises, and never takes long."""

import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from gateway.conformance import Profiles
from gateway.fhir import json

SHARED = Path(__file__).parents[3] / "shared"
FOLDERS = ("corpus/broken", "corpus/pas", "corpus/crd", "corpus/dtr", "corpus/patients", "corpus/orders", "ig/examples")
NOT_FHIR: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    3.5,
    10**30,
    "",
    " ",
    "x",
    [],
    [[]],
    [None],
    [{}],
    {},
    {"a": 1},
    ["a", "b"],
    {"resourceType": []},
    {"resourceType": "Patient"},
    {"resourceType": "Bundle", "entry": {}},
    {"url": {}},
    {"reference": []},
    {"reference": "#"},
    {"coding": [{"system": {}, "code": []}]},
    {"coding": "x"},
    {"extension": [{"url": []}]},
    {"value": "1"},
    "2026-02-30",
    "urn:uuid:1",
)


def places(value: Any, trail: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield trail
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in rows:
        yield from places(child, (*trail, step))


def put(value: Any, trail: tuple[Any, ...], hostile: Any) -> Any:
    if not trail:
        return hostile
    copy = deepcopy(value)
    target = copy
    for step in trail[:-1]:
        target = target[step]
    target[trail[-1]] = hostile
    return copy


@pytest.mark.parametrize("value", NOT_FHIR, ids=repr)
def test_what_is_no_resource_gets_an_error(profiles: Profiles, value: Any) -> None:
    report = profiles.check(value)

    assert not report.ok or value == {"resourceType": "Patient"}


@pytest.mark.parametrize("seed", range(4))
def test_hostile_values_anywhere_never_raise(profiles: Profiles, request_bundle: Any, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    trails = list(places(request_bundle))

    for _ in range(60):
        spoilt = put(request_bundle, dice.choice(trails), dice.choice(NOT_FHIR))
        profiles.check(spoilt)


def test_every_payload_of_other_people_gets_a_report(profiles: Profiles) -> None:
    if not SHARED.is_dir():
        pytest.skip("the corpus is not beside this checkout")
    checked = 0
    for file in sorted(file for folder in FOLDERS for file in (SHARED / folder).rglob("*json")):
        for raw in file.read_bytes().splitlines() if file.suffix == ".ndjson" else [file.read_bytes()]:
            try:
                value = json.loads(raw)
            except json.JsonFault:
                continue
            started = process_time()
            profiles.check(value)
            assert process_time() - started < 2, file.name
            checked += 1
    assert checked > 250


def test_a_deep_nest_of_extensions_is_judged(profiles: Profiles) -> None:
    value: Any = {"url": "http://example.org/end", "valueString": "x"}
    for _ in range(60):
        value = {"url": "http://example.org/more", "extension": [value]}

    report = profiles.check({"resourceType": "Patient", "extension": [value]})

    assert report.ok


def test_a_circle_of_references_ends(profiles: Profiles, request_bundle: Any) -> None:
    organization = request_bundle["entry"][3]
    organization["resource"]["partOf"] = {"reference": organization["fullUrl"]}

    assert profiles.check(request_bundle).ok
