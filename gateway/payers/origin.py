"""Reads the origin of a URL one way only, and refuses every spelling that two readers could read differently.

RFC 3986 and RFC 6454. A token, a request body and the address check all rely on the same reading (threats T6, T8).
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import urlsplit

_PORTS = {"https": 443, "http": 80}
_URL = re.compile(r"[!-~]+")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host (lower case, no trailing dot; IPv6 without brackets) and port: who is meant."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")

    @property
    def is_loopback(self) -> bool:
        """Whether the host is spelled as this machine: `localhost` or a loopback address."""
        if self.host == "localhost":
            return True
        try:
            return (IPv6Address if ":" in self.host else IPv4Address)(self.host).is_loopback
        except AddressValueError:
            return False


def origin(url: str) -> Origin:
    """The origin of an absolute http or https URL.

    Raises:
        ValueError: another scheme, user information, a fragment, a host that is not a plain DNS name or a plainly
            written address (decimal, octal, hexadecimal or shortened IPv4, zone ids, trailing dots, percent signs),
            a bad port, or characters that do not belong in a URL. The message never quotes the URL.
    """
    if not _URL.fullmatch(url) or "\\" in url:
        raise ValueError("a URL consists of printable ASCII without spaces and backslashes; write hosts in punycode")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("this is not a URL; write https://host/path") from None
    if parts.scheme not in _PORTS or not url.lower().startswith(f"{parts.scheme}://"):
        raise ValueError("a URL begins with https:// (or http:// for this machine)")
    if "@" in parts.netloc:
        raise ValueError("a URL carries no user name or password; remove everything up to the @")
    if "#" in url:
        raise ValueError("a URL carries no fragment; remove the # and what follows")
    if parts.netloc.endswith(":") or port == 0:
        raise ValueError("the port is missing or 0; write a port, or no colon")
    return Origin(parts.scheme, _host(parts.netloc, parts.hostname or ""), port or _PORTS[parts.scheme])


def _host(netloc: str, host: str) -> str:
    if netloc.startswith("["):
        if "%" in host:
            raise ValueError("an address carries no zone id")
        if not re.fullmatch(r"\[[^\]]*\](:[0-9]+)?", netloc):
            raise ValueError("only a port follows an address in brackets")
        try:
            return IPv6Address(host).compressed
        except AddressValueError:
            raise ValueError("the address in brackets is not an IPv6 address") from None
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except AddressValueError:
            raise ValueError("write an IPv4 address as four plain decimal numbers") from None
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("the host is not a DNS name: letters, digits, hyphens and single dots, no dot at the end")
    return host
