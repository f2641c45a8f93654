"""Webhook messages on the wire: signed so that anybody can check it, bounded, never redirected, secrets never shown."""

import base64
import hashlib
import hmac
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.adapters.clock import SystemClock
from gateway.adapters.notify import client
from gateway.adapters.notify.client import HttpNotifier
from gateway.adapters.notify.signing import exposed_secrets, load_secrets, signed, write_secret
from gateway.model.errors import ConfigFault
from gateway.model.exchange import Lost, NotSent, Reply
from gateway.payers.site import Site, Told, Webhook, load_site
from gateway.ports import Clock
from tests.private import CANARIES
from tests.unit.adapters.payer.conftest import resolving
from tests.unit.adapters.payer.servers import Handler, Server, answer, replying
from tests.worlds import NOW, ROOT, FixedClock

SECRET = "whsec_" + base64.b64encode(f"{CANARIES['secret']} of 32 bytes".encode()).decode()
OLDER = "whsec_" + base64.b64encode(b"an older secret of 32 bytes long").decode()
IDENTITY = "0b3c4a52-57c1-4c7e-9d3b-2c8b8f0c9a11/7"
BODY = b'{"type":"authorization.decided"}'


class Held:
    def __init__(self, seconds: float = 60.0) -> None:
        self.seconds = seconds

    def left(self) -> float:
        return self.seconds


def hook(url: str, **parts: object) -> Webhook:
    row = Webhook(client="ehr", url=url, secrets=("env:HOOK",), events=Told.ALL, allow_loopback=True)
    return replace(row, **parts)  # type: ignore[arg-type]


def site_with(*hooks: Webhook) -> Site:
    return replace(load_site(ROOT / "profiles" / "site.example.yaml"), webhooks=hooks)


@pytest.fixture
def serve() -> Iterator[Callable[[Handler], Server]]:
    servers: list[Server] = []

    def start(handler: Handler) -> Server:
        servers.append(Server(handler))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def notifier(
    monkeypatch: pytest.MonkeyPatch, serve: Callable[[Handler], Server]
) -> Iterator[Callable[..., HttpNotifier]]:
    """Makes notifiers for webhooks, and closes them before the servers, which wait for the end of connections."""
    monkeypatch.setenv("HOOK", SECRET)
    monkeypatch.setenv("OLDER", OLDER)
    made: list[HttpNotifier] = []

    def make(*hooks: Webhook, clock: Clock | None = None, **options: object) -> HttpNotifier:
        made.append(HttpNotifier(site_with(*hooks), clock or FixedClock(), **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


def headers_of(request: bytes) -> dict[str, str]:
    head = request.partition(b"\r\n\r\n")[0].decode()
    return {key.lower(): value for key, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])}


def independent(secret: str, request: bytes) -> str:
    """The signature by the words of the specification, with nothing of ours."""
    headers = headers_of(request)
    key = base64.b64decode(secret.split("_", 1)[1])
    content = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode()])
    body = request.partition(b"\r\n\r\n")[2]
    return "v1," + base64.b64encode(hmac.new(key, content + b"." + body, hashlib.sha256).digest()).decode()


def test_the_published_example_of_the_specification_comes_out_the_same() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", at, body, [key])
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_carries_its_id_its_time_and_a_signature_that_others_can_check(
    notifier: Callable[..., HttpNotifier], serve: Callable[[Handler], Server]
) -> None:
    server = serve(replying(answer(b"", "204 No Content")))
    target = hook(server.url("/hooks/pa"))
    outcome = notifier(target).tell(target, IDENTITY, BODY, Held())
    assert isinstance(outcome, Reply)
    assert outcome.status == 204
    (request,) = server.requests
    headers = headers_of(request)
    assert request.startswith(b"POST /hooks/pa HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\n" + BODY)
    assert headers["webhook-id"] == IDENTITY
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["webhook-signature"] == independent(SECRET, request)
    assert headers["content-type"] == "application/json"
    assert "authorization" not in headers


def test_while_a_secret_is_changed_a_message_has_a_signature_by_each(
    notifier: Callable[..., HttpNotifier], serve: Callable[[Handler], Server]
) -> None:
    server = serve(replying(answer()))
    target = hook(server.url(), secrets=("env:HOOK", "env:OLDER"))
    notifier(target).tell(target, IDENTITY, BODY, Held())
    (request,) = server.requests
    both = [independent(SECRET, request), independent(OLDER, request)]
    assert headers_of(request)["webhook-signature"].split() == both


def test_a_redirect_is_not_followed_whatever_kind_it_is(
    notifier: Callable[..., HttpNotifier], serve: Callable[[Handler], Server]
) -> None:
    elsewhere = serve(replying(answer()))
    for status in ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"):
        server = serve(replying(answer(b"", status, location=elsewhere.url("/taken"))))
        target = hook(server.url())
        outcome = notifier(target).tell(target, IDENTITY, BODY, Held())
        assert isinstance(outcome, Reply)
        assert outcome.status == int(status.split()[0])
    assert elsewhere.connections == 0


def test_a_private_or_metadata_address_is_not_called(notifier: Callable[..., HttpNotifier]) -> None:
    for address in ("10.0.0.7", "169.254.169.254", "127.0.0.1", "::1", "fd00::1"):
        target = hook("https://hooks.clinic.example/pa", allow_loopback=False)
        one = notifier(target, resolver=resolving({"hooks.clinic.example": [address]}))
        outcome = one.tell(target, IDENTITY, BODY, Held())
        assert isinstance(outcome, NotSent)
        assert "the address of the host is refused" in outcome.reason


def test_nothing_is_sent_for_a_step_that_is_no_longer_ours(
    notifier: Callable[..., HttpNotifier], serve: Callable[[Handler], Server]
) -> None:
    server = serve(replying(answer()))
    target = hook(server.url())
    assert isinstance(notifier(target).tell(target, IDENTITY, BODY, Held(0.0)), NotSent)
    assert server.received == []


def test_an_answer_that_does_not_come_is_given_up_in_time(
    notifier: Callable[..., HttpNotifier], serve: Callable[[Handler], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SECONDS", 0.2)
    server = serve(lambda connection, one: (one.read_request(connection), one.over.wait(5))[0] and None)
    target = hook(server.url())
    outcome = notifier(target).tell(target, IDENTITY, BODY, Held())
    assert isinstance(outcome, Lost)
    assert "within 0.2 s" in outcome.reason


def test_no_secret_and_no_path_is_in_what_goes_wrong(
    notifier: Callable[..., HttpNotifier], serve: Callable[[Handler], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(lambda connection, one: (one.read_request(connection), None)[1])
    target = hook(server.url("/hooks/canary-path"))
    one = notifier(target)
    outcome = one.tell(target, IDENTITY, BODY, Held())
    assert isinstance(outcome, Lost)
    shown = f"{outcome} {one!r} {vars(one).keys()} {target}"
    assert CANARIES["secret"] not in shown
    assert SECRET not in shown
    assert "canary-path" not in outcome.reason


@pytest.mark.parametrize(
    ("secret", "wrong"),
    [
        (None, "env:HOOK is empty or not set"),
        (SECRET.removeprefix("whsec_"), "env:HOOK is not whsec_ followed by"),
        ("whsec_" + base64.b64encode(b"short").decode(), "base64 of 24 to 64 random bytes"),
        ("whsec_" + base64.b64encode(bytes(65)).decode(), "base64 of 24 to 64 random bytes"),
        (SECRET + "!", "base64 of 24 to 64 random bytes"),
        ("whsec_äöü", "base64 of 24 to 64 random bytes"),
    ],
    ids=["missing", "without prefix", "short", "long", "with more behind it", "not base64"],
)
def test_a_secret_that_cannot_be_used_stops_the_start_and_is_not_quoted(
    monkeypatch: pytest.MonkeyPatch, secret: str | None, wrong: str
) -> None:
    monkeypatch.delenv("HOOK", raising=False)
    if secret is not None:
        monkeypatch.setenv("HOOK", secret)
    with pytest.raises(ConfigFault) as fault:
        HttpNotifier(site_with(hook("http://127.0.0.1/")), SystemClock())
    assert wrong in str(fault.value)
    assert "webhooks, client ehr" in str(fault.value)
    assert not secret or secret not in str(fault.value)


def test_a_new_secret_is_good_private_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "hook.secret"
    write_secret(path)
    target = hook("http://127.0.0.1/", secrets=(f"file:{path}",))
    (key,) = load_secrets(site_with(target))["ehr"]
    assert len(key) == 32
    assert exposed_secrets(target, site_with(target)) == ()
    with pytest.raises(FileExistsError):
        write_secret(path)
    path.chmod(0o644)
    assert exposed_secrets(target, site_with(target)) == (f"file:{path}",)


@pytest.fixture
def receiver() -> Iterator[tuple[str, io.TextIOWrapper]]:
    """examples/webhook/receiver.py"""
    process = subprocess.Popen(
        [sys.executable, ROOT / "examples" / "webhook" / "receiver.py"],
        env={**os.environ, "WEBHOOK_SECRET": SECRET, "PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert isinstance(process.stdout, io.TextIOWrapper)
    yield process.stdout.readline().split()[-1], process.stdout
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_example_receiver_acts_once_on_what_is_genuine_and_fresh_and_refuses_the_rest(
    receiver: tuple[str, io.TextIOWrapper], notifier: Callable[..., HttpNotifier]
) -> None:
    url, heard = receiver
    target, foreign = hook(url), hook(url, secrets=("env:OLDER",))
    now = SystemClock()
    messages = [
        (target, now, "a/1", b'{"type":"t","id":"first"}'),
        (target, now, "a/1", b'{"type":"t","id":"again"}'),
        (target, FixedClock(now.now() - timedelta(minutes=6)), "a/2", b'{"type":"t","id":"stale"}'),
        (foreign, now, "a/3", b'{"type":"t","id":"forged"}'),
        (target, now, "a/4", b'{"type":"t","id":"last"}'),
    ]
    outcomes = [notifier(to, clock=clock).tell(to, identity, body, Held()) for to, clock, identity, body in messages]
    assert [outcome.status for outcome in outcomes if isinstance(outcome, Reply)] == [204, 204, 401, 401, 204]
    assert [heard.readline().split()[1] for _ in range(2)] == ["first", "last"]
