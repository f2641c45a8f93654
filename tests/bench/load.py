"""Orders a second from end to end, what the gateway adds to the payer's time, and where its CPU goes: `load.py --help`.

The gateway as its users start it, over SQLite and over PostgreSQL (both with every commit synced to disk), the payer
and the callers share one machine. Each order is of its own member, checked against its profiles, and sent with an
OAuth token; each call waits for its decision. Calls come on a schedule that waits for nobody. At the end the gateway
is killed, and every order that was answered has to be in its database, decided, and once at the payer.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gateway.adapters.store import open_store
from gateway.model.authorization import State
from gateway.ports import Query
from tests.bench.callers import Call, Called, call_all
from tests.bench.stage import POSTGRESQL, SQLITE, Setting, Stage, stage
from tests.postgres import programs

AIMS = {SQLITE: 100.0, POSTGRESQL: 80.0}
GENTLE = 20.0
# Offered more than it can do, a gateway falls further behind for as long as that lasts.
_KEEPS_UP_SECONDS = 1.0
_LESS = 0.85
_CATCH_UP_SECONDS, _GLANCE_SECONDS = 120.0, 0.2
_ATTEMPTS = 4
_WARM_UP = 40
_PROFILE_SECONDS = 1.5
SETTINGS = {
    SQLITE: Setting(SQLITE),
    POSTGRESQL: Setting(POSTGRESQL, processes=(("serve", {"PA_WORKERS": "0"}), ("worker", {}))),
}


@dataclass(frozen=True, slots=True)
class Run:
    """Orders offered at one rate; `received` is when the payer had each member's request, `cpu` seconds by process."""

    database: str
    rate: float
    called: Sequence[Called]
    received: dict[str, float]
    cpu: dict[str, float]
    memory: int

    @property
    def per_second(self) -> float:
        """Orders that reached the payer a second, over the whole time from the first call to the last arrival."""
        arrived = [at for one in self.called if (at := self.received.get(one.call.member))]
        return len(arrived) / (max(arrived) - min(one.due for one in self.called))

    @property
    def errors(self) -> int:
        return sum(not one.decided for one in self.called)

    @property
    def keeps_up(self) -> bool:
        return not self.errors and quantile(self.answers(), 99) < _KEEPS_UP_SECONDS

    def answers(self) -> list[float]:
        """Seconds from when a call was due to its answer."""
        return [one.seconds for one in self.called]

    def arrivals(self) -> list[float]:
        """Seconds from when a call was due to the arrival of its request at the payer."""
        return [self.received[one.call.member] - one.due for one in self.called if one.call.member in self.received]


def quantile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def schedule(on: Stage, payers: Sequence[str], rate: float, seconds: float) -> list[Call]:
    """Calls at even distances, to the payers in turn."""
    calls = []
    for number in range(int(rate * seconds)):
        payer = payers[number % len(payers)]
        member, body = on.order(payer)
        calls.append(Call(number / rate, member, payer, body))
    return calls


def post(on: Stage, calls: Sequence[Call]) -> list[Called]:
    """Make the calls at their times; all are answered when this returns."""
    return call_all(int(on.home.url.rpartition(":")[2]), on.home.token, calls)


def offer(on: Stage, setting: Setting, rate: float, seconds: float) -> Run:
    """Offer orders at a rate; all are answered, and with the payer, when this returns."""
    calls = schedule(on, setting.payers, rate, seconds)
    before = on.cpu()
    called = post(on, calls)
    received = _all_received(on, called)
    after = on.cpu()
    used = {name: after[name] - before[name] for name in after}
    return Run(setting.database, rate, called, received, used, on.memory())


def _all_received(on: Stage, called: Sequence[Called]) -> dict[str, float]:
    """What the payer received, once it has all that was acknowledged: a gateway that fell behind catches up first."""
    end = time.monotonic() + _CATCH_UP_SECONDS
    while True:
        received: dict[str, float] = on.ask_payer("GET", "/received")
        if time.monotonic() > end or all(one.call.member in received for one in called if one.order):
            return received
        time.sleep(_GLANCE_SECONDS)


def sustained(on: Stage, setting: Setting, rate: float, seconds: float) -> Run:
    """The highest rate tried at which the gateway keeps up; the last one tried when it never does."""
    for left in reversed(range(_ATTEMPTS)):
        run = offer(on, setting, rate, seconds)
        if run.keeps_up or not left:
            return run
        rate = float(int(min(rate, run.per_second) * _LESS)) or 1.0
    raise AssertionError("the last attempt returns")


def missing(on: Stage, runs: Sequence[Run]) -> int:
    """How many answered orders the database does not have as decided, once the gateway has been killed."""
    on.kill()
    store = open_store(on.home.database)
    try:
        answered = [one for run in runs for one in run.called if one.order]
        return sum(
            not any(record.state is State.DECIDED for record in store.authorizations(Query(order_id=one.order)))
            for one in answered
            if one.decided
        )
    finally:
        store.close()


def profile(setting: Setting, rate: float, seconds: float) -> tuple[Counter[str], Counter[str], int]:
    """CPU seconds and calls by part of the program, of the gateway's processes; and of how many orders."""
    with stage(setting, profiled=True) as on:
        offer(on, setting, GENTLE, _WARM_UP / GENTLE)
        before = _profiles(on)
        run = offer(on, setting, rate, seconds)
        now = _profiles(on)
        spent, made = (Counter({name: now[at][name] - before[at][name] for name in now[at]}) for at in (0, 1))
        return spent, made, len(run.called)


def _profiles(on: Stage) -> tuple[Counter[str], Counter[str]]:
    time.sleep(_PROFILE_SECONDS)
    seconds, calls = Counter[str](), Counter[str]()
    for file in on.profiles:
        said = json.loads(file.read_text())
        seconds.update(said["seconds"])
        calls.update(said["calls"])
    return seconds, calls


def measure(setting: Setting, aim: float, seconds: float) -> tuple[list[Run], int, int]:
    """A gentle run and a hard one; how many orders are missing, and how many the payer was asked twice."""
    with stage(setting) as on:
        offer(on, setting, GENTLE, _WARM_UP / GENTLE)
        runs = [offer(on, setting, GENTLE, seconds), sustained(on, setting, aim, seconds)]
        doubled = int(on.ask_payer("GET", "/doubled"))
        return runs, missing(on, runs), doubled


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long orders are offered at each rate")
    parser.add_argument("--rate", type=float, help="orders a second to try first; by default the aim")
    parser.add_argument("--database", choices=tuple(AIMS), help="only this one")
    parser.add_argument("--no-profile", action="store_true", help="leave out where the CPU goes")
    asked = parser.parse_args(arguments)
    console = Console(width=120)
    console.print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    good = True
    for database in [asked.database] if asked.database else AIMS:
        if database == POSTGRESQL and programs() is None:
            console.print("PostgreSQL is not installed here (Debian: apt-get install postgresql); left out.")
            continue
        setting, aim = SETTINGS[database], AIMS[database]
        runs, lost, doubled = measure(setting, asked.rate or aim, asked.seconds)
        console.print(_speed(database, aim, runs, lost, doubled))
        console.print(_cpu(database, runs[-1]))
        good = good and not lost and not doubled and not any(run.errors for run in runs)
        if not asked.no_profile:
            console.print(_parts(database, *profile(setting, runs[-1].rate, asked.seconds)))
    return 0 if good else 1


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def _speed(database: str, aim: float, runs: Sequence[Run], lost: int, doubled: int) -> Table:
    table = _table(
        f"{database}: orders from end to end; payer, callers and gateway on the same {os.cpu_count()} cores",
        "offered", "done", "decided p50", "p99", "at the payer p50", "p99", "errors", "memory",
    )  # fmt: skip
    for run in runs:
        waits = [f"{1000 * quantile(times, at):.0f} ms" for times in (run.answers(), run.arrivals()) for at in (50, 99)]
        table.add_row(
            f"{run.rate:.0f}/s", f"{run.per_second:.1f}/s", *waits, str(run.errors), f"{run.memory / 1e6:.0f} MB"
        )
    best = runs[-1]
    reached = f"{best.rate:.0f}/s" if best.keeps_up else f"less than {best.rate:.0f}/s"
    orders = sum(len(run.called) for run in runs)
    table.caption_justify = "left"
    table.caption = (
        f"Times from when a call was due. Sustained, with p99 under {_KEEPS_UP_SECONDS:.0f} s: {reached} "
        f"(aim {aim:.0f}/s). After kill -9, of {orders} orders: {lost} missing in the database, {doubled} sent twice."
    )
    return table


def _cpu(database: str, run: Run) -> Table:
    table = _table(f"{database}: CPU per order at {run.rate:.0f}/s, by process", "process", "ms", "share")
    whole = sum(run.cpu.values())
    for name, spent in sorted(run.cpu.items(), key=lambda row: -row[1]):
        table.add_row(name, f"{1000 * spent / len(run.called):.2f}", f"{spent / whole:.0%}")
    return table


def _parts(database: str, seconds: Counter[str], calls: Counter[str], orders: int) -> Table:
    title = f"{database}: CPU per order in the gateway, by part; each without the parts that it calls"
    table = _table(title, "part", "calls", "ms", "share")
    whole = sum(seconds.values())
    for part, spent in seconds.most_common():
        made = f"{calls[part] / orders:.1f}" if part in calls else ""
        table.add_row(part, made, f"{1000 * spent / orders:.2f}", f"{spent / whole:.0%}")
    return table


if __name__ == "__main__":
    sys.exit(main())
