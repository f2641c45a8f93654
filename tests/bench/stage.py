"""The stage of the load benchmarks: the real gateway as its users start it, and the fast payer, each a process."""

import http.client
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from gateway.chaos.children import Child, Children, free_port, wait_for
from gateway.chaos.home import Home, make_home
from gateway.chaos.orders import PAYER_SYSTEM, Assignment, OrderForm
from tests.postgres import cluster

ROOT = Path(__file__).resolve().parents[2]
SQLITE, POSTGRESQL = "sqlite", "postgresql"
_TICKS = os.sysconf("SC_CLK_TCK")
_LEASE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Setting:
    """What to put on the stage: the database, the payers by name, and the processes of the gateway.

    `processes` are commands of `pa` with the environment of each.
    """

    database: str
    payers: tuple[str, ...] = ("p1",)
    respond: str = "PT15S"
    processes: tuple[tuple[str, Mapping[str, str]], ...] = (("serve", {}),)


@dataclass(slots=True)
class Stage:
    """A gateway that serves; `profiles` are where its profiled processes write what they did."""

    home: Home
    payer: int
    gateway: list[tuple[Children, Child]]
    fast_payer: Child
    postmaster: int
    profiles: list[Path]
    form: OrderForm = field(default_factory=lambda: OrderForm(ROOT / "examples" / "orders"))
    made: int = 0

    def order(self, payer: str) -> tuple[str, bytes]:
        """A new order, of a member who never had one, as bytes; and the member id."""
        self.made += 1
        one = Assignment(self.made, payer)
        return one.member, self.form.fill(one, payer)

    def ask_payer(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.payer, timeout=10)
        try:
            connection.request(method, path, json.dumps(body))
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def cpu(self) -> dict[str, float]:
        """CPU seconds used by now, by process; those of PostgreSQL together."""
        children = [*(child for _, child in self.gateway), self.fast_payer]
        used = {child.name: _used(child.process.pid) for child in children}
        used["load"] = time.process_time()
        if self.postmaster:
            family = (process for process in _processes() if _parent(process) == self.postmaster)
            used["postgresql"] = _used(self.postmaster, dead_children=True) + sum(map(_used, family))
        return used

    def memory(self) -> int:
        """Bytes that the gateway's processes hold in memory."""
        pages = (int(Path(f"/proc/{one.process.pid}/statm").read_text().split()[1]) for _, one in self.gateway)
        return sum(pages) * os.sysconf("SC_PAGE_SIZE")

    def kill(self) -> None:
        """End the gateway without notice, as a power cut would."""
        for children, child in self.gateway:
            child.process.kill()
            children.forget(child)
        self.gateway = []


@contextmanager
def stage(setting: Setting, *, profiled: bool = False) -> Iterator[Stage]:
    """The gateway over an empty database, until the block ends."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pa-bench-")))
        database, postmaster = f"sqlite:///{folder / 'gateway.db'}", 0
        if setting.database == POSTGRESQL:
            server = stack.enter_context(cluster())
            database = server.url(server.database())
            postmaster = int((server.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        home = make_home(folder, database, free_port(), lease=_LEASE_SECONDS)
        port = free_port()
        _write_payers(folder / "payer" / "payers", setting, port)
        payer = _family(stack, folder, {}).module("tests.bench.fast_payer", [str(port)])
        wait_for(payer, partial(_answers, port, "/doubled"))
        profiles = [folder / f"profile-{number}.json" for number, _ in enumerate(setting.processes)]
        gateway: list[tuple[Children, Child]] = []
        for (command, own), profile in zip(setting.processes, profiles, strict=True):
            children = _family(stack, folder, {**home.environment, **own})
            module, before = ("tests.bench.profiled", [str(profile)]) if profiled else ("gateway", [])
            child = children.module(module, [*before, command])
            child.name = f"pa {command}"
            gateway.append((children, child))
        wait_for(gateway[0][1], partial(_answers, int(home.url.rpartition(":")[2]), "/ready"))
        yield Stage(home, port, gateway, payer, postmaster, profiles)


def _family(stack: ExitStack, folder: Path, environment: Mapping[str, str]) -> Children:
    """Starts processes that have this environment beside ours, and ends them with the stage."""
    children = Children(folder, {**environment, "PYTHONPATH": str(ROOT)})
    stack.callback(children.end_all)
    return children


def _write_payers(folder: Path, setting: Setting, port: int) -> None:
    folder.mkdir(parents=True)
    for name in setting.payers:
        base = f"http://127.0.0.1:{port}/{name}"
        profile = {
            "id": name,
            "name": f"Bench Health Plan {name}",
            "match": {"identifiers": [{"system": PAYER_SYSTEM, "value": name}]},
            "insurer": {
                "name": f"Bench Health Plan {name}",
                "payer_id": {"system": PAYER_SYSTEM, "value": name},
                "type": "PR",
            },
            "receiver": {"application_receiver_code": "BENCH"},
            "speaks": {"pas": "2.2.1"},
            "endpoints": {"fhir": f"{base}/fhir", "token": f"{base}/token"},
            "auth": {
                "method": "private_key_jwt",
                "client_id": "pa-gateway",
                "key": "main",
                "alg": "ES384",
                "scope": "system/Claim.crus",
            },
            "clocks": {"standard": "P7D", "expedited": "PT72H", "respond": setting.respond},
            "limits": {"per_second": 1000},
            "lost_reply": {"inquiry": "none"},
            "allow_loopback": True,
        }
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(profile, sort_keys=False))


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _stat(process: int) -> Sequence[str]:
    return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()


def _used(process: int, *, dead_children: bool = False) -> float:
    """User and system time, in seconds."""
    fields = _stat(process)
    return sum(map(int, fields[11 : 15 if dead_children else 13])) / _TICKS


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _parent(process: int) -> int:
    try:
        return int(_stat(process)[1])
    except OSError:  # it has ended meanwhile
        return 0
