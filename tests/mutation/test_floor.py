"""The mutation floor: of what the definitions forbid the checker finds nearly all, and nothing on what they allow."""

from dataclasses import replace
from functools import cache

import pytest

from gateway.fhir import json
from tests.mutation import guides
from tests.mutation.floor import CAUGHT, EXCLUDED, Tally, profiles, run
from tests.mutation.plan import PLANS, RENEW, committed, of_examples, text
from tests.mutation.sampling import KINDS
from tests.mutation.sources import VERSIONS, Source, golden, official

needs_packages = pytest.mark.skipif(not guides.present(), reason="the official packages are not beside this checkout")


@cache
def of_golden() -> dict[str, Tally]:
    """The golden part of the floor, run once."""
    return run(committed())


@cache
def of_official() -> dict[str, Tally]:
    """The official part of the floor, run once."""
    return run(of_examples())


@pytest.mark.parametrize("kind", KINDS)
def test_of_each_class_nearly_all_mutations_of_the_golden_bundles_are_caught(kind: str) -> None:
    tally = of_golden()[kind]

    assert tally.tried > 0
    assert tally.rate >= CAUGHT, "\n".join(tally.missed)


@pytest.mark.parametrize("kind", KINDS)
def test_of_what_the_definitions_demand_of_the_golden_bundles_little_is_left_out(kind: str) -> None:
    tally = of_golden()[kind]

    assert tally.demands > 0
    assert tally.left_out <= EXCLUDED, dict(tally.excluded)


@pytest.mark.parametrize("kind", KINDS)
def test_no_way_of_spoiling_and_no_single_invariant_goes_unseen(kind: str) -> None:
    assert of_golden()[kind].never == set()
    assert of_official().get(kind, Tally()).never == set()


@pytest.mark.parametrize("kind", KINDS)
def test_no_fix_is_an_expression(kind: str) -> None:
    assert of_golden()[kind].raw == {}
    assert of_official().get(kind, Tally()).raw == {}


# Rules of the guides by what the plan calls them; requirements.csv names this test for them.
OF_THE_GUIDE = {
    "2.2.1": (
        *("ClaimFirst", "ClaimResponseFirst", "FullDateRule", "self-beneficiary", "pd-1", "prof-1", "prof-2", "prof-3"),
        *("spec-20", "spec-22", "us-core-6", "us-core-15", "us-core-16", "us-core-17", "us-core-21"),
    ),
    "2.0.1": ("FullDateRule", "spec-20", "spec-22", "us-core-8"),
}


@pytest.mark.parametrize(("version", "key"), [(v, key) for v, keys in OF_THE_GUIDE.items() for key in keys])
def test_a_rule_of_the_guide_is_broken_in_the_plan_and_every_time_found(version: str, key: str) -> None:
    broken = [
        replace(plan, rows=[row for row in plan.rows if row.mutation.variant.split(" ")[0] == key], demands={})
        for plan in committed()
        if plan.source.version == version
    ]

    tally = run(broken)["broken invariant"]

    assert tally.caught > 0
    assert tally.missed == []


def test_there_are_two_thousand_mutations_of_the_golden_bundles_alone() -> None:
    assert sum(tally.tried for tally in of_golden().values()) >= 2000


@pytest.mark.parametrize("source", golden(), ids=lambda source: source.name)
def test_an_unspoiled_golden_bundle_raises_no_error(source: Source) -> None:
    report = profiles(source.version).check(json.loads(source.path.read_bytes()))

    assert [(issue.rule, issue.path) for issue in report.issues if issue.is_error] == []


@pytest.mark.parametrize("source", golden(), ids=lambda source: source.name)
def test_an_unspoiled_resource_of_a_golden_bundle_raises_no_error_on_its_own(source: Source) -> None:
    bundle = json.loads(source.path.read_bytes())

    for entry in bundle["entry"]:
        report = profiles(source.version).check(entry["resource"])
        assert [(issue.rule, issue.path) for issue in report.issues if issue.is_error] == []


@needs_packages
@pytest.mark.parametrize("kind", KINDS)
def test_of_each_class_nearly_all_mutations_of_the_official_examples_are_caught(kind: str) -> None:
    tally = of_official()[kind]

    assert tally.tried > 0
    assert tally.rate >= CAUGHT, "\n".join(tally.missed)
    assert tally.left_out <= EXCLUDED, dict(tally.excluded)


@needs_packages
@pytest.mark.parametrize("source", official(), ids=lambda source: source.name)
def test_an_unspoiled_official_example_has_no_error_but_its_known_defects(source: Source) -> None:
    from tests.conformance.test_official_examples import KNOWN

    known = KNOWN.get(f"pas/{source.version}", {}).get(source.path.stem, {})
    report = profiles(source.version).check(json.loads(source.path.read_bytes()))

    assert {(issue.rule, issue.path) for issue in report.issues if issue.is_error} <= set(known)


@needs_packages
@pytest.mark.parametrize("version", VERSIONS)
def test_the_committed_plan_is_what_the_packages_say(version: str) -> None:
    assert (PLANS / f"{version}.jsonl").read_text() == text(version), f"Renew the plan: {RENEW}"


def test_the_plans_stay_small() -> None:
    assert sum(file.stat().st_size for file in PLANS.iterdir()) < 500_000
