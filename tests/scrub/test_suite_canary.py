"""The look at the output of every test bites: a test that writes a private value fails, however it writes it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_WAYS = {
    "printed": "print(value)",
    "logged": "logging.getLogger('any.library').info(value)",
    "logged after the gateway silenced logging in another test": "logging.getLogger('any.library').warning(value)",
    "nothing": "pass",
}
_FILE = """
import logging

from gateway.adapters.log import quiet
from tests.private import CANARIES


def test_that_silences() -> None:
    quiet()


def test_that_writes() -> None:
    value = CANARIES["family"]
    {way}
"""


@pytest.mark.parametrize("way", _WAYS)
def test_a_test_that_writes_a_private_value_fails(way: str, tmp_path: Path) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(_FILE.format(way=_WAYS[way]))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.conftest",
        "-c",
        ROOT / "pyproject.toml",
        "--rootdir",
        ROOT,
        file,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == (0 if way == "nothing" else 1), done.stdout + done.stderr
    assert ("A private value of an example order" in done.stdout) == (way != "nothing")
