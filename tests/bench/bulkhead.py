"""What a black hole among five payers does to the others (G-R8): `bulkhead.py --help`.

The same load is offered to a fresh gateway twice, by turns: with all payers well, and with one that accepts requests
and never answers. Compared is the 99th percentile, over the other four, of the time from when a call was due until its
decision was there. Ends with status 1 when the black hole makes it worse by more than a fifth.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.callers import Called
from tests.bench.load import GENTLE, SETTINGS, post, quantile, schedule
from tests.bench.stage import POSTGRESQL, SQLITE, stage
from tests.postgres import programs

PAYERS = ("p1", "p2", "p3", "p4", "hole")
BAR = 1.2
_WARM_UP_SECONDS = 2.0


@dataclass(slots=True)
class Seen:
    """Calls for the four payers that are always well, and how many of the fifth's were decided."""

    others: list[Called] = field(default_factory=list)
    fifth: list[Called] = field(default_factory=list)

    def add(self, called: Sequence[Called]) -> None:
        for one in called:
            (self.fifth if one.call.payer == PAYERS[-1] else self.others).append(one)

    def wait(self, percent: int) -> float:
        return quantile([one.seconds for one in self.others], percent)


def observe(database: str, seen: Seen, *, holes: Sequence[str], rate: float, seconds: float, thinks: float) -> None:
    """One turn, on a gateway of its own."""
    setting = replace(SETTINGS[database], payers=PAYERS)
    with stage(setting) as on:
        on.ask_payer("PUT", "/thinks", thinks)
        post(on, schedule(on, PAYERS, rate, _WARM_UP_SECONDS))
        on.ask_payer("PUT", "/holes", holes)
        seen.add(post(on, schedule(on, PAYERS, rate, seconds)))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long orders are offered at each turn")
    parser.add_argument("--turns", type=int, default=4, help="turns of each kind")
    parser.add_argument("--rate", type=float, default=GENTLE, help="orders a second, to the five payers in turn")
    parser.add_argument("--thinks", type=float, default=0.0, help="seconds that a payer takes to answer")
    parser.add_argument("--database", choices=tuple(SETTINGS), default=SQLITE)
    asked = parser.parse_args(arguments)
    console = Console(width=120)
    if asked.database == POSTGRESQL and programs() is None:
        console.print("PostgreSQL is not installed here (Debian: apt-get install postgresql).")
        return 1
    console.print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    well, ill = Seen(), Seen()
    for _ in range(asked.turns):
        for seen, holes in ((well, []), (ill, [PAYERS[-1]])):
            observe(asked.database, seen, holes=holes, rate=asked.rate, seconds=asked.seconds, thinks=asked.thinks)
    ratio = ill.wait(99) / well.wait(99)
    errors = sum(not one.decided for one in (*well.others, *ill.others, *well.fifth))
    console.print(_table(asked, well, ill))
    verdict = "met" if ratio <= BAR and not errors else "MISSED"
    console.print(
        f"The others' p99 with a black hole: x {ratio:.2f}; bar at most x {BAR}: {verdict}. Errors: {errors}."
    )
    return 0 if verdict == "met" else 1


def _table(asked: argparse.Namespace, well: Seen, ill: Seen) -> Table:
    title = f"{asked.database}: four payers beside a fifth, {asked.rate:.0f} orders/s in all, from call to decision"
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for column in ("the fifth payer", "orders of the others", "decided", "p50", "p99", "the fifth's decided"):
        table.add_column(column, justify="right" if column != "the fifth payer" else "left")
    for name, seen in (("is well", well), ("is a black hole", ill)):
        table.add_row(
            name,
            str(len(seen.others)),
            str(sum(one.decided for one in seen.others)),
            *(f"{1000 * seen.wait(at):.0f} ms" for at in (50, 99)),
            f"{sum(one.decided for one in seen.fifth)} of {len(seen.fifth)}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
