"""R4 lets an id, and nothing else, stand beside the XHTML of a Narrative."""

from pathlib import Path
from typing import Any

import pytest

from gateway.conformance import Profiles

ROOT = Path(__file__).parents[2]
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'
EXTENSION = {"url": "http://example.org/x", "valueString": "x"}


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        ({"id": "x"}, []),
        ({"extension": [EXTENSION]}, [("cardinality", "Patient.text.div.extension")]),
    ],
)
def test_xhtml_has_no_extension(beside: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    text = {"status": "generated", "div": DIV, "_div": beside}
    report = Profiles.load(ROOT / "profiles/r4/4.0.1").check({"resourceType": "Patient", "text": text})

    assert [(issue.rule, issue.path) for issue in report.issues if issue.is_error] == expected
