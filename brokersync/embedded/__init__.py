"""A real PostgreSQL and a real Redis-protocol server from wheels, for a demo or a test run. Nothing is left of them.

    with embedded.servers() as servers:
        servers.database_url, servers.redis_url

They end with the block, and with the process that entered it, however that ends. They are started from the wheels' own
programs: as root without adding a user and without changing the mode of any folder that was there before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from brokersync import lease


class Servers:
    """Two running servers. `keeper` holds them; hand it to `lease.hold(share=…)` for what must end before they do."""

    def __init__(self, keeper: lease.Keeper) -> None:
        self.database_url = keeper.answer["DATABASE_URL"]
        self.redis_url = keeper.answer["REDIS_URL"]
        self.keeper = keeper


@contextmanager
def servers() -> Iterator[Servers]:
    """Start both servers in a folder of their own. Raises `lease.KeeperFailed`, whose message says why they are not up."""
    with lease.hold("brokersync.embedded") as keeper:
        yield Servers(keeper)
