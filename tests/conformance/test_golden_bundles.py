"""The requests and replies of the example orders raise no alarm."""

from pathlib import Path

import pytest

from gateway.conformance import Profiles
from gateway.fhir import json

GOLDEN = Path(__file__).parents[2] / "examples" / "golden" / "2.2.1"
FILES = sorted([*GOLDEN.glob("*/*1_bundle.json"), *GOLDEN.glob("*/*2_reply.json")])


def test_there_are_golden_bundles() -> None:
    assert len(FILES) >= 12


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_golden_bundle_has_no_issue_but_the_type_of_the_payer_id(profiles: Profiles, file: Path) -> None:
    bundle = json.loads(file.read_bytes())
    # The slice of the guide demands a type that R4's extensible binding of Identifier.type does not know.
    payers = {
        ("binding", f"Bundle.entry[{position}].resource.identifier[0].type")
        for position, entry in enumerate(bundle["entry"])
        if any(name.endswith("/profile-insurer") for name in entry["resource"].get("meta", {}).get("profile", ()))
    }

    assert {(issue.rule, issue.path) for issue in profiles.check(bundle).issues} <= payers
