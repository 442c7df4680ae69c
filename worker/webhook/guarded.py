"""Connections that lead only to where they may: what a name resolves to is looked at, and then connected to itself.

The check stands between the only look-up of the name and the connection, so a name that answers differently a moment
later (DNS rebinding) changes nothing. TLS and the Host header go by the name, as ever.
"""

from __future__ import annotations

from functools import cache

import urllib3

from brokers.transport import BoundedAdapter, BoundedConnection, BoundedTLSConnection, Pools
from worker.webhook.reach import Reach, reach


class Refused(Exception):
    """The name leads to an address of this reach, which is not allowed. Nothing was connected to."""

    def __init__(self, found: Reach) -> None:
        super().__init__(found.value)
        self.found = found


def guarded_adapter(allowed: frozenset[Reach]) -> BoundedAdapter:
    """An adapter whose requests raise `Refused` when any address of the host has another reach than `allowed`.

    Any, not those that would be tried first: whether a name is taken must not depend on which of its addresses answers.
    """
    return BoundedAdapter(_pools(allowed))


@cache
def _pools(allowed: frozenset[Reach]) -> Pools:
    class Connection(BoundedConnection):
        def addresses(self) -> list[str]:
            addresses = super().addresses()
            for address in addresses:
                if (found := reach(address)) not in allowed:
                    raise Refused(found)
            return addresses

    class TLSConnection(Connection, BoundedTLSConnection):
        pass

    class Pool(urllib3.HTTPConnectionPool):
        ConnectionCls = Connection

    class TLSPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = TLSConnection

    return {"http": Pool, "https": TLSPool}
