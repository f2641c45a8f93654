"""The committed plan fits the golden bundles; one that does not says how to renew it."""

from hashlib import sha256
from pathlib import Path

import pytest

from tests.mutation import plan
from tests.mutation.sources import golden


def test_every_golden_bundle_has_its_part_of_the_plan() -> None:
    planned = [one.source for one in plan.committed() if one.rows]

    assert planned == golden()


def test_a_plan_for_other_bytes_is_refused_with_the_command_that_renews_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = sha256(golden()[0].path.read_bytes()).hexdigest()
    for file in plan.PLANS.iterdir():
        (tmp_path / file.name).write_text(file.read_text().replace(now, sha256(b"before").hexdigest()))
    monkeypatch.setattr(plan, "PLANS", tmp_path)

    with pytest.raises(plan.StalePlanError, match=plan.RENEW):
        plan.committed()


def test_a_golden_bundle_nobody_planned_for_is_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in plan.PLANS.iterdir():
        (tmp_path / file.name).write_text("")
    monkeypatch.setattr(plan, "PLANS", tmp_path)

    with pytest.raises(plan.StalePlanError, match=plan.RENEW):
        plan.committed()
