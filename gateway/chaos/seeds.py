"""Many seeds of the simulation, over payer models, in several processes: figures for each model and what went wrong."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from gateway.chaos.simulation import Setup, simulate
from gateway.chaos.simulation.payer import Model

_CHUNK = 10


@dataclass(slots=True)
class Summary:
    """What came of the seeds of one model; `problems` are by seed."""

    model: Model
    seeds: int = 0
    authorized: int = 0
    listed: int = 0
    arrived: int = 0
    problems: dict[int, tuple[str, ...]] = field(default_factory=dict)


def simulate_all(models: Sequence[Model], seeds: range, jobs: int) -> Iterator[Summary]:
    """A summary for each model over all seeds."""
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        for model in models:
            summary = Summary(model)
            for run in pool.map(partial(_one, model=model), seeds, chunksize=_CHUNK):
                seed, authorized, listed, arrived, problems = run
                summary.seeds += 1
                summary.authorized += authorized
                summary.listed += listed
                summary.arrived += arrived
                if problems:
                    summary.problems[seed] = problems
            yield summary


def _one(seed: int, model: Model) -> tuple[int, int, int, int, tuple[str, ...]]:
    run = simulate(seed, Setup(model=model))
    return seed, run.authorized, run.listed, run.arrived, run.problems


def lines(summary: Summary) -> Iterator[str]:
    """The figures of a model, and the first seeds that went wrong, each with the command that replays it."""
    orders = summary.seeds * Setup().orders
    yield (
        f"model {summary.model:<9}{summary.seeds:>7} seeds {orders:>8} orders {summary.authorized:>8} authorized "
        f"{summary.listed:>6} with a person {summary.arrived / orders:>6.2f} requests per order "
        f"{len(summary.problems):>4} seeds with problems"
    )
    for seed, problems in list(summary.problems.items())[:5]:
        yield f"  seed {seed}: {problems[0]}"
        yield f"    repeat: pa chaos simulate --model {summary.model} --seed {seed} --trace"


def replay(model: Model, seed: int) -> Iterator[str]:
    """The account of one seed, and what is wrong with it."""
    run = simulate(seed, Setup(model=model))
    yield from run.log
    yield f"digest {run.digest}"
    yield from run.problems
