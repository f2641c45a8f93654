"""What one sandbox is made of: where it stands, whom it knows, what it decides, which clock and ids it uses."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID, uuid4

from gateway.fhir.json import Limits
from gateway.sandbox.clients import Client, read_clients
from gateway.sandbox.scenarios import Scenarios, read_scenarios
from gateway.sandbox.versions import CURRENT, Version

STORE_FILE = "sandbox.sqlite3"
_PACKAGE = Path(__file__).resolve().parents[1]


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """Everything `create_app` needs.

    Attributes:
        origin: scheme, host and port the sandbox is reached at, without a slash at the end.
        store: path of its SQLite file.
        new_id: source of version-4 UUIDs for answers; tokens never come from it.
    """

    origin: str
    store: Path
    clients: Mapping[str, Client]
    scenarios: Scenarios
    limits: Limits = field(default_factory=Limits)
    now: Callable[[], datetime] = utc_now
    new_id: Callable[[], UUID] = uuid4

    def base_url(self, version: Version = CURRENT) -> str:
        """The FHIR base of a version."""
        return f"{self.origin}{version.path}"

    @property
    def token_url(self) -> str:
        """The token endpoint, and the audience of assertions."""
        return f"{self.origin}/auth/token"


def read_config(
    *, host: str, port: int, data: Path, clients: Path | None, scenarios: Path | None, origin: str = ""
) -> SandboxConfig:
    """The configuration for files and an address; makes the data folder, and a first client when there is none.

    Raises:
        FileFault: the clients file or a scenario cannot be used.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if clients is None:
        clients = _own_clients(data)
    shown = f"[{host}]" if ":" in host else host
    return SandboxConfig(
        origin=origin.rstrip("/") or f"http://{shown}:{port}",
        store=data / STORE_FILE,
        clients=read_clients(clients),
        scenarios=read_scenarios(scenarios or shipped_scenarios()),
    )


def shipped_scenarios() -> Path:
    """The folder of scenarios that comes with the gateway, installed or in its source tree."""
    installed = _PACKAGE / "_data" / "sandbox" / "scenarios"
    return installed if installed.is_dir() else _PACKAGE.parent / "examples" / "sandbox" / "scenarios"


def is_loopback(host: str) -> bool:
    """Whether `host` can only mean this computer."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _own_clients(data: Path) -> Path:
    """A clients file with one client and a secret made here: no key or secret is shipped."""
    path, secret = data / "clients.yaml", data / "demo.secret"
    if not path.exists():
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(32) + "\n", encoding="ascii")
        path.write_text(
            "clients:\n  - client_id: demo\n    auth: client_secret_basic\n    secret: file:demo.secret\n"
            "    scopes: [system/Claim.crus]\n",
            encoding="ascii",
        )
    return path
