"""The list of sabotages fits the code; `make sabotage` runs them all, which takes minutes."""

import pytest

from tests.faults.sabotage import ROOT, Sabotage, broken, main, sabotages


def test_there_are_twenty_and_more_each_with_a_name_of_its_own() -> None:
    names = [one.id for one in sabotages()]
    assert len(names) == len(set(names)) >= 20


@pytest.mark.parametrize("one", sabotages(), ids=lambda one: one.id)
def test_each_breaks_code_that_still_stands_and_names_tests_that_exist(one: Sabotage) -> None:
    compile(broken(ROOT, one), one.file, "exec")
    for place in one.red:
        assert (ROOT / place.partition("::")[0]).exists(), place


def test_an_unknown_name_is_refused_with_those_that_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["no-such-sabotage"])
    said = capsys.readouterr().err
    assert "there is no sabotage no-such-sabotage" in said
    assert all(one.id in said for one in sabotages())


def test_they_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [one.id for one in sabotages()]
