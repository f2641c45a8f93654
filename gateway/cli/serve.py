"""`pa serve`: the API and its worker threads, in one process."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gateway.settings import Settings


def serve(
    host: Annotated[str, typer.Option(help="Address to bind; other than loopback needs a client.")] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 keeps the setting PA_PORT.")] = 0,
) -> None:
    """Serve the REST API and do what is due, until stopped. Settings come from PA_* variables.

    With PA_WORKERS=0 it serves only, and `pa worker` does what is due; that takes PostgreSQL.
    """
    from datetime import timedelta

    from gateway.adapters.log import JsonLog
    from gateway.adapters.store.serving import serving
    from gateway.api.server import serve as run
    from gateway.bootstrap import gateway
    from gateway.settings import read_settings
    from gateway.worker import Pool

    present = read_settings()
    settings = present.model_copy(update={"host": host or present.host, "port": port or present.port})
    _somebody_works(settings)
    with gateway(settings, JsonLog()) as world, serving(world.store):
        workers = Pool(world, threads=settings.workers, lease=timedelta(seconds=settings.lease_seconds))
        run(world, settings, workers)


def _somebody_works(settings: "Settings") -> None:
    from gateway.model.errors import ConfigFault

    if settings.workers == 0 and settings.one_process:
        raise ConfigFault(
            "PA_WORKERS is 0, and a SQLite database has one serving process: nothing would ever be sent.",
            fix="Set PA_WORKERS to 1 or more, or use PostgreSQL (PA_DATABASE) with `pa worker` beside.",
        )
