"""fhir.resources R4B, which shares no code with us, parses every request and every reply of the examples."""

from pathlib import Path

import pytest
from fhir.resources.R4B.bundle import Bundle

from gateway.fhir import json

GOLDEN = Path(__file__).resolve().parents[2] / "examples" / "golden"
FILES = sorted([*GOLDEN.glob("*/*/*1_bundle.json"), *GOLDEN.glob("*/*/*2_reply.json")])


def test_there_are_golden_bundles_of_both_versions() -> None:
    assert len(FILES) >= 24


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.parent.name}/{path.parent.name}/{path.stem}")
def test_r4b_reads_it(path: Path) -> None:
    document = json.loads(path.read_bytes())
    if document["resourceType"] == "Bundle":
        assert Bundle.model_validate_json(path.read_bytes()).type == "collection"
    else:
        assert document["resourceType"] == "OperationOutcome"
