"""The client checklist names tests that exist, or says what a point waits for."""

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
POINTS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "client_checklist.yaml").read_text())


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point["point"][:40])
def test_each_point_has_its_tests_or_what_it_waits_for(point: dict[str, Any]) -> None:
    assert ("tests" in point) != ("waits_for" in point)
    for node in point.get("tests", []):
        file, _, name = node.partition("::")
        functions = {
            one.name
            for one in ast.walk(ast.parse((ROOT / file).read_text()))
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert name in functions, node
