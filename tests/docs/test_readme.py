"""The README and its tour page tell the truth: every command is run, in order, against a served gateway and sandbox.

What a page shows in a `text` block is in what the command above it printed, line by line.
"""

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
TOUR = ROOT / "examples" / "tour" / "README.md"
EXEMPT = ("make test", "make serve", "make bench")
BIN = Path(sys.executable).parent


def steps(page: Path) -> list[tuple[str, list[str]]]:
    """Each `$ ` line of the console blocks with the lines shown after it; a trailing backslash continues a command."""
    found: list[tuple[str, list[str]]] = []
    for kind, block in re.findall(r"```(console|text)\n(.*?)```", page.read_text(), re.DOTALL):
        lines = iter(block.splitlines())
        for line in lines:
            if kind == "text":
                found[-1][1].append(line.strip())
            elif line.startswith("$ "):
                command = line[2:]
                while command.endswith("\\"):
                    command = command[:-1] + next(lines).strip()
                found.append((command.split("  #")[0].strip(), []))
    return [step for step in found if step[0] not in EXEMPT]


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


def test_the_readme_has_a_tour_and_leads_to_the_page_that_goes_on() -> None:
    assert len(steps(README)) >= 8
    assert "examples/tour" in README.read_text()
    assert sum(bool(shown) for _, shown in steps(TOUR)) >= 5


@pytest.mark.parametrize("page", [README, TOUR], ids=["readme", "tour"])
def test_every_command_of_a_page_works_and_prints_what_the_page_shows(home: Path, page: Path) -> None:
    state = "" if page is README else f". {home}/env\n"
    for command, shown in steps(page):
        made = re.fullmatch(r"([a-z_]+)=\$\(.*\)", command)
        run = command.replace(".serve/", f"{home}/") + (f"; echo ${made[1]}" if made else "")
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {state}\n{run}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "COLUMNS": "120"},
        )
        # 1 is "done, and something needs a person": the tour shows that on purpose
        assert done.returncode in (0, 1), f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stdout + done.stderr, command
        for line in shown:
            assert line in done.stdout, f"{command}\ndid not print: {line}\n{done.stdout}"
        if made:
            state += f"{made[1]}={done.stdout.strip()}\n"
        elif command.startswith((". ", "export ", "unset ")) or re.match(r"[a-z_]+=", command):
            state += run + "\n"
