"""The nemesis of processes: arms them to die or to freeze, starts the dead again at once, wakes the frozen too late."""

import math
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

from gateway.chaos.children import Child, Children
from gateway.chaos.plans import Crash, ProcessPlan
from gateway.fhir import json

_LOOK_SECONDS = 0.02
_MOST_HITS = 4
_PATIENCE_SECONDS = 10.0
OF_ITSELF = "of itself"
_AWAKE_SECONDS = 2.0  # a zombie has this long to do harm before it is started anew, to freeze elsewhere


@dataclass(frozen=True, slots=True)
class Suffering:
    """One death or freeze: at which point, when, and when the process ran again; seconds since the epoch."""

    process: str
    point: str
    signal: str
    at: float
    again_at: float

    @property
    def wanted(self) -> bool:
        """Whether the nemesis did it; a process that ends of itself is the gateway's doing."""
        return self.point != OF_ITSELF


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What the nemesis wants: `kills` and `stops` are how often; a frozen process sleeps `asleep` seconds."""

    points: Sequence[str]
    zombie_points: Sequence[str]
    kills: int = 0
    stops: int = 0
    asleep: float = 0.0
    seed: int = 0


class Nemesis:
    """Keeps the gateway's processes running and makes them suffer."""

    def __init__(
        self, children: Children, home: Path, intent: Intent, start: Callable[[str, ProcessPlan], Child]
    ) -> None:
        self._children, self._home, self._intent, self._start = children, home, intent, start
        self._random = random.Random(intent.seed)  # noqa: S311 - a schedule, no secret
        self._running: dict[Child, tuple[str, ProcessPlan]] = {}
        self._asleep: dict[Child, tuple[float, str]] = {}
        self._awake: dict[Child, float] = {}
        self._armed = 0
        self._begun = time.monotonic()
        self._over = Event()
        self._thread = Thread(target=self._watch, name="nemesis")
        self.suffered: list[Suffering] = []

    def start(self, roles: Sequence[str], plan: ProcessPlan) -> None:
        """Start one process for each role, and watch them from now on."""
        for role in roles:
            self._launch(role, plan)
        self._thread.start()

    def serving(self) -> Child:
        """The process of the API."""
        return next(child for child, (role, _) in self._running.items() if role == "serve")

    def left(self) -> int:
        """How many deaths and freezes are still to come."""
        return self._intent.kills + self._intent.stops - self._had()

    def released(self, orders: int) -> float:
        """How many orders may be under way: enough for the next death, and some more for each that was, or took long.

        Otherwise everything would be settled before the nemesis has had its turns.
        """
        turns = self._intent.kills + self._intent.stops
        passed = max(self._had(), (time.monotonic() - self._begun) / _PATIENCE_SECONDS)
        return orders * (passed + 1) / (turns + 1) if turns else orders

    def stop(self) -> None:
        """Watch no more; whoever is armed ends properly, and a process that will not die takes its place."""
        if self._over.is_set():
            return
        self._over.set()
        self._thread.join()
        for child, (role, plan) in list(self._running.items()):
            if child.marker or child.process.poll() is not None:
                del self._running[child]
                self._children.end(child)
                self._running[self._start(role, plan)] = (role, plan)

    def _had(self) -> int:
        return sum(one.wanted for one in self.suffered)

    def _launch(self, role: str, plan: ProcessPlan) -> None:
        armed = replace(plan, crash=self._next_crash())
        child = self._start(role, armed)
        self._running[child] = (role, plan)

    def _next_crash(self) -> Crash | None:
        """Points that have had their turn least often; whichever is reached first has it."""
        stops = sum(one.signal == "STOP" for one in self.suffered)
        frozen_next = stops < self._intent.stops
        if self.left() <= 0 or (frozen_next and any(child.marker for child in self._running)):
            return None  # one at a time freezes, so that there is somebody to take over
        self._armed += 1
        turns = Counter(dict.fromkeys(self._intent.zombie_points if frozen_next else self._intent.points, 0))
        turns.update(one.point for one in self.suffered if one.point in turns)
        least = min(turns.values())
        hits = {name: self._random.randint(1, _MOST_HITS) for name, count in turns.items() if count == least}
        signal_name, most = ("STOP", self._intent.stops) if frozen_next else ("KILL", self._intent.kills)
        return Crash(hits, signal_name, str(self._home / f"mark-{self._armed}.json"), most)

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            for child in list(self._running):
                if child.process.poll() is not None:
                    self._start_again(child)
                elif child in self._asleep:
                    self._wake_when_late(child)
                elif time.time() > self._awake.get(child, math.inf):
                    child.process.terminate()
                elif child.marker and child.marker.exists():
                    self._notice_freeze(child)

    def _start_again(self, child: Child) -> None:
        role, plan = self._running.pop(child)
        self._children.forget(child)
        if self._awake.pop(child, None) is None:
            at, point = _mark(child) or (time.time(), OF_ITSELF)
            self.suffered.append(Suffering(role, point, "KILL", at, time.time()))
        self._launch(role, plan)

    def _notice_freeze(self, child: Child) -> None:
        mark = _mark(child)
        if mark and self._intent.stops:
            self._asleep[child] = mark

    def _wake_when_late(self, child: Child) -> None:
        at, point = self._asleep[child]
        if time.time() < at + self._intent.asleep:
            return
        del self._asleep[child]
        child.marker = None
        self._awake[child] = time.time() + _AWAKE_SECONDS
        child.process.send_signal(signal.SIGCONT)
        self.suffered.append(Suffering(child.name, point, "STOP", at, time.time()))


def _mark(child: Child) -> tuple[float, str] | None:
    if child.marker is None or not child.marker.exists():
        return None
    mark = json.loads(child.marker.read_bytes())
    return float(mark["at"]), mark["point"]
