"""`pa demo`: what is shown is brief, and a process that is no longer there is noticed, with its last words."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from gateway.cli.demo import Child, Stage, _lines, _serve_until_interrupted, _wait_for


@pytest.fixture
def ended(tmp_path: Path) -> Iterator[Child]:
    log = tmp_path / "sandbox.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-c", "print('the port is taken'); raise SystemExit(4)"], stdout=sink
        )
    process.wait(30)
    kept = signal.getsignal(signal.SIGTERM)
    yield Child("payer sandbox", log, process)
    signal.signal(signal.SIGTERM, kept)


def test_serving_ends_when_a_process_of_it_has_ended(
    ended: Child, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Stage(tmp_path, "http://127.0.0.1:1", "http://127.0.0.1:2", "token", {}, (ended,))
    with pytest.raises(typer.Exit) as exit_:
        _serve_until_interrupted(stage)
    assert exit_.value.exit_code == 1
    said = capsys.readouterr().err
    assert "The payer sandbox ended with exit code 4" in said
    assert "the port is taken" in said
    assert not (tmp_path / "env").exists()


def test_nobody_waits_for_an_answer_of_a_process_that_has_ended(
    ended: Child, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit):
        _wait_for("http://127.0.0.1:9/", ended)
    assert "the port is taken" in capsys.readouterr().err


def test_an_order_is_named_once_and_what_is_next_is_said_once() -> None:
    rows = [
        ("scan", "73721", "2.2.1", "approved", "A1", "valid 1", ""),
        ("scan", "73721", "2.0.1", "approved", "A2", "valid 1", ""),
        ("visits", "97110", "2.2.1", "rejected", "", "due 2", "Correct it"),
        ("visits", "97110", "2.0.1", "pended", "P2", "due 2", "Correct it"),
        ("visits", "97112", "2.0.1", "approved", "A3", "", ""),
        ("drug", "", "", "pharmacy benefit", "", "", "elsewhere"),
        ("drug", "", "", "pharmacy benefit", "", "", "elsewhere"),
    ]
    assert [line.split() for line in _lines(rows)] == [
        ["scan", "73721"],
        ["2.2.1", "approved", "A1", "valid", "1"],
        ["2.0.1", "approved", "A2", "valid", "1"],
        ["visits", "97110"],
        ["2.2.1", "rejected", "due", "2"],
        ["Correct", "it"],
        ["2.0.1", "pended", "P2", "due", "2"],
        ["visits", "97112"],
        ["2.0.1", "approved", "A3"],
        ["drug"],
        ["-", "pharmacy", "benefit"],
        ["elsewhere"],
    ]
