"""`pa sandbox` shows scenarios with ready requests, talks to the running sandbox, and stays on this computer."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import respx
from typer.testing import CliRunner

from gateway.cli.sandbox import app
from gateway.fhir.json import loads
from gateway.sandbox.checks import check_request
from tests.unit.sandbox.harness import ORIGIN, Sandbox

run = CliRunner()


@pytest.fixture
def running(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox, reached by whoever asks its address over HTTP."""

    def carry(request: httpx.Request) -> httpx.Response:
        reply = sandbox.ask(request.method, request.url.raw_path.decode())
        return httpx.Response(reply.status_code, content=reply.content)

    with respx.mock(base_url=ORIGIN) as router:
        router.route().mock(side_effect=carry)
        yield sandbox


def test_a_host_reachable_from_elsewhere_needs_a_flag() -> None:
    result = run.invoke(app, ["serve", "--host", "0.0.0.0"])

    assert result.exit_code == 2
    assert "--allow-other-hosts" in result.output


def test_a_wrong_file_ends_serving_with_its_fault(tmp_path: object) -> None:
    result = run.invoke(app, ["serve", "--data", str(tmp_path), "--clients", f"{tmp_path}/nowhere.yaml"])

    assert result.exit_code == 4
    assert "nowhere.yaml: cannot be read" in result.output


def test_a_busy_port_ends_serving_before_it_says_that_it_serves(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run.invoke(app, ["serve", "--data", str(tmp_path), "--port", str(port)])

    assert result.exit_code == 4
    assert f"cannot listen at 127.0.0.1, port {port}" in result.output
    assert "payer sandbox at" not in result.output


def test_each_fault_of_a_scenario_file_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "S-01-approve.yaml").write_text("id: S-01\n")
    result = run.invoke(app, ["scenarios", "--folder", str(tmp_path), "--check"])

    lines = result.output.splitlines()
    assert result.exit_code == 4
    assert any("Add what is missing: title" in line for line in lines)
    assert len(lines) == len(set(lines))


def test_each_scenario_is_listed_and_its_request_printed() -> None:
    listed = run.invoke(app, ["scenarios"])
    printed = run.invoke(app, ["scenarios", "--request", "S-03"])
    everything = loads(run.invoke(app, ["scenarios", "--json"]).stdout.encode())

    assert listed.stdout.count("request: pa sandbox scenarios --request") == len(everything) == 20
    assert check_request(loads(printed.stdout.encode())) == ()
    assert all(check_request(row["request"]) == () for row in everything)
    assert run.invoke(app, ["scenarios", "--request", "S-99"]).exit_code == 3
    assert "no fault" in run.invoke(app, ["scenarios", "--check"]).stdout


@pytest.mark.parametrize("version", ["2.0.1", "2.2.1"])
def test_a_file_is_checked_as_the_sandbox_would_in_the_version_asked_for(tmp_path: Path, version: str) -> None:
    file = tmp_path / "request.json"
    file.write_text(run.invoke(app, ["scenarios", "--request", "S-03", "--pas", version]).stdout)
    accepted = run.invoke(app, ["check", str(file), "--pas", version])

    assert (accepted.exit_code, accepted.stdout) == (0, f"PAS {version}: accepted\n")

    file.write_text(file.read_text().replace('"collection"', '"batch"'))
    refused = run.invoke(app, ["check", str(file), "--pas", version])
    as_json = run.invoke(app, ["check", str(file), "--pas", version, "--json"])

    assert (refused.exit_code, as_json.exit_code) == (2, 2)
    assert "bundle-type  Bundle.type" in refused.stdout
    assert [row["rule"] for row in loads(as_json.stdout.encode())] == ["bundle-type"]


def test_a_request_of_the_new_version_is_refused_in_the_old_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(run.invoke(app, ["scenarios", "--request", "S-03"]).stdout)
    refused = run.invoke(app, ["check", str(file), "--pas", "2.0.1"])

    assert refused.exit_code == 2
    assert "extension-unknown  Bundle.entry[0].resource.extension[0]" in refused.stdout
    assert run.invoke(app, ["check", str(file), "--pas", "2.2.1"]).exit_code == 0


def test_a_version_or_a_file_the_sandbox_cannot_read_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text('{"resourceType": "Bundle", "resourceType": "Bundle"}')

    assert run.invoke(app, ["check", str(file), "--pas", "1.0.0"]).exit_code == 3
    assert run.invoke(app, ["scenarios", "--pas", "1.0.0"]).exit_code == 3
    unreadable = run.invoke(app, ["check", str(file)])
    assert unreadable.exit_code == 2
    assert "request.json: " in unreadable.output


def test_what_came_in_is_shown_with_why_it_failed_and_forgotten(running: Sandbox) -> None:
    bundle = running.request_of("S-01")
    running.submit(bundle)
    bundle["type"] = "batch"
    running.submit(bundle)

    shown = run.invoke(app, ["received"]).stdout
    failed = loads(run.invoke(app, ["received", "--failed", "--json"]).stdout.encode())

    assert "S-01" in shown
    assert shown.count("  submit   2.2.1  ") == 2
    assert shown.count("  token    -      ") == 2
    assert "bundle-type  Bundle.type" in shown
    assert [row["status"] for row in failed] == [400]
    assert run.invoke(app, ["reset"]).exit_code == 0
    assert run.invoke(app, ["received"]).stdout == ""


@respx.mock
def test_a_sandbox_that_does_not_run_is_said_so() -> None:
    respx.route().mock(side_effect=httpx.ConnectError("refused"))

    result = run.invoke(app, ["received"])

    assert result.exit_code == 5
    assert "pa sandbox serve" in result.output
