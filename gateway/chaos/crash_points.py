"""Crash points: wraps a function of the product, from outside, so that its process dies or stops right there."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from gateway.chaos.plans import Crash
from gateway.fhir import json

_FILE = Path(__file__).with_name("crash_points.yaml")
_SIGNALS = {"KILL": signal.SIGKILL, "STOP": signal.SIGSTOP}


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashPoint:
    """One row of crash_points.yaml; see there."""

    name: str
    target: str
    when: str
    within: str = ""
    returned: bool = False
    at_least: int = 0
    zombie: bool = False


def crash_points() -> tuple[CrashPoint, ...]:
    """All of them, along the way of a submission."""
    return tuple(CrashPoint(**row) for row in yaml.safe_load(_FILE.read_text())["points"])


def place_of(target: str) -> tuple[Any, str]:
    """The module or class that holds the function, and its name there.

    Raises:
        LookupError: there is no such function; the table and the product have parted.
    """
    parts = target.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            holder: Any = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:-1]:
            holder = getattr(holder, name, None)
        if callable(getattr(holder, parts[-1], None)):
            return holder, parts[-1]
        break
    raise LookupError(f"{target} is no function of the gateway")


def arm(crash: Crash) -> None:
    """Make this process suffer `crash`.

    Raises:
        LookupError: no such point, or its function is gone.
    """
    points = {point.name: point for point in crash_points()}
    if unknown := sorted(set(crash.hits) - set(points)):
        raise LookupError(f"no crash points: {', '.join(unknown)}")
    trap = _Trap(crash)
    for name in crash.hits:
        point = points[name]
        inside = _wrap_guard(point.within) if point.within else lambda: True
        holder, function = place_of(point.target)
        setattr(holder, function, _trapped(getattr(holder, function), point, trap, inside))


class _Trap:
    """Counts arrivals at each point; springs once."""

    def __init__(self, crash: Crash) -> None:
        self._crash = crash
        self._left = dict(crash.hits)
        self._sprung = False
        self._lock = threading.Lock()

    def arrives(self, point: str) -> bool:
        """Whether this is the arrival at which the process is to suffer."""
        with self._lock:
            self._left[point] -= 1
            if self._sprung or self._left[point] or not self._has_turn():
                return False
            self._sprung = True
            return True

    def _has_turn(self) -> bool:
        """Take one of the turns that all armed processes share: each is a file that only one can make."""
        folder = Path(self._crash.marker).parent
        for number in range(1, self._crash.most + 1):
            with suppress(FileExistsError):
                (folder / f"turn-{self._crash.signal}-{number}").touch(exist_ok=False)
                return True
        return False

    def spring(self, point: str) -> None:
        mark = {"point": point, "at": time.time(), "pid": os.getpid()}
        path = Path(self._crash.marker)
        draft = path.with_suffix(".draft")
        draft.write_bytes(json.dumps(mark))
        draft.replace(path)
        os.kill(os.getpid(), _SIGNALS[self._crash.signal])


def _wrap_guard(target: str) -> Callable[[], bool]:
    """Wrap `target` so that the returned function tells whether it runs in the present thread."""
    depth = threading.local()
    holder, name = place_of(target)
    original = getattr(holder, name)

    @contextmanager
    def entered() -> Iterator[None]:
        depth.now = getattr(depth, "now", 0) + 1
        try:
            yield
        finally:
            depth.now -= 1

    @wraps(original)
    def guarded(*arguments: Any, **named: Any) -> Any:
        with entered():
            return original(*arguments, **named)

    setattr(holder, name, guarded)
    return lambda: bool(getattr(depth, "now", 0))


def _trapped(original: Callable[..., Any], point: CrashPoint, trap: _Trap, inside: Callable[[], bool]) -> Any:
    @wraps(original)
    def trapped(*arguments: Any, **named: Any) -> Any:
        if not inside() or not _large_enough(point, arguments):
            return original(*arguments, **named)
        if point.when == "after":
            result = original(*arguments, **named)
            if (result is not None or not point.returned) and trap.arrives(point.name):
                trap.spring(point.name)
            return result
        if trap.arrives(point.name):
            if point.when == "half":
                stream, whole, *rest = arguments
                original(stream, whole[: len(whole) // 2], *rest, **named)
                trap.spring(point.name)
                return original(stream, whole[len(whole) // 2 :], *rest, **named)
            trap.spring(point.name)
        return original(*arguments, **named)

    return trapped


def _large_enough(point: CrashPoint, arguments: tuple[Any, ...]) -> bool:
    return not point.at_least or len(arguments[1]) >= point.at_least
