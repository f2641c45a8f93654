"""Crash points: each names a function that exists, and a process really dies at it, when its turn has come."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.chaos.crash_points import CrashPoint, arm, crash_points, place_of
from gateway.chaos.plans import Crash
from gateway.fhir import json

POINTS = crash_points()
EIGHTEEN = (
    "received, parsed, validated, mapped, intent committed, lease taken, token requested, token stored, connected, "
    "half sent, fully sent, headers read, body read, verified, result committed, acked, inquiry sent, inquiry stored"
)


def test_there_are_eighteen_on_the_way_of_a_submission() -> None:
    assert {point.name for point in POINTS} == set(EIGHTEEN.split(", "))


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_each_names_functions_of_the_gateway(point: CrashPoint) -> None:
    for target in filter(None, (point.target, point.within)):
        holder, name = place_of(target)
        assert callable(getattr(holder, name)), target
    assert point.when in ("before", "after", "half")


def test_a_target_that_is_gone_is_named() -> None:
    with pytest.raises(LookupError, match=r"gateway\.flow\.submit\.no_such is no function"):
        place_of("gateway.flow.submit.no_such")


def test_an_unknown_point_is_named() -> None:
    with pytest.raises(LookupError, match="no crash points: nowhere"):
        arm(Crash({"nowhere": 1}, "KILL", "/nonexistent/mark"))


SCRIPT = """
import sys
from gateway.chaos.crash_points import arm
from gateway.chaos.plans import Crash
from gateway.flow import intake
arm(Crash({"parsed": 1, "received": 3}, "KILL", sys.argv[1]))
intake.documents(b"{}", ())
print("outside `receive` nothing happens", flush=True)
for _ in range(4):
    try:
        intake.receive(None, b"{", None, client="", actor="")
    except AttributeError:
        print("came by", flush=True)
"""


def test_a_process_dies_at_the_arrival_it_was_armed_for_and_leaves_its_mark(tmp_path: Path) -> None:
    mark = tmp_path / "mark.json"
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(mark)], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.splitlines() == ["outside `receive` nothing happens", "came by", "came by"]
    assert json.loads(mark.read_bytes())["point"] == "received"


HALF = """
import os, sys
from gateway.chaos import crash_points
from gateway.chaos.plans import Crash
from gateway.adapters.payer import client, network

def write(stream, buffer):
    os.write(1, buffer)

network._TimedStream.write = write
client.HttpPayerClient.submit = lambda stream, whole: network._TimedStream.write(stream, whole)
crash_points.arm(Crash({"half sent": 1}, "KILL", sys.argv[1]))
network._TimedStream.write(None, b"." * 6000)
client.HttpPayerClient.submit(None, b"short")
client.HttpPayerClient.submit(None, b"1" * 3000 + b"2" * 3000)
"""


def test_half_a_write_is_half_a_write(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", HALF, str(tmp_path / "mark")], capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout == b"." * 6000 + b"short" + b"1" * 3000


def test_a_frozen_process_goes_on_when_it_is_woken(tmp_path: Path) -> None:
    script = SCRIPT.replace('"KILL"', '"STOP"')
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "mark")], stdout=subprocess.PIPE, text=True
    ) as process:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate(timeout=60)
    assert output.splitlines() == ["outside `receive` nothing happens", *["came by"] * 4]
