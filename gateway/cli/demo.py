"""`pa demo`: the whole path on a laptop; a gateway and a payer sandbox, two processes, real HTTP and OAuth."""

import os
import secrets
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import httpx

_SANDBOX_PORT = 8190
_GATEWAY_PORT = 8180
_START_SECONDS = 30.0
_TAIL_LINES = 20
_VERSIONS = {"sandbox": "2.2.1", "sandbox-201": "2.0.1"}  # the version of PAS each of these payers speaks
_CLIENTS = """\
clients:
  - client_id: pa-gateway
    auth: private_key_jwt
    algs: [ES384]
    jwks_url: {gateway}/.well-known/jwks.json
    scopes: [system/Claim.crus, system/ClaimResponse.rs]
"""


@dataclass(frozen=True, slots=True)
class Child:
    """A process of the demo, and the file it writes to."""

    name: str
    log: Path
    process: "subprocess.Popen[bytes]"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything of one run is."""

    home: Path
    gateway: str
    sandbox: str
    token: str
    environment: dict[str, str]
    children: tuple[Child, ...]


def demo(
    serve: Annotated[bool, typer.Option("--serve", help="Keep gateway and sandbox up instead, until Ctrl-C.")] = False,
    home: Annotated[Path | None, typer.Option(help="Folder for database, keys and logs; --serve keeps .serve.")] = None,
    gateway_port: Annotated[int, typer.Option(help="Port of the gateway with --serve.")] = _GATEWAY_PORT,
    sandbox_port: Annotated[int, typer.Option(help="Port of the sandbox with --serve.")] = _SANDBOX_PORT,
) -> None:
    """Run the example orders through a gateway and a payer sandbox in PAS 2.2.1 and 2.0.1; show what became of each."""
    with ExitStack() as stack:
        folder = home or (Path(".serve") if serve else _temporary(stack))
        ports = (gateway_port, sandbox_port) if serve else (_free_port(), _free_port())
        stage = _set_up(stack, folder.resolve(), *ports)
        typer.echo(f"payer sandbox  {stage.sandbox}   (its own process, PAS 2.2.1 and 2.0.1, OAuth by assertion)")
        typer.echo(f"gateway        {stage.gateway}   (its own process, SQLite in {stage.home})\n")
        if serve:
            _serve_until_interrupted(stage)
        else:
            _run_orders(stage)


def _temporary(stack: ExitStack) -> Path:
    from tempfile import TemporaryDirectory

    return Path(stack.enter_context(TemporaryDirectory(prefix="pa-demo-")))


def _set_up(stack: ExitStack, folder: Path, gateway_port: int, sandbox_port: int) -> Stage:
    from gateway.settings import data_folder

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    sandbox, api = f"http://127.0.0.1:{sandbox_port}", f"http://127.0.0.1:{gateway_port}"
    own = {
        "PA_SITE": str(folder / "site.yaml"),
        "PA_PAYERS": str(folder / "payers"),
        "PA_DATABASE": f"sqlite:///{folder / 'gateway.db'}",
        "PA_PORT": str(gateway_port),
    }
    environment = {**os.environ, **own}
    _write_payers(data_folder("profiles") / "payers", folder / "payers", sandbox)
    (folder / "clients.yaml").write_text(_CLIENTS.format(gateway=api))
    if not (folder / "site.yaml").exists():
        _pa(environment, "site", "init", "--example", "--file", own["PA_SITE"])
    token = _new_client(environment)
    arguments = (
        "sandbox",
        "serve",
        "--port",
        str(sandbox_port),
        "--data",
        str(folder / "sandbox"),
        "--clients",
        str(folder / "clients.yaml"),
    )
    payer = stack.enter_context(_process(environment, "payer sandbox", folder / "sandbox.log", arguments))
    server = stack.enter_context(_process(environment, "gateway", folder / "gateway.log", ("serve",)))
    _wait_for(f"{sandbox}/fhir/metadata", payer)
    _wait_for(f"{api}/ready", server)
    return Stage(folder, api, sandbox, token, own, (payer, server))


def _write_payers(shipped: Path, folder: Path, sandbox: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in _VERSIONS:
        text = (shipped / f"{name}.yaml").read_text()
        (folder / f"{name}.yaml").write_text(text.replace(f"http://127.0.0.1:{_SANDBOX_PORT}", sandbox))
    (folder / "schema.json").write_bytes((shipped / "schema.json").read_bytes())


def _pa(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        typer.echo(done.stderr, err=True)
        raise typer.Exit(done.returncode)
    return done.stdout


@contextmanager
def _process(environment: dict[str, str], name: str, log: Path, arguments: Sequence[str]) -> Iterator[Child]:
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", *arguments],
            env=environment,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Child(name, log, process)
        finally:
            process.terminate()
            process.wait()


def _new_client(environment: dict[str, str]) -> str:
    return _pa(environment, "client", "add", f"demo-{secrets.token_hex(3)}", "--quiet").strip()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, child: Child) -> None:
    import httpx

    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        _stop_when_ended(child)
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    typer.echo(f"{url} does not answer; the {child.name} wrote:\n{_tail(child.log)}", err=True)
    raise typer.Exit(1)


def _stop_when_ended(child: Child) -> None:
    """Exit with what the child wrote last, when it is no longer there."""
    if (code := child.process.poll()) is not None:
        typer.echo(f"The {child.name} ended with exit code {code}; it wrote:\n{_tail(child.log)}", err=True)
        raise typer.Exit(1)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])


def _serve_until_interrupted(stage: Stage) -> None:
    file = stage.home / "env"
    exports = {**stage.environment, "PA_URL": stage.gateway, "PA_SANDBOX_URL": stage.sandbox, "PA_TOKEN": stage.token}
    file.touch(mode=0o600)
    file.write_text(
        "".join(f"export {name}={shlex.quote(value)}\n" for name, value in exports.items())
        + f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH\n"
    )
    typer.echo(f"In another terminal:  . {_shown(file)}   then follow the tour in README.md. Ctrl-C ends it.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while True:
            for child in stage.children:
                _stop_when_ended(child)
            time.sleep(1)
    except KeyboardInterrupt:
        typer.echo("\nstopped")
    finally:
        file.unlink(missing_ok=True)


def _shown(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _run_orders(stage: Stage) -> None:
    import httpx

    from gateway.settings import data_folder

    orders = data_folder("mappings").parent / "examples" / "orders"
    if not orders.is_dir():
        typer.echo("The examples are in the source tree, not in the installed package.", err=True)
        raise typer.Exit(1)
    # A client that sends an order again gets the first result again; so each payer is asked by a client of its own.
    tokens = (stage.token, _new_client(stage.environment))
    with ExitStack() as opened:
        clients = [
            opened.enter_context(
                httpx.Client(
                    base_url=stage.gateway,
                    headers={"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"},
                    timeout=60,
                    trust_env=False,
                )
            )
            for token in tokens
        ]
        rows, completed = _submit_all(clients, sorted(orders.glob("*.json")))
    _show("What became of each order, sent to a payer of either PAS version", rows)
    if completed:
        _show("After completing what was missing, and nothing else", completed)
    typer.echo(
        "Every request was built from an EHR order, checked against the version of PAS its payer speaks, sent once\n"
        "over OAuth, and read item by item. The coverage names the 2.2.1 payer; the 2.0.1 one was named by the\n"
        "caller, as with pa order submit --payer sandbox-201. Next: make serve, then the tour in README.md."
    )


_ASKED: tuple[dict[str, str], ...] = ({}, {"payer": "sandbox-201"})  # the coverage decides; the caller does
Rows = list[tuple[str, ...]]
_NO_DETERMINATION = {"documenting": "needs information", "handed_off": "pharmacy benefit", "rejected": "rejected"}


def _submit_all(clients: Sequence["httpx.Client"], files: Sequence[Path]) -> tuple[Rows, Rows]:
    """What became of each order with each payer, and again after its completion where there is one."""
    rows: Rows = []
    completed: Rows = []
    for file in files:
        completion = file.parent / "completions" / file.name
        for api, asked in zip(clients, _ASKED, strict=True):
            answer = api.post("/orders", params=asked, content=file.read_bytes()).raise_for_status().json()
            rows.extend(_row(file.stem, record) for record in answer["authorizations"])
            incomplete = any(record["state"] == "documenting" for record in answer["authorizations"])
            if incomplete and completion.exists():
                address = f"/orders/{answer['order']}"
                answer = api.patch(address, content=completion.read_bytes()).raise_for_status().json()
                completed.extend(_row(file.stem, record) for record in answer["authorizations"])
    return rows, completed


def _show(title: str, rows: Rows) -> None:
    typer.echo(title)
    for line in _lines(rows):
        typer.echo(line.rstrip())
    typer.echo()


def _lines(rows: Rows) -> Iterator[str]:
    """A block for each order: its services, a line for each version, and what is next, said once.

    What never leaves the gateway is the same whichever payer was asked for, and stands once.
    """
    above, said = "", ""
    for name, services, version, outcome, number, when, next_step in dict.fromkeys(rows):
        heading = f"{name}  {services}"
        if heading != above:
            yield f"  {heading}"
            above, said = heading, ""
        yield f"    {version or '-':<7}{outcome:<19}{number:<18}{when}"
        if next_step and next_step != said:
            yield f"           {next_step}"
            said = next_step


def _row(name: str, record: dict[str, Any]) -> tuple[str, ...]:
    from gateway.cli.screen import words

    answers = [item["answer"] for item in record["items"] if item.get("answer")]
    numbers = dict.fromkeys(
        answer["authorization_number"] or answer["administration_reference_number"] for answer in answers
    )
    valid = next((answer["valid"] for answer in answers if answer.get("valid")), None)
    valid_text = f"valid {valid['start']} to {valid['end']}" if valid else ""
    due_text = f"due {record['due_at'][:10]}" if record["due_at"] and not valid else ""
    services = " ".join(item["service"]["code"] for item in record["items"])
    outcome = words(record["determination"]) or _NO_DETERMINATION.get(record["state"], "")
    return (
        name,
        services,
        record["guide"] or _VERSIONS.get(record["payer"], ""),
        outcome,
        " ".join(number for number in numbers if number),
        valid_text or due_text,
        record["next"].partition(": ")[0],
    )
