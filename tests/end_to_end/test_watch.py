"""`brokersync watch` in a terminal, while its Redis is killed and started again and its broker fails."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.brokersync.own_redis import OwnRedis, own_redis
from tests.end_to_end.installation import Installation, Linked, installed, until
from tests.guards.tree import ROOT
from tests.plugins.given_servers import own_database
from tests.plugins.servers import Addresses

pytestmark = pytest.mark.processes

PROGRAM = [sys.executable, "-c", "from brokersync.main import main; main()"]
STYLES = re.compile(r"\x1b\[[0-9;]*m")
COLUMNS = 80


class Terminal:
    """A program in a terminal of 80 columns; `lines` are what a person has seen, without the colours."""

    def __init__(self, installation: Installation, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            [*PROGRAM, *arguments],
            env={**installation.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
            cwd=Path("/"),
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        self._text = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def lines(self) -> list[str]:
        return STYLES.sub("", self._text).splitlines()

    def shows(self, pattern: str, wait: float = 30.0) -> str:
        """Wait for the line."""
        return until(lambda: next((line for line in self.lines if re.search(pattern, line)), ""), wait)

    def end(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(5)
        self._reader.join(5)
        return code

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(5)
        os.close(self._master)

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")()
        # Linux ends the reading of a terminal that nobody has open any more with an error.
        with suppress(OSError):
            while data := os.read(self._master, 65536):
                self._text += decoder.decode(data)


@contextmanager
def terminal(installation: Installation, *arguments: str) -> Iterator[Terminal]:
    program = Terminal(installation, *arguments)
    try:
        yield program
    finally:
        program.close()


@pytest.fixture(scope="module")
def live_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    with own_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def own(
    servers: Addresses, live_redis: OwnRedis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, Linked]]:
    """An installation of its own that asks every 2 seconds, and a login."""
    folder = tmp_path_factory.mktemp("logs")
    with (
        own_database(servers.database_url) as database_url,
        installed(database_url, live_redis.url, folder, SYNC_INTERVAL="2") as installation,
    ):
        yield installation, installation.link("demo", "watched")


def test_watch_tells_changes_lives_through_a_restart_of_redis_and_misses_nothing(
    own: tuple[Installation, Linked], live_redis: OwnRedis
) -> None:
    installation, _ = own
    number = installation.sandbox_accounts("demo")[0]["number"]
    with terminal(installation, "watch", "--user", "watched") as seen:
        seen.shows(f"  …{number[-3:]}  v\\d+ +\\$[0-9,.]+  \\d+ positions")
        installation.control("trade", account=number, action="sell", symbol="F", quantity="100")
        assert re.search(r"  F 700 → 600( shares)? -\$", seen.shows(f"…{number[-3:]}  v.* F 700"))
        live_redis.kill()
        seen.shows("^..:..:..  Redis does not answer since ..:..:..; it is tried again$")
        installation.control("trade", account=number, action="sell", symbol="F", quantity="50")
        live_redis.start()
        seen.shows("^..:..:..  Redis answers again, after ")
        # The change against the version that was shown last, though Redis came back empty.
        assert re.search(r"  F 600 → 550( shares)? -\$", seen.shows(f"…{number[-3:]}  v.* F 600", wait=60))
        assert seen.end() == 0
        lines = seen.lines
    assert [line for line in lines if len(line) > COLUMNS or "Traceback" in line] == []
    assert sum("Redis" in line for line in lines) == 2


def test_watch_says_when_data_grow_old_and_why_and_when_they_are_fresh_again(
    own: tuple[Installation, Linked],
) -> None:
    installation, login = own
    with terminal(installation, "watch", "--user", "watched") as seen:
        seen.shows("positions")
        installation.control("faults", fault="server_error", where="accounts", times=1000)
        said = seen.shows("not confirmed by the broker for", wait=60)
        assert re.search(r"^..:..:..  (…\d+,? ?)+  not confirmed by the broker for \d+ s", said)
        whole = " ".join(line.strip() for line in seen.lines)
        assert "(asked every 2 s): schwab is down (GET /accounts" in whole
        installation.clear_faults()
        installation.rows("UPDATE connections SET next_sync_at = now() WHERE id = :c", c=login.connection_id)
        seen.shows(r"confirmed again, \d+ s ago")
        assert seen.end() == 0
        assert [line for line in seen.lines if len(line) > COLUMNS or "Traceback" in line] == []


def test_a_sync_of_all_that_is_waited_for_shows_how_far_it_is_and_leaves_the_table(
    own: tuple[Installation, Linked],
) -> None:
    installation, login = own
    with terminal(installation, "sync", "--all", "--wait") as seen:
        assert seen.process.wait(30) == 0
        seen.shows(login.connection_id[:8])
        assert any("1/1" in line for line in seen.lines)
