"""`pa client webhook`: make a secret for a client's webhook, and try whether the webhook answers."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Webhooks of clients; they stand in the site profile under `webhooks`.")

_HOLD_SECONDS = 60.0


@app.command()
def secret(
    file: Annotated[Path, typer.Argument(help="Where to keep it; name it in the site profile as `file:NAME`.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a new secret that only you can read; give the same text to the receiver."""
    from gateway.adapters.notify.signing import write_secret

    try:
        write_secret(file)
    except OSError as fault:
        raise typer.BadParameter(f"{file} cannot be made ({fault.strerror}).") from None
    if as_json:
        from gateway.cli.screen import print_json

        print_json({"path": str(file)})
        return
    typer.echo(f"{file}: a new secret, readable by you only.")


@app.command("test")
def try_(
    client: Annotated[str, typer.Argument(help="The client whose webhook is tried.")],
    file: Annotated[
        Path | None, typer.Option("--file", help="The site profile; otherwise PA_SITE or profiles/site.yaml.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Send one signed message of type `webhook.test`, and print what the receiver answers."""
    from gateway.adapters.clock import RandomIds, SystemClock
    from gateway.adapters.notify.client import HttpNotifier
    from gateway.fhir import json
    from gateway.model.exchange import Reply
    from gateway.payers.site import load_site
    from gateway.settings import read_settings

    site = load_site(file or read_settings().site_file)
    webhook = site.webhook(client)
    if webhook is None:
        known = ", ".join(one.client for one in site.webhooks) or "none"
        raise typer.BadParameter(f"{site.path} names no webhook of {client}; clients with one: {known}.")
    notifier = HttpNotifier(site, SystemClock())
    identity = f"test/{RandomIds().new()}"
    body = json.dumps({"type": "webhook.test", "id": identity, "at": SystemClock().now().isoformat()})
    outcome = notifier.tell(webhook, identity, body, _Hold())
    notifier.close()
    answered = f"HTTP {outcome.status}" if isinstance(outcome, Reply) else outcome.reason
    good = isinstance(outcome, Reply) and 200 <= outcome.status < 300
    if as_json:
        from gateway.cli.screen import print_json

        print_json({"client": client, "url": webhook.url, "id": identity, "answered": answered, "good": good})
    else:
        typer.echo(f"{webhook.url}: {answered}" + ("" if good else "; the receiver has to answer with 2xx"))
    if not good:
        raise typer.Exit(5)


class _Hold:
    """Nobody else could do what this command does."""

    def left(self) -> float:
        return _HOLD_SECONDS
