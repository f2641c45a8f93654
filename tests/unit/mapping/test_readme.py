"""The page that explains the language: its examples load, and its sentences about functions name them all."""

import re
from pathlib import Path
from typing import Any

from gateway.mapping.functions import FUNCTIONS

README = (Path(__file__).parents[3] / "mappings" / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```\w*\n(.*?)```", README, re.DOTALL)
ITEM = "mapping: claim/item\nreads: [service]\nproduce: {code: '{{ %service.code }}'}\n"


def test_the_example_mapping_and_rules_work_as_printed(folder: Any) -> None:
    mapping, rules = BLOCKS[:2]
    folder.write("request_type.csv", rules).write("service_type.csv", "from_code,to_code\n1,A\n")
    folder.write("claim/request", mapping).write("claim/item", ITEM)
    order = {
        "resourceType": "ServiceRequest",
        "priority": "stat",
        "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "97110"}]},
        "reasonCode": [{"coding": [{"code": "M54.5"}]}],
    }
    made = folder.apply("claim/request", order=order, patient={"resourceType": "Patient", "id": "p1"})
    assert made.gaps == ()
    assert made.value == {
        "resourceType": "Claim",
        "patient": {"reference": "Patient/p1"},
        "type": {"coding": [{"code": "HS"}]},
        "supportingInfo": [
            {"sequence": 1, "code": {"coding": [{"code": "M54.5"}]}},
            {"sequence": 2, "valueBoolean": True},
        ],
        "item": [{"code": "97110"}],
    }


def test_every_function_of_ours_is_explained() -> None:
    assert {name for name in FUNCTIONS if f".{name}(" in README} == set(FUNCTIONS)
