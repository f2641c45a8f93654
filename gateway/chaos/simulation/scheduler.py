"""One thing at a time, in an order that a seed decides, under a clock that only the scheduler moves.

Tasks are threads, but only the one that holds the baton runs; it hands it back at every call of a port. Which task goes
on, who is killed and who is stopped past his lease is drawn from the seed, so a run repeats exactly.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from threading import Semaphore, Thread

START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


class Killed(BaseException):
    """kill -9: the task ends here; what it had not committed is gone."""


class Stuck(Exception):
    """The run made more steps than any run should: something goes round in circles."""


@dataclass(slots=True, eq=False)
class Task:
    """One thread of the run.

    Attributes:
        wakes: the virtual time, in seconds, before which it does not go on; `stopped_until` by SIGSTOP.
        mortal: it may be killed or stopped.
    """

    name: str
    body: Callable[[], None]
    wakes: float
    mortal: bool
    stopped_until: float = 0.0
    killed: bool = False
    done: bool = False
    fault: BaseException | None = None
    turn: Semaphore = field(default_factory=lambda: Semaphore(0))


class Scheduler:
    """Runs tasks until all have ended; `log` is what happened, `digest` its hash.

    Attributes:
        seconds: the virtual time since START.
        kills, stops: chances, per turn of a mortal task, that it is killed, or stopped for `stop_seconds`.
    """

    def __init__(
        self, seed: int, *, kills: float = 0.0, stops: float = 0.0, stop_seconds: float = 0.0, most_turns: int = 200_000
    ) -> None:
        self.random = Random(seed)  # noqa: S311 - a repeatable order is what is wanted
        self.seconds = 0.0
        self.kills, self.stops, self.stop_seconds = kills, stops, stop_seconds
        self.log: list[str] = []
        self._most_turns = most_turns
        self._tasks: list[Task] = []
        self._current: Task | None = None
        self._baton = Semaphore(0)
        self._turns = 0

    def now(self) -> datetime:
        """The virtual instant (`ports.Clock`)."""
        return START + timedelta(seconds=self.seconds)

    def steady(self) -> float:
        """The virtual seconds: the machines of the simulation do not sleep."""
        return self.seconds

    def note(self, what: str) -> None:
        """Write a line of the account."""
        name = self._current.name if self._current else "-"
        self.log.append(f"{self.seconds:.3f} {name} {what}")

    def digest(self) -> str:
        return sha256("\n".join(self.log).encode()).hexdigest()

    def spawn(self, name: str, body: Callable[[], None], *, after: float = 0.0, mortal: bool = False) -> Task:
        """A new task; it begins `after` seconds from now."""
        task = Task(name, body, self.seconds + after, mortal)
        self._tasks.append(task)
        Thread(target=self._live, args=(task,), name=name, daemon=True).start()
        return task

    def pause(self, what: str, seconds: float = 0.0) -> None:
        """Hand the baton back for at least `seconds`.

        Raises:
            Killed: the seed ends the calling task here.
        """
        task = self._current
        if task is None:  # set up and looked at from outside, before and after the run
            return
        if task.killed:  # what a dying process would still do, such as letting go of a lock, is not done
            raise Killed
        self.note(what)
        task.wakes = self.seconds + seconds
        self._baton.release()
        task.turn.acquire()
        if task.killed:
            raise Killed

    def run(self) -> None:
        """Until every task has ended.

        Raises:
            Stuck: it does not come to an end.
        """
        while living := [task for task in self._tasks if not task.done]:
            self._turns += 1
            if self._turns > self._most_turns:
                self._end(living)
                raise Stuck(f"more than {self._most_turns} turns")
            ready = [task for task in living if task.wakes <= self.seconds]
            if not ready:
                self.seconds = min(task.wakes for task in living)
                continue
            task = ready[self.random.randrange(len(ready))]
            if self._spared(task):
                self._give(task)
        if faults := [task.fault for task in self._tasks if task.fault]:
            raise faults[0]

    def _spared(self, task: Task) -> bool:
        if not task.mortal:
            return True
        fate = self.random.random()
        if fate < self.kills:
            self._current = task
            self.note("killed")
            task.killed = True
        elif fate < self.kills + self.stops:
            self._current = task
            self.note("stopped")
            task.wakes = task.stopped_until = self.seconds + self.stop_seconds
            return False
        return True

    def _give(self, task: Task) -> None:
        self._current = task
        task.turn.release()
        self._baton.acquire()
        self._current = None

    def _end(self, living: list[Task]) -> None:
        for task in living:
            task.killed = True
            self._give(task)

    def _live(self, task: Task) -> None:
        task.turn.acquire()
        try:
            if not task.killed:
                task.body()
        except Killed:
            pass
        except BaseException as fault:  # noqa: BLE001 - it is raised again where the run is looked at
            task.fault = fault
        finally:
            task.done = True
            self._baton.release()
