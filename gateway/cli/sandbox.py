"""`pa sandbox`: run the payer sandbox, see its scenarios, and see what it received and why it refused."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from socket import socket

    from gateway.sandbox.versions import Version

app = typer.Typer(no_args_is_help=True, help="The payer sandbox: a PAS payer on your own computer, in 2.0.1 and 2.2.1.")

_URL = "http://127.0.0.1:8190"
_REFUSED, _NOT_FOUND, _CONFIGURATION, _UNREACHABLE = 2, 3, 4, 5  # the exit codes of `pa`
Url = Annotated[str, typer.Option(help="Address of the running sandbox.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Pas = Annotated[str, typer.Option("--pas", help="Version of PAS: 2.2.1 or 2.0.1.")]
Folder = Annotated[Path | None, typer.Option(help="Folder of S-NN-….yaml files; the shipped ones otherwise.")]


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8190,
    host: str = "127.0.0.1",
    data: Annotated[Path, typer.Option(help="Folder of the sandbox's own database.")] = Path(".sandbox"),
    clients: Annotated[
        Path | None, typer.Option(help="YAML file of clients; DATA/clients.yaml, made when missing, otherwise.")
    ] = None,
    scenarios: Folder = None,
    origin: Annotated[str, typer.Option(help="scheme://host:port others reach it at, when not host and port.")] = "",
    allow_other_hosts: Annotated[bool, typer.Option(help="Listen beyond this computer. Invented data only!")] = False,
) -> None:
    """Run the sandbox until it is stopped."""
    import uvicorn

    from gateway.sandbox.app import create_app
    from gateway.sandbox.config import is_loopback, read_config
    from gateway.sandbox.schema import FileFault
    from gateway.sandbox.versions import VERSIONS

    if not is_loopback(host) and not allow_other_hosts:
        _stop(
            f"{host} is reachable from elsewhere, and a sandbox is no server for that. "
            "Use 127.0.0.1, or say --allow-other-hosts.",
            _REFUSED,
        )
    try:
        config = read_config(host=host, port=port, data=data, clients=clients, scenarios=scenarios, origin=origin)
    except FileFault as fault:
        _stop(str(fault), _CONFIGURATION)
    listener = _listen(host, port)
    bases = ", ".join(f"{config.base_url(version)} (PAS {version.number})" for version in VERSIONS.values())
    typer.echo(f"payer sandbox at {bases}; token endpoint {config.token_url}; clients: {', '.join(config.clients)}")
    settings = uvicorn.Config(create_app(config), log_level="warning", access_log=False, server_header=False)
    with listener, suppress(KeyboardInterrupt):  # uvicorn raises the signal that stopped it once more
        uvicorn.Server(settings).run(sockets=[listener])


@app.command()
def scenarios(
    folder: Folder = None,
    request: Annotated[str, typer.Option(help="Print the ready request of this scenario, e.g. S-03.")] = "",
    pas: Pas = "2.2.1",
    as_json: Json = False,
    check: Annotated[bool, typer.Option(help="Only check the files.")] = False,
) -> None:
    """Show what the sandbox can do, each with a ready request."""
    from gateway.fhir.json import pretty
    from gateway.sandbox.config import shipped_scenarios
    from gateway.sandbox.control import summary
    from gateway.sandbox.scenarios import read_scenarios
    from gateway.sandbox.schema import FileFault

    version = _version(pas)
    try:
        known = read_scenarios(folder or shipped_scenarios())
    except FileFault as fault:
        _stop(str(fault), _CONFIGURATION)
    if check:
        typer.echo(f"{len(known.all)} scenarios, no fault")
    elif request:
        if request not in known:
            _stop(f"There is no scenario {request}. Known: {', '.join(found.id for found in known.all)}.", _NOT_FOUND)
        typer.echo(pretty(_ready(known, request, version)).decode())
    elif as_json:
        rows = [summary(found) | {"request": _ready(known, found.id, version)} for found in known.all]
        typer.echo(pretty(rows).decode())
    else:
        for found in known.all:
            typer.echo(
                f"{found.id}  {found.title}\n      {found.shows}\n      when: {_when(found)}\n"
                f"      request: pa sandbox scenarios --request {found.id}"
            )


@app.command()
def received(
    failed: Annotated[bool, typer.Option("--failed", help="Only what was refused.")] = False,
    as_json: Json = False,
    url: Url = _URL,
) -> None:
    """Show what came in at the running sandbox, and why it was refused."""
    from gateway.fhir.json import pretty

    rows = _call("GET", f"{url}/sandbox/received", failed=str(failed).lower())
    if as_json:
        typer.echo(pretty(rows).decode())
        return
    for row in rows:
        typer.echo(
            f"{row['number']:>5}  {row['at']}  {row['what']:<7}  {row['version'] or '-':<5}  {row['status']}  "
            f"{row['client'] or '-'}  "
            f"{' '.join(row['scenarios'])}"
        )
        for fault in row["failures"]:
            typer.echo(f"       {fault['rule']}  {fault['path']}\n         {fault['text']} {fault['fix']}")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A PAS request Bundle as JSON.")],
    pas: Pas = "2.2.1",
    as_json: Json = False,
) -> None:
    """Check a request as the sandbox would before it decides, without sending it; exit code 2 when it refuses."""
    from dataclasses import asdict

    from gateway.fhir.json import JsonFault, loads, pretty
    from gateway.sandbox.checks import check_request

    version = _version(pas)
    try:
        issues = check_request(loads(file.read_bytes()), version)
    except JsonFault as fault:
        _stop(f"{file}: {fault.text} ({fault.place}) {fault.fix}", _REFUSED)
    if as_json:
        typer.echo(pretty([asdict(issue) for issue in issues]).decode())
    else:
        for issue in issues:
            typer.echo(f"{issue.rule}  {issue.path}\n    {issue.text} {issue.fix}")
        typer.echo(f"PAS {version.number}: " + (f"refused, {len(issues)} reason(s)" if issues else "accepted"))
    if issues:
        raise typer.Exit(_REFUSED)


@app.command()
def reset(url: Url = _URL, as_json: Json = False) -> None:
    """Make the running sandbox forget requests and decisions."""
    _call("DELETE", f"{url}/sandbox/received")
    typer.echo('{"forgotten": true}' if as_json else "forgotten")


def _listen(host: str, port: int) -> "socket":
    from socket import AF_INET, AF_INET6, create_server

    try:
        return create_server((host, port), family=AF_INET6 if ":" in host else AF_INET)
    except OSError as fault:
        _stop(
            f"The sandbox cannot listen at {host}, port {port}: {str(fault.strerror).partition(' (')[0]}. "
            "Choose another --port, or stop what listens there.",
            _CONFIGURATION,
        )


def _version(number: str) -> "Version":
    from gateway.sandbox.versions import VERSIONS

    if number not in VERSIONS:
        _stop(f"The sandbox does not speak PAS {number}. Known: {', '.join(VERSIONS)}.", _NOT_FOUND)
    return VERSIONS[number]


def _ready(known: Any, identity: str, version: "Version") -> dict[str, Any]:
    from uuid import uuid4

    from gateway.sandbox.config import utc_now
    from gateway.sandbox.ready_request import ready_request

    return ready_request(known.orders(known[identity]), now=utc_now(), new_id=uuid4, version=version)


def _when(scenario: Any) -> str:
    if scenario.combines:
        return f"its request combines {', '.join(scenario.combines)}"
    if scenario.is_default:
        return "nothing else matches"
    return ", ".join([*scenario.codes, *(f"service type {kind}" for kind in scenario.service_types)])


def _call(method: str, address: str, **query: str) -> Any:
    import httpx

    from gateway.fhir.json import loads

    try:
        reply = httpx.request(method, address, params=query, timeout=10.0, trust_env=False)
    except httpx.HTTPError as fault:
        _stop(f"No sandbox answers there ({type(fault).__name__}). Start it with `pa sandbox serve`.", _UNREACHABLE)
    if reply.status_code not in (200, 204):
        _stop(f"The sandbox answered {reply.status_code}.", _UNREACHABLE)
    return loads(reply.content) if reply.content else None


def _stop(text: str, code: int) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(code)
