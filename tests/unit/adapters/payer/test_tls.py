"""The egress client over TLS: the certificate, the name in the handshake, and a handshake that never ends."""

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.adapters.payer.egress import Egress, trusted
from gateway.model.exchange import NotSent, Reply
from tests.unit.adapters.payer.conftest import resolving
from tests.unit.adapters.payer.servers import Server, answer, replying

Serve = Callable[..., Server]
Reach = Callable[..., Egress]
HERE = resolving({"payer.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]})


@dataclass
class Certified:
    """A server side for payer.example, a client side that trusts it, and the names that clients asked for."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    asked: list[str]


@pytest.fixture
def certified(tmp_path: Path) -> Certified:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "payer.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("payer.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    asked: list[str] = []
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    server.sni_callback = lambda _socket, host, _context: asked.append(host)
    return Certified(server, ssl.create_default_context(cafile=str(pem)), asked)


def get(egress: Egress, url: str, seconds: float = 5.0) -> object:
    return egress.exchange("GET", url, {}, seconds=seconds, limit=1000)


def test_the_handshake_and_the_request_name_the_host_though_we_connect_to_an_address(
    serve: Serve, egress_to: Reach, certified: Certified
) -> None:
    server = serve(replying(answer()), tls=certified.server)
    url = server.url(host="payer.example", scheme="https")
    assert isinstance(get(egress_to(url, resolver=HERE, tls=certified.client), url), Reply)
    assert certified.asked == ["payer.example"]
    assert f"host: payer.example:{server.port}".encode() in server.requests[0].lower()


def test_a_certificate_for_another_host_sends_nothing(serve: Serve, egress_to: Reach, certified: Certified) -> None:
    server = serve(replying(answer()), tls=certified.server)
    url = server.url(host="other.example", scheme="https")
    outcome = get(egress_to(url, resolver=HERE, tls=certified.client), url)
    assert isinstance(outcome, NotSent)
    assert "the TLS certificate is not accepted" in outcome.reason
    assert server.requests == []


def test_a_certificate_of_an_unknown_authority_sends_nothing(
    serve: Serve, egress_to: Reach, certified: Certified
) -> None:
    server = serve(replying(answer()), tls=certified.server)
    url = server.url(host="payer.example", scheme="https")
    outcome = get(egress_to(url, resolver=HERE), url)
    assert isinstance(outcome, NotSent)
    assert "self-signed" in outcome.reason


def test_old_tls_is_not_spoken(serve: Serve, egress_to: Reach, certified: Certified) -> None:
    assert trusted().minimum_version is ssl.TLSVersion.TLSv1_2
    assert trusted() is trusted()
    assert trusted().verify_mode is ssl.CERT_REQUIRED
    assert trusted().check_hostname


def test_a_handshake_that_never_ends_sends_nothing_by_the_deadline(serve: Serve, egress_to: Reach) -> None:
    server = serve(lambda _, server: server.over.wait())
    url = server.url(host="payer.example", scheme="https")
    began = time.monotonic()
    outcome = get(egress_to(url, resolver=HERE), url, seconds=0.3)
    assert time.monotonic() - began < 1.0
    assert isinstance(outcome, NotSent)
    assert "no connection within 0.3 s" in outcome.reason
    server.over.set()


def test_a_server_that_does_not_speak_tls_gets_no_request(serve: Serve, egress_to: Reach) -> None:
    server = serve(lambda connection, _: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    url = server.url(host="payer.example", scheme="https")
    outcome = get(egress_to(url, resolver=HERE), url)
    assert isinstance(outcome, NotSent)
    assert "TLS could not be agreed" in outcome.reason
