"""`pa worker`: worker threads in a process of their own, beside any number of others; on PostgreSQL."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gateway.flow.world import World
    from gateway.settings import Settings


def worker(
    threads: Annotated[int, typer.Option(min=0, max=64, help="Threads; 0 keeps the setting PA_WORKERS.")] = 0,
) -> None:
    """Do what is due until stopped: send, ask, tell. Settings come from PA_* variables.

    A first SIGTERM or SIGINT finishes the steps in hand; a second one ends the process at once.
    """
    from gateway.adapters.log import JsonLog
    from gateway.bootstrap import gateway
    from gateway.settings import read_settings

    settings = read_settings()
    number = threads or settings.workers
    _refuse_in_vain(settings, number)
    with gateway(settings, JsonLog()) as world:
        _work(world, settings, number)


def _refuse_in_vain(settings: "Settings", threads: int) -> None:
    from gateway.model.errors import ConfigFault

    if settings.one_process:
        raise ConfigFault(
            "A SQLite database has one serving process, and `pa serve` does what is due by itself.",
            fix="Start `pa serve`; for workers of their own, set PA_DATABASE to a PostgreSQL database.",
        )
    if threads == 0:
        raise ConfigFault("PA_WORKERS is 0: there would be no thread.", fix="Name a number: pa worker --threads 8.")


def _work(world: "World", settings: "Settings", threads: int) -> None:
    import os
    import signal
    from datetime import timedelta
    from threading import Event
    from time import perf_counter

    from gateway import __version__
    from gateway.adapters.log import catch_crashes
    from gateway.worker import Pool

    begun, over = perf_counter(), Event()

    def end(number: int, _: object) -> None:
        if over.is_set():
            os._exit(128 + number)
        over.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    catch_crashes(world.log)
    pool = Pool(world, threads=threads, lease=timedelta(seconds=settings.lease_seconds))
    pool.start()
    world.log.write("worker.started", version=__version__, workers=threads, ms=_since(begun, perf_counter()))
    over.wait()
    pool.stop()
    world.log.write("worker.stopped", ms=_since(begun, perf_counter()))


def _since(begun: float, now: float) -> float:
    return round((now - begun) * 1000, 1)
