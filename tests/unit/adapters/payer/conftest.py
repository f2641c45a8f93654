"""Servers that are closed, egress clients that may reach them, a site with keys, and a log that is heard."""

import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

from gateway.adapters.log import JsonLog
from gateway.adapters.payer.egress import Egress, Policy
from gateway.adapters.payer.keys import Keys, load_keys, write_key
from gateway.payers.origin import origin
from gateway.payers.profile import PayerProfile, load_payers
from gateway.payers.site import SigningKey, Site, load_site
from tests.unit.adapters.payer.servers import Handler, Server

ROOT = Path(__file__).resolve().parents[4]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class FixedClock:
    def now(self) -> datetime:
        return NOW


class HeardLog:
    """Keeps the lines that were written; the real log has to take each of them as well."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, str | int | float]]] = []
        self._real = JsonLog(StringIO())

    def write(self, line: str, /, **fields: str | int | float) -> None:
        self._real.write(line, **fields)
        self.lines.append((line, fields))


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts servers, and ends them."""
    servers: list[Server] = []

    def start(handler: Handler, **options: object) -> Server:
        servers.append(Server(handler, **options))  # type: ignore[arg-type]
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def egress_to() -> Iterator[Callable[..., Egress]]:
    """Makes egress clients that may reach the given URLs on this machine, and closes them."""
    made: list[Egress] = []

    def make(*urls: str, loopback: bool = True, **options: object) -> Egress:
        policy = Policy(frozenset(map(origin, urls)), loopback)
        made.append(Egress(policy, FixedClock(), **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for egress in made:
        egress.close()


def resolving(table: dict[str, Sequence[str]]) -> Callable[[str, int], Sequence[str]]:
    """A resolver that knows these names only."""

    def resolve(host: str, port: int) -> Sequence[str]:
        if host not in table:
            raise socket.gaierror("unknown")
        return table[host]

    return resolve


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an EC key, a second one, and an RSA key."""
    folder = tmp_path_factory.mktemp("keys")
    write_key(folder / "main.pem", "ES384")
    write_key(folder / "old.pem", "ES384")
    write_key(folder / "rsa.pem", "RS384")
    return folder


@pytest.fixture(scope="session")
def site(key_folder: Path) -> Site:
    shipped = load_site(ROOT / "profiles" / "site.example.yaml")
    rows = (
        SigningKey(kid="main", alg="ES384", reference="file:main.pem", active=True),
        SigningKey(kid="old", alg="ES384", reference="file:old.pem", active=False),
        SigningKey(kid="rsa", alg="RS384", reference="file:rsa.pem", active=True),
    )
    return replace(shipped, path=key_folder / "site.yaml", signing_keys=rows)


@pytest.fixture(scope="session")
def keys(site: Site) -> Keys:
    return load_keys(site)


@pytest.fixture
def payer() -> PayerProfile:
    """The sandbox payer with a token endpoint of its own, so that nothing is discovered."""
    shipped = load_payers(ROOT / "profiles" / "payers")["sandbox"]
    return replace(shipped, endpoints=replace(shipped.endpoints, token="http://127.0.0.1:8190/token"))
