"""One rotating login at a sandbox of its own, and real processes that share it."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from brokers.registry import build
from models.connection import Credential
from models.session import Database
from tests.end_to_end.signing_in import allowed_code
from tests.guards.tree import ROOT
from tests.records import a_connection

APP = {
    "SCHWAB_CLIENT_ID": "app-key",
    "SCHWAB_CLIENT_SECRET": "app-secret",
    "SCHWAB_REDIRECT_URI": "https://127.0.0.1:8182/oauth/callback",
}
WAIT = 30


@dataclass(frozen=True)
class Shared:
    """What became of a login that processes shared: what each of them noted, and what the sandbox and we know of it."""

    notes: dict[int, list[str]]
    login: dict[str, Any]
    credential: Credential

    @property
    def lost(self) -> bool:
        return self.login["ended_by"] is not None

    @property
    def killed_while_asking(self) -> int:
        """Processes that were killed after they had asked and before what came was committed."""
        return sum(noted[-1] == "killed" and noted[-2:-1] in (["asked"], ["answered"]) for noted in self.notes.values())

    def count(self, word: str) -> int:
        return sum(Counter(noted)[word] for noted in self.notes.values())

    def words(self) -> set[str]:
        return {word for noted in self.notes.values() for word in noted}


class Rotating:
    """A sandbox that replaces the refresh token each time and ends a login whose old one comes back."""

    def __init__(self, url: str, database: Database, folder: Path) -> None:
        self._url = url
        self._database = database
        self._folder = folder
        self._environ = {**APP, "SCHWAB_BASE_URL": url}

    def answer_slowly(self, slowest: int) -> None:
        """Token answers come late by up to so many seconds from now on."""
        asked = {"fault": "slow", "where": "token", "times": 1_000_000, "slowest": slowest}
        assert requests.post(f"{self._url}/_sandbox/faults", json=asked, timeout=WAIT).status_code == 201

    def new_login(self) -> uuid.UUID:
        """A new login of the sandbox's demo person, kept as a connection of ours; that connection."""
        connection_id = a_connection(self._database, broker="schwab")
        broker = build("schwab", self._environ)
        grant = broker.exchange(allowed_code(broker, "demo"), None, deadline=WAIT)
        broker.close()
        with self._database.session() as session:
            session.get_one(Credential, connection_id).document = grant.credentials
        return connection_id

    def share(self, connection_id: uuid.UUID, seconds: float, *options: str) -> Shared:
        """Let processes refresh that login for so long; `options` are those of `tests.end_to_end.refreshing`."""
        journal = self._folder / f"{connection_id}.txt"
        before = self._logins()
        program = [sys.executable, "-m", "tests.end_to_end.refreshing", str(connection_id)]
        ran = subprocess.run(
            [*program, "--seconds", str(seconds), "--journal", str(journal), *options],
            cwd=ROOT,
            env={
                **{name: os.environ[name] for name in ("PATH", "ENCRYPTION_KEY")},
                "DATABASE_URL": self._database.engine.url.render_as_string(hide_password=False),
                **self._environ,
            },
            check=False,
            capture_output=True,
            text=True,
            timeout=seconds + 2 * WAIT,
        )
        assert ran.returncode == 0, ran.stderr
        assert len(before) == len(self._logins())
        notes = defaultdict(list)
        for line in journal.read_text().splitlines():
            pid, word = line.split()
            notes[int(pid)].append(word)
        with self._database.session() as session:
            return Shared(dict(notes), self._logins()[-1], session.get_one(Credential, connection_id))

    def _logins(self) -> list[dict[str, Any]]:
        state = requests.get(f"{self._url}/_sandbox/state", timeout=WAIT).json()
        return list(state["logins"])


@contextmanager
def rotating_sandbox(database: Database, folder: Path) -> Iterator[Rotating]:
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0", "--seed", "7", "--tick-every", "0", "--rotate"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **APP},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield Rotating(process.stdout.readline().split()[1], database, folder)
        finally:
            process.terminate()
