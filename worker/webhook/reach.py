"""What kind of network an address belongs to: the internet, a private network, or none that a receiver could be in.

Python's `is_global` is not enough. It calls multicast global, as well as IPv6 addresses that carry an IPv4 address (6to4,
NAT64) and ranges that older releases of Python do not know. So of IPv6 only what is given out to networks of the internet
(2000::/3) counts, and an IPv4 address inside an IPv6 one is looked at itself.
"""

from __future__ import annotations

from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


class Reach(Enum):
    PUBLIC = "the internet"
    PRIVATE = "a private network"
    NOWHERE = "an address at which no receiver can be"


_PRIVATE = tuple(
    ip_network(network)
    for network in (
        "127.0.0.0/8",
        "::1/128",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "fc00::/7",
        "100.64.0.0/10",  # shared by the customers of a provider, and used by overlay networks (RFC 6598)
    )
)

_CLOUDS_OWN = (
    "168.63.129.16/32",  # looks public, and is Azure's own service on every machine there
    "100.100.100.200/32",  # Alibaba
    "fd00:100::100:200/128",  # Alibaba
    "fd00:ec2::/32",  # Amazon: metadata, credentials of pods, names
    "fd20:ce::254/128",  # Google
    "fd00:c1::a9fe:a9fe/128",  # Oracle
    "fd00:42::42/128",  # Scaleway
    "fd00:a9fe:a9fe::1/128",  # Linode
)
"""Services that hand a machine's secrets to whoever asks from it: in private networks by their address, receivers never."""

_NO_RECEIVER = tuple(
    ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocols' own; a cloud's metadata service (192.0.0.192). Python before 3.11.10 knows parts only
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        *_CLOUDS_OWN,
        "2002::/16",  # 6to4, given up: leads to the IPv4 address inside, through anybody's relay
        "3fff::/20",  # for documents (RFC 9637)
    )
)

_GIVEN_OUT = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
"""Its last 32 bits are the IPv4 address that is meant (RFC 6052): so networks without IPv4 reach the rest."""


def reach(address: str) -> Reach:
    """Of an address as the resolver gives it. Raises ValueError for what is none."""
    meant = _meant(ip_address(address))
    if any(meant in network for network in _NO_RECEIVER):
        return Reach.NOWHERE
    if any(meant in network for network in _PRIVATE):
        return Reach.PRIVATE
    if not meant.is_global or meant.is_multicast:
        return Reach.NOWHERE
    if meant.version == 6 and meant not in _GIVEN_OUT:
        return Reach.NOWHERE
    return Reach.PUBLIC


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside, where there is one that the way leads to."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address
