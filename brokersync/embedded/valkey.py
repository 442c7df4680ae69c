"""A throw-away Valkey (it speaks Redis's protocol) on a free port of 127.0.0.1, behind a password made on the spot."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from brokersync import child
from brokersync.embedded import wheels
from brokersync.embedded.server import ServerFailed, until_it_answers

# Between our look for a free port and the server's bind, somebody else may take it.
ATTEMPTS = 5


class Valkey:
    """One server; `url` is valid as soon as `start` returns."""

    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self._home = folder / "valkey"
        self._log = folder / "valkey.log"
        self._password = secrets.token_hex(16)
        self.url = ""

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server on a free port. Raises `ServerFailed` with the end of its log."""
        self._home.mkdir(mode=0o700)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._start_on(_free_port())
            except ServerFailed:
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _start_on(self, port: int) -> subprocess.Popen[bytes]:
        configuration = self._home / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            f'bind 127.0.0.1\nport {port}\nrequirepass {self._password}\ndir "{self._home}"\n'
            'save ""\nappendonly no\nmaxmemory-policy noeviction\n'
        )
        process = child.start(
            [str(wheels.valkey_server()), str(configuration)],
            log=self._log,
            environ={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
            folder=self._home,
        )
        self.url = f"redis://:{self._password}@127.0.0.1:{port}/0"
        # Another server on that port would not know the password, so an answer is ours.
        until_it_answers("Valkey", process, self._log, self._ping, redis.RedisError)
        return process

    def _ping(self) -> None:
        with redis.Redis.from_url(self.url, socket_timeout=1, retry=Retry(NoBackoff(), 0)) as client:
            client.ping()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
