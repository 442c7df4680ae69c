"""A Redis-protocol server of one test's own: to be killed, stopped and started again on the same address."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from brokersync import child
from brokersync.embedded.valkey import Valkey
from tests.brokersync.owners import until


class OwnRedis:
    """Keeps nothing on disk: it starts again empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        valkey = Valkey(folder)
        self._process = valkey.start()
        self._command = self._process.args
        self.url = valkey.url

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, decode_responses=True, socket_timeout=2)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def start(self) -> None:
        """Returns when it answers."""
        log = self._folder / "again.log"
        self._process = child.start(self._command, log=log, environ=os.environ, folder=self._folder)
        assert until(self._answers)

    def hang(self) -> None:
        """It takes connections and answers nothing, until `go_on`."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@contextmanager
def own_redis(folder: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(folder)
    try:
        yield server
    finally:
        server.kill()
