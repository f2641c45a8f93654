"""`make bench`: what one authorization costs, as ratios to parsing the same bytes, all in one run, each with its bar.

Baselines are measured beside the figures: `orjson.loads` of the reference bundle, and parsing it into fhir.resources
R4B models. Ratios survive a change of machine; absolute times are shown for orientation. Then the gateway as a whole:
`load.py` and `bulkhead.py`, which can be run alone and for longer. A bar that is missed ends the run with status 1.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from fhir.resources.R4B.bundle import Bundle
from rich import box
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gateway.conformance import Profiles
from gateway.flow import intake, submit
from gateway.flow.prepare import Treatment
from gateway.model import lifecycle
from gateway.settings import data_folder
from tests.bench import bulkhead, load
from tests.bench.reference import reference_order
from tests.worlds import NOW, Unending, build_world

ROOT = Path(__file__).resolve().parents[2]
ORDER = ROOT / "examples" / "orders" / "knee_mri.json"
# Run by a small process of its own: the peak of a child includes what its parent held when it was started.
PEAK = """
import resource, subprocess, sys
subprocess.run([sys.executable, *sys.argv[1:]], check=True, capture_output=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """A limit: what is measured over `unit` seconds (or bytes) must stay below `limit`."""

    limit: float
    unit: float
    text: str

    def met(self, measured: float) -> bool:
        return measured / self.unit <= self.limit


@dataclass(frozen=True, slots=True)
class Figure:
    """Something measured; `seconds` are bytes where it is memory."""

    name: str
    seconds: float
    bar: Bar | None = None
    is_memory: bool = False


def median(action: Callable[[], object], seconds: float = 1.5) -> float:
    """Wall time of one call after a warm-up: the best of five rounds, each the median of its calls.

    Whatever else the machine does can only make a round longer.
    """
    action()
    return min(_round(action, seconds / 5) for _ in range(5))


def _round(action: Callable[[], object], seconds: float) -> float:
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def process(*arguments: str, runs: int = 5) -> float:
    """Median wall time of a whole process."""
    return median(
        lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True, cwd=ROOT),
        seconds=0.2 * runs,
    )


def peak(*arguments: str) -> float:
    """Most memory a whole process held at once, in bytes."""
    done = subprocess.run([sys.executable, "-c", PEAK, *arguments], check=True, capture_output=True, cwd=ROOT)
    return int(done.stdout) * 1024.0


def peak_of_check(bundle: bytes) -> float:
    """Peak of `pa profile check` on a bundle that has no error."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bundle.json"
        file.write_bytes(bundle)
        return peak("-m", "gateway", "profile", "check", str(file))


def answered(order: bytes) -> Callable[[], object]:
    """From the payer's answer to the record it makes, for an order that was sent."""
    world = build_world()
    received = intake.receive(world, order, Treatment(), client="bench", actor="ehr:bench")
    record = world.store.authorization(received.authorizations[0])
    (draft,) = world.store.exchanges(record.id)
    payer = world.payers[record.payer]
    send = submit.plan(record, draft, payer, now=NOW, identity=world.ids.new(), fence=1)
    outcome = world.payer_client.submit(payer, draft.body, Unending())

    def conclude() -> object:
        (event,) = submit.conclude(send, outcome, payer, world.codes, now=NOW).events
        return lifecycle.apply(send.record, event)

    return conclude


def with_bars(order: bytes, bundle: bytes, parse: float, models: float) -> list[Figure]:
    """The figures that have a bar, all on the reference bundle."""
    world = build_world()
    profiles = world.guides["2.2.1"].profiles
    document = orjson.loads(bundle)
    folder = data_folder("profiles") / "pas" / "2.2.1"
    return [
        Figure(
            "profile check of the bundle",
            median(lambda: profiles.check(document)),
            Bar(40, parse, "at most 40x orjson.loads"),
        ),
        Figure(
            "order to checked bundle",
            median(lambda: intake.check(world, order, [], Treatment())),
            Bar(1, models, "less than the R4B parse"),
        ),
        Figure(
            "load the PAS 2.2.1 profiles",
            median(lambda: Profiles.load(folder), seconds=1),
            Bar(0.2, 1, "under 200 ms"),
        ),
        Figure(
            "peak memory of pa profile check",
            peak_of_check(bundle),
            Bar(150, 1e6, "under 150 MB"),
            is_memory=True,
        ),
    ]


def without_bars(document: dict[str, Any]) -> list[Figure]:
    """Figures to watch; those of one small order are on `examples/orders/knee_mri.json`."""
    world = build_world()
    small = ORDER.read_bytes()
    folder = data_folder("profiles") / "pas" / "2.2.1"
    return [
        Figure("load the profiles and check once", median(lambda: Profiles.load(folder).check(document), seconds=1)),
        Figure("small order to checked bundle", median(lambda: intake.check(world, small, [], Treatment()))),
        Figure("answer to record, small order", median(answered(small))),
        Figure(
            "ready: world built and first order checked, new process",
            process(
                "-c",
                "import sys; sys.path.insert(0, '.')\n"
                "from tests.worlds import build_world\nfrom gateway.flow import intake\n"
                "from gateway.flow.prepare import Treatment\n"
                f"intake.check(build_world(), open({str(ORDER)!r}, 'rb').read(), [], Treatment())",
            ),
        ),
        Figure("pa --help, new process", process("-m", "gateway", "--help")),
    ]


def main() -> int:
    order = reference_order()
    (prepared,) = intake.check(build_world(), order, [], Treatment())
    bundle = prepared.body
    parse = median(lambda: orjson.loads(bundle))
    models = median(lambda: Bundle.model_validate_json(bundle))
    figures = [
        Figure("baseline: orjson.loads", parse),
        Figure("baseline: fhir.resources R4B parse", models),
        *with_bars(order, bundle, parse, models),
        *without_bars(orjson.loads(bundle)),
    ]
    show(len(bundle), parse, models, figures)
    missed = any(figure.bar and not figure.bar.met(figure.seconds) for figure in figures)
    ended = [load.main([]), bulkhead.main([])]
    return 1 if missed or any(ended) else 0


def show(size: int, parse: float, models: float, figures: list[Figure]) -> None:
    table = Table(title=f"One authorization; request bundle of {size} bytes; best of five medians", box=box.SIMPLE_HEAD)
    for column in ("what", "ms", "x orjson.loads", "x R4B parse", "bar", ""):
        table.add_column(column, justify="left" if column in ("what", "bar", "") else "right")
    for figure in figures:
        measured = (
            (f"{figure.seconds / 1e6:.0f} MB", "", "")
            if figure.is_memory
            else (
                f"{figure.seconds * 1000:.3f}",
                f"{figure.seconds / parse:.1f}",
                f"{figure.seconds / models:.2f}",
            )
        )
        verdict = ("met" if figure.bar.met(figure.seconds) else "MISSED") if figure.bar else ""
        table.add_row(figure.name, *measured, figure.bar.text if figure.bar else "", verdict)
    Console(width=120).print(table)


if __name__ == "__main__":
    sys.exit(main())
