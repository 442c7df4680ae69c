"""What the demo's processes are told: servers, secrets made on the spot, free ports, a lively pace."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping, Sequence

from cryptography.fernet import Fernet

from brokersync import reference

# Of these programs the caller's own settings would move a port, a queue or a login of the demo.
PROGRAMS = ("CELERY", "FLOWER_", "GUNICORN", "SANDBOX_", "SCHWAB_")
# Both in seconds. Each sync should find other prices, and the eye should be able to follow.
SYNC_INTERVAL = 5
TICK_EVERY = 4
FLOWER_USER = "demo"
PORTS = 3


def demo_environ(
    servers: Mapping[str, str], encryption_key: str | None, seed: int, notify: Sequence[str] = ()
) -> dict[str, str]:
    """The whole of `demo.env`. `servers` are the names of the environment that say where PostgreSQL and Redis are.

    All secrets are new, but for a key that is given, since it has to open what the database holds already. `notify` are the
    addresses of whom the demo tells of its login; the caller's own are told nothing of what is make-believe.
    """
    web, sandbox, flower = (str(port) for port in _free_ports())
    return {
        **servers,
        "ENCRYPTION_KEY": encryption_key or Fernet.generate_key().decode(),
        "LINK_SERVICE_KEY": secrets.token_urlsafe(24),
        "PUBLIC_URL": f"http://127.0.0.1:{web}",
        "WEB_PORT": web,
        "SYNC_INTERVAL": str(SYNC_INTERVAL),
        **({"NOTIFY_URLS": " ".join(notify)} if notify else {}),
        "SCHWAB_CLIENT_ID": f"demo-{secrets.token_hex(8)}",
        "SCHWAB_CLIENT_SECRET": secrets.token_urlsafe(24),
        "SCHWAB_REDIRECT_URI": f"http://127.0.0.1:{web}/oauth/callback",
        "SCHWAB_BASE_URL": f"http://127.0.0.1:{sandbox}",
        "SANDBOX_PORT": sandbox,
        "SANDBOX_SEED": str(seed),
        "SANDBOX_TICK_EVERY": str(TICK_EVERY),
        "FLOWER_PORT": flower,
        "FLOWER_BASIC_AUTH": f"{FLOWER_USER}:{secrets.token_hex(6)}",
    }


def process_environ(demo: Mapping[str, str], callers: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The demo's environment over what is harmless of the caller's."""
    ours = {variable.name for variable in reference.environment()}
    kept = {name: value for name, value in callers.items() if name not in ours and not name.startswith(PROGRAMS)}
    return {**kept, **demo}


def _free_ports() -> list[int]:
    """Ports that nobody listens on now. They are looked for together, so that they differ."""
    probes = [socket.socket() for _ in range(PORTS)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
