"""Which addresses are the internet's, which are private, and at which no receiver can be."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from worker.webhook.reach import Reach, reach


@pytest.mark.parametrize(
    "address",
    [
        "93.184.215.14",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "168.63.129.17",
        "223.255.255.255",
        "2606:2800:21f:cb07::1",
        "2a00:1450:4001:82f::200e",
        pytest.param("::ffff:93.184.215.14", id="mapped"),
        pytest.param("64:ff9b::5db8:d70e", id="nat64"),
    ],
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert reach(address) is Reach.PUBLIC


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.255",
        "::1",
        "10.0.0.0",
        "10.255.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.168.0.0",
        "192.168.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "fc00::1",
        "fd00:ec1::254",
        "100.100.100.201",
        pytest.param("::ffff:10.1.2.3", id="mapped"),
        pytest.param("::ffff:7f00:1", id="mapped-in-hex"),
        pytest.param("64:ff9b::a01:203", id="nat64"),
        pytest.param("64:ff9b::127.0.0.1", id="nat64-loopback"),
    ],
)
def test_an_address_of_this_machine_or_of_a_private_network_is_private(address: str) -> None:
    assert reach(address) is Reach.PRIVATE


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("169.254.169.254", id="metadata-of-clouds"),
        pytest.param("::ffff:169.254.169.254", id="metadata-mapped"),
        pytest.param("64:ff9b::a9fe:a9fe", id="metadata-nat64"),
        pytest.param("192.0.0.192", id="metadata-of-oracle"),
        pytest.param("fd00:ec2::254", id="metadata-of-amazon-6"),
        pytest.param("fd00:ec2::23", id="credentials-of-amazon-6"),
        pytest.param("fd00:ec2::253", id="resolver-of-amazon-6"),
        pytest.param("fd20:ce::254", id="metadata-of-google-6"),
        pytest.param("fd00:42::42", id="metadata-of-scaleway-6"),
        pytest.param("fd00:c1::a9fe:a9fe", id="metadata-of-oracle-6"),
        pytest.param("fd00:a9fe:a9fe::1", id="metadata-of-linode-6"),
        pytest.param("fd00:100::100:200", id="metadata-of-alibaba-6"),
        pytest.param("100.100.100.200", id="metadata-of-alibaba"),
        pytest.param("::ffff:100.100.100.200", id="metadata-of-alibaba-mapped"),
        pytest.param("64:ff9b::6464:64c8", id="metadata-of-alibaba-nat64"),
        pytest.param("168.63.129.16", id="service-of-azure"),
        pytest.param("169.254.0.1", id="link-local"),
        pytest.param("fe80::1", id="link-local-6"),
        pytest.param("fe80::1%1", id="link-local-6-with-a-zone"),
        pytest.param("fec0::1", id="site-local"),
        pytest.param(str(IPv4Address(0)), id="this-host"),
        pytest.param("0.1.2.3", id="this-network"),
        pytest.param("::", id="this-host-6"),
        pytest.param("::ffff:0.0.0.0", id="this-host-mapped"),
        pytest.param("::7f00:1", id="ipv4-compatible"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("239.1.2.3", id="multicast-scoped"),
        pytest.param("233.252.1.1", id="multicast-global"),
        pytest.param("ff0e::1", id="multicast-6-global"),
        pytest.param("240.0.0.1", id="reserved"),
        pytest.param("255.255.255.255", id="broadcast"),
        pytest.param("192.0.2.1", id="for-documents"),
        pytest.param("2001:db8::1", id="for-documents-6"),
        pytest.param("3fff::1", id="for-documents-6-new"),
        pytest.param("198.18.0.1", id="for-benchmarks"),
        pytest.param("192.88.99.1", id="6to4-relay"),
        pytest.param("2002:5db8:d70e::1", id="6to4-of-a-public-address"),
        pytest.param("2002:7f00:1::1", id="6to4-of-loopback"),
        pytest.param("2001:0:5db8:d70e::1", id="teredo"),
        pytest.param("64:ff9b:1::a00:1", id="nat64-local"),
        pytest.param("5f00::1", id="segment-routing"),
        pytest.param("100::1", id="discarded"),
        pytest.param("4000::1", id="not-given-out"),
    ],
)
def test_no_receiver_is_at_any_other_address(address: str) -> None:
    assert reach(address) is Reach.NOWHERE
