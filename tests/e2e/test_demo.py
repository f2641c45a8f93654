"""`make demo` as a newcomer runs it: two processes, HTTP, OAuth, both versions, every kind of answer; no PHI logged."""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.private import private_values

ROOT = Path(__file__).resolve().parents[2]
SHOWN = (
    "approved",
    "partly approved",
    "modified",
    "denied",
    "pended",
    "contact payer",
    "rejected",
    "needs information",
    "pharmacy benefit",
    "e-prescribing",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    home = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "demo", "--home", home],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200"},
    )
    return done, home


def test_it_ends_by_itself_with_status_0(run: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, home = run
    assert done.returncode == 0, done.stdout + done.stderr + (home / "gateway.log").read_text()


@pytest.mark.parametrize("words", SHOWN)
def test_it_shows_every_kind_of_answer(run: tuple[subprocess.CompletedProcess[str], Path], words: str) -> None:
    assert words in re.sub(r"\s+", " ", run[0].stdout)


def test_the_payer_has_each_request_exactly_once(run: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    home = run[1]
    gateway = sqlite3.connect(home / "gateway.db")
    sent = [row[0] for row in gateway.execute("SELECT sha256 FROM exchange WHERE direction = 'request'")]
    gateway.close()
    assert len(sent) >= 18
    assert len(sent) == len(set(sent))
    payer = sqlite3.connect(home / "sandbox" / "sandbox.sqlite3")
    received = [row[0] for row in payer.execute("SELECT sha256 FROM received WHERE what = 'submit'")]
    payer.close()
    assert sorted(received) == sorted(sent)


def test_each_order_went_in_both_versions_and_got_the_same_decisions(
    run: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    payer = sqlite3.connect(run[1] / "sandbox" / "sandbox.sqlite3")
    sent = payer.execute("SELECT version, status FROM received WHERE what = 'submit'").fetchall()
    book = payer.execute(
        "SELECT version, code, action FROM book JOIN received ON received.number = book.received ORDER BY code, action"
    ).fetchall()
    payer.close()
    decided = {version: [row[1:] for row in book if row[0] == version] for version in ("2.0.1", "2.2.1")}
    assert len(decided["2.0.1"]) >= 8
    assert decided["2.0.1"] == decided["2.2.1"]
    assert sorted(sent) == [("2.0.1", 200)] * (len(sent) // 2) + [("2.2.1", 200)] * (len(sent) // 2)


def test_each_order_is_named_once_with_a_row_for_each_version(
    run: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    shown = [line.split() for line in run[0].stdout.splitlines() if line.strip()]
    [at] = [number for number, line in enumerate(shown) if line == ["knee_mri", "73721"]]
    assert [line[:2] for line in shown[at + 1 : at + 3]] == [["2.2.1", "approved"], ["2.0.1", "approved"]]


def test_no_log_holds_a_name_a_member_id_a_birth_date_or_a_token(
    run: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    home = run[1]
    logs = "".join(path.read_text() for path in home.glob("*.log"))
    assert "submit.started" in logs
    secrets = private_values() | set((home / "signing-main.pem").read_text().splitlines()[1:-1])
    assert len(secrets) > 40
    assert not [number for number, secret in enumerate(sorted(secrets)) if secret in logs]
    assert "BEGIN" not in logs
    assert "Bearer" not in logs
    assert not re.search(r"eyJ[A-Za-z0-9_-]{10,}", logs)
