"""`pa client webhook` and the webhooks in `pa site check`: a secret is made, a webhook is tried, nothing is shown."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.model.errors import ConfigFault
from tests.unit.adapters.payer.servers import Server, answer, replying
from tests.unit.cli.conftest import Pa


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Callable[[str], Server]]:
    """Starts a receiver that answers with a status, and adds it to the site profile as the webhook of `local`."""
    servers: list[Server] = []

    def start(status: str) -> Server:
        servers.append(Server(replying(answer(b"", status))))
        with (tmp_path / "site.yaml").open("a") as site:
            site.write(f"webhooks:\n  - client: local\n    url: {servers[0].url('/hook')}\n")
            site.write("    secrets: [file:hook.secret]\n    allow_loopback: true\n")
        return servers[0]

    yield start
    for server in servers:
        server.close()


def test_a_secret_is_written_for_its_owner_and_never_shown(pa: Pa, tmp_path: Path) -> None:
    path = tmp_path / "hook.secret"
    said = pa("client", "webhook", "secret", str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().startswith("whsec_")
    assert path.read_text().strip() not in said
    before = path.read_text()
    pa("client", "webhook", "secret", str(path), code=2)
    assert path.read_text() == before
    assert pa.json("client", "webhook", "secret", str(tmp_path / "second")) == {"path": str(tmp_path / "second")}


def test_a_webhook_that_answers_is_good(pa: Pa, tmp_path: Path, receiver: Callable[[str], Server]) -> None:
    server = receiver("204 No Content")
    pa("client", "webhook", "secret", str(tmp_path / "hook.secret"))
    assert pa("client", "webhook", "test", "local") == f"{server.url('/hook')}: HTTP 204\n"
    said = pa.json("client", "webhook", "test", "local")
    assert (said["answered"], said["good"]) == ("HTTP 204", True)
    assert said["id"].encode() in server.requests[1]
    assert b'"type":"webhook.test"' in server.requests[1]


def test_a_webhook_that_refuses_is_the_other_sides_failure(
    pa: Pa, tmp_path: Path, receiver: Callable[[str], Server]
) -> None:
    receiver("401 Unauthorized")
    pa("client", "webhook", "secret", str(tmp_path / "hook.secret"))
    assert "HTTP 401; the receiver has to answer with 2xx" in pa("client", "webhook", "test", "local", code=5)


def test_a_client_without_a_webhook_cannot_be_tried(pa: Pa, receiver: Callable[[str], Server]) -> None:
    receiver("204 No Content")
    pa("client", "webhook", "test", "other", code=2)


def test_site_check_looks_at_the_secrets_too(pa: Pa, tmp_path: Path, receiver: Callable[[str], Server]) -> None:
    server = receiver("204 No Content")
    with pytest.raises(ConfigFault, match="webhooks, client local: file:hook.secret cannot be read"):
        pa("site", "check")
    pa("client", "webhook", "secret", str(tmp_path / "hook.secret"))
    assert f"webhook of local: {server.url('/hook')}, all" in pa("site", "check")
    (tmp_path / "hook.secret").chmod(0o644)
    said = pa.json("site", "check")
    assert said["webhooks"] == [{"client": "local", "url": server.url("/hook"), "events": "all"}]
    assert said["exposed"] == ["file:hook.secret"]
