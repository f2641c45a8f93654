"""Processes of the gateway forked from one that has imported everything: a thousand deaths in minutes, not hours.

A fork is as much a process as any other: it can be killed, and takes nothing of its siblings along. What it does not
show is how long Python takes to import the gateway, about a second of CPU.
"""

import os
import select
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from threading import Event, Lock, Thread
from typing import Any

from gateway.fhir import json

_MODULES = (
    "gateway.cli.serve",
    "gateway.cli.worker",
    "gateway.api.server",
    "gateway.bootstrap",
    "gateway.worker",
    "gateway.adapters.store.opening",
)
_LOOK_SECONDS = 0.02


def serve_forks(begin: Callable[[str, Sequence[str]], None]) -> None:
    """Fork a process for every line of standard input, and say on standard output which one ended, and how.

    `begin` is called in the fork with the plan's file and the arguments of `pa`; the fork ends when it returns.
    """
    for module in _MODULES:
        import_module(module)
    rest = b""
    while True:
        _report_ends()
        if not select.select([0], [], [], _LOOK_SECONDS)[0]:
            continue
        read = os.read(0, 65536)
        if not read:
            return
        *lines, rest = (rest + read).split(b"\n")
        for line in lines:
            _fork(json.loads(line), begin)


def _fork(wanted: Mapping[str, Any], begin: Callable[[str, Sequence[str]], None]) -> None:
    child = os.fork()
    if child:
        _say({"number": wanted["number"], "pid": child})
        return
    code = 1
    try:
        log = os.open(wanted["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.environ.clear()
        os.environ.update(wanted["environment"])
        begin(wanted["plan"], wanted["arguments"])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except Exception:  # noqa: BLE001 - as Python itself does, before the process ends
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _report_ends() -> None:
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not child:
            return
        _say({"pid": child, "ended": os.waitstatus_to_exitcode(status)})


def _say(row: Mapping[str, int]) -> None:
    os.write(1, json.dumps(row) + b"\n")


class Fork:
    """A process of the nursery, with the part of `Popen` that a run needs."""

    def __init__(self) -> None:
        self.pid = 0
        self.returncode: int | None = None
        self.born, self.ended = Event(), Event()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises TimeoutExpired."""
        if not self.ended.wait(timeout) or self.returncode is None:
            raise TimeoutExpired("fork", timeout or 0.0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):  # it has ended, and we are about to hear of it
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The warm process, seen from the run."""

    def __init__(self, log: Path) -> None:
        with log.open("ab") as sink:
            self._process = Popen(
                [sys.executable, "-m", "gateway.chaos.process", "--nursery"], stdin=PIPE, stdout=PIPE, stderr=sink
            )
        self._lock = Lock()
        self._asked: dict[int, Fork] = {}
        self._living: dict[int, Fork] = {}
        self._thread = Thread(target=self._listen, name="nursery", daemon=True)
        self._thread.start()

    def fork(self, plan: Path, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Fork:
        """A process that runs; returns once it is born."""
        fork = Fork()
        with self._lock:
            number = len(self._asked) + 1
            self._asked[number] = fork
            wanted = {
                "number": number,
                "plan": str(plan),
                "arguments": list(arguments),
                "environment": dict(environment),
                "log": str(log),
            }
            assert self._process.stdin is not None  # noqa: S101 - it is a pipe, we made it
            self._process.stdin.write(json.dumps(wanted) + b"\n")
            self._process.stdin.flush()
        if not fork.born.wait(60):
            raise TimeoutExpired("nursery", 60)
        return fork

    def close(self) -> None:
        """End it; its children have to be ended before."""
        self._process.kill()
        self._process.wait()
        self._thread.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe, we made it
        for line in self._process.stdout:
            said = json.loads(line)
            if "number" in said:
                fork = self._asked[said["number"]]
                fork.pid = said["pid"]
                self._living[fork.pid] = fork
                fork.born.set()
            else:
                fork = self._living.pop(said["pid"])
                fork.returncode = said["ended"]
                fork.ended.set()
