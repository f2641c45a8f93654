"""Which network addresses a payer connection may go to (threat T6): public ones, and this machine where allowed."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

# Reachable like a public address from inside a cloud, and not public: Azure's host agent, Oracle's metadata service.
_METADATA = frozenset({ip_address("168.63.129.16"), ip_address("192.0.0.192")})
# Not public either, whatever the standard library of the day says: documentation (RFC 9637), 6to4 relays (RFC 7526).
_NEVER_PUBLIC = (IPv6Network("3fff::/20"), IPv4Network("192.88.99.0/24"))
_NAT64 = IPv6Network("64:ff9b::/96")
_UNICAST = IPv6Network("2000::/3")  # everything else in IPv6 is local, reserved, or IPv4 in disguise


def refusal(address: Address, *, loopback: bool, public: bool = True) -> str:
    """Why a connection to `address` is refused, in words; empty when it is allowed.

    Args:
        loopback: this machine is allowed. public: public addresses are allowed (they are not over plain http).
    """
    for one in _meant(address):
        if one.is_loopback:
            if not loopback:
                return "it is this machine"
        elif one in _METADATA or one.is_link_local:
            return "it is a link-local or metadata address"
        elif one.is_multicast or not one.is_global or _disguised(one) or any(one in net for net in _NEVER_PUBLIC):
            return "it is not a public address"
        elif not public:
            return "plain http goes to this machine only"
    return ""


def _disguised(address: Address) -> bool:
    return isinstance(address, IPv6Address) and address not in _UNICAST and address not in _NAT64


def _meant(address: Address) -> Iterator[Address]:
    """The address, and the IPv4 address inside it where it carries one: both must be allowed."""
    if isinstance(address, IPv4Address):
        yield address
    elif address.ipv4_mapped:
        yield address.ipv4_mapped
    else:
        if address.sixtofour:
            yield address.sixtofour
        if address in _NAT64:
            yield IPv4Address(int(address) & 0xFFFF_FFFF)
        yield address
