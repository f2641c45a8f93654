"""A private PostgreSQL server for tests, from the programs of an installed package; synced to disk like a real one."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

_PACKAGED = "/usr/lib/postgresql"
_USERS = ("postgres", "nobody")
_CONF = """
listen_addresses = ''
unix_socket_directories = '{folder}'
max_connections = 200
shared_buffers = 64MB
fsync = on
synchronous_commit = on
logging_collector = off
recovery_init_sync_method = syncfs
"""


def programs() -> Path | None:
    """The folder of initdb, the newest one; none when PostgreSQL is not installed."""
    if packaged := sorted(Path(_PACKAGED).glob("*/bin/initdb"), key=lambda file: float(file.parts[-3])):
        return packaged[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def need_postgres() -> Path:
    """Skips the test where there is no PostgreSQL; on CI there must be."""
    folder = programs()
    if folder is None and os.environ.get("CI") == "true":
        pytest.fail("PostgreSQL is not installed: on Debian, apt-get install postgresql")
    if folder is None:
        pytest.skip("PostgreSQL is not installed: on Debian, apt-get install postgresql")
    return folder


@dataclass
class Cluster:
    """One server; it refuses to run as root, so it runs as another user then."""

    folder: Path
    programs: Path
    made: int = 0

    def run(self, program: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run one of the programs of PostgreSQL against this server."""
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            cwd=self.folder,
            env={**os.environ, "PGHOST": str(self.folder), "PGUSER": "pa", "LC_ALL": "C.UTF-8"},
            text=True,
            capture_output=program != "pg_ctl",
            stdin=subprocess.DEVNULL,
            **{**_other_user(), **options},
        )
        assert done.returncode == 0, (program, done.stderr)
        return done

    def start(self) -> None:
        log = str(self.folder / "log")
        self.run("pg_ctl", "-s", "-w", "-D", str(self.folder / "data"), "-l", log, "start")

    def stop(self, how: str = "fast") -> None:
        """`immediate` is what a power cut leaves behind."""
        self.run("pg_ctl", "-s", "-w", "-D", str(self.folder / "data"), "-m", how, "stop")

    def url(self, database: str, schema: str = "public") -> str:
        return f"postgresql://pa@/{database}?host={self.folder}&options=-csearch_path%3D{schema}"

    def database(self) -> str:
        """A new, empty database; its name."""
        self.made += 1
        name = f"made_{self.made}"
        self.run("psql", "-qX", "-d", "postgres", "-c", f"CREATE DATABASE {name}")
        return name

    def dump(self, database: str) -> str:
        """All that is in a database, as SQL."""
        script = self.run("pg_dump", "--no-owner", "--inserts", "-d", database).stdout
        return "\n".join(line for line in script.splitlines() if not line.startswith("\\"))

    def copy(self, dump: str) -> str:
        """What a dump holds, as a schema of its own, which is made faster than a database; its URL."""
        self.made += 1
        name = f"made_{self.made}"
        script = dump.replace("public.", f"{name}.").replace("CREATE SCHEMA public", "-- ")
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}; {script}".encode())
        return self.url("postgres", name)


def _other_user() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = next(names[name] for name in _USERS if name in names)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server that runs until the block ends; its folder, which has to be short enough for a socket, goes with it."""
    found = need_postgres()
    folder = Path(tempfile.mkdtemp(prefix="pa-pg-"))
    if user := _other_user():
        os.chown(folder, user["user"], user["group"])
    server = Cluster(folder, found)
    with _ended_with_us(server):
        server.run("initdb", "-D", str(folder / "data"), "-U", "pa", "-E", "UTF8", "--auth=trust", "--no-sync")
        (folder / "data" / "postgresql.auto.conf").write_text(_CONF.format(folder=folder))
        server.start()
        yield server


@contextmanager
def _ended_with_us(server: Cluster) -> Iterator[None]:
    """Ends the server and removes its folder when the block ends, or this process in whatever way.

    Somebody waits for a pipe to close whose other end only we have.
    """
    end = f"read _; {server.programs}/pg_ctl -s -w -D {server.folder}/data -m immediate stop; rm -rf {server.folder}"
    guard = subprocess.Popen(
        ["sh", "-c", end],
        cwd="/",
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **_other_user(),
    )
    assert guard.stdin
    try:
        yield
    finally:
        guard.stdin.close()
        guard.wait()
