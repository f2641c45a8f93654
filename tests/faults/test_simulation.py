"""The send path under a virtual clock and a seeded scheduler: one authorization per order, and none unrecorded."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from gateway.chaos.simulation import Setup, simulate
from gateway.chaos.simulation.payer import Model
from gateway.flow import doubt, inquire, submit
from gateway.model.exchange import Outcome, Reply, Verdict
from gateway.payers.replies import Classified

SEEDS = 200
REACHED = (
    "killed",
    "stopped",
    "arrived",
    "NotAtPayer",
    "DoubtRemains",
    "ReplyLost",
    "NotAccepted",
    "commit failed",
    "commit answer lost",
    "work.failed",
    "lane.closed",
    "connect late",
    "connect swapped",
)


@pytest.mark.parametrize("model", Model)
def test_the_three_ledgers_agree_for_every_seed(model: Model) -> None:
    seeds = range(SEEDS // len(Model))
    problems = {seed: found for seed in seeds if (found := simulate(seed, Setup(model=model)).problems)}
    assert problems == {}, f"repeat with: pa chaos simulate --model {model} --seed {min(problems, default=0)} --trace"


def test_the_seeds_reach_what_they_are_meant_to_reach() -> None:
    runs = [simulate(seed) for seed in range(20)]
    said = "\n".join(line for run in runs for line in run.log)
    for line in REACHED:
        assert f" {line}" in said, line
    assert any(run.arrived > run.authorized for run in runs), "no request was ever lost on its way"


def test_a_payer_that_cannot_be_asked_gets_nothing_twice() -> None:
    for seed in range(20):
        run = simulate(seed, Setup(model=Model.NO_INQUIRY, kills=0, stops=0, store_faulty=0))
        assert run.listed > 0 or run.authorized == Setup().orders
        assert not any(" NotAtPayer " in line for line in run.log)


def test_the_same_seed_gives_the_same_account_in_another_process() -> None:
    here = simulate(7).digest
    code = "from gateway.chaos.simulation import simulate; print(simulate(7).digest)"
    there = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONHASHSEED": "11"},
    )
    assert there.stdout.strip() == here
    assert simulate(8).digest != here


def red(model: Model = Model.CONSISTENT, setup: Setup | None = None) -> bool:
    """Whether any of a few dozen seeds shows that a promise was broken."""
    setup = setup or Setup()
    return any(simulate(seed, replace(setup, model=model)).problems for seed in range(40))


def test_it_bites_when_no_quiet_period_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubt, "firm_from", lambda _, since: since)
    assert red()


def test_it_bites_when_a_server_error_is_read_as_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    real = submit.classify

    def naive(outcome: Outcome, payer: object, now: object, **rest: object) -> Classified:
        verdict = real(outcome, payer, now, **rest)  # type: ignore[arg-type]
        if isinstance(outcome, Reply) and outcome.status >= 500:
            return replace(verdict, verdict=Verdict.NOT_ACCEPTED, again_at=now)  # type: ignore[arg-type]
        return verdict

    monkeypatch.setattr(submit, "classify", naive)
    assert red()


def test_it_bites_when_what_looks_alike_is_adopted(monkeypatch: pytest.MonkeyPatch) -> None:
    real = inquire.read_inquiry

    def hasty(*given: object, **named: object) -> object:
        inquired = real(*given, **named)  # type: ignore[arg-type]
        if not inquired.candidates:
            return inquired
        reading = doubt.read_candidate(given[0], inquired.candidates[0].key, *given[1:])  # type: ignore[arg-type]
        return replace(inquired, kind=inquire.InquiryKind.FOUND, reading=reading)

    monkeypatch.setattr(inquire, "read_inquiry", hasty)
    assert red()
