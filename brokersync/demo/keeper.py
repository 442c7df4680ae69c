"""The keeper of the demo's data folder: it removes `demo.env` and the logs even when the demo itself is killed.

It ends when everything that writes there has ended, since those hold its lease too.
"""

from __future__ import annotations

import sys
from pathlib import Path

from brokersync import datafolder
from brokersync.lease import Lease


def main() -> int:
    lease = Lease()
    try:
        with datafolder.owned(Path(sys.argv[1])) as folder:
            lease.answer({"folder": str(folder.path)})
            while not lease.wait():
                pass
    except (datafolder.AlreadyRunning, datafolder.NotOurs, OSError) as error:
        lease.answer({"error": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
