"""`pa client`: who may call the API; a token is shown once, and only its SHA-256 is kept."""

import re
from typing import Annotated

import typer

from gateway.cli import webhook

app = typer.Typer(no_args_is_help=True, help="Clients of the API: add one, list them, remove one, tell them.")
app.add_typer(webhook.app, name="webhook")

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_TOKEN_BYTES = 32


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What the client is called in records and events.")],
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the token and nothing else.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a client and print its token, once."""
    import secrets
    from hashlib import sha256

    from gateway.adapters.clock import SystemClock
    from gateway.adapters.store import open_store
    from gateway.model.errors import Conflict, OurFault
    from gateway.ports import Client
    from gateway.settings import read_settings

    if not _NAME.fullmatch(name):
        raise OurFault("That is not a name for a client.", fix="Use small letters, digits and hyphens, at most 40.")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    store = open_store(read_settings().database)
    try:
        store.add_client(Client(name, sha256(token.encode()).hexdigest(), SystemClock().now()))
    except Conflict:
        raise Conflict(f"There is already a client {name}; remove it first.", fix=f"pa client remove {name}") from None
    finally:
        store.close()
    if as_json:
        from gateway.cli.screen import print_json

        print_json({"client": name, "token": token})
        return
    typer.echo(token)
    if not quiet:
        typer.echo(f"The token of {name}; it is not shown again. Send it as `Authorization: Bearer TOKEN`.", err=True)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="A client that `pa client list` shows.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a client's token worthless, at once; its orders stay, and are seen again by who gets the name next."""
    from gateway.adapters.store import open_store
    from gateway.settings import read_settings

    store = open_store(read_settings().database)
    try:
        store.remove_client(name)
        left = len(store.clients())
    finally:
        store.close()
    if as_json:
        from gateway.cli.screen import print_json

        print_json({"removed": name, "left": left})
    else:
        typer.echo(f"removed {name}; {left} left")
    if not left:
        typer.echo("No client is left: a running gateway now answers this machine without a token.", err=True)


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """The clients, by name."""
    from gateway.adapters.store import open_store
    from gateway.cli import screen
    from gateway.settings import read_settings

    store = open_store(read_settings().database)
    try:
        clients = store.clients()
    finally:
        store.close()
    if as_json:
        screen.print_json([{"name": client.name, "created_at": client.created_at} for client in clients])
    else:
        rows = [(client.name, f"{client.created_at:%Y-%m-%d %H:%M}") for client in clients]
        screen.table("", ("client", "since"), rows)
