"""A served gateway, in its own process: what it prints, and how it stops."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from gateway.api.server import serve
from gateway.flow.world import World
from gateway.model.errors import ConfigFault
from gateway.settings import Settings
from tests.unit.api.calling import FHIR, ORDER
from tests.worlds import ROOT


class Served:
    """The process and the lines of its log."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process, self.lines = process, []  # type: tuple[subprocess.Popen[str], list[dict[str, Any]]]
        self.url = f"http://127.0.0.1:{self.until('gateway.started')['port']}"

    def until(self, line: str) -> dict[str, Any]:
        assert self.process.stderr
        for text in self.process.stderr:
            self.lines.append(json.loads(text))
            if self.lines[-1]["line"] == line:
                return self.lines[-1]
        raise AssertionError(f"the process ended without {line}")


@pytest.fixture
def served() -> Iterator[Served]:
    command = [sys.executable, "-m", "tests.unit.api.served", "127.0.0.1", "0"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        yield Served(process)
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()


def test_a_stopped_gateway_answers_who_waits_and_finishes_the_step_in_hand(served: Served) -> None:
    with ThreadPoolExecutor(1) as pool, httpx.Client(base_url=served.url, timeout=30, trust_env=False) as client:
        call = pool.submit(client.post, "/orders", content=ORDER, headers=FHIR)
        served.until("submit.started")
        served.process.send_signal(signal.SIGTERM)
        assert served.process.stdin
        served.process.stdin.write("\n")
        served.process.stdin.flush()
        answer = call.result()
    served.until("gateway.stopped")
    assert answer.status_code == 201
    assert answer.json()["authorizations"][0]["state"] == "decided"
    assert served.process.wait(20) == 0
    assert served.process.stdout
    assert served.process.stdout.read() == ""
    assert [row["line"] for row in served.lines].count("submit.answered") == 1


def answers(served: Served) -> bool:
    try:
        return httpx.get(f"{served.url}/health", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_a_second_signal_ends_the_process_at_once(served: Served) -> None:
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(httpx.post, f"{served.url}/orders", content=ORDER, headers=FHIR, trust_env=False)
        served.until("submit.started")
        served.process.send_signal(signal.SIGTERM)
        while answers(served):  # it has heard the first one when it takes no more calls
            pass
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(20) == 128 + signal.SIGTERM
        assert isinstance(call.exception(), httpx.TransportError)


def test_the_server_does_not_say_what_it_is_and_prints_nothing_but_log_lines(served: Served) -> None:
    host, _, port = served.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"this is not HTTP Zebedee\r\n\r\n")
        connection.recv(1000)
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"Zebedee" * 20_000)
        assert connection.recv(1000).startswith(b"HTTP/1.1 400")
    answer = httpx.get(f"{served.url}/health", trust_env=False)
    assert "server" not in answer.headers
    for path in ("/health", "/ready"):
        probed, whole = (httpx.request(method, served.url + path, trust_env=False) for method in ("HEAD", "GET"))
        assert (probed.status_code, probed.headers["content-length"]) == (200, whole.headers["content-length"])
        assert (probed.content, bool(whole.content)) == (b"", True)
    served.process.send_signal(signal.SIGINT)
    served.until("gateway.stopped")  # every line up to here was a log line: JSON
    assert served.process.wait(20) == 0
    assert "Zebedee" not in repr(served.lines)


class NoWorkers:
    def start(self) -> None:
        raise AssertionError("nothing starts where nothing may be served")

    stop = start


def test_an_address_that_others_can_reach_is_refused_before_anything_starts(world: World) -> None:
    with pytest.raises(ConfigFault) as refused:
        serve(world, Settings(host="0.0.0.0", port=0), NoWorkers())
    assert "pa client add" in refused.value.fix


def test_a_port_in_use_is_told_with_a_fix(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigFault) as refused:
        serve(world, Settings(host="127.0.0.1", port=taken.getsockname()[1]), NoWorkers())
    assert "PA_PORT" in refused.value.fix
