"""The home of a chaos run: an invented clinic's site profile and key, payers, one API client, settings."""

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gateway.adapters.clock import SystemClock
from gateway.adapters.store import open_store
from gateway.chaos.children import DidNotStart
from gateway.ports import Client

_CLIENT = "chaos-ehr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where the gateway of a run lives, and how its processes and callers find everything."""

    folder: Path
    database: str
    url: str
    token: str
    environment: Mapping[str, str]

    @property
    def site(self) -> Path:
        return self.folder / "site.yaml"


def make_home(folder: Path, database: str, port: int, *, lease: int) -> Home:
    """Make site profile, signing key, schema and API client.

    Raises:
        ConfigFault: the database cannot be used.
        DidNotStart: `pa site init` failed.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    environment = {
        "PA_SITE": str(folder / "site.yaml"),
        "PA_PAYERS": str(folder / "payer" / "payers"),
        "PA_DATABASE": database,
        "PA_PORT": str(port),
        "PA_LEASE_SECONDS": str(lease),
    }
    if not (folder / "site.yaml").exists():
        _pa(environment, "site", "init", "--example", "--file", environment["PA_SITE"])
    token = secrets.token_urlsafe(32)
    store = open_store(database)
    try:
        store.add_client(Client(_CLIENT, sha256(token.encode()).hexdigest(), SystemClock().now()))
    finally:
        store.close()
    return Home(folder=folder, database=database, url=f"http://127.0.0.1:{port}", token=token, environment=environment)


def _pa(environment: Mapping[str, str], *arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 - this very program
        [sys.executable, "-m", "gateway", *arguments],
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise DidNotStart(f"pa {arguments[0]} failed.", fix=done.stderr.strip())
