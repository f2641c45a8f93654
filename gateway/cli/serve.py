"""`pa serve`: the API and its worker threads, in one process."""

from typing import Annotated

import typer


def serve(
    host: Annotated[str, typer.Option(help="Address to bind; other than loopback needs a client.")] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 keeps the setting PA_PORT.")] = 0,
) -> None:
    """Serve the REST API and send what is due, until stopped. Settings come from PA_* variables."""
    from datetime import timedelta

    from gateway.adapters.log import JsonLog
    from gateway.api.server import serve as run
    from gateway.bootstrap import gateway
    from gateway.settings import read_settings
    from gateway.worker import Pool

    present = read_settings()
    settings = present.model_copy(update={"host": host or present.host, "port": port or present.port})
    with gateway(settings, JsonLog()) as world:
        workers = Pool(world, threads=settings.workers, lease=timedelta(seconds=settings.lease_seconds))
        run(world, settings, workers)
