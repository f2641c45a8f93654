"""The README tells the truth: every command of its tour is run, in order, against a served gateway and sandbox."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
EXEMPT = ("make test", "make serve", "make bench")
BIN = Path(sys.executable).parent


def commands() -> list[str]:
    """The `$ ` lines of the console blocks; a trailing backslash continues a command."""
    found: list[str] = []
    for block in re.findall(r"```console\n(.*?)```", README.read_text(), re.DOTALL):
        lines = iter(block.splitlines())
        for line in lines:
            if line.startswith("$ "):
                command = line[2:]
                while command.endswith("\\"):
                    command = command[:-1] + next(lines).strip()
                found.append(command.split("  #")[0].strip())
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("serve")
    ports = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(str(probe.getsockname()[1]))
    process = subprocess.Popen(
        [BIN / "pa", "demo", "--serve", "--home", folder, "--gateway-port", ports[0], "--sandbox-port", ports[1]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        end = time.monotonic() + 40
        while not (folder / "env").exists():
            assert process.poll() is None, process.stdout and process.stdout.read()
            assert time.monotonic() < end, "the served demo did not come up"
            time.sleep(0.1)
        yield folder
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
        if process.stdout:
            process.stdout.close()


def test_the_readme_has_a_tour() -> None:
    assert len([command for command in commands() if command not in EXEMPT]) >= 8


def test_every_command_of_the_readme_works(home: Path) -> None:
    script = [command.replace(".serve/", f"{home}/") for command in commands() if command not in EXEMPT]
    state = ""
    for command in script:
        run = f"set -o pipefail; {state}\n{command}"
        done = subprocess.run(
            ["bash", "-c", run],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
        )
        # 1 is "done, and something needs a person": the tour shows that on purpose
        assert done.returncode in (0, 1), f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stdout + done.stderr, command
        if command.startswith((". ", "export ")) or re.match(r"[a-z_]+=", command):
            state += command + "\n"
