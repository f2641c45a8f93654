"""Orders of the wrong shape end in gaps or a BadOrder, never in a crash."""

import copy
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from gateway.fhir import json
from gateway.model.errors import BadOrder
from gateway.model.order import Benefit
from tests.unit.orders.reading import ORDERS, built, contexts

_WRONG: list[Any] = [
    None,
    "",
    0,
    True,
    "x",
    [],
    {},
    [[]],
    ["x"],
    [None],
    {"coding": "x"},
    {"coding": ["x"]},
    {"reference": 5},
    {"reference": "#nowhere"},
    {"system": 1, "code": 2},
    -1,
    Decimal("1.5"),
    [{}],
    {"value": "x"},
]
_FILES = sorted(ORDERS.glob("*.json"))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def spoil(document: Any, chance: random.Random) -> None:
    *way, last = chance.choice(list(places(document)))
    for step in way:
        document = document[step]
    if chance.random() < 0.25:
        del document[last]
    else:
        document[last] = copy.deepcopy(chance.choice(_WRONG))


@pytest.mark.parametrize("seed", range(12))
def test_an_order_with_anything_wrong_anywhere_is_read_or_refused(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a repeatable choice, not a secret
    for _ in range(15):
        document = json.loads(chance.choice(_FILES).read_bytes())
        spoil(document, chance)
        try:
            found = contexts(document)
        except BadOrder:
            continue
        for one in found:
            if one.payer_id and one.requestor_id and one.coverage and one.benefit is Benefit.MEDICAL:
                json.dumps(built(one).bundle)
