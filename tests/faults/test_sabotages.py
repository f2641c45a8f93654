"""The list of sabotages fits the code; `make sabotage` runs them all, which takes minutes."""

import pytest

from tests.faults.sabotage import ROOT, Sabotage, broken, sabotages


def test_there_are_twenty_and_more_each_with_a_name_of_its_own() -> None:
    names = [one.id for one in sabotages()]
    assert len(names) == len(set(names)) >= 20


@pytest.mark.parametrize("one", sabotages(), ids=lambda one: one.id)
def test_each_breaks_code_that_still_stands_and_names_tests_that_exist(one: Sabotage) -> None:
    compile(broken(ROOT, one), one.file, "exec")
    for place in one.red:
        assert (ROOT / place.partition("::")[0]).exists(), place
