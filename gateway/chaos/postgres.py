"""A private PostgreSQL for one run: its own cluster in a temporary folder, restarted and killed on purpose."""

import os
import pwd
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from threading import Event, Thread

from gateway.chaos.children import free_port
from gateway.model.errors import ConfigFault

_DATABASE = "gateway"
_USER = "gateway"
_UNPRIVILEGED = ("postgres", "nobody")
_SOONEST, _LATEST, _LONGEST_DOWN = 5.0, 40.0, 2.0


class Cluster:
    """One cluster; `url` is where the gateway finds its database."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._owner = _owner()
        self._port = free_port()
        self._folder = Path(mkdtemp(prefix="pa-postgres-"))
        self.url = f"postgresql+psycopg://{_USER}@127.0.0.1:{self._port}/{_DATABASE}"

    def create(self) -> None:
        """Make it, start it, and make the database. Raises ConfigFault."""
        if self._owner:
            os.chown(self._folder, *self._owner)
        data = str(self._folder / "data")
        self._run("initdb", "--pgdata", data, "--username", _USER, "--auth", "trust", "--no-sync", "--encoding", "UTF8")
        with (self._folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write(f"port = {self._port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n")
            settings.write("fsync = on\nmax_connections = 200\n")
        self.start()
        self._run("createdb", "--host", "127.0.0.1", "--port", str(self._port), "--username", _USER, _DATABASE)

    def start(self) -> None:
        self._control("start")

    def stop(self, how: str = "fast") -> None:
        self._control("stop", "--mode", how)

    def kill(self) -> None:
        """The whole cluster dies at once, as when the power fails."""
        lines = (self._folder / "data" / "postmaster.pid").read_text().splitlines()
        postmaster = int(lines[0])
        os.kill(postmaster, signal.SIGKILL)  # its children see it and end
        while _alive(postmaster):
            time.sleep(0.01)

    def remove(self) -> None:
        with suppress(ConfigFault):
            self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _control(self, *arguments: str) -> None:
        log = self._folder / "log"
        self._run("pg_ctl", "--pgdata", str(self._folder / "data"), "--log", str(log), "--wait", "--silent", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        user, group = self._owner or (None, None)
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
            [str(self._programs / program), *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self._folder,
            user=user,
            group=group,
            extra_groups=None if user is None else (),
        )
        if done.returncode:
            raise ConfigFault(f"{program} of PostgreSQL failed.", fix=done.stderr.strip()[-400:])


class Restarter:
    """Restarts a cluster every 5 to 40 s, down for at most 2 s; every third time it is killed instead."""

    def __init__(self, cluster: Cluster, seed: int) -> None:
        self._cluster = cluster
        self._random = random.Random(seed)  # noqa: S311 - a schedule, no secret
        self._over = Event()
        self._thread = Thread(target=self._go, name="restarter")
        self.times = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _go(self) -> None:
        wait = _SOONEST
        while not self._over.wait(wait):
            wait = self._random.uniform(_SOONEST, _LATEST)
            self.times += 1
            self._cluster.stop() if self.times % 3 else self._cluster.kill()
            time.sleep(self._random.uniform(0, _LONGEST_DOWN))
            self._cluster.start()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster in a temporary folder, removed when the block ends. Raises ConfigFault."""
    made = Cluster()
    try:
        made.create()
        yield made
    finally:
        made.remove()


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).resolve().parent
    raise ConfigFault("PostgreSQL is not installed here.", fix="Install it (Debian: apt-get install postgresql).")


def _owner() -> tuple[int, int] | None:
    """PostgreSQL refuses to run as root; who runs it then, as user and group ids."""
    if os.getuid():
        return None
    for name in _UNPRIVILEGED:
        with suppress(KeyError):
            row = pwd.getpwnam(name)
            return row.pw_uid, row.pw_gid
    raise ConfigFault("PostgreSQL does not run as root, and there is no other user.", fix="Add a user postgres.")


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
