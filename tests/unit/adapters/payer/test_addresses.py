"""The address policy, as a table."""

from ipaddress import ip_address

import pytest

from gateway.adapters.payer.addresses import refusal

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::200e", "::ffff:8.8.8.8",
          "64:ff9b::808:808", "2002:808:808::1"]  # fmt: skip
LOOPBACK = ["127.0.0.1", "127.0.0.2", "127.255.255.254", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"]
REFUSED = [
    "0.0.0.0",
    "10.0.0.1", "100.64.0.1", "100.100.100.200", "169.254.169.254", "169.254.170.2", "172.16.0.1",
    "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::", "::7f00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "::ffff:168.63.129.16",
    "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:a00:1::1", "2002:a9fe:a9fe::1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "3fff::1", "192.88.99.1", "ff02::1", "ff05::1:3",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed_but_not_over_plain_http(address: str) -> None:
    assert refusal(ip_address(address), loopback=False) == ""
    assert refusal(ip_address(address), loopback=True) == ""
    assert "plain http" in refusal(ip_address(address), loopback=True, public=False)


@pytest.mark.parametrize("address", LOOPBACK)
def test_this_machine_is_allowed_only_where_the_profile_says_so(address: str) -> None:
    assert refusal(ip_address(address), loopback=False) == "it is this machine"
    assert refusal(ip_address(address), loopback=True, public=False) == ""


@pytest.mark.parametrize("address", REFUSED)
def test_private_local_metadata_multicast_and_disguised_addresses_are_refused(address: str) -> None:
    assert refusal(ip_address(address), loopback=False)
    assert refusal(ip_address(address), loopback=True)


@pytest.mark.parametrize("address", ["64:ff9b::7f00:1", "2002:7f00:1::1"])
def test_this_machine_behind_a_translation_is_still_this_machine(address: str) -> None:
    assert refusal(ip_address(address), loopback=False) == "it is this machine"
