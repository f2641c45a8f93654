"""`make bench`: what one authorization costs, as ratios to parsing the same bytes, all in one run.

Baselines are measured beside the figures: `orjson.loads` of the bundle, and parsing it into fhir.resources R4B models.
Ratios survive a change of machine; absolute times are shown for orientation only.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
from tests.worlds import NOW, build_world

ROOT = Path(__file__).resolve().parents[2]
ORDER = ROOT / "examples" / "orders" / "knee_mri.json"


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    seconds: float


def median(action: Callable[[], object], seconds: float = 1.5) -> float:
    """Median wall time of one call, over calls for about `seconds` after a warm-up."""
    action()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
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


def answered(order: bytes) -> Callable[[], object]:
    """From the payer's answer to the record it makes, for an order that was sent."""
    world = build_world()
    received = intake.receive(world, order, Treatment(), client="bench", actor="ehr:bench")
    record = world.store.authorization(received.authorizations[0])
    (draft,) = world.store.exchanges(record.id)
    payer = world.payers[record.payer]
    send = submit.plan(record, draft, payer, now=NOW, identity=world.ids.new())
    outcome = world.payer_client.submit(payer, draft.body)

    def conclude() -> object:
        (event,) = submit.conclude(send, outcome, payer, world.codes, now=NOW)
        return lifecycle.apply(send.record, event)

    return conclude


def main() -> None:
    world = build_world()
    order = ORDER.read_bytes()
    prepared = intake.check(world, order, [], Treatment())[0]
    bundle = prepared.body
    parse = median(lambda: orjson.loads(bundle))
    models = median(lambda: Bundle.model_validate_json(bundle))
    guide = world.guides["2.2.1"]
    document = orjson.loads(bundle)
    folder = data_folder("profiles") / "pas" / "2.2.1"
    figures = [
        Figure("order to checked bundle", median(lambda: intake.check(world, order, [], Treatment()))),
        Figure("profile check of the bundle", median(lambda: guide.profiles.check(document))),
        Figure("answer to record", median(answered(order))),
        Figure(
            "load the PAS 2.2.1 profiles and check once",
            median(lambda: Profiles.load(folder).check(document), seconds=0.5),
        ),
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
    show(len(bundle), parse, models, figures)


def show(size: int, parse: float, models: float, figures: list[Figure]) -> None:
    table = Table(title=f"One authorization; request bundle of {size} bytes; medians", box=box.SIMPLE_HEAD)
    for column in ("what", "ms", "x orjson.loads", "x R4B parse"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for figure in (
        Figure("baseline: orjson.loads", parse),
        Figure("baseline: fhir.resources R4B parse", models),
        *figures,
    ):
        table.add_row(
            figure.name,
            f"{figure.seconds * 1000:.3f}",
            f"{figure.seconds / parse:.1f}",
            f"{figure.seconds / models:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
