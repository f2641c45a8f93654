"""`pa`, run as a user runs it, against a site of its own."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.model.errors import GatewayError


@pytest.fixture
def pa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Pa":
    monkeypatch.setenv("PA_SITE", str(tmp_path / "site.yaml"))
    monkeypatch.setenv("PA_DATABASE", f"sqlite:///{tmp_path / 'gateway.db'}")
    monkeypatch.setenv("COLUMNS", "200")
    made = Pa()
    made("site", "init", "--example", "--file", str(tmp_path / "site.yaml"))
    return made


class Pa:
    """Runs `pa`; `json` adds --json and reads what comes."""

    def __call__(self, *arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, arguments)
        if isinstance(result.exception, GatewayError):
            raise result.exception
        assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
        return result.stdout

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", code=code))
