"""Random expressions over all functions end soon, with a result or a PathFault, in bounded memory."""

import tracemalloc
from contextlib import suppress
from random import Random
from time import perf_counter

import pytest

from gateway.fhir import path
from gateway.fhir.path import PathFault
from tests.unit.fhir.path_fuzz import DATA, expression

SECONDS = 3.0  # generous: none takes a tenth of it on a machine at rest
MEGABYTES = 150


@pytest.mark.parametrize("seed", range(3))
def test_random_expressions_on_costly_data_end_with_a_result_or_a_fault(seed: int) -> None:
    random = Random(seed)  # noqa: S311
    results = 0
    for _ in range(30):
        text = expression(random, random.choice((2, 3, 4)))
        started = perf_counter()
        try:
            path.compile(text)(DATA)
            results += 1
        except PathFault:
            pass
        assert perf_counter() - started < SECONDS, text
    assert results > 5


def test_random_expressions_hold_little_memory_at_once() -> None:
    random = Random(99)  # noqa: S311
    tracemalloc.start()
    try:
        for _ in range(8):
            text = expression(random, 4)
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            with suppress(PathFault):
                path.compile(text)(DATA)
            assert tracemalloc.get_traced_memory()[1] - before < MEGABYTES * 1_000_000, text
    finally:
        tracemalloc.stop()
