"""What a class could not spoil is counted: a demand that vanishes would make every floor look high."""

import json
from typing import Any

import pytest

from tests.mutation import guides
from tests.mutation.floor import Tally, table
from tests.mutation.invariants import NO_WAY, WAYS, broken_invariants
from tests.mutation.mutation import ERROR, Mutation, left_out, not_of_class
from tests.mutation.plan import Ways, committed, fresh
from tests.mutation.sampling import Planned, demands
from tests.mutation.shape import every, walk
from tests.mutation.sources import Source, golden

KIND = "a class"
needs_packages = pytest.mark.skipif(not guides.present(), reason="the official packages are not beside this checkout")


def _document(source: Source) -> Any:
    return json.loads(source.path.read_bytes())


def _real(rule: str, demand: str = "") -> Mutation:
    return Mutation(KIND, "a way", (("remove", "/use", None),), ("/use",), ERROR, rule, demand=demand)


def test_a_demand_counts_once_and_as_spoiled_if_it_was_spoiled_anywhere() -> None:
    found = [
        Planned(_real("one")),
        Planned(_real("one")),
        Planned(left_out(KIND, "one", "not here")),
        Planned(left_out(KIND, "two", "nobody knows how")),
        Planned(_real("another text", demand="three")),
        Planned(left_out(KIND, "yet another", "not here", demand="three")),
        Planned(not_of_class(KIND, "four", "nobody may list it")),
        Planned(left_out("another class", "five", "not here")),
    ]

    counted = demands(found, KIND)

    assert counted.spoiled == 2
    assert counted.excluded == {"nobody knows how": 1}
    assert counted.outside == {"nobody may list it": 1}


def test_the_share_left_out_is_of_all_that_was_met_and_the_table_says_why() -> None:
    tally = Tally(demands=3)
    tally.excluded["nobody knows how"] += 1
    tally.outside["nobody may list it"] += 5

    assert tally.left_out == 0.25
    said = table({KIND: tally})
    assert "25.0%" in said
    assert "excluded, 1: nobody knows how" in said
    assert "outside the class, 5: nobody may list it" in said


def test_the_committed_plan_holds_only_what_spoils_something() -> None:
    for plan in committed():
        assert all(row.mutation.edits and row.mutation.is_real for row in plan.rows)


@needs_packages
def test_an_invariant_without_a_way_of_breaking_it_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    source = golden()[0]
    before = fresh(source, Ways()).demands["broken invariant"]
    monkeypatch.delitem(WAYS, "self-beneficiary")

    after = fresh(source, Ways()).demands["broken invariant"]

    assert after.spoiled == before.spoiled - 1
    assert after.excluded[NO_WAY] == before.excluded[NO_WAY] + 1


@needs_packages
def test_every_invariant_that_any_example_meets_has_a_way_or_a_reason() -> None:
    for source in golden():
        here = guides.guide(source.version)
        found = broken_invariants(here, list(every(walk(here, _document(source)))))
        assert not [m.rule for m in found if m.excluded == NO_WAY]


@needs_packages
def test_a_value_set_nobody_can_list_is_said_to_be_outside_and_not_dropped() -> None:
    plan = fresh(next(source for source in golden() if source.path.name == "1_bundle.json"), Ways())

    assert plan.demands["bad code or system"].outside
