"""Whatever stands anywhere in a resource, the checker answers: seeded nonsense in place of any value raises nothing."""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from gateway.fhir import json
from tests.mutation.floor import profiles
from tests.mutation.mutation import apply
from tests.mutation.sources import Source, golden

NONSENSE: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**63,
    Decimal("1e300"),
    "",
    " ",
    "\u0000",
    "#",
    "/",
    "urn:uuid:",
    "Claim/1/_history/",
    "http://[",
    "9999-99-99T99:99:99+99:99",
    [],
    {},
    [[]],
    [None],
    {"": ""},
    {"extension": {}},
    {"coding": "x"},
    {"reference": []},
    {"resourceType": []},
    {"resourceType": "Bundle", "entry": {}},
    [{"url": None}],
)
ROUNDS = 15


@pytest.mark.parametrize("source", golden(), ids=lambda source: source.name)
def test_nonsense_in_place_of_any_value_is_judged(source: Source) -> None:
    dice = random.Random(source.name)  # noqa: S311 - noise, not a secret
    document = json.loads(source.path.read_bytes())
    places = list(_places(document, ""))

    for _ in range(ROUNDS):
        edits = [("set", place, dice.choice(NONSENSE)) for place in _apart(dice.sample(places, 3))]
        assert profiles(source.version).check(apply(document, edits)).profile is not None


def _places(value: Any, pointer: str) -> Iterator[str]:
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in rows:
        yield f"{pointer}/{name}"
        yield from _places(inner, f"{pointer}/{name}")


def _apart(places: list[str]) -> list[str]:
    """Those that do not lie within another of them."""
    return [p for p in places if not any(p != other and p.startswith(f"{other}/") for other in places)]
