"""Processes that share one login, each refreshing it as fast as it may by the worker's own code.

    python -m tests.end_to_end.refreshing CONNECTION_ID --seconds 7 --journal FILE

Everything else comes from the environment, as for a worker. What each process did stands in the journal, in lines of
`<process id> <word>`: `asked` before the broker is asked, `answered` after that, `saved` when the refresh is done, `busy`
where another process was at it, the kind of an error, and `killed` by this program. A process ends when its login has.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
import traceback
import uuid
from collections.abc import Mapping
from itertools import count

from sqlalchemy import Select, select

from brokers.errors import BrokerError, LoginEnded
from brokers.records import Grant
from brokers.registry import build
from models.connection import Credential
from models.session import Database
from sandbox.seeded import number_below
from worker import limits
from worker.limits import Deadline
from worker.tokens import LoginBusy, refresh

PAUSE = 0.02
"""Seconds before a process looks at the login again, so that all of them get their turn."""
PARTS = 1000


class Processes:
    """Forks of this process, and whether each that was not killed has ended well."""

    def __init__(self, connection_id: uuid.UUID, end: float, journal: int) -> None:
        self._connection_id = connection_id
        self._end = end
        self._journal = journal
        self._running: set[int] = set()
        self.all_ended_well = True

    def start(self) -> None:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                work(self._connection_id, self._end, self._journal)
                status = 0
            finally:
                if status:
                    traceback.print_exc()
                os._exit(status)
        self._running.add(pid)

    def replace_one(self, *question: object) -> None:
        """Kill one, wherever it is, and start another in its place. Which one follows from the question."""
        pid = sorted(self._running)[number_below(len(self._running), *question)]
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self._running.remove(pid)
        os.write(self._journal, f"{pid} killed\n".encode())
        self.start()

    def any_left(self) -> bool:
        for pid in sorted(self._running):
            self._collect(pid, os.WNOHANG)
        return bool(self._running)

    def wait(self) -> None:
        for pid in sorted(self._running):
            self._collect(pid, 0)

    def _collect(self, pid: int, how: int) -> None:
        ended, status = os.waitpid(pid, how)
        if ended:
            self._running.remove(pid)
            self.all_ended_well &= status == 0


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("connection_id", type=uuid.UUID)
    asked.add_argument("--seconds", type=float, required=True)
    asked.add_argument("--journal", required=True)
    asked.add_argument("--processes", type=int, default=8)
    asked.add_argument("--without-lock", action="store_true")
    asked.add_argument("--kill-every", type=float, default=0, help="seconds between two that are killed, on average")
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    if given.without_lock:
        remove_the_lock()
    end = time.monotonic() + given.seconds
    journal = os.open(given.journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    processes = Processes(given.connection_id, end, journal)
    for _ in range(given.processes):
        processes.start()
    for kill in count() if given.kill_every else ():
        time.sleep(2 * given.kill_every * number_below(PARTS, given.seed, "when", kill) / PARTS)
        if time.monotonic() >= end or not processes.any_left():
            break
        processes.replace_one(given.seed, "whom", kill)
    processes.wait()
    sys.exit(not processes.all_ended_well)


def remove_the_lock() -> None:
    """As if the worker had been written without: every read that would lock its row is a plain one."""
    Select.with_for_update = lambda self, **_: self


def work(connection_id: uuid.UUID, end: float, journal: int) -> None:
    def note(word: str) -> None:
        os.write(journal, f"{os.getpid()} {word}\n".encode())

    def noted_refresh(credentials: Mapping[str, str], *, deadline: float) -> Grant:
        note("asked")
        grant = plain_refresh(credentials, deadline=deadline)
        note("answered")
        return grant

    database, broker = Database(os.environ["DATABASE_URL"]), build("schwab", os.environ)
    plain_refresh, broker.refresh = broker.refresh, noted_refresh
    version = select(Credential.token_version).where(Credential.connection_id == connection_id)
    while time.monotonic() < end:
        with database.session() as session:
            seen = session.scalars(version).one()
        try:
            refresh(database, broker, connection_id, seen, Deadline(limits.SYNC_DEADLINE))
            note("saved")
        except LoginBusy:
            note("busy")
        except BrokerError as error:
            note(error.kind)
            if isinstance(error, LoginEnded):
                break
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
