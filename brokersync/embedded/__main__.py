"""The keeper of the embedded servers: starts both, tells their addresses, and ends them with its lease."""

from __future__ import annotations

import sys

from brokersync import child
from brokersync.embedded.folder import NoPlace, private_folder
from brokersync.embedded.postgres import Postgres, identity
from brokersync.embedded.server import ServerFailed
from brokersync.embedded.valkey import Valkey
from brokersync.embedded.wheels import NotInstalled
from brokersync.lease import Lease


def main() -> int:
    lease = Lease()
    try:
        return _keep(lease)
    except (NoPlace, NotInstalled, ServerFailed, OSError) as error:
        lease.answer({"error": str(error)})
        return 1


def _keep(lease: Lease) -> int:
    user = identity()
    with private_folder(user) as folder:
        postgres, valkey = Postgres(folder, user), Valkey(folder)
        running = {}
        try:
            running[valkey.start()] = valkey.stop_signal
            running[postgres.start()] = postgres.stop_signal
            lease.answer({"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url})
            while not lease.wait():
                if any(child.has_ended(process) for process in running):
                    return 1  # half a set of servers is of no use to anybody
        finally:
            child.stop(running)
    return 0


if __name__ == "__main__":
    sys.exit(main())
