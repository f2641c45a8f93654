"""`pa worker`: what it refuses, and a process of its own on PostgreSQL that does what is due and ends in peace."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import gateway
from gateway.flow import intake
from gateway.flow.prepare import Treatment
from gateway.model.errors import ConfigFault
from gateway.settings import read_settings
from tests.postgres import Cluster, cluster
from tests.unit.cli.conftest import Pa
from tests.worlds import ROOT

ORDER = ROOT / "examples" / "orders" / "knee_mri.json"


def test_on_sqlite_it_says_that_serve_does_the_work(pa: Pa) -> None:
    with pytest.raises(ConfigFault, match="one serving process") as fault:
        pa("worker")
    assert "pa serve" in fault.value.fix


def test_without_threads_it_refuses_to_idle(pa: Pa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PA_DATABASE", "postgresql://pa@/nowhere")
    monkeypatch.setenv("PA_WORKERS", "0")
    with pytest.raises(ConfigFault, match="no thread"):
        pa("worker")


def test_serve_without_workers_is_refused_where_nobody_else_could_work(pa: Pa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PA_WORKERS", "0")
    with pytest.raises(ConfigFault, match="nothing would ever be sent"):
        pa("serve")


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture
def worker(pa: Pa, server: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator["subprocess.Popen[str]"]:
    monkeypatch.setenv("PA_DATABASE", server.url(server.database()))
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "worker", "--threads", "2"],
        cwd=ROOT,
        env=os.environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    yield process
    watchdog.cancel()
    process.kill()
    process.communicate()


def until(process: "subprocess.Popen[str]", line: str) -> list[dict[str, Any]]:
    """The log lines up to that one."""
    rows: list[dict[str, Any]] = []
    assert process.stderr
    for text in process.stderr:
        rows.append(json.loads(text))
        if rows[-1]["line"] == line:
            return rows
    raise AssertionError(f"the process ended without {line}: {rows}")


def test_it_does_what_is_due_and_ends_when_told(worker: "subprocess.Popen[str]", tmp_path: Path) -> None:
    assert until(worker, "worker.started")[-1]["workers"] == 2
    with gateway(read_settings()) as world:
        intake.receive(world, ORDER.read_bytes(), Treatment(), client="clinic", actor="ehr:clinic")
        until(worker, "submit.started")
    worker.send_signal(signal.SIGTERM)
    rows = until(worker, "worker.stopped")
    assert "submit.not_accepted" in {row["line"] for row in rows}, "the step in hand is finished"
    assert worker.wait(20) == 0
