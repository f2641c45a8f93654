"""The processes of a chaos run: started through the launcher, watched, stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gateway.chaos.nursery import Fork, Nursery
from gateway.chaos.plans import ProcessPlan
from gateway.model.errors import GatewayError

_START_SECONDS = 120.0
_END_SECONDS = 45.0
_LOOK_SECONDS = 0.05
_TAIL_LINES = 15


class DidNotStart(GatewayError):
    """A process of the run ended, or does not answer."""

    code = "chaos-start"


@dataclass(slots=True, eq=False)
class Child:
    """One process; `begun` is when it was started (epoch seconds), `marker` where a crash leaves its mark."""

    name: str
    process: "subprocess.Popen[bytes] | Fork"
    log: Path
    begun: float
    marker: Path | None = None

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])


class Children:
    """Starts processes in one home and ends all that are left; `warm`: the gateway's are forked."""

    def __init__(self, home: Path, environment: Mapping[str, str], *, warm: bool = False) -> None:
        self._home = home
        self._environment = {**os.environ, **environment}
        self._nursery = Nursery(home / "nursery.log") if warm else None
        self._started = 0
        self._alive: list[Child] = []

    def gateway(self, arguments: Sequence[str], plan: ProcessPlan, **own: str) -> Child:
        """`pa` with these arguments and own settings, through the launcher."""
        self._started += 1
        file = self._home / f"plan-{self._started}.json"
        plan.write(file)
        marker = Path(plan.crash.marker) if plan.crash else None
        if self._nursery is None:
            return self._start(arguments[0], ("gateway.chaos.process", str(file), *arguments), marker, own)
        log = self._home / f"{arguments[0]}.log"
        fork = self._nursery.fork(file, arguments, {**self._environment, **own}, log)
        return self._keep(Child(arguments[0], fork, log, time.time(), marker))

    def module(self, name: str, arguments: Sequence[str]) -> Child:
        """A Python module of ours as a process."""
        return self._start(name.rpartition(".")[2], (name, *arguments), None, {})

    def forget(self, child: Child) -> None:
        """It has ended."""
        child.process.wait()
        self._alive.remove(child)

    def end(self, child: Child) -> int:
        """Ask it to end, and insist after a while; the exit code."""
        if child.process.poll() is None:
            child.process.send_signal(signal.SIGCONT)
            child.process.terminate()
        try:
            code = child.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            child.process.kill()
            code = child.process.wait()
        self._alive.remove(child)
        return code

    def end_all(self) -> None:
        for child in list(reversed(self._alive)):
            self.end(child)
        if self._nursery:
            self._nursery.close()
            self._nursery = None

    def _start(self, name: str, arguments: Sequence[str], marker: Path | None, own: Mapping[str, str]) -> Child:
        log = self._home / f"{name}.log"
        with log.open("ab") as sink:
            process = _spawn(arguments, {**self._environment, **own}, sink)
        return self._keep(Child(name, process, log, time.time(), marker))

    def _keep(self, child: Child) -> Child:
        self._alive.append(child)
        return child


def _spawn(arguments: Sequence[str], environment: Mapping[str, str], sink: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-m", *arguments], env=dict(environment), stdout=sink, stderr=subprocess.STDOUT
    )


def wait_for(child: Child, ready: Callable[[], bool]) -> None:
    """Wait until `ready`.

    Raises:
        DidNotStart: the process ended, or is not ready after a while.
    """
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if ready():
            return
        if child.process.poll() is not None:
            break
        time.sleep(_LOOK_SECONDS)
    raise DidNotStart(f"The process `{child.name}` did not start.", fix=f"It wrote:\n{child.tail()}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
