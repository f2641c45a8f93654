"""Routing: one payer, or a gap that says what was looked at."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.model.order import Choice, Gap
from gateway.payers.profile import Identifier, Match, Payers, load_payers
from gateway.payers.routing import route

SANDBOX = load_payers(Path(__file__).resolve().parents[3] / "profiles" / "payers")["sandbox"]
GOLD = replace(SANDBOX, id="gold", match=Match((Identifier("urn:x", "G"),), ("Gold Health",), ("PLAN-1",)))
SILVER = replace(SANDBOX, id="silver", match=Match((), ("Silver Health, Inc.", "Gold Health"), ("PLAN-1", "PLAN-2")))
PAYERS = Payers({"sandbox": SANDBOX, "gold": GOLD, "silver": SILVER})


def coverage(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Coverage", "payor": [{"reference": "Organization/1"}], **elements}


def plan(value: Any, kind: str = "plan") -> list[dict[str, Any]]:
    return [{"type": {"coding": [{"code": kind}]}, "value": value}]


@pytest.mark.parametrize(("cover", "organization", "payer", "rule"), [
    (coverage(), {"identifier": [{"system": "urn:example:payer", "value": "SANDBOX"}]}, "sandbox", "identifier"),
    (coverage(payor=[{"identifier": {"system": "urn:x", "value": " G "}}]), {}, "gold", "identifier"),
    (coverage(payor=[{"display": "Sandbox Health Plan"}]), {}, "sandbox", "name"),
    (coverage(), {"name": "SANDBOX  health-plan"}, "sandbox", "name"),
    (coverage(), {"name": "The Plan", "alias": ["silver health inc"]}, "silver", "name"),
    (coverage(**{"class": plan("PLAN-2")}), {"name": "Unheard Of"}, "silver", "plan"),
    # the identifier decides, whatever the name says
    (coverage(), {"identifier": [{"system": "urn:x", "value": "G"}], "name": "Sandbox Health Plan"}, "gold",
     "identifier"),
])  # fmt: skip
def test_one_match_is_a_choice_with_its_rule(
    cover: dict[str, Any], organization: dict[str, Any], payer: str, rule: str
) -> None:
    found, choice = route(cover, organization, PAYERS)
    assert found == payer
    assert isinstance(choice, Choice)
    assert (choice.value, choice.rule) == (payer, f"payer-routing-{rule}")


@pytest.mark.parametrize(("cover", "organization", "words"), [
    (coverage(), {"name": "Gold Health"}, "the payor's name matches gold, silver"),
    (coverage(**{"class": plan("PLAN-1")}), {}, "the payor's plan matches gold, silver"),
    (coverage(), {}, "none of 0 identifiers, 0 names, 0 plans"),
    (coverage(), {"name": "Nobody", "identifier": [{"system": "urn:x", "value": "?"}]},
     "none of 1 identifier, 1 name, 0"),
    (coverage(**{"class": plan("PLAN-2", "group")}), {}, "none of 0 identifiers, 0 names, 0 plans"),
    ({}, {}, "none of"), ({"payor": "x", "class": {"a": 1}}, {"identifier": "x", "alias": 3, "name": ["x"]}, "none of"),
    ({"payor": [None, "x", {"identifier": []}], "class": [{"type": "plan", "value": 1}]}, {"identifier": [{}]},
     "none of"),
    (coverage(), {"name": "!!!"}, "none of 0 identifiers, 0 names"),
])  # fmt: skip
def test_a_doubt_is_a_gap_that_says_what_was_looked_at(
    cover: dict[str, Any], organization: dict[str, Any], words: str
) -> None:
    found, gap = route(cover, organization, PAYERS)
    assert found == ""
    assert isinstance(gap, Gap)
    assert gap.need.startswith("Cannot tell which payer is meant")
    assert words in gap.need
    assert "Coverage.payor" in gap.path


def test_what_the_order_says_is_not_repeated_in_the_gap() -> None:
    _, gap = route(coverage(subscriberId="W123"), {"name": "Jane Doe Plan"}, PAYERS)
    assert "Jane" not in str(gap)
    assert "W123" not in str(gap)
