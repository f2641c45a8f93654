"""Origins: plain URLs are read one way, every tricky spelling is refused."""

import pytest

from gateway.payers.origin import Origin, origin


@pytest.mark.parametrize(("url", "expected"), [
    ("https://payer.example/fhir", Origin("https", "payer.example", 443)),
    ("https://payer.example:443/fhir", Origin("https", "payer.example", 443)),
    ("HTTPS://Payer.EXAMPLE/fhir", Origin("https", "payer.example", 443)),
    ("https://xn--bcher-kva.example", Origin("https", "xn--bcher-kva.example", 443)),
    ("http://127.0.0.1:8190/fhir", Origin("http", "127.0.0.1", 8190)),
    ("http://localhost/", Origin("http", "localhost", 80)),
    ("https://[2606:4700::1111]:8443/a", Origin("https", "2606:4700::1111", 8443)),
    ("https://[2606:4700:0:0::1111]/", Origin("https", "2606:4700::1111", 443)),
])  # fmt: skip
def test_a_plain_url_has_one_origin(url: str, expected: Origin) -> None:
    assert origin(url) == expected


TRICKS = [
    "", "payer.example", "//payer.example", "ftp://payer.example", "file:///etc/passwd", "gopher://127.0.0.1",
    "http:payer.example", "http:/payer.example", "http:///payer.example", "https://", "https://:443",
    "https://user@payer.example", "https://payer.example@evil.example", "https://payer.example:443@evil.example",
    "https://payer.example#@evil.example", "https://payer.example\\@evil.example", "https://evil.example\\.payer.example",
    "https://payer.example/#frag", "https://payer.example.", "https://payer..example", "https://.payer.example",
    "https://payer.example:", "https://payer.example:0", "https://payer.example:65536", "https://payer.example:80x",
    "https://payer.example:-1", "https://payer example", "https://payer.example\t", "https://payer.example\n",
    " https://payer.example", "https://pay\u200ber.example", "https://b\u00fccher.example", "https://payer\u3002example",
    "https://\u2488.example", "https://payer%2eexample", "https://%31%32%37.0.0.1", "https://payer_x.example",
    "https://-payer.example", "https://payer-.example", f"https://{'a' * 64}.example", f"https://{'a.' * 130}example",
    "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/", "http://127.1/",
    "http://127.0.1/", "http://127.0.0.1./", "http://127.0.0.0x1/", "http://0/", "http://00000000177.0.0.1/",
    "http://127.0.0.256/", "http://127.0.0.1.1/", "http://127.000.000.001/", "http://1.2.3.09/",
    "http://[::1/", "http://::1/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[127.0.0.1]/",
    "http://[v1.fe80]/",
    "http://[::ffff:127.0.0.1", "http://[]/", "http://[::1]x/", "http://x[::1]/", "javascript:alert(1)",
    "unix:///run/x.sock", "http+unix://%2Frun", "https://payer.example\x00.evil.example",
    "https://evil.example/@payer.example@x:1",
]  # fmt: skip


@pytest.mark.parametrize("url", TRICKS, ids=lambda url: ascii(url)[:40])
def test_a_url_that_could_be_read_two_ways_is_refused_or_read_as_what_it_is(url: str) -> None:
    if url == "https://evil.example/@payer.example@x:1":  # an @ in the path is only a path
        assert origin(url) == Origin("https", "evil.example", 443)
        return
    with pytest.raises(ValueError, match=r"."):
        origin(url)


def test_the_message_never_quotes_the_url() -> None:
    with pytest.raises(ValueError, match="user name") as fault:
        origin("https://me:hunter2@payer.example/")
    assert "hunter2" not in str(fault.value)


@pytest.mark.parametrize(("url", "loopback"), [
    ("http://localhost:1/", True), ("http://127.0.0.1/", True), ("http://127.9.9.9/", True), ("http://[::1]/", True),
    ("https://localhost.evil.example/", False), ("https://10.0.0.1/", False), ("http://0.0.0.0/", False),
])  # fmt: skip
def test_loopback_is_what_is_spelled_so(url: str, *, loopback: bool) -> None:
    assert origin(url).is_loopback is loopback


def test_an_origin_is_written_without_its_default_port() -> None:
    assert str(origin("https://payer.example:443/x")) == "https://payer.example"
    assert str(origin("http://[::1]:8190/x")) == "http://[::1]:8190"
